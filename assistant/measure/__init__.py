"""Numbers read off the data itself: ECG intervals, rate, rhythm and signal quality; image quality."""

from __future__ import annotations

from assistant.measure.analysis import Analysis, analyse
from assistant.measure.image import measure_image
from assistant.measure.report import Measurements, measure_signal
from assistant.measure.words import statements

__all__ = ["Analysis", "Measurements", "analyse", "measure_image", "measure_signal", "statements"]
