"""Whether a picture shows an ECG on its paper: a scan, a screenshot or a photograph of a print-out."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from assistant.records import PRINTED_ECG

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIDE = 1200  # pixels of the longer side that are looked at
_TILE = 192  # pixels of a tile's side: a photograph's lines are straight and evenly spaced in so small a part
_PERIODS = (3.0, 16.0)  # pixels from line to line
_LIGHT = 110  # mean grey value of paper, at least
# Chosen with the photographs of ecg-image-kit, chest X-rays and article pages in sight; benchmarks/ecg_paper.py
# measures them on other ones.
_STANDS_OUT = 9.0  # times the median of its ring in the spectrum
_LEAST_CONTRAST = 1.0  # grey values
_SQUARE_DEG, _ALIKE = 8.0, 0.08  # how far two sets of lines may be off a right angle, and off one spacing
_SAME_SPACING = 0.12
_LEAST_TILES = 0.4  # of all, with a grid of one spacing
_PEAKS = 10

_WINDOW = np.outer(np.hanning(_TILE), np.hanning(_TILE)).astype(np.float32)
_UP, _RIGHT = np.fft.fftfreq(_TILE)[:, None], np.fft.rfftfreq(_TILE)[None, :]
_FREQUENCY = np.hypot(_UP, _RIGHT)  # lines a pixel
_ANGLE = np.degrees(np.arctan2(_UP, _RIGHT))
_RING = np.round(_FREQUENCY * _TILE).astype(int)
_BAND = (_FREQUENCY * _PERIODS[1] > 1) & (_FREQUENCY * _PERIODS[0] < 1)
_RINGS = [np.flatnonzero(abs(_RING.ravel() - ring) <= 1) for ring in range(int(_TILE / _PERIODS[0]) + 2)]


def shows(pixels: NDArray[np.uint8]) -> dict[str, str]:
    """`{"shows": "printed ECG"}` for a light picture with a fine square grid over much of it, {} for others.

    Two sets of evenly spaced lines at right angles are sought in the spectrum of each part of the picture, at any
    angle. Other graph paper looks the same.
    """
    return {"shows": PRINTED_ECG} if _has_grid(pixels) else {}


def _has_grid(pixels: NDArray[np.uint8]) -> bool:
    grey = _shrunk(pixels if pixels.ndim == 2 else pixels[..., 1])  # red lines on white are darkest in green
    height, width = grey.shape
    if min(height, width) < _TILE or float(grey.mean()) < _LIGHT:
        return False
    rows, columns = (np.linspace(0, side - _TILE, max(1, round(side / _TILE))).astype(int) for side in grey.shape)
    places = [(row, column) for row in rows for column in columns]
    found = [f for row, column in places if (f := _grid_of(grey[row : row + _TILE, column : column + _TILE]))]
    if not found:
        return False
    spacings = np.array(found)
    alike = max(int((np.abs(spacings / one - 1) < _SAME_SPACING).sum()) for one in spacings)
    return alike >= _LEAST_TILES * len(places)


def _shrunk(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    from PIL import Image as Pillow

    scale = _SIDE / max(grey.shape)
    if scale < 1:
        size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
        grey = np.asarray(Pillow.fromarray(grey).resize(size, Pillow.Resampling.BOX))
    return grey.astype(np.float32)


def _grid_of(tile: NDArray[np.float32]) -> float:
    """Lines a pixel of the grid that stands out most in a tile; 0 where there is none."""
    found = [
        (min(first.height, second.height), (first.frequency + second.frequency) / 2)
        for first, second in combinations(_peaks(tile), 2)
        if abs(abs(first.angle - second.angle) % 180 - 90) <= _SQUARE_DEG
        and abs(first.frequency - second.frequency) <= max(_ALIKE * max(first.frequency, second.frequency), 1 / _TILE)
    ]
    return max(found)[1] if found else 0.0


class _Peak(NamedTuple):
    """Evenly spaced lines: so many a pixel, across this angle in degrees; how much they stand out."""

    frequency: float
    angle: float
    height: float


def _peaks(tile: NDArray[np.float32]) -> list[_Peak]:
    spectrum = np.abs(np.fft.rfft2((tile - tile.mean()) * _WINDOW))
    ordinary = np.array([np.median(spectrum.ravel()[ring]) for ring in _RINGS]) + 1e-6
    height = np.where(_BAND, spectrum / ordinary[np.minimum(_RING, len(ordinary) - 1)], 0.0)
    contrast = 2 * spectrum / _WINDOW.sum()
    peaks = []
    for _ in range(_PEAKS):
        row, column = divmod(int(height.argmax()), height.shape[1])
        if height[row, column] < _STANDS_OUT:
            break
        if contrast[row, column] >= _LEAST_CONTRAST:
            at = (_FREQUENCY[row, column], _ANGLE[row, column], height[row, column])
            peaks.append(_Peak(*map(float, at)))
        near = np.arange(row - 2, row + 3) % _TILE  # rows go round: upward frequencies are the last ones
        height[near, max(column - 2, 0) : column + 3] = 0
    return peaks
