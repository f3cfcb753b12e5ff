"""Bootstrap intervals for rates and means, by independent clusters. Needs numpy only.

Every metric here is a ratio of sums: a rate is events over units, a mean is a sum over a count. Claims of one
answer and questions about one patient are not independent, so whole clusters (patients, documents) are drawn
with replacement and the ratio of sums is computed anew for each draw (the cluster bootstrap, Davison and
Hinkley 1997, chapter 3.8). The interval is the 2.5th to the 97.5th percentile of those ratios.

**No event seen is not no event.** A plain bootstrap of 0 errors in 20 answers gives the interval [0, 0]. So
where a metric has bounds, every sample is joined by one imaginary cluster of average size at each bound before
it is resampled (Agresti and Coull's added observations, 1998). 0 of 20 then gives about [0, 0.14], close to the
rule of three (3 / 20), from the same formula as everything else; with hundreds of clusters it changes nothing.
The value itself is never shifted. For differences of two runs half such a pair is added at each end (Agresti
and Min 2005). tests/evaluate/test_bootstrap.py measures the coverage; docs/evaluation.md prints it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
UNIT = (0.0, 1.0)
CELLS_AT_ONCE = 4_000_000  # resampling counts held in memory: 32 MB


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
    num, den = _column(numerators, "numerators"), _column(denominators, "denominators")
    sums = _cluster_sums(clusters, den > 0, num, den)
    if not sums.shape[1]:
        return ABSENT
    top, bottom = sums
    value = float(top.sum() / bottom.sum())
    if bounds is not None:
        size = float(bottom.mean())
        top = np.append(top, [size * bounds[0], size * bounds[1]])
        bottom = np.append(bottom, [size, size])
    drawn_top, drawn_bottom = _resample(np.stack([top, bottom]), seed, resamples)
    low, high = _percentiles(drawn_top / drawn_bottom, value)
    return Interval(value, low, high, round(float(den.sum())), sums.shape[1])


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
) -> Interval:
    """Difference of two ratios of sums (second - first) over the same items, all four of shape (n_items,).

    The two sides keep their pairing: a draw takes a cluster's units of both. An item may have units on one side
    only (an answer that one run gave and the other did not). `n` is the number of items with units on any side.
    """
    columns = [
        _column(column, name)
        for column, name in (
            (first_numerators, "first_numerators"),
            (first_denominators, "first_denominators"),
            (second_numerators, "second_numerators"),
            (second_denominators, "second_denominators"),
        )
    ]
    takes_part = (columns[1] > 0) | (columns[3] > 0)
    sums = _cluster_sums(clusters, takes_part, *columns)
    if not sums.shape[1] or not sums[1].sum() or not sums[3].sum():
        return ABSENT
    value = float(sums[2].sum() / sums[3].sum() - sums[0].sum() / sums[1].sum())
    drawn = _resample(np.append(sums, _half_pairs(sums, bounds), axis=1) if bounds else sums, seed, resamples)
    low, high = _percentiles(drawn[2] / drawn[3] - drawn[0] / drawn[1], value)
    return Interval(value, low, high, int(takes_part.sum()), sums.shape[1])


Statistic = Callable[[Floats, Floats], float | None]
"""One number of rows, shape (n_rows, n_columns), and their weights, shape (n_rows,): how often each row was drawn.

