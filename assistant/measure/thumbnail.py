"""A picture's thumbnail, by which its copies are known: encoded again, resized, brighter, inverted, a little cropped.

An encoder's vector moves more with the noise of a JPEG than from one patient's radiograph to another's; 16 × 16 mean
grey values hardly move at all (block means: Yang, Gu and Niu, "Block mean value based image perceptual hashing", 2006;
here compared by their correlation instead of bits).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from assistant.records import Image

SIDE = 16


def thumbnail(image: Image) -> NDArray[np.float32]:
    """16 × 16 mean grey values around their mean, as a unit vector (256,): two pictures' product is their correlation.

    Pictures of a single grey value, or without pixels, have all the same one.
    """
    from PIL import Image as Picture

    vector = np.zeros(SIDE * SIDE, np.float32)
    pixels = np.asarray(image.pixels)
    if pixels.size:
        grey = Picture.fromarray(pixels).convert("L")
        vector = np.asarray(grey.resize((SIDE, SIDE), Picture.Resampling.BOX), np.float32).ravel()
        vector = vector - vector.mean()
    length = float(np.linalg.norm(vector))
    if length < 1:
        vector = np.eye(1, SIDE * SIDE, dtype=np.float32)[0]
        length = 1.0
    return vector / np.float32(length)
