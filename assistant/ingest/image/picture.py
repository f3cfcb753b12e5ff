"""PNG, JPEG, TIFF and BMP pictures, through Pillow."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.ingest.content import Content
from assistant.ingest.dates import parse_date
from assistant.ingest.image.display import plain, stretch
from assistant.ingest.quiet import quiet
from assistant.records import Image, Record
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image as PillowImage

_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP")  # JPEG opens several-picture JPEGs (MPO) too
_EXIF_TAKEN = (0x9003, 0x0132)  # DateTimeOriginal, DateTime
_EXIF_DETAILS = 0x8769


def recognises(file: Content) -> bool:
    head = file.data[:16]
    return head.startswith(_SIGNATURES) or (head[:2] == b"BM" and head[6:10] == b"\x00\x00\x00\x00")


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """One image record; modality OT, because a picture file does not say what took it."""
    from PIL import Image as Pillow

    with quiet():
        try:
            with Pillow.open(io.BytesIO(file.data), formats=_FORMATS) as picture:
                width, height = picture.size
                check_pixels(file, width, height, limits)
                fields, taken_at = _facts(picture), _taken_at(picture)
                pixels = _pixels(picture)
        except Pillow.DecompressionBombError:
            raise file.refuse(f"more pixels than the limit of {limits.max_pixels:,} (ingest.max_pixels)") from None
        except MemoryError:
            raise file.refuse("the picture does not fit into memory") from None
        except (OSError, SyntaxError, ValueError, TypeError, KeyError, EOFError, IndexError, OverflowError) as error:
            raise file.refuse(_why(file, error)) from None
        except Exception as error:  # Pillow's plug-ins raise struct.error, zlib.error and others on mutated files
            raise file.refuse(f"damaged picture ({error})") from None
    return [
        Record(
            kind="image",
            modality="OT",
            uri=file.uri,
            sha256=file.sha256,
            taken_at=taken_at,
            fields=fields,
            image=Image(pixels),
        )
    ]


def check_pixels(file: Content, width: int, height: int, limits: IngestSettings) -> None:
    """Raise UnreadableFile for a picture without area or beyond `limits.max_pixels`."""
    if width <= 0 or height <= 0:
        raise file.refuse("the picture has no area")
    if width * height > limits.max_pixels:
        raise file.refuse(
            f"{width} × {height} pixels are more than the limit of {limits.max_pixels:,} (ingest.max_pixels)"
        )


def _why(file: Content, error: Exception) -> str:
    text = str(error)
    if "truncated" in text.lower() or "broken" in text.lower():
        return f"damaged picture: the file is cut off or broken ({text})"
    return f"damaged picture ({text})"


def _facts(picture: PillowImage) -> dict[str, str | int | float]:
    fields: dict[str, str | int | float] = {
        "width": picture.width,
        "height": picture.height,
        "format": picture.format or "",
    }
    frames = int(getattr(picture, "n_frames", 1))
    if frames > 1:
        fields |= {"frames": frames, "frame": 0}
    return fields


def _taken_at(picture: PillowImage) -> Any:
    exif = picture.getexif()
    details = exif.get_ifd(_EXIF_DETAILS)
    values = (details.get(_EXIF_TAKEN[0]), exif.get(_EXIF_TAKEN[1]))
    return next((moment for value in values if (moment := parse_date(str(value or "").strip("\0 ")))), None)


def _pixels(picture: PillowImage) -> NDArray[np.uint8]:
    """uint8 pixels the right way up: grey where all channels are equal, transparency over white."""
    from PIL import Image as Pillow
    from PIL import ImageOps

    picture = ImageOps.exif_transpose(picture) or picture
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        return stretch(np.asarray(picture))
    if picture.mode in ("1", "L"):
        return np.asarray(picture.convert("L"))
    if picture.has_transparency_data:
        colour = picture.convert("RGBA")
        ground = Pillow.new("RGBA", colour.size, (255, 255, 255, 255))
        picture = Pillow.alpha_composite(ground, colour)
    return plain(np.asarray(picture.convert("RGB")))
