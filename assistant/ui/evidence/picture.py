"""Images as PNG inside the page: no file of a patient is left in a cache."""

from __future__ import annotations

import base64
import io

from assistant.records import Image

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
