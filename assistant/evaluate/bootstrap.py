"""Bootstrap intervals for rates and means, by independent clusters. Needs numpy only.

Every metric here is a ratio of sums: a rate is events over units, a mean is a sum over a count. Claims of one
answer and questions about one patient are not independent, so whole clusters (patients, documents) get random weights
and the ratio of weighted sums is computed anew for each draw: the Bayesian bootstrap (Rubin 1981), a smooth form of
drawing clusters with replacement (Davison and Hinkley 1997, chapter 3.8). The interval is the 2.5th to the 97.5th
percentile of those ratios.

**No event seen is not no event.** A plain bootstrap of 0 errors in 20 answers gives the interval [0, 0]. So where a
metric has bounds, an imaginary cluster at each bound joins the sample with the weight of two thirds of a cluster. For
independent units that are right or wrong the interval is then that of the beta distribution with (events + 2/3) and
(rest + 2/3), a neighbour of Jeffreys' (Brown, Cai and DasGupta 2001): 0 of 20 gives [0, 0.13], near the rule of three
(3 / 20), and with hundreds of clusters nothing changes. Where units are no events but shares of a narrow range (nDCG),
the imaginary clusters weigh less, as the variance of a unit to that of an event of the same mean. The value itself is
never shifted.

The weight of the imaginary clusters, their size and the widening for few clusters were chosen by simulation;
tests/evaluate/test_coverage.py simulates again, docs/evaluation.md prints the table.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assistant.evaluate.resampling import (
    IMAGINARY,
    UNIT,
    Floats,
    cluster_sums,
    column_of,
    draw_clusters,
    few,
    imaginary_pair,
    imaginary_weights,
    of_draws,
    percentiles,
    spread,
    typical,
    weigh,
)

__all__ = [
    "ABSENT",
    "UNIT",
    "Floats",
    "Interval",
    "OfSums",
    "Statistic",
    "bootstrap_mean",
    "bootstrap_ratio",
    "bootstrap_statistic",
    "paired_bootstrap",
    "paired_bootstrap_ratio",
    "paired_bootstrap_statistic",
]


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its 95 % interval and the number of units it rests on.

    With no units `value`, `low` and `high` are None: the metric is absent, neither 0 nor 1 nor NaN. `n` counts
    units (claims, citations, cases), not clusters; `clusters` counts what was resampled.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    clusters: int = 0

    def to_json(self) -> dict[str, float | int | None]:
        """The contract's {"value", "low", "high", "n"}, numbers to six places, and the number of clusters."""
        value, low, high = (None if x is None else round(x, 6) for x in (self.value, self.low, self.high))
        return {"value": value, "low": low, "high": high, "n": self.n, "clusters": self.clusters}


ABSENT = Interval(None, None, None, 0)


def bootstrap_ratio(
    numerators: ArrayLike,
    denominators: ArrayLike,
    clusters: Sequence[Hashable] | None = None,
    *,
    seed: int = 0,
    resamples: int = 2000,
    bounds: tuple[float, float] | None = UNIT,
) -> Interval:
    """sum(numerators) / sum(denominators) with its cluster bootstrap interval.

    `numerators` and `denominators` have shape (n_items,); `clusters` names the cluster of each item (each item
    its own if left out). Items with denominator 0 take no part. `bounds` are the smallest and largest value
    that one unit can have; None if there are none (seconds), and then no imaginary clusters are added.
    ValueError if the shapes differ, a denominator is negative, or a number is not finite.
    """
    num, den = column_of(numerators, "numerators"), column_of(denominators, "denominators")
    sums = cluster_sums(clusters, den > 0, num, den)
    if not sums.shape[1]:
        return ABSENT
    count = sums.shape[1]
    value = float(sums[0].sum() / sums[1].sum())
    units = round(float(den.sum()))
    if bounds is None:
        low, high = percentiles(weigh(sums, seed, resamples, _ratio), value, few(count))
        return Interval(value, low, high, units, count)
    least, span = bounds[0], bounds[1] - bounds[0]
    if count == 1:
        return Interval(value, *bounds, units, count)  # one cluster says nothing of others
    scaled = (num - least * den) / span
    sums = np.stack([(sums[0] - least * sums[1]) / span, sums[1]])
    size = typical(sums[1])
    imaginary = imaginary_weights(2, IMAGINARY * spread(scaled[den > 0], den[den > 0]), seed, resamples) * size

    def ratio(drawn: Floats, rows: slice) -> Floats:
        bottom, top = imaginary[:, rows]
        return (drawn[0] + top) / (drawn[1] + bottom + top)

    low, high = percentiles(least + span * weigh(sums, seed, resamples, ratio), value)
    return Interval(value, low, high, units, count)


