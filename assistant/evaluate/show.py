"""A run's result on the terminal: the headline rates, what is weak, and where the scorecard lies."""

from __future__ import annotations

from assistant.evaluate.result import RunResult
from assistant.evaluate.scorecard import weak_points
from assistant.evaluate.scorecard.words import how_many, number_with_interval


def print_result(result: RunResult) -> None:
    """Weak points, every metric that is no detail, the differences, and the files that were written."""
    print(f"{result.suite}, run {result.run}: {how_many(result)}")
    for point in weak_points(result):
        print(f"  weak: {point}")
    for name, metric in result.definitions.items():
        interval = result.metrics[name]
        if not metric.detail and interval.value is not None:
            print(f"  {name}: {number_with_interval(interval)}, n {interval.n}")
    differences = [(varied.variant.name, varied.comparison) for varied in result.varied]
    if result.comparison is not None:
        differences.append((f"against {result.comparison.run}", result.comparison))
    for title, comparison in differences:
        print(f"{title}, {comparison.cases} cases, difference:")
        for name, interval in comparison.metrics.items():
            if not result.definitions[name].detail and interval.value is not None:
                print(f"  {name}: {number_with_interval(interval, signed=True)}")
    print(f"scorecard: {result.folder / 'scorecard.html'}")