None where it can't be told: no row of one of the classes was drawn, say.
"""


def bootstrap_statistic(
    rows: Sequence[Sequence[float]],
    statistic: Statistic,
    clusters: Sequence[Hashable] | None = None,
    *,
    seed: int = 0,
    resamples: int = 2000,
) -> Interval:
    """Any statistic of weighted rows with its cluster bootstrap interval; draws in which it is None are left out.

    The imaginary clusters that keep a rate's interval from closing at 0 have no meaning here: with few clusters such an
    interval is too narrow. ABSENT without rows or where the statistic of all of them is None.
    """
    table, codes, count = _rows(rows, clusters)
    value = statistic(table, np.ones(len(table))) if len(table) else None
    if value is None:
        return ABSENT
    drawn = [statistic(table, weights[codes]) for weights in _draws(count, seed, resamples)]
    known = np.array([number for number in drawn if number is not None])
    low, high = _percentiles(known, value) if len(known) else (value, value)
    return Interval(float(value), low, high, len(table), count)


def paired_bootstrap_statistic(
    first: tuple[Sequence[Sequence[float]], Sequence[Hashable]],
    second: tuple[Sequence[Sequence[float]], Sequence[Hashable]],
    statistic: Statistic,
    *,
    seed: int = 0,
    resamples: int = 2000,
) -> Interval:
    """Difference of a statistic (second - first) of two tables, each given as its rows and their clusters.

    A draw takes a cluster's rows of both. ABSENT where either side has no value.
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
    differences = []
    for weights in _draws(len(names), seed, resamples):
        drawn = [statistic(table, weights[codes]) for table, codes in sides]
        if drawn[0] is not None and drawn[1] is not None:
            differences.append(drawn[1] - drawn[0])
    value = float(values[1] - values[0])
    low, high = _percentiles(np.array(differences), value) if differences else (value, value)
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


def _half_pairs(sums: Floats, bounds: tuple[float, float]) -> Floats:
    """Two imaginary clusters of half the average size: one where the second run is best, one where it is worst."""
    worst, best = bounds
    first, second = 0.5 * sums[1].mean(), 0.5 * sums[3].mean()
    return np.array([[worst * first, best * first], [first, first], [best * second, worst * second], [second, second]])


def _column(values: ArrayLike, name: str) -> Floats:
    column = np.asarray(values, dtype=np.float64)
    if column.ndim != 1 or not np.isfinite(column).all():
        raise ValueError(f"{name} must be one row of finite numbers, shape (n_items,), not {column.shape}")
    return column


def _cluster_sums(clusters: Sequence[Hashable] | None, takes_part: NDArray[np.bool_], *columns: Floats) -> Floats:
    """Sums of each column over each cluster that takes part, shape (n_columns, n_clusters), clusters in first order."""
    if any(column.shape != takes_part.shape for column in columns):
        raise ValueError(f"all columns need the same length, not {[len(column) for column in columns]}")
    if (columns[1] < 0).any():
        raise ValueError("a denominator is negative")
    if clusters is None:
        clusters = range(len(takes_part))
    if len(clusters) != len(takes_part):
        raise ValueError(f"{len(clusters)} clusters were named for {len(takes_part)} items")
    number: dict[Hashable, int] = {}
    names = (name for name, use in zip(clusters, takes_part, strict=True) if use)
    codes = np.array([number.setdefault(name, len(number)) for name in names], dtype=np.intp)
    return np.stack([np.bincount(codes, weights=column[takes_part], minlength=len(number)) for column in columns])


def _resample(sums: Floats, seed: int, resamples: int) -> Floats:
    """Sums over `resamples` draws of clusters with replacement, shape (n_columns, n_draws).

    A draw in which a denominator (odd rows) came to 0 has no ratio and is left out.
    """
    step = max(1, CELLS_AT_ONCE // sums.shape[1])
    draws = _draws(sums.shape[1], seed, resamples)
    together = np.concatenate([draws[done : done + step] @ sums.T for done in range(0, resamples, step)]).T
    return together[:, (together[1::2] > 0).all(axis=0)]


@lru_cache(maxsize=8)
def _draws(count: int, seed: int, resamples: int) -> NDArray[np.uint16]:
    """How often each of `count` clusters was drawn in each of the draws, shape (resamples, count).

    The metrics of a run have the same clusters for the most part, and drawing takes longer than all else.
    """
    rng = np.random.default_rng(seed)
    drawn = np.empty((resamples, count), dtype=np.uint16)
    step = max(1, CELLS_AT_ONCE // count)
    for done in range(0, resamples, step):
        size = min(step, resamples - done)
        drawn[done : done + size] = rng.multinomial(count, np.full(count, 1.0 / count), size=size)
    return drawn


def _percentiles(ratios: Floats, value: float) -> tuple[float, float]:
    """The middle 95 % of the draws; stretched to hold the value itself, which an added cluster may leave outside."""
    low, high = np.quantile(ratios, [0.025, 0.975])
    return min(float(low), value), max(float(high), value)