def bootstrap_mean(
    values: ArrayLike,
    clusters: Sequence[Hashable] | None = None,
    *,
    seed: int = 0,
    resamples: int = 2000,
    bounds: tuple[float, float] | None = UNIT,
) -> Interval:
    """Mean of `values`, shape (n_items,), with its cluster bootstrap interval; NaN marks an item without value."""
    values = np.asarray(values, dtype=np.float64)
    known = ~np.isnan(values)
    return bootstrap_ratio(
        np.where(known, values, 0.0), known.astype(np.float64), clusters, seed=seed, resamples=resamples, bounds=bounds
    )


def paired_bootstrap(
    first: ArrayLike,
    second: ArrayLike,
    clusters: Sequence[Hashable] | None = None,
    *,
    seed: int = 0,
    resamples: int = 2000,
    bounds: tuple[float, float] | None = UNIT,
) -> Interval:
    """Mean of `second - first` over the same items, both (n_items,); pairs with a NaN on either side drop out."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"paired values need equal shapes, not {a.shape} and {b.shape}")
    known = ~(np.isnan(a) | np.isnan(b))
    ones = known.astype(np.float64)
    return paired_bootstrap_ratio(
        np.where(known, a, 0.0),
        ones,
        np.where(known, b, 0.0),
        ones,
        clusters,
        seed=seed,
        resamples=resamples,
        bounds=bounds,
    )


def paired_bootstrap_ratio(
    first_numerators: ArrayLike,
    first_denominators: ArrayLike,
    second_numerators: ArrayLike,
    second_denominators: ArrayLike,
    clusters: Sequence[Hashable] | None = None,
    *,
    seed: int = 0,
    resamples: int = 2000,
    bounds: tuple[float, float] | None = UNIT,
    comparisons: int = 1,
) -> Interval:
    """Difference of two ratios of sums (second - first) over the same items, all four of shape (n_items,).

    The two sides keep their pairing: a draw takes a cluster's units of both. An item may have units on one side
    only (an answer that one run gave and the other did not). `n` is the number of items with units on any side.
    Where the difference was picked among `comparisons` for being the largest, the interval is as much wider
    (Bonferroni).
    """
    columns = [
        column_of(column, name)
        for column, name in (
            (first_numerators, "first_numerators"),
            (first_denominators, "first_denominators"),
            (second_numerators, "second_numerators"),
            (second_denominators, "second_denominators"),
        )
    ]
    takes_part = (columns[1] > 0) | (columns[3] > 0)
    sums = cluster_sums(clusters, takes_part, *columns)
    if not sums.shape[1] or not sums[1].sum() or not sums[3].sum():
        return ABSENT
    value = float(sums[2].sum() / sums[3].sum() - sums[0].sum() / sums[1].sum())
    count = sums.shape[1]
    if bounds is not None and count == 1:
        span = bounds[1] - bounds[0]
        return Interval(value, -span, span, int(takes_part.sum()), count)
    extra = np.zeros((4, 2)) if bounds is None else imaginary_pair(sums, bounds)
    weights = imaginary_weights(2, IMAGINARY, seed, resamples)

    def difference(drawn: Floats, rows: slice) -> Floats:
        together = drawn + extra @ weights[:, rows]
        return together[2] / together[3] - together[0] / together[1]

    low, high = percentiles(weigh(sums, seed, resamples, difference), value, few(count, comparisons))
    return Interval(value, low, high, int(takes_part.sum()), count)


Statistic = Callable[[Floats, Floats], float | None]
"""One number of rows, shape (n_rows, n_columns), and their weights, shape (n_rows,): how often each row was drawn.

