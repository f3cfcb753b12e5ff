"""What to worry about in a run, the worst first, as sentences."""

from __future__ import annotations

from assistant.evaluate.bootstrap import UNIT
from assistant.evaluate.result import RunResult
from assistant.evaluate.score import families_of
from assistant.evaluate.scorecard.judged import judge_weakness
from assistant.evaluate.scorecard.words import counted, percent_with_interval

FEW_CLUSTERS = 30  # below this many independent groups the intervals are wide and a value alone misleads
WEAK = 0.1  # a metric this far from perfect is named among the weak points
LISTED = 8
_SAID_ALREADY = ("case_error_rate", "aurc")  # failures stand first, and a risk is what "Correct" leaves


def weak_points(result: RunResult) -> list[str]:
    """Failed cases, the rates furthest from perfect, too few groups, and what no case allowed to be measured."""
    points = []
    if result.set_aside:
        points.append(f"{len(result.set_aside)} of {len(result.samples)} cases failed and count in no other metric.")
    points += judge_weakness(result)
    shortfalls: list[tuple[float, str]] = []
    for name, known in result.definitions.items():
        interval = result.metrics[name]
        if known.detail or name in _SAID_ALREADY or known.better is None or interval.value is None:
            continue
        if known.bounds != UNIT:
            continue
        shortfall = interval.value if known.better == "low" else 1.0 - interval.value
        if shortfall >= WEAK:
            told = f"{percent_with_interval(interval)} of {counted(interval.n, known.unit)}"
            shortfalls.append((shortfall, f"{known.title}: {told}."))
    points += [text for _, text in sorted(shortfalls, key=lambda pair: -pair[0])[:LISTED]]
    clusters = max((interval.clusters for interval in result.metrics.values()), default=0)
    if clusters < FEW_CLUSTERS:
        points.append(f"Only {counted(clusters, 'independent groups')} of cases: read the intervals, not the values.")
    if absent := _absent(result):
        points.append(f"Not measured, since no case allowed it: {', '.join(absent)}.")
    return points


def _absent(result: RunResult) -> list[str]:
    """Metrics that counted nothing, of families that measured something."""
    found = []
    for family in families_of(result.dataset):
        known = [m for m in family.metrics(result.dataset.suite) if m.name in result.metrics]
        if any(result.metrics[metric.name].n for metric in known):
            found += [m.title for m in known if not m.detail and not result.metrics[m.name].n]
    return found
