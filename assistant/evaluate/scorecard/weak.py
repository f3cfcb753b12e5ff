"""What to worry about in a run, the worst first, as sentences."""

from __future__ import annotations

from assistant.evaluate.bootstrap import UNIT
from assistant.evaluate.result import RunResult
from assistant.evaluate.scorecard.words import number_with_interval

FEW_CLUSTERS = 30  # below this many independent groups the intervals are wide and a value alone misleads
WEAK = 0.1  # a metric this far from perfect is named among the weak points
LISTED = 8


def weak_points(result: RunResult) -> list[str]:
    """Failed cases, the metrics furthest from perfect, too few groups, and what no case allowed to be measured."""
    points = []
    if result.set_aside:
        points.append(f"{len(result.set_aside)} of {len(result.samples)} cases failed and count in no other metric.")
    shortfalls: list[tuple[float, str]] = []
    for name, known in result.definitions.items():
        interval = result.metrics[name]
        if known.detail or name == "case_error_rate" or known.better is None or interval.value is None:
            continue
        if known.bounds != UNIT:
            continue
        shortfall = interval.value if known.better == "low" else 1.0 - interval.value
        if shortfall >= WEAK:
            shortfalls.append((shortfall, f"{known.title}: {number_with_interval(interval)}, n = {interval.n}."))
    points += [text for _, text in sorted(shortfalls, key=lambda pair: -pair[0])[:LISTED]]
    clusters = max((interval.clusters for interval in result.metrics.values()), default=0)
    if clusters < FEW_CLUSTERS:
        points.append(f"Only {clusters} independent groups of cases: read the intervals, not the values.")
    absent = [
        known.title for known in result.definitions.values() if not known.detail and result.metrics[known.name].n == 0
    ]
    if absent:
        points.append(f"Not measured, since no case allowed it: {', '.join(absent)}.")
    return points
