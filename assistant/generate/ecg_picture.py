"""An ECG drawn for a model that sees: the usual page, 25 mm a second and 10 mm a millivolt, on pink paper."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from assistant.records import Image, Signal

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image as Picture
    from PIL.ImageDraw import ImageDraw

PX_PER_MM = 3.7  # a page of ten seconds is 1,000 pixels wide, what vision models keep of a picture
MM_PER_S, MM_PER_MV = 25.0, 10.0
PAGE_S, COLUMN_S = 10.0, 2.5
_ROW_MM, _MARGIN_MM = 30.0, 8.0
_COLUMNS = (("I", "II", "III"), ("aVR", "aVL", "aVF"), ("V1", "V2", "V3"), ("V4", "V5", "V6"))
_REACH_PX = _ROW_MM / 2 * PX_PER_MM  # of a trace above and below its middle
_FONT_PX = 13
_MAX_ROWS = 12  # of another lead set, one row a lead
_PAPER, _FINE, _COARSE, _INK = (255, 250, 248), (250, 222, 218), (238, 178, 172), (20, 20, 30)


def ecg_picture(signal: Signal) -> Image:
    """The first ten seconds of an ECG in millivolts as an RGB picture about 1,000 pixels wide.

    Twelve leads stand in three rows of four with one lead along the bottom (II, or the first there is); another lead
    set gets one row a lead, at most twelve. A trace is centred on its median and cut off beyond its row; a gap stays
    empty. Before each row stands the calibration pulse, 1 mV and 0.2 s; a lead's name stands where no trace crosses it.
    """
    from PIL import ImageDraw as Draw

    rows = _rows(signal)
    width = round((PAGE_S * MM_PER_S + 2 * _MARGIN_MM) * PX_PER_MM)
    height = round((len(rows) * _ROW_MM + 2 * _MARGIN_MM) * PX_PER_MM)
    page = _paper(width, height).copy()
    drawing = Draw.Draw(page)
    for number, row in enumerate(rows):
        middle = (_MARGIN_MM + (number + 0.5) * _ROW_MM) * PX_PER_MM
        _pulse(drawing, middle)
        traces = [_trace(signal, lead, start_s, end_s, middle) for lead, start_s, end_s in row]
        for trace in traces:
            for stretch in _stretches(np.isfinite(trace[:, 1])):
                drawing.line(list(map(tuple, trace[stretch].tolist())), fill=_INK, width=2)
        for trace, (lead, start_s, end_s) in zip(traces, row, strict=True):
            _name(drawing, lead, trace, _left(start_s), _left(end_s), middle - _REACH_PX)
    return Image(np.asarray(page, np.uint8))


def _rows(signal: Signal) -> list[list[tuple[str, float, float]]]:
    """(lead, from, to) of each stretch of each row; the time is also where it stands on the page."""
    end = min(PAGE_S, signal.duration_s)
    there = set(signal.leads)
    if not all(lead in there for column in _COLUMNS for lead in column):
        return [[(lead, 0.0, end)] for lead in signal.leads[:_MAX_ROWS]]
    rows = [
        [
            (column[row], n * COLUMN_S, min((n + 1) * COLUMN_S, end))
            for n, column in enumerate(_COLUMNS)
            if n * COLUMN_S < end
        ]
        for row in range(3)
    ]
    return [*rows, [("II", 0.0, end)]]


@lru_cache(maxsize=4)
def _paper(width: int, height: int) -> Picture:
    """The empty page with its grid: most ECGs have the same one."""
    from PIL import Image as Pillow
    from PIL import ImageDraw as Draw

    page = Pillow.new("RGB", (width, height), _PAPER)
    drawing = Draw.Draw(page)
    for step, colour in ((1.0, _FINE), (5.0, _COARSE)):
        for at in np.arange(0, max(width, height) / PX_PER_MM, step) * PX_PER_MM:
            drawing.line([(at, 0), (at, height)], fill=colour)
            drawing.line([(0, at), (width, at)], fill=colour)
    return page


def _left(at_s: float) -> float:
    """Where a time of the recording stands on the page."""
    return (_MARGIN_MM + at_s * MM_PER_S) * PX_PER_MM


def _trace(signal: Signal, lead: str, start_s: float, end_s: float, middle: float) -> NDArray[np.float64]:
    """The points (x, y) of a stretch of a lead; y is NaN where there is no sample."""
    rate = signal.sampling_rate_hz
    samples = signal.lead(lead)[round(start_s * rate) : round(end_s * rate)].astype(np.float64)
    x = _left(start_s) + np.arange(len(samples)) / rate * MM_PER_S * PX_PER_MM
    level = np.nanmedian(samples) if np.isfinite(samples).any() else 0.0
    y = middle - np.clip((samples - level) * MM_PER_MV * PX_PER_MM, -_REACH_PX, _REACH_PX)
    return np.stack((x, np.where(np.isfinite(samples), y, np.nan)), axis=1)


def _pulse(drawing: ImageDraw, middle: float) -> None:
    """1 mV high and 0.2 s wide, as recorders print it before a row."""
    rest, wide, high = 1.0, 0.2 * MM_PER_S, MM_PER_MV
    x = _MARGIN_MM - wide - 2 * rest - 0.5
    steps = ((0, 0), (rest, 0), (rest, high), (rest + wide, high), (rest + wide, 0), (2 * rest + wide, 0))
    drawing.line([((x + dx) * PX_PER_MM, middle - dy * PX_PER_MM) for dx, dy in steps], fill=_INK, width=2)


def _name(drawing: ImageDraw, lead: str, trace: NDArray[np.float64], left: float, right: float, top: float) -> None:
    """A lead's name at the first place along the top of its stretch where its trace leaves room for it; on paper of its
    own where it leaves none."""
    width, height = drawing.textlength(lead, font_size=_FONT_PX), _FONT_PX
    high = trace[trace[:, 1] < top + height + 4]  # NaN is nowhere
    places = np.arange(left + 3, max(left + 4, right - width - 3), 2.0)
    free = (x for x in places if not ((high[:, 0] > x - 3) & (high[:, 0] < x + width + 3)).any())
    x = float(next(free, left + 3))
    drawing.text((x, top + 2), lead, fill=_INK, font_size=_FONT_PX, stroke_width=2, stroke_fill=_PAPER)


def _stretches(there: NDArray[np.bool_]) -> list[slice]:
    """The runs of samples that are there, of two samples or more."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], there, [False])).astype(np.int8)))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 1]
