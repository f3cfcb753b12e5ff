"""Values of any depth as eight bits that can be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PERCENTILES = (0.1, 99.9)  # keep single hot pixels and burnt-in letters from darkening all the rest
RANGE = 1e-12  # at least this, so that a picture of one value divides by something
_SAMPLE = 4_000_000  # values that percentiles are taken from
_BLOCK_ROWS_OF = 4_000_000  # values that are turned into floating point at a time
_LOOK = 64  # a grid of about 64 × 64 pixels tells most colour pictures at once


def plain(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB pixels, or one grey channel if the three are equal everywhere."""
    look = rgb[:: max(1, rgb.shape[0] // _LOOK), :: max(1, rgb.shape[1] // _LOOK)]
    for part in (look, rgb):
        if not ((part[..., 0] == part[..., 1]).all() and (part[..., 0] == part[..., 2]).all()):
            return np.ascontiguousarray(rgb)
    return np.ascontiguousarray(rgb[..., 0])


def as_bytes(shown: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Shares of full brightness as 0 to 255; what is no number is black."""
    return np.rint(np.nan_to_num(np.clip(shown, 0, 1), nan=0.0) * 255).astype(np.uint8)


def stretch(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Grey values (rows, columns) of any range as uint8: the 0.1th to the 99.9th percentile becomes 0 to 255."""
    flat = values.reshape(-1)
    sample = flat[:: max(1, flat.size // _SAMPLE)].astype(np.float64)
    sample = sample[np.isfinite(sample)]
    if sample.size == 0:
        return np.zeros(values.shape, dtype=np.uint8)
    low, high = weighted_range(sample)
    shown = np.empty(values.shape, dtype=np.uint8)
    rows = max(1, _BLOCK_ROWS_OF // max(1, values[0].size))
    for start in range(0, len(values), rows):
        block = np.nan_to_num(values[start : start + rows].astype(np.float64), nan=low)
        shown[start : start + rows] = as_bytes((block - low) / max(high - low, RANGE))
    return shown


def weighted_range(values: NDArray[np.float64], counts: NDArray[np.int64] | None = None) -> tuple[float, float]:
    """The percentiles between which values are shown; all of them where those fall together.

    `counts` says how often each value occurs.
    """
    if counts is None:
        low, high = (float(one) for one in np.percentile(values, PERCENTILES))
    else:
        order = np.argsort(values, kind="stable")
        reached = np.cumsum(counts[order])
        places = [share / 100 * (reached[-1] - 1) for share in PERCENTILES]
        low, high = (float(values[order][np.searchsorted(reached, place, side="right")]) for place in places)
    return (low, high) if high > low else (float(values.min()), float(values.max()))
