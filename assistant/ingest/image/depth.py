"""A picture with all the grey levels that its file holds, for a viewer in which the window can be moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.ingest.image.display import RANGE, as_bytes, weighted_range

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVELS = 65_536  # that values beyond 16 bits, or with fractions, are told apart by
_SAMPLE = 1_000_000  # values that the range of such a picture is taken from

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Window:
    """A stated window: its name in the file ("BONE"; may be empty), centre, width, and VOI LUT function (PS3.3
    C.11.2.1)."""

    name: str
    centre: float
    width: float
    function: str = "LINEAR"


@dataclass(frozen=True, slots=True)
class Coarse:
    """A picture of `width` × `height` pixels whose sides were halved `halvings` times, rounded up: a sample (x, y) is
    what lies at the pixel (2ⁿ x, 2ⁿ y)."""

    width: int
    height: int
    halvings: int


@dataclass(frozen=True, slots=True, eq=False)
class Depth:
    """One frame as codes, and what each code means and is shown as.

    `codes` is uint8 or uint16 (height, width), or uint8 (height, width, 3) of colours. `values` (n,) float32 says what
    a code means (Hounsfield units …; NaN: padding, always black), `shown` (n,) uint8 the grey that it has as the file
    wants it. `centre` and `width` come closest to that. `inverse`: high values are dark. `unit` is "" where it is not
    known; `frame` counts from 0. `regions` are as in `records.Image`. `coarse`: the codes are fewer than the pixels,
    for a first look.
    """

    codes: NDArray[Any]
    values: NDArray[np.float32]
    shown: NDArray[np.uint8]
    centre: float
    width: float
    windows: tuple[Window, ...] = ()
    inverse: bool = False
    unit: str = ""
    frame: int = 0
    frames: int = 1
    regions: tuple[Box, ...] = ()
    coarse: Coarse | None = None

    def picture(self) -> NDArray[np.uint8]:
        """As it is looked at: uint8, grey or RGB."""
        return np.asarray(self.shown[self.codes]) if self.codes.ndim == 2 else np.asarray(self.codes)

    def without(self, boxes: Iterable[Box]) -> Depth:
        """With these boxes black."""
        boxes = list(boxes)
        if not boxes:
            return self
        known = np.nan_to_num(self.values, nan=-np.inf if self.inverse else np.inf)
        black = 0 if self.codes.ndim == 3 else int(known.argmax() if self.inverse else known.argmin())
        codes = self.codes.copy()
        for x0, y0, x1, y1 in boxes:
            codes[y0:y1, x0:x1] = black
        return replace(self, codes=codes)


def plain_depth(pixels: NDArray[np.uint8], frame: int = 0, frames: int = 1) -> Depth:
    """A picture of eight bits, grey or RGB."""
    ramp = np.arange(256)
    return Depth(pixels, ramp.astype(np.float32), ramp.astype(np.uint8), 127.5, 255.0, frame=frame, frames=frames)


def deep(values: NDArray[Any], window: tuple[float, float] | None = None, *, inverse: bool = False) -> Depth:
    """Grey values (rows, columns) of any type; without a window they are shown as `display.stretch` does."""
    sample = values.reshape(-1)[:: max(1, values.size // _SAMPLE)].astype(np.float64)
    sample = sample[np.isfinite(sample)]
    low, high = weighted_range(sample) if sample.size else (0.0, 1.0)
    codes, meanings = _coded(values)
    centre, width = window or ((low + high) / 2, max(high - low, RANGE))
    grey = as_bytes((meanings - centre) / width + 0.5)
    return Depth(codes, meanings.astype(np.float32), 255 - grey if inverse else grey, centre, width, inverse=inverse)


def _coded(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Values as codes from 0 on, and what each code means: integers as they are where 16 bits hold their range, else in
    `LEVELS` even steps. What is no number gets the lowest code."""
    finite = values if values.dtype.kind in "iu" else values[np.isfinite(values)]
    if not finite.size:
        return np.zeros(values.shape, np.uint8), np.zeros(1)
    low, high = finite.min(), finite.max()
    if values.dtype.kind in "iu" and int(high) - int(low) < LEVELS:
        kind = np.uint8 if int(high) - int(low) < 256 else np.uint16
        return (values.astype(np.int64) - int(low)).astype(kind), np.arange(int(low), int(high) + 1, dtype=np.float64)
    step = max((float(high) - float(low)) / (LEVELS - 1), RANGE)
    shares = (np.nan_to_num(values.astype(np.float64), nan=float(low)) - float(low)) / step
    meanings = np.arange(LEVELS, dtype=np.float64) * step + float(low)
    return np.rint(np.clip(shares, 0, LEVELS - 1)).astype(np.uint16), meanings
