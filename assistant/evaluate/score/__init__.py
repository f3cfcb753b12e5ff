"""The families of metrics, in the order in which a scorecard shows them."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Dataset
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Family, Marks, Metric
from assistant.evaluate.score import (
    abstention,
    checking,
    citations,
    claims,
    correct,
    cost,
    doubts,
    external,
    failures,
    labels,
    omission,
    planted,
    probing,
    ranking,
    reports,
    selective,
    stages,
    values,
)

FAMILIES: tuple[Family, ...] = (
    claims.FAMILY,
    omission.FAMILY,
    correct.FAMILY,
    reports.FAMILY,
    external.FAMILY,
    labels.FAMILY,
    values.STATED,
    values.MEASURED,
    doubts.FAMILY,
    checking.FAMILY,
    probing.FAMILY,
    abstention.FAMILY,
    selective.FAMILY,
    citations.FAMILY,
    planted.FAMILY,
    ranking.FAMILY,
    stages.FAMILY,
    cost.FAMILY,
    failures.FAMILY,
)


def families_of(dataset: Dataset) -> tuple[Family, ...]:
    """The families that have something to say about the tasks of a data set."""
    return tuple(family for family in FAMILIES if family.tasks & dataset.tasks)


def metrics_of(dataset: Dataset) -> dict[str, Metric]:
    """Every metric that a run over the data set reports, by name, in the order of reading.

    Those without units stand in the result with n = 0.
    """
    return {metric.name: metric for family in families_of(dataset) for metric in family.metrics(dataset.suite)}


def prepare(cases: Sequence[Case]) -> None:
    """Tell each family which cases are about to be marked."""
    for family in FAMILIES:
        if family.prepare is not None:
            family.prepare([case for case in cases if case.task in family.tasks])


def mark(case: Case, sample: Sample, bench: Bench) -> Marks:
    """What a case adds to all metrics; one that failed adds to those of `failures` only."""
    if sample.error is not None:
        return failures.FAMILY.mark(case, sample, bench)
    found = [family.mark(case, sample, bench) for family in FAMILIES if case.task in family.tasks]
    return Marks(
        scores={name: pair for marks in found for name, pair in marks.scores.items()},
        observations={name: rows for marks in found for name, rows in marks.observations.items()},
        citations={name: judged for marks in found for name, judged in marks.citations.items()},
    )
