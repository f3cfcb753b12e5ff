"""Whether a picture can be read at all: blank, tiny, burnt out, flat in contrast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assistant.measure.report import Measurements
from assistant.wording import joined, worded

if TYPE_CHECKING:
    from assistant.records import Image

TINY_PX = 128  # shorter side; less shows no finding that a report speaks of
LOW_CONTRAST = 0.12  # of the grey scale between the 1st and the 99th percentile
BURNT_SHARE = 0.25  # of pixels at the very end of the scale, inside the picture's frame
SIDE_PX = 512  # measured on a copy of at most about this size


def measure_image(image: Image) -> Measurements:
    """Size, brightness, contrast, sharpness and colour of a picture, and a quality with its reasons.

    `values`: width_px, height_px, brightness and contrast in [0, 1], dark_share and bright_share of pixels at the ends
    of the scale, sharpness (standard deviation of the Laplacian over that of the grey values), colour_share.
    """
    pixels = np.asarray(image.pixels)
    height, width = pixels.shape[:2]
    values = {"width_px": float(width), "height_px": float(height)}
    if pixels.size == 0:
        return Measurements(values=values, quality={"overall": "poor", "reasons": "no pixels"})
    step = max(1, min(height, width) // SIDE_PX)
    small = pixels[::step, ::step].astype(np.float64) / 255.0
    grey = small if small.ndim == 2 else small @ np.array([0.299, 0.587, 0.114])
    low, high = np.percentile(grey, [1, 99])
    inside = _framed(grey)
    values |= {
        "brightness": float(grey.mean()),
        "contrast": float(high - low),
        "dark_share": float((grey <= 1 / 255).mean()),
        "bright_share": float((inside >= 254 / 255).mean()),
        "sharpness": _sharpness(grey),
        "colour_share": 0.0 if small.ndim == 2 else float((np.ptp(small, axis=2) > 0.08).mean()),
    }
    reasons = _reasons(values, grey)
    overall = "good" if not reasons else ("poor" if _unreadable(values, grey) else "limited")
    values = {name: round(value, 4) for name, value in values.items()}
    return Measurements(values=values, quality={"overall": overall, "reasons": joined(reasons)})


def _framed(grey: np.ndarray) -> np.ndarray:
    """Without rows and columns of one value at the edges: borders that a scanner or an export added."""
    rows, columns = np.flatnonzero(np.ptp(grey, axis=1) > 0.02), np.flatnonzero(np.ptp(grey, axis=0) > 0.02)
    if len(rows) == 0 or len(columns) == 0:
        return grey
    return grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _sharpness(grey: np.ndarray) -> float:
    if min(grey.shape) < 3:
        return 0.0
    inner = grey[1:-1, 1:-1]
    edges = 4 * inner - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    return float(edges.std() / max(float(grey.std()), 1e-6))


def _blank(grey: np.ndarray) -> bool:
    return float(grey.std()) < 0.01


def _unreadable(values: dict[str, float], grey: np.ndarray) -> bool:
    return _blank(grey) or min(values["width_px"], values["height_px"]) < TINY_PX / 2


def _reasons(values: dict[str, float], grey: np.ndarray) -> list[str]:
    if _blank(grey):
        return ["blank: all pixels have nearly the same value"]
    reasons = []
    if min(values["width_px"], values["height_px"]) < TINY_PX:
        width, height = values["width_px"], values["height_px"]
        reasons.append(worded("only {width:.0f} × {height:.0f} pixels", width=width, height=height))
    if values["contrast"] < LOW_CONTRAST:
        reasons.append(worded("low contrast ({percent:.0f} % of the grey scale)", percent=100 * values["contrast"]))
    if values["bright_share"] > BURNT_SHARE:
        percent = 100 * values["bright_share"]
        reasons.append(worded("burnt out ({percent:.0f} % of pixels at full white)", percent=percent))
    return reasons
