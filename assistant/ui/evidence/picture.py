"""Images as PNG inside the page: no file of a patient is left in a cache."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

from markupsafe import Markup

from assistant.records import BoxPlace, Evidence, Image, Record
from assistant.ui import words
from assistant.ui.evidence.origin import origin

VIEW_PX = 1_400  # longer edge in the evidence panel
CARD_PX = 160  # longer edge on an upload's card


def png_uri(image: Image, longest: int = VIEW_PX) -> str:
    """The picture as a `data:` URI, scaled down so that its longer edge has at most `longest` pixels."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray(image.pixels)
    factor = longest / max(picture.size)
    if factor < 1:
        size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        picture = picture.resize(size, Pillow.Resampling.LANCZOS, reducing_gap=2.0)
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=3)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode("ascii")


def percent_box(image: Image, box: tuple[int, int, int, int]) -> tuple[float, float, float, float]:
    """(left, top, width, height) of a pixel box in percent of the picture, clipped to it."""
    height, width = image.pixels.shape[:2]
    x0, x1 = sorted(min(max(x, 0), width) for x in (box[0], box[2]))
    y0, y1 = sorted(min(max(y, 0), height) for y in (box[1], box[3]))
    return 100 * x0 / width, 100 * y0 / height, 100 * (x1 - x0) / width, 100 * (y1 - y0) / height


def figure(evidence: Evidence, record: Record, beside: Sequence[Record] = ()) -> Markup:
    """The picture with its box; `beside` are the case's uploaded pictures."""
    assert record.image is not None
    alt = evidence.title or f"{words.modality(evidence.modality, evidence.kind)} image"
    box = _box(record.image, evidence.place) if isinstance(evidence.place, BoxPlace) else Markup("")
    return Markup('<figure class="wr-image">{}<div class="wr-frame"><img alt="{}" src="{}">{}</div></figure>').format(
        origin(evidence, record), alt, png_uri(record.image), box
    )


def _box(image: Image, place: BoxPlace) -> Markup:
    left, top, width, height = percent_box(image, place.box)
    if width > 99 and height > 99:  # the whole picture
        return Markup("")
    style = f"left:{left:.2f}%;top:{top:.2f}%;width:{width:.2f}%;height:{height:.2f}%"
    return Markup('<span class="wr-box" style="{}"></span>').format(style)
