"""Numbers read off the data itself: ECG intervals, rate, rhythm and signal quality; image quality."""

from __future__ import annotations

from assistant.measure.absent import leads_named
from assistant.measure.analysis import Analysis, analyse
from assistant.measure.detail import Wanted
from assistant.measure.image import measure_image
from assistant.measure.report import Measurements, measure_signal
from assistant.measure.words import absences, besides_one_qtc, quantity_of, statements

__all__ = [
    "Analysis",
    "Measurements",
    "Wanted",
    "absences",
    "analyse",
    "besides_one_qtc",
    "leads_named",
    "measure_image",
    "measure_signal",
    "quantity_of",
    "statements",
]
