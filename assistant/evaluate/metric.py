"""What a metric is, and what a family of metrics is: one file in `assistant/evaluate/score/` each.

A family looks at one finished case (`mark`) and says what it adds to each of its metrics:

- **scores**: pairs (numerator, denominator), events over units. A case in which nothing can be counted gives no pair.
  Over the cases the metric is the ratio of the sums, so a case with ten claims weighs as ten.
- **observations**: rows of numbers in a named table, for metrics that are no ratio of sums: an area under a curve, a
  correlation, a mean of two rates. The metric's `statistic` makes one number of the rows of all cases.

Both are resampled by whole clusters of cases (`assistant.evaluate.bootstrap`), so every metric has an interval.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from assistant.evaluate.bootstrap import UNIT, Statistic
from assistant.evaluate.case import Case, Task
from assistant.evaluate.dataset import Suite
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.evaluate.judge import Judge
    from assistant.evaluate.log import Sample

Pair = tuple[float, float]
Row = tuple[float, ...]
Better = Literal["low", "high"] | None


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric in words, and how it is reduced.

    `better` is which way is good, None where neither is. `edge` says what happens where there is nothing to count: no
    answer, no claims, no citations, all abstained, a reply that could not be parsed. `unit` is what `n` counts.
    `bounds` are the smallest and largest value of one unit, None where there are none (seconds). With a `statistic` the
    metric is made from the observations in `table`, otherwise from the scores under its own name. `judged` metrics
    rest on a judge's verdicts and are no better than that judge. Where a unit is one verdict, `verdicts` names the
    table with a row a unit, (1 for supported, the claim's `Wording`), and the rate can be corrected for the judge's
    error. `source` is the paper that it is taken from. `detail` metrics are shown below the one
    before.
    """

    name: str
    title: str
    better: Better
    text: str
    edge: str = ""
    unit: str = "cases"
    bounds: tuple[float, float] | None = UNIT
    table: str | None = None
    statistic: Statistic | None = None
    judged: bool = False
    verdicts: str | None = None
    source: str = ""
    detail: bool = False

    def __post_init__(self) -> None:
        if (self.table is None) != (self.statistic is None):
            raise ValueError(f"metric {self.name}: a statistic needs a table of observations, and a table a statistic")


@dataclass(frozen=True, slots=True)
class Marks:
    """What one case adds. `citations` says what became of each citation, keyed "<claim number>:<evidence id>"."""

    scores: Mapping[str, Pair] = field(default_factory=dict)
    observations: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    citations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bench:
    """What a family may use beside the case and its sample.

    `removes`: whether the user's setting removes unsupported claims, which turns an answer without a supported claim
    into an abstention.
    """

    suite: Suite
    judge: Judge
    settings: Settings
    removes: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """Metrics that are read off the same thing. `tasks` are those whose cases it marks.

    `mark` is called for samples that ended without an error. It returns empty `Marks` where the case has nothing that
    the family could count. `prepare`, where there is one, is told once which cases will be marked: what is cheaper for
    all of them at once than for each.
    """

    name: str
    title: str
    tasks: frozenset[Task]
    metrics: Callable[[Suite], tuple[Metric, ...]]
    mark: Callable[[Case, Sample, Bench], Marks]
    prepare: Callable[[Sequence[Case]], None] | None = None