None where it can't be told: no row of one of the classes was drawn, say.
"""


@dataclass(frozen=True, slots=True)
class OfSums:
    """A statistic that needs nothing but the weighted sum of each column, `of` shape (n_columns,).

    All draws' sums are then one product of matrices; where rows are counts they are the same to the last bit.
    """

    of: Callable[[Floats], float | None]

    def __call__(self, rows: Floats, weights: Floats) -> float | None:
        return self.of(weights @ rows)


def _of_each_draw(
    table: Floats, codes: NDArray[np.intp], draws: NDArray[np.uint16], statistic: Statistic
) -> Iterator[float | None]:
    """The statistic of the rows, each of the cluster that its code numbers, as often as it was drawn."""
    if isinstance(statistic, OfSums):
        sums = np.zeros((draws.shape[1], table.shape[1]))
        np.add.at(sums, codes, table)
        yield from map(statistic.of, draws.astype(np.float64) @ sums)
    else:
        yield from (statistic(table, weights[codes]) for weights in draws)


def bootstrap_statistic(
    rows: Sequence[Sequence[float]],
    statistic: Statistic,
    clusters: Sequence[Hashable] | None = None,
    *,
    seed: int = 0,
    resamples: int = 2000,
    bounds: tuple[float, float] | None = None,
) -> Interval:
    """Any statistic of weighted rows with its cluster bootstrap interval; draws in which it is None are left out.

    Clusters are drawn with replacement, so that weights are whole numbers. With the `bounds` of the statistic the draws
    are mixed with values at the bounds, as much as `IMAGINARY` is of the independent units that would vary as much: a
    perfect score of 20 is no certain one. ABSENT without rows or where the statistic of all of them is None.
    """
    table, codes, count = _rows(rows, clusters)
    value = statistic(table, np.ones(len(table))) if len(table) else None
    if value is None:
        return ABSENT
    drawn = _of_each_draw(table, codes, draw_clusters(count, seed, resamples), statistic)
    known = np.array([number for number in drawn if number is not None])
    low, high = of_draws(known, float(value), count, len(table), bounds, seed)
    return Interval(float(value), low, high, len(table), count)


def paired_bootstrap_statistic(
    first: tuple[Sequence[Sequence[float]], Sequence[Hashable]],
    second: tuple[Sequence[Sequence[float]], Sequence[Hashable]],
    statistic: Statistic,
    *,
    seed: int = 0,
    resamples: int = 2000,
    comparisons: int = 1,
) -> Interval:
    """Difference of a statistic (second - first) of two tables, each given as its rows and their clusters.

    A draw takes a cluster's rows of both; `comparisons` as in `paired_bootstrap_ratio`. ABSENT where either side has no
    value.
    """
    names = list(dict.fromkeys([*first[1], *second[1]]))
    number = {name: place for place, name in enumerate(names)}
    sides = []
    for rows, clusters in (first, second):
        table, _, _ = _rows(rows, clusters)
        sides.append((table, np.array([number[name] for name in clusters], dtype=np.intp)))
    values = [statistic(table, np.ones(len(table))) if len(table) else None for table, _ in sides]
    if values[0] is None or values[1] is None:
        return ABSENT
    draws = draw_clusters(len(names), seed, resamples)
    drawn = zip(*(_of_each_draw(table, codes, draws, statistic) for table, codes in sides), strict=True)
    differences = [there - here for here, there in drawn if here is not None and there is not None]
    value = float(values[1] - values[0])
    low, high = of_draws(np.array(differences), value, len(names), 0, None, seed, comparisons)
    return Interval(value, low, high, max(len(rows) for rows, _ in (first, second)), len(names))


def _rows(rows: Sequence[Sequence[float]], clusters: Sequence[Hashable] | None) -> tuple[Floats, NDArray[np.intp], int]:
    """The rows as a table, the number of each one's cluster, and how many clusters there are."""
    table = np.asarray(rows, dtype=np.float64)
    if table.ndim != 2 and len(rows):
        raise ValueError(f"rows must all have the same number of columns, not the shape {table.shape}")
    if not np.isfinite(table).all():
        raise ValueError("rows must be finite numbers")
    if clusters is None:
        clusters = range(len(rows))
    if len(clusters) != len(rows):
        raise ValueError(f"{len(clusters)} clusters were named for {len(rows)} rows")
    number: dict[Hashable, int] = {}
    codes = np.array([number.setdefault(name, len(number)) for name in clusters], dtype=np.intp)
    return table, codes, len(number)


def _ratio(drawn: Floats, _: slice) -> Floats:
    return drawn[0] / drawn[1]
