"""Cases that ended in an error."""

from __future__ import annotations

from assistant.evaluate.case import TASKS, Case
from assistant.evaluate.dataset import Suite
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Family, Marks, Metric


def _metrics(_: Suite) -> tuple[Metric, ...]:
    return (
        Metric(
            "case_error_rate",
            "Cases that failed",
            "low",
            "Cases that ended in an error over all cases.",
            edge="A case that failed takes part in no other metric.",
        ),
    )


def _mark(_: Case, sample: Sample, __: Bench) -> Marks:
    return Marks({"case_error_rate": (float(sample.error is not None), 1.0)})


FAMILY = Family("failures", "Failures", frozenset(TASKS), _metrics, _mark)
