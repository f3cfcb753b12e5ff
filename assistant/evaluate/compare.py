"""Two runs on the same cases: paired differences with intervals, and what became different in each case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.evaluate.bootstrap import Interval, paired_bootstrap_ratio, paired_bootstrap_statistic
from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Dataset
from assistant.evaluate.diff import CaseDiff, case_diff
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Metric
from assistant.evaluate.result import columns_of, table_of
from assistant.evaluate.score import metrics_of


@dataclass(frozen=True, slots=True)
class Comparison:
    """This run against another on the cases that both ran without error and that read the same; this − other.

    `left_out` are the cases that could not be paired. `diffs` are the cases in which something became different, those
    that became worse first.
    """

    run: str
    cases: int
    left_out: tuple[str, ...]
    metrics: Mapping[str, Interval]
    other: Mapping[str, Sample]
    diffs: tuple[CaseDiff, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "cases": self.cases,
            "left_out": list(self.left_out),
            "difference": "this run − the other",
            "metrics": {name: interval.to_json() for name, interval in self.metrics.items()},
            "changed": [diff.to_json() for diff in self.diffs],
        }


def compare_samples(
    dataset: Dataset,
    samples: Mapping[str, Sample],
    other: Mapping[str, Sample],
    changed: Sequence[str],
    run: str,
    metrics: Mapping[str, Metric] | None = None,
) -> Comparison:
    """Paired differences over the cases that ran without error in both; `changed` are cases that read differently.

    `metrics` are those compared, by default all of the data set.
    """
    metrics = metrics_of(dataset) if metrics is None else metrics
    unlike = set(changed)

    def paired(case: Case) -> bool:
        both = (samples.get(case.id), other.get(case.id))
        return case.id not in unlike and all(sample is not None and sample.error is None for sample in both)

    cases = [case for case in dataset.cases if paired(case)]
    clusters = [dataset.cluster_of(case) for case in cases]
    theirs, ours = [other[case.id] for case in cases], [samples[case.id] for case in cases]
    if [sample.seconds.get("solve") for sample in ours] == [sample.seconds.get("solve") for sample in theirs]:
        # the same answers, timed once
        metrics = {name: metric for name, metric in metrics.items() if name != "seconds"}
    options = dataset.suite.bootstrap.model_dump()
    differences: dict[str, Interval] = {}
    for name, metric in metrics.items():
        if metric.statistic is not None and metric.table is not None:
            first, second = (table_of(metric.table, side, clusters) for side in (theirs, ours))
            differences[name] = paired_bootstrap_statistic(first, second, metric.statistic, **options)
        else:
            columns = (*columns_of(name, theirs), *columns_of(name, ours))
            differences[name] = paired_bootstrap_ratio(*columns, clusters, bounds=metric.bounds, **options)
    left_out = tuple(case.id for case in dataset.cases if not paired(case))
    found = (case_diff(case, samples[case.id], other[case.id], metrics) for case in cases)
    diffs = sorted((diff for diff in found if diff is not None), key=lambda diff: (-diff.harm, diff.case))
    return Comparison(run, len(cases), left_out, differences, {case.id: other[case.id] for case in cases}, tuple(diffs))
