"""What is said against an upload before anything is read off it: its quality, and electrodes in the wrong place.

Under variants that disturb uploads (`--vary ecg-arms-swapped`) the difference from the run as it is says how often the
disturbance is noticed; the rates of the run as it is are false alarms, as far as its uploads are sound.
"""

from __future__ import annotations

from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Suite
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Family, Marks, Metric

SWAPPED = "electrodes interchanged: "


def _metrics(_: Suite) -> tuple[Metric, ...]:
    edge = "Uploads that could not be read are failed cases."
    return (
        Metric(
            "doubted_rate",
            "Uploads doubted",
            None,
            "Measured uploads whose quality is not good, or whose electrodes seem interchanged, over all measured "
            "uploads.",
            edge=edge,
        ),
        Metric(
            "swap_suspected_rate",
            "Electrodes seem interchanged",
            None,
            "Measured uploads whose limb electrodes seem interchanged, over all measured uploads.",
            edge=f"An ECG without leads I, II and V1–V6 is not judged and counts as not suspected. {edge}",
            detail=True,
        ),
    )


def _mark(_: Case, sample: Sample, __: Bench) -> Marks:
    if sample.doubts is None:
        return Marks()
    swapped = any(doubt.startswith(SWAPPED) for doubt in sample.doubts)
    return Marks({"doubted_rate": (float(bool(sample.doubts)), 1.0), "swap_suspected_rate": (float(swapped), 1.0)})


FAMILY = Family("doubts", "Doubts about uploads", frozenset({"measure"}), _metrics, _mark)
