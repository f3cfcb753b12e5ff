"""What a run came to: metrics with intervals over its samples, and the difference from another run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.evaluate.bootstrap import ABSENT, Interval, bootstrap_ratio, paired_bootstrap_ratio
from assistant.evaluate.dataset import Case, Dataset, Suite
from assistant.evaluate.log import Sample
from assistant.evaluate.scorers import DEFINITIONS, ERROR_KINDS


@dataclass(frozen=True, slots=True)
class Comparison:
    """This run against another on the cases that both ran and that read the same in both; this − other.

    `left_out` are the cases that could not be paired.
    """

    run: str
    cases: int
    left_out: tuple[str, ...]
    metrics: Mapping[str, Interval]
    other: Mapping[str, Sample]

    def to_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "cases": self.cases,
            "left_out": list(self.left_out),
            "difference": "this run − the other",
            "metrics": {name: interval.to_json() for name, interval in self.metrics.items()},
        }


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run. `settings` are those that shaped it, secrets left out; `indexes` name each generation."""

    suite: str
    run: str
    folder: Path
    dataset: Dataset
    samples: Mapping[str, Sample]
    metrics: Mapping[str, Interval]
    settings: Mapping[str, Any]
    indexes: Mapping[str, int | None]
    comparison: Comparison | None = None

    @property
    def set_aside(self) -> tuple[tuple[str, str], ...]:
        """The cases that ended in an error, with the reason."""
        return tuple((name, sample.error) for name, sample in self.samples.items() if sample.error is not None)

    @property
    def seconds(self) -> dict[str, float]:
        """Wall-clock seconds of all cases: searching, asking, and evaluating itself."""
        parts = ("search", "ask", "evaluate")
        return {part: sum(sample.seconds.get(part, 0.0) for sample in self.samples.values()) for part in parts}

    def to_json(self) -> dict[str, Any]:
        """The contract's JSON of `wardround eval`, and what else a script may want; times are the only part that
        another run of the same inputs may change."""
        data: dict[str, Any] = {
            "suite": self.suite,
            "run": self.run,
            "metrics": {name: interval.to_json() for name, interval in self.metrics.items()},
            "cases": len(self.samples),
            "set_aside": [{"id": name, "reason": reason} for name, reason in self.set_aside],
            "indexes": dict(self.indexes),
            "settings": dict(self.settings),
            "folder": str(self.folder),
            "scorecard": str(self.folder / "scorecard.html"),
            "seconds": {name: round(value, 2) for name, value in self.seconds.items()},
        }
        if self.comparison is not None:
            data["compare"] = self.comparison.to_json()
        return data


def metric_names(suite: Suite) -> tuple[str, ...]:
    """Every metric a run of the suite reports, in the order of reading; those without units come with n = 0."""
    names: list[str] = []
    for name in DEFINITIONS:
        if name == "mrr":
            names += [f"recall@{k}" for k in suite.retrieval_k] + [f"precision@{k}" for k in suite.retrieval_k]
        names.append(name)
        if name == "hallucination_rate_answers":
            names += [f"hallucination_rate.{kind}" for kind in ERROR_KINDS]
    return tuple(names)


def compute_metrics(dataset: Dataset, samples: Mapping[str, Sample]) -> dict[str, Interval]:
    """Every metric of the suite over the samples, in the suite's order of cases."""
    cases = [case for case in dataset.cases if case.id in samples]
    options = dataset.suite.bootstrap.model_dump()
    clusters = [dataset.cluster_of(case) for case in cases]
    metrics: dict[str, Interval] = {}
    for name in metric_names(dataset.suite):
        top, bottom = _columns(name, [samples[case.id] for case in cases])
        metrics[name] = bootstrap_ratio(top, bottom, clusters, **options) if cases else ABSENT
    return metrics


def compare_samples(
    dataset: Dataset, samples: Mapping[str, Sample], other: Mapping[str, Sample], changed: Sequence[str], run: str
) -> Comparison:
    """Paired differences over the cases that ran without error in both; `changed` are cases that read differently."""

    def paired(case: Case) -> bool:
        both = (samples.get(case.id), other.get(case.id))
        return case.id not in changed and all(sample is not None and sample.error is None for sample in both)

    cases = [case for case in dataset.cases if paired(case)]
    options = dataset.suite.bootstrap.model_dump()
    clusters = [dataset.cluster_of(case) for case in cases]
    metrics: dict[str, Interval] = {}
    for name in metric_names(dataset.suite):
        theirs = _columns(name, [other[case.id] for case in cases])
        ours = _columns(name, [samples[case.id] for case in cases])
        metrics[name] = paired_bootstrap_ratio(*theirs, *ours, clusters, **options) if cases else ABSENT
    left_out = tuple(case.id for case in dataset.cases if not paired(case))
    return Comparison(run, len(cases), left_out, metrics, {case.id: other[case.id] for case in cases})


def _columns(name: str, samples: Sequence[Sample]) -> tuple[list[float], list[float]]:
    pairs = [sample.scores.get(name, (0.0, 0.0)) for sample in samples]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
