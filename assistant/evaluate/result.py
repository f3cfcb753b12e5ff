"""What a run came to: metrics with intervals over its samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.evaluate.bootstrap import Interval, bootstrap_ratio, bootstrap_statistic
from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Dataset
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Metric
from assistant.evaluate.score import metrics_of

if TYPE_CHECKING:
    from assistant.evaluate.compare import Comparison
    from assistant.evaluate.groups import GroupTable
    from assistant.evaluate.judge.report import JudgeReport
    from assistant.evaluate.variants import Variant


@dataclass(frozen=True, slots=True)
class Varied:
    """The same cases run under a variant, and the differences: the varied run − the run as it is."""

    variant: Variant
    result: RunResult
    comparison: Comparison

    def to_json(self) -> dict[str, Any]:
        return {
            "words": self.variant.words,
            "kind": self.variant.kind,
            "run": self.result.run,
            "scorecard": str(self.result.folder / "scorecard.html"),
            "cases": self.comparison.cases,
            "metrics": {name: interval.to_json() for name, interval in self.result.metrics.items()},
            "difference": {name: interval.to_json() for name, interval in self.comparison.metrics.items()},
        }


@dataclass(frozen=True)
class RunResult:
    """A finished run. `settings` are those that shaped it, secrets left out; `indexes` name each generation; `total` is
    how many cases the suite has, of which a limit or a variant may have taken fewer.

    `variant` is the name of what was changed in it, if anything was; `varied` are the runs of the same cases under
    variants, compared with this one. `groups` are all metrics by group of patients, a table for each of the suite's
    `groups`. `judge` says how far the judged metrics can be believed; None where none is judged.
    """

    suite: str
    run: str
    folder: Path
    dataset: Dataset
    samples: Mapping[str, Sample]
    metrics: Mapping[str, Interval]
    settings: Mapping[str, Any]
    indexes: Mapping[str, int | None]
    total: int
    comparison: Comparison | None = None
    variant: str | None = None
    varied: tuple[Varied, ...] = ()
    groups: tuple[GroupTable, ...] = ()
    judge: JudgeReport | None = None

    @cached_property
    def definitions(self) -> dict[str, Metric]:
        """What each metric of the run is, by name, in the order of reading."""
        return {name: metric for name, metric in metrics_of(self.dataset).items() if name in self.metrics}

    @property
    def set_aside(self) -> tuple[tuple[str, str], ...]:
        """The cases that ended in an error, with the reason."""
        return tuple((name, sample.error) for name, sample in self.samples.items() if sample.error is not None)

    @property
    def seconds(self) -> dict[str, float]:
        """Wall-clock seconds of all cases: solving them, and evaluating itself."""
        parts = ("solve", "evaluate")
        return {part: sum(sample.seconds.get(part, 0.0) for sample in self.samples.values()) for part in parts}

    def to_json(self) -> dict[str, Any]:
        """The contract's JSON of `wardround eval`, and what else a script may want; times are the only part that
        another run of the same inputs may change."""
        data: dict[str, Any] = {
            "suite": self.suite,
            "run": self.run,
            "variant": self.variant,
            "metrics": {name: interval.to_json() for name, interval in self.metrics.items()},
            "cases": len(self.samples),
            "of": self.total,
            "set_aside": [{"id": name, "reason": reason} for name, reason in self.set_aside],
            "indexes": dict(self.indexes),
            "settings": dict(self.settings),
            "folder": str(self.folder),
            "scorecard": str(self.folder / "scorecard.html"),
            "seconds": {name: round(value, 2) for name, value in self.seconds.items()},
        }
        if self.judge is not None:
            data["judge"] = self.judge.to_json()
        if self.groups:
            data["groups"] = {table.rule: table.to_json() for table in self.groups}
        if self.comparison is not None:
            data["compare"] = self.comparison.to_json()
        if self.varied:
            data["variants"] = {varied.variant.name: varied.to_json() for varied in self.varied}
        return data


def compute_metrics(dataset: Dataset, samples: Mapping[str, Sample]) -> dict[str, Interval]:
    """Every metric of the suite over the samples, in the suite's order of cases."""
    cases = [case for case in dataset.cases if case.id in samples]
    return compute_over(metrics_of(dataset), dataset, [(case, samples[case.id]) for case in cases])


def compute_over(
    metrics: Mapping[str, Metric], dataset: Dataset, cases: Sequence[tuple[Case, Sample]]
) -> dict[str, Interval]:
    """Some metrics over some of the cases with their samples, by name; absent ones with n = 0."""
    clusters = [dataset.cluster_of(case) for case, _ in cases]
    samples = [sample for _, sample in cases]
    return {name: _reduce(metric, dataset, samples, clusters) for name, metric in metrics.items()}


def _reduce(metric: Metric, dataset: Dataset, samples: Sequence[Sample], clusters: Sequence[str]) -> Interval:
    options = dataset.suite.bootstrap.model_dump()
    if metric.statistic is not None and metric.table is not None:
        rows, row_clusters = table_of(metric.table, samples, clusters)
        return bootstrap_statistic(rows, metric.statistic, row_clusters, bounds=metric.bounds, **options)
    return bootstrap_ratio(*columns_of(metric.name, samples), clusters, bounds=metric.bounds, **options)


def columns_of(name: str, samples: Sequence[Sample]) -> tuple[list[float], list[float]]:
    """A metric's numerators and denominators, one of each a sample; (0, 0) where a sample adds nothing."""
    pairs = [sample.scores.get(name, (0.0, 0.0)) for sample in samples]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def table_of(
    name: str, samples: Sequence[Sample], clusters: Sequence[str]
) -> tuple[list[tuple[float, ...]], list[str]]:
    """All rows of an observation table, and the cluster of each."""
    found = [
        (row, cluster)
        for sample, cluster in zip(samples, clusters, strict=True)
        for row in sample.observations.get(name, ())
    ]
    return [row for row, _ in found], [cluster for _, cluster in found]
