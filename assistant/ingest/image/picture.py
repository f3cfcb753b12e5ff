"""PNG, JPEG, TIFF, BMP, GIF and WebP pictures, through Pillow."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.dates import parse_date
from assistant.ingest.image.depth import Depth, deep, plain_depth
from assistant.ingest.image.display import plain, stretch
from assistant.ingest.image.paper import shows
from assistant.ingest.image.quality import BLANK, is_blank, quality
from assistant.ingest.image.slices import even
from assistant.ingest.quiet import quiet
from assistant.records import Image, Record
from assistant.settings import IngestSettings
from assistant.wording import worded

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image as PillowImage

_SIGNATURES = (
    b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+", b"GIF87a", b"GIF89a",
)  # fmt: skip
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP")  # JPEG opens several-picture JPEGs (MPO) too
_EXIF_TAKEN = (0x9003, 0x0132)  # DateTimeOriginal, DateTime
_EXIF_DETAILS = 0x8769
_EXIF_ORIENTATION = 0x0112
_LOOK = 64  # a grid of so many pixels each way tells most colour pictures at once
_STRIP = 4_000_000  # pixels that are converted at a time
_TIFF_KIND, _TIFF_REDUCED = 254, 1  # NewSubfileType: a smaller copy of another page
_TIFF_POLARITY, _TIFF_WHITE_IS_ZERO = 262, 0  # PhotometricInterpretation


def recognises(file: Content) -> bool:
    head = file.data[:16]
    return (
        head.startswith(_SIGNATURES)
        or (head[:2] == b"BM" and head[6:10] == b"\x00\x00\x00\x00")
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
    )


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """An image record, or of several pages or frames one for each representative (`part` "frame 3"); modality OT,
    because a picture file does not say what took it.

    What EXIF and comments say is left where it is, but for the way up and when it was taken.
    """
    from PIL import Image as Pillow

    Pillow.MAX_IMAGE_PIXELS = None  # `check_pixels` looks at the size that a header states before anything is decoded
    with quiet():
        try:
            with Pillow.open(io.BytesIO(file.data), formats=_FORMATS) as picture:
                return _records(file, picture, limits)
        except UnreadableFile:
            raise
        except MemoryError:
            raise file.refuse("the picture does not fit into memory") from None
        except (OSError, SyntaxError, ValueError, TypeError, KeyError, EOFError, IndexError, OverflowError) as error:
            raise file.refuse(_why(error)) from None
        except Exception as error:  # Pillow's plug-ins raise struct.error, zlib.error and others on mutated files
            raise file.refuse("damaged picture ({error})", error=error) from None


def read_depth(file: Content, n: int, limits: IngestSettings) -> Depth:
    """Page or frame `n` (from 0) with its own grey levels, where these are more than eight bits. Raises
    UnreadableFile."""
    from PIL import Image as Pillow

    Pillow.MAX_IMAGE_PIXELS = None
    with quiet():
        try:
            with Pillow.open(io.BytesIO(file.data), formats=_FORMATS) as picture:
                pages = _pages(file, picture, limits)
                if not 0 <= n < len(pages):
                    raise file.refuse("there is no frame {number}: it has {count}", number=n + 1, count=len(pages))
                if pages[n]:
                    picture.seek(pages[n])
                check_pixels(file, *picture.size, limits)
                return replace(_depth(picture), frame=n, frames=len(pages))
        except UnreadableFile:
            raise
        except Exception as error:  # as `read`
            raise file.refuse(_why(error)) from None


def _depth(picture: PillowImage) -> Depth:
    if not _is_deep(picture):
        return plain_depth(_pixels(picture))
    inverse = _tags(picture).get(_TIFF_POLARITY) == _TIFF_WHITE_IS_ZERO
    picture.load()
    return deep(np.asarray(_upright(picture)), inverse=inverse)


def _records(file: Content, picture: PillowImage, limits: IngestSettings) -> list[Record]:
    check_pixels(file, *picture.size, limits)
    taken_at = _taken_at(picture)
    pages = _pages(file, picture, limits)
    records = []
    for number in even(len(pages), limits.representative_slices):
        part = f"frame {number + 1}" if len(pages) > 1 else ""
        if pages[number]:
            picture.seek(pages[number])
        check_pixels(file, *picture.size, limits)
        pixels = _pixels(picture)
        if is_blank(pixels):
            if len(pages) > 1:
                file.set_aside(part, BLANK)
            continue
        fields: dict[str, str | int | float] = {
            "width": pixels.shape[1], "height": pixels.shape[0], "format": picture.format or "",
        }  # fmt: skip
        if len(pages) > 1:
            fields |= {"frames": len(pages), "frame": number + 1}
        records.append(
            Record(
                kind="image", modality="OT", uri=file.uri, sha256=file.sha256, part=part, taken_at=taken_at,
                fields={**fields, **(shows(pixels) or quality(pixels))}, image=Image(pixels),
            )
        )  # fmt: skip
    if not records:
        raise file.refuse(BLANK)
    return records


def _pages(file: Content, picture: PillowImage, limits: IngestSettings) -> list[int]:
    """The pages or frames of a file: not the previews of a photograph, nor smaller copies of another page."""
    count = int(getattr(picture, "n_frames", 1))
    if count > limits.max_frames:
        raise file.refuse(
            "{count:,} frames are more than the limit of {max_frames} (ingest.max_frames)",
            count=count,
            max_frames=limits.max_frames,
        )
    if count == 1 or picture.format in ("MPO", "JPEG"):
        return [0]
    if picture.format != "TIFF":
        return list(range(count))
    pages = []
    for number in range(count):
        picture.seek(number)
        if not int(_tags(picture).get(_TIFF_KIND, 0)) & _TIFF_REDUCED:
            pages.append(number)
    picture.seek(0)
    return pages or [0]


def _tags(picture: PillowImage) -> Any:
    return getattr(picture, "tag_v2", {})


def check_pixels(file: Content, width: int, height: int, limits: IngestSettings) -> None:
    """Raise UnreadableFile for a picture without area or beyond `limits.max_pixels`."""
    if width <= 0 or height <= 0:
        raise file.refuse("the picture has no area")
    if width * height > limits.max_pixels:
        raise file.refuse(
            "{width} × {height} pixels are more than the limit of {max_pixels:,} (ingest.max_pixels)",
            width=width,
            height=height,
            max_pixels=limits.max_pixels,
        )


def _why(error: Exception) -> str:
    text = str(error)
    if "truncated" in text.lower() or "broken" in text.lower():
        return worded("damaged picture: the file is cut off or broken ({error})", error=text)
    return worded("damaged picture ({error})", error=text)


def _taken_at(picture: PillowImage) -> Any:
    exif = picture.getexif()
    details = exif.get_ifd(_EXIF_DETAILS)
    values = (details.get(_EXIF_TAKEN[0]), exif.get(_EXIF_TAKEN[1]))
    return next((moment for value in values if (moment := parse_date(str(value or "").strip("\0 ")))), None)


def _pixels(picture: PillowImage) -> NDArray[np.uint8]:
    """uint8 pixels the right way up: grey where all channels are equal, transparency over white."""
    white_is_zero = _tags(picture).get(_TIFF_POLARITY) == _TIFF_WHITE_IS_ZERO  # Pillow minds it up to eight bits
    picture.load()
    _upright(picture)
    if _is_deep(picture):
        shown = stretch(np.asarray(picture))
        return 255 - shown if white_is_zero else shown
    if picture.mode in ("1", "L") and not picture.has_transparency_data:
        return np.asarray(picture if picture.mode == "L" else picture.convert("L"))
    if picture.width * picture.height <= _STRIP:
        return _grey_or_colour(_on_white(picture))
    pixels = np.empty((picture.height, picture.width, 3), dtype=np.uint8)
    rows = max(1, _STRIP // picture.width)
    for top in range(0, picture.height, rows):  # a strip at a time: Pillow's copies of the whole would not fit
        strip = picture.crop((0, top, picture.width, min(top + rows, picture.height)))
        pixels[top : top + rows] = np.asarray(_on_white(strip))
    return plain(pixels)


def _is_deep(picture: PillowImage) -> bool:
    """Whether it holds one channel of more than eight bits."""
    return picture.mode.startswith("I;16") or picture.mode in ("I", "F")


def _upright(picture: PillowImage) -> PillowImage:
    """The picture, turned as its EXIF says."""
    from PIL import ImageOps

    if picture.getexif().get(_EXIF_ORIENTATION, 1) != 1:
        ImageOps.exif_transpose(picture, in_place=True)
    return picture


def _grey_or_colour(picture: PillowImage) -> NDArray[np.uint8]:
    """What `display.plain` makes of an RGB picture; channels are compared where Pillow keeps them, which is quicker."""
    size = (min(_LOOK, picture.width), min(_LOOK, picture.height))
    look = np.asarray(picture.resize(size, resample=0))
    if (look == look[..., :1]).all():
        red, green, blue = (channel.tobytes() for channel in picture.split())
        if red == green == blue:
            return np.frombuffer(red, dtype=np.uint8).reshape(picture.height, picture.width)
    return np.asarray(picture)


def _on_white(picture: PillowImage) -> PillowImage:
    """As RGB, what is transparent over white."""
    from PIL import Image as Pillow

    if not picture.has_transparency_data:
        return picture if picture.mode == "RGB" else picture.convert("RGB")
    colour = picture if picture.mode == "RGBA" else picture.convert("RGBA")
    if colour.getchannel("A").getextrema() == (255, 255):
        return colour.convert("RGB")
    ground = Pillow.new("RGB", colour.size, (255, 255, 255))
    ground.paste(colour, mask=colour.getchannel("A"))
    return ground
