"""What a change to an answer does to the metrics of a run."""

from __future__ import annotations

from typing import Literal

import numpy as np

from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Metric
from assistant.evaluate.perturb.answers import Written, as_case
from assistant.evaluate.score import FAMILIES, mark

Moved = Literal["better", "worse", "same"]
LEAST = 1e-9  # a smaller difference is none


class Marker:
    """Computes every metric of single answers that has a better and a worse."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        asking = [metric for family in FAMILIES if "ask" in family.tasks for metric in family.metrics(bench.suite)]
        self.metrics = tuple(metric for metric in asking if metric.better is not None)

    def values(self, right: Written, sample: Sample) -> dict[str, float]:
        """The metrics of a sample, `right` being what the case wants; those with nothing to count are left out."""
        marks = mark(as_case(right), sample, self._bench)
        found: dict[str, float] = {}
        for metric in self.metrics:
            if metric.statistic is not None and metric.table is not None:
                rows = marks.observations.get(metric.table, ())
                value = metric.statistic(np.array(rows), np.ones(len(rows))) if rows else None
                if value is not None:
                    found[metric.name] = value
            elif metric.name in marks.scores:
                top, bottom = marks.scores[metric.name]
                if bottom:
                    found[metric.name] = top / bottom
        return found


def moved(metric: Metric, before: float | None, after: float | None) -> Moved | None:
    """Which way a metric went; None where it counted nothing, before or after."""
    if before is None or after is None:
        return None
    if abs(after - before) < LEAST:
        return "same"
    return "worse" if (after > before) == (metric.better == "low") else "better"
