"""Gates of a picture's quality, cheap enough for every picture of an archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assistant.measure.image import BURNT_SHARE, TINY_PX

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLANK = "blank: every pixel has the same value"
_NEARLY_BLANK = 0.01  # of the grey scale: the standard deviation below which `wardround measure` says blank, too
_WHITE = 254
_EDGE = 5  # grey values that an edge of one value may vary by
_LOOK = 128  # measured on a grid of about 128 × 128 pixels


def is_blank(pixels: NDArray[np.uint8]) -> bool:
    """Whether all pixels have one value."""
    if pixels.size == 0:
        return True
    return bool((_grid(pixels) == pixels[0, 0]).all() and (pixels == pixels[0, 0]).all())


def quality(pixels: NDArray[np.uint8]) -> dict[str, str]:
    """`{"quality": "tiny, saturated"}` where something is wrong with a picture as shown, {} where nothing is.

    tiny: the shorter side has less than 128 pixels; blank: nearly one grey everywhere; saturated: more than a quarter
    of it at full white in all channels.
    """
    words = ["tiny"] if min(pixels.shape[:2]) < TINY_PX else []
    look = _grid(pixels)
    darkest = look if look.ndim == 2 else np.minimum(np.minimum(look[..., 0], look[..., 1]), look[..., 2])
    if float(look.std(dtype=np.float32)) < _NEARLY_BLANK * 255:
        words.append("blank")
    elif int(darkest.max()) >= _WHITE and float((_framed(darkest) >= _WHITE).mean()) > BURNT_SHARE:
        words.append("saturated")
    return {"quality": ", ".join(words)} if words else {}


def _framed(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Without the rows and columns at the edges that are of one value: collimated borders and what an export added."""
    rows, columns = (np.flatnonzero(np.ptp(grey, axis=axis) > _EDGE) for axis in (1, 0))
    if len(rows) == 0 or len(columns) == 0:
        return grey
    return grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _grid(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    return pixels[:: max(1, height // _LOOK), :: max(1, width // _LOOK)]
