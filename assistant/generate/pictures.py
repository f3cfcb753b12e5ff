"""Images as a chat request carries them: a data URL, never an address that anyone would fetch."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

from assistant.records import Image

LARGEST_SIDE = 1024  # pixels; a vision model's own preprocessing scales further down


def user_content(
    text: str, pictures: Sequence[tuple[str, Image]], *, in_front: bool = False, side: int = LARGEST_SIDE
) -> str | list[str | dict[str, Any]]:
    """A user's message with its pictures behind the text, each after the label under which the text names it.

    `in_front`: the pictures first, for models that know no other order. `side` bounds a picture, in pixels.
    """
    if not pictures:
        return text
    parts: list[str | dict[str, Any]] = []
    for number, (label, image) in enumerate(pictures, start=1):
        parts += [{"type": "text", "text": f"Picture {number}, which is {label}:"}, image_part(image, side)]
    written: dict[str, Any] = {"type": "text", "text": text}
    return [*parts, written] if in_front else [written, *parts]


def image_part(image: Image, side: int = LARGEST_SIDE) -> dict[str, Any]:
    """An `image_url` part of a chat message: PNG for grey pictures, JPEG for colour, downscaled to `side` pixels."""
    return {"type": "image_url", "image_url": {"url": data_url(image, side)}}


def data_url(image: Image, side: int = LARGEST_SIDE) -> str:
    """The picture as `data:image/…;base64,…`, its largest side at most `side` pixels, proportions kept."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray(image.pixels)
    picture.thumbnail((min(side, LARGEST_SIDE), min(side, LARGEST_SIDE)), Pillow.Resampling.LANCZOS)
    form = "PNG" if image.pixels.ndim == 2 else "JPEG"
    buffer = io.BytesIO()
    picture.save(buffer, form, **({"quality": 92} if form == "JPEG" else {}))
    return f"data:image/{form.lower()};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
