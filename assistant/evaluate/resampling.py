"""What intervals are made of: sums over clusters, random weights and draws of them, imaginary clusters, percentiles."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
UNIT = (0.0, 1.0)
IMAGINARY = 2 / 3  # of a cluster, at each bound
NORMAL = NormalDist().inv_cdf(0.975)  # standard deviations that hold 95 %
ALIKE = 0.05  # units at each bound with which shares that are all the same still vary a little
SEEN = 0.25  # how much of a whole cluster the size of an imaginary difference starts from
CELLS_AT_ONCE = 4_000_000  # resampling counts held in memory: 32 MB


def column_of(values: ArrayLike, name: str) -> Floats:
    column = np.asarray(values, dtype=np.float64)
    if column.ndim != 1 or not np.isfinite(column).all():
        raise ValueError(f"{name} must be one row of finite numbers, shape (n_items,), not {column.shape}")
    return column


def cluster_sums(clusters: Sequence[Hashable] | None, takes_part: NDArray[np.bool_], *columns: Floats) -> Floats:
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


def weigh(sums: Floats, seed: int, resamples: int, reduce: Callable[[Floats, slice], Floats]) -> Floats:
    """`reduce` of the sums over randomly weighted clusters, shape (n_columns, n_draws); it also gets which draws."""
    count = sums.shape[1]
    step = max(1, CELLS_AT_ONCE // count)
    found = [
        reduce((_weights(count, seed, start, min(step, resamples - start)) @ sums.T).T, slice(start, start + step))
        for start in range(0, resamples, step)
    ]
    return np.concatenate(found)


@lru_cache(maxsize=4)
def _weights(count: int, seed: int, start: int, size: int) -> Floats:
    """Exponential weights of `count` clusters in `size` draws from the draw `start` on, shape (size, count).

    Over their sum they are uniform over all ways to weigh the clusters (a Dirichlet distribution).
    """
    return np.random.default_rng([seed, start]).standard_exponential((size, count))


@lru_cache(maxsize=64)
def imaginary_weights(count: int, mass: float, seed: int, resamples: int) -> Floats:
    """Weights of `count` clusters of which only the share `mass` is there, shape (count, resamples); not to be changed.

    All differences of a run have the same ones.
    """
    weights = np.random.default_rng([seed, resamples, count]).standard_gamma(mass, (count, resamples))
    weights.setflags(write=False)
    return weights


@lru_cache(maxsize=8)
def draw_clusters(count: int, seed: int, resamples: int) -> NDArray[np.uint16]:
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


def percentiles(draws: Floats, value: float, deviations: float = NORMAL) -> tuple[float, float]:
    """The middle of the draws: 95 %, or what lies within `deviations` of a normal distribution.

    Stretched to hold the value itself, which an imaginary cluster may leave outside.
    """
    beyond = NormalDist().cdf(-deviations)
    low, high = np.quantile(draws, [beyond, 1 - beyond])
    return min(float(low), value), max(float(high), value)


@lru_cache(maxsize=256)
def few(count: int, comparisons: int = 1) -> float:
    """How many standard deviations hold 95 % of a mean of `count` clusters whose variance is itself estimated.

    So many that all of `comparisons` means are held in 95 % of cases (Bonferroni).

    Student's t with count - 1 degrees of freedom (the expansion of Cornish and Fisher), times what the draws are too
    narrow by (Hesterberg 2015, "expanded percentile interval").
    """
    if count < 3:
        return 6.0
    z, of = NormalDist().inv_cdf(1 - 0.025 / comparisons), count - 1
    t = z + (z**3 + z) / (4 * of) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * of**2)
    t += (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * of**3)
    return t * math.sqrt(count / of)


def typical(sizes: Floats) -> float:
    """The root mean square: one large cluster moves a ratio more than two small ones."""
    return float(np.sqrt((sizes**2).mean()))


def spread(numerators: Floats, denominators: Floats) -> float:
    """The variance of a unit over that of an event of the same mean, in [0, 1]; both (n_items,), within 0 and 1 a unit.

    Whole numerators count events, each 0 or 1; an item with a broken one is a share, the same for all its units.
    """
    whole = np.isclose(numerators, np.round(numerators))
    squares = np.where(whole, numerators, numerators**2 / denominators).sum()
    units = denominators.sum() + 2 * ALIKE
    mean = (numerators.sum() + ALIKE) / units
    return float(np.clip(((squares + ALIKE) / units - mean**2) / (mean * (1 - mean)), 0, 1))


def imaginary_pair(sums: Floats, bounds: tuple[float, float]) -> Floats:
    """Two imaginary clusters, shape (4, 2): one where the second run is best and the first worst, and the other.

    They are as large as the differences that were seen, whole clusters where none was: of runs that differ in single
    claims of long answers no whole answer has to be imagined.
    """
    worst, best = bounds
    sizes = np.sqrt((sums[[1, 3]] ** 2).mean(axis=1))
    totals = sums.sum(axis=1)
    scaled = [(sums[k] - worst * sums[k + 1]) / (best - worst) for k in (0, 2)]
    rates = [side.sum() / totals[k] for side, k in zip(scaled, (1, 3), strict=True)]
    mean = totals[[1, 3]].mean()
    differ = sum(
        sign * (side - rate * sums[k]) * mean / totals[k]
        for sign, side, rate, k in zip((-1, 1), scaled, rates, (1, 3), strict=True)
    )
    whole = float(np.sqrt((((sums[1] + sums[3]) / 2) ** 2).mean()))
    seen = ((differ**2).sum() + SEEN * whole**2) / (np.abs(differ).sum() + SEEN * whole)
    first, second = sizes * min(1.0, seen / whole)
    return np.array([[worst * first, best * first], [first, first], [best * second, worst * second], [second, second]])


def of_draws(
    drawn: Floats,
    value: float,
    count: int,
    most: int,
    bounds: tuple[float, float] | None,
    seed: int,
    comparisons: int = 1,
) -> tuple[float, float]:
    """The interval of a statistic from its draws; nothing is known where it could not be told of any."""
    if not len(drawn) or (count == 1 and bounds is not None):
        return bounds or (value, value)
    if bounds is not None:
        least, span = bounds[0], bounds[1] - bounds[0]
        scaled = (drawn - least) / span
        mean = ((value - least) / span * count + IMAGINARY) / (count + 2 * IMAGINARY)
        variance = float(scaled.var())
        # A statistic of two classes rests on few of its units; half of them was the best in simulations.
        units = float(np.clip(mean * (1 - mean) / variance, 1, most)) / 2 if variance > 0 else count / 2
        bottom, top = imaginary_weights(2, IMAGINARY, seed, len(drawn))
        drawn = least + span * (units * scaled + top) / (units + bottom + top)
    return percentiles(drawn, value, few(count, comparisons))
