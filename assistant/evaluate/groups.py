"""Fairness: every metric by group of patients, each group against all others, and the gap between best and worst.

A suite says `groups = ["tags.sex", "tags.age: 40, 65"]`; numbers after the colon cut a number into bands. A group with
fewer than `FEW` clusters is too small to tell, and is shown without a value. The best and the worst of several groups
lie apart by chance alone, the farther the more groups there are and the smaller they are: so the interval of the gap is
that of the best group minus the worst, widened for all pairs among which the two were picked (Bonferroni). Where
it holds 0 it can't be told which of the two is better.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any

from assistant.evaluate.bootstrap import ABSENT, Interval, paired_bootstrap_ratio, paired_bootstrap_statistic
from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Dataset
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Metric
from assistant.evaluate.result import columns_of, compute_over, table_of

FEW = 10  # clusters; below, a single patient moves a rate by a tenth
UNKNOWN = frozenset({"", "unknown", "nan", "none", "null", "n/a"})
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class GroupedMetric:
    """A metric by group. `against` is a group minus all others, `gap` the best group minus the worst.

    Groups in which nothing could be counted are left out; without two groups there is no gap.
    """

    values: Mapping[str, Interval]
    against: Mapping[str, Interval]
    best: str | None
    worst: str | None
    gap: Interval

    def to_json(self) -> dict[str, Any]:
        return {
            "groups": {name: interval.to_json() for name, interval in self.values.items()},
            "against_the_others": {name: interval.to_json() for name, interval in self.against.items()},
            "best": self.best,
            "worst": self.worst,
            "gap": self.gap.to_json(),
        }


@dataclass(frozen=True, slots=True)
class GroupTable:
    """All metrics by one way to group. `clusters` is the size of each group; `too_few` are shown without values.

    `ungrouped` counts the cases of which nobody knows the group.
    """

    rule: str
    clusters: Mapping[str, int]
    too_few: tuple[str, ...]
    ungrouped: int
    metrics: Mapping[str, GroupedMetric]

    def to_json(self) -> dict[str, Any]:
        return {
            "clusters": dict(self.clusters),
            "too_few": list(self.too_few),
            "ungrouped": self.ungrouped,
            "metrics": {name: metric.to_json() for name, metric in self.metrics.items()},
        }


def group_tables(
    dataset: Dataset, metrics: Mapping[str, Metric], cases: Sequence[tuple[Case, Sample]]
) -> tuple[GroupTable, ...]:
    """A table for every rule of the suite, over the metrics that have a good and a bad end; how long it took apart."""
    sorted_ways = {name: metric for name, metric in metrics.items() if metric.better is not None and name != "seconds"}
    return tuple(_table(rule, dataset, sorted_ways, cases) for rule in dataset.suite.groups)


def group_of(case: Case, rule: str) -> str | None:
    """The group of a case by a rule of the suite; None where nobody knows it."""
    tag, _, cuts = rule.removeprefix("tags.").partition(":")
    value = case.tags.get(tag.strip(), "").strip()
    if value.casefold() in UNKNOWN:
        return None
    if not cuts:
        return value
    number = _NUMBER.search(value)
    return band_of(float(number[0]), [float(cut) for cut in cuts.split(",")]) if number else None


def band_of(number: float, cuts: Sequence[float]) -> str:
    """The band that a number falls into: "below 40", "40 to 65" (65 not among them), "65 and over"."""
    edges = sorted(cuts)
    place = sum(number >= edge for edge in edges)
    if place == 0:
        return f"below {edges[0]:g}"
    return f"{edges[-1]:g} and over" if place == len(edges) else f"{edges[place - 1]:g} to {edges[place]:g}"


def _table(
    rule: str, dataset: Dataset, metrics: Mapping[str, Metric], cases: Sequence[tuple[Case, Sample]]
) -> GroupTable:
    named = [group_of(case, rule) for case, _ in cases]
    members: dict[str, list[tuple[Case, Sample]]] = {}
    for name, pair in zip(named, cases, strict=True):
        if name is not None:
            members.setdefault(name, []).append(pair)
    members = dict(sorted(members.items()))
    clusters = {name: len({dataset.cluster_of(case) for case, _ in some}) for name, some in members.items()}
    large = {name: some for name, some in members.items() if clusters[name] >= FEW}
    values = {name: compute_over(metrics, dataset, some) for name, some in large.items()}
    known = [pair for some in large.values() for pair in some]
    groups = [name for name, some in large.items() for _ in some]
    found = {
        name: _grouped(metric, dataset, known, groups, {group: of[name] for group, of in values.items()})
        for name, metric in metrics.items()
    }
    return GroupTable(
        rule,
        clusters,
        tuple(name for name in members if name not in large),
        named.count(None),
        {name: metric for name, metric in found.items() if metric.values},
    )


def _grouped(
    metric: Metric,
    dataset: Dataset,
    cases: Sequence[tuple[Case, Sample]],
    groups: Sequence[str],
    values: Mapping[str, Interval],
) -> GroupedMetric:
    known = {name: interval for name, interval in values.items() if interval.value is not None}
    if len(known) < 2:
        return GroupedMetric(known, {}, None, None, ABSENT)
    order = sorted(known, key=lambda name: known[name].value or 0.0, reverse=metric.better == "high")
    best, worst = order[0], order[-1]

    def minus(first: set[str], second: set[str], comparisons: int = 1) -> Interval:
        return _difference(metric, dataset, cases, groups, first, second, comparisons)

    against = {name: minus({name}, set(known) - {name}) for name in known}
    return GroupedMetric(known, against, best, worst, minus({best}, {worst}, comb(len(known), 2)))


def _difference(
    metric: Metric,
    dataset: Dataset,
    cases: Sequence[tuple[Case, Sample]],
    groups: Sequence[str],
    first: set[str],
    second: set[str],
    comparisons: int,
) -> Interval:
    """The metric over the cases of some groups minus that over others; clusters may have cases in both."""
    options = dataset.suite.bootstrap.model_dump()
    clusters = [dataset.cluster_of(case) for case, _ in cases]
    if metric.statistic is not None and metric.table is not None:
        sides = [
            table_of(
                metric.table,
                [sample for (_, sample), group in zip(cases, groups, strict=True) if group in some],
                [cluster for cluster, group in zip(clusters, groups, strict=True) if group in some],
            )
            for some in (second, first)
        ]
        return paired_bootstrap_statistic(sides[0], sides[1], metric.statistic, comparisons=comparisons, **options)
    tops, bottoms = columns_of(metric.name, [sample for _, sample in cases])

    def only(column: Sequence[float], some: set[str]) -> list[float]:
        return [number if group in some else 0.0 for number, group in zip(column, groups, strict=True)]

    sides_of = (only(tops, second), only(bottoms, second), only(tops, first), only(bottoms, first))
    return paired_bootstrap_ratio(*sides_of, clusters, bounds=metric.bounds, comparisons=comparisons, **options)
