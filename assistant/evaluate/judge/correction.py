"""A rate corrected for the known error of the judge that it rests on.

A judge with sensitivity Se (true support recognised) and specificity Sp (false support refused) calls a share
`a = p·Se + (1 − p)·(1 − Sp)` of claims supported when `p` of them are. Solved for `p` (Rogan and Gladen 1978) and
kept within 0 and 1:

    p = (a + Sp − 1) / (Se + Sp − 1)

The interval draws the clusters of the run and, on its own, the groups of the labelled set anew, so it carries both
uncertainties, and claims of one answer and labels of one passage need not be independent. As in
`assistant.evaluate.bootstrap` every sample is joined by one imaginary cluster of average size at each bound. A draw in
which the judge is no better than chance says nothing of the claims it is about: they count as 0 for the lower end and
as 1 for the upper. Lang and Reiczigel 2014 give a formula for independent claims; tests/evaluate/test_correction.py
compares.

It assumes that the judge errs on the run's claims as it does on the labelled ones. That can't be tested without labels,
but it can fail to fit: more claims are told to be supported than the judge would recognise if all were (or fewer than
it would believe if none were), in 97.5 % of the draws. The rate is then at its limit, 0 or 1, and the interval is
stretched to hold that of the raw rate as well, for the judge plainly errs less here.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.evaluate.bootstrap import ABSENT, UNIT, Floats, Interval, bootstrap_ratio
from assistant.evaluate.judge.agreement import Agreement, Counts
from assistant.evaluate.judge.wording import Wording


@dataclass(frozen=True, slots=True)
class Corrected:
    """A corrected rate, or `reason` why there is none. `labels` are the labelled sets it rests on.

    `at_limit`: the judge errs less on the run than on the labels, see above.
    """

    interval: Interval
    labels: tuple[str, ...] = ()
    reason: str = ""
    at_limit: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            **self.interval.to_json(),
            "labels": list(self.labels),
            "reason": self.reason,
            "at_limit": self.at_limit,
        }


def correct_rate(
    supported: Sequence[float],
    kinds: Sequence[int],
    agreements: Mapping[int, Agreement],
    clusters: Sequence[Hashable],
    *,
    seed: int = 0,
    resamples: int = 2000,
) -> tuple[Interval, bool]:
    """The share of units that are truly supported with its interval, and whether it is at its limit.

    `supported` (0 or 1, what the judge says), `kinds` (a `Wording` each, which says what of `agreements` holds) and
    `clusters` have one entry a unit. Each kind is corrected by itself; certain units are taken as they are. ABSENT
    without units, or where the judge of some kind is no better than chance. KeyError for a kind without agreement.
    """
    if not supported:
        return ABSENT, False
    told, of = np.asarray(supported, dtype=np.float64), np.asarray(kinds)
    used = sorted({int(kind) for kind in kinds} - {Wording.CERTAIN})
    columns = [np.ones(len(told)), told * (of == Wording.CERTAIN)]
    bounds = [(1.0, 1.0), (0.0, float((of == Wording.CERTAIN).mean()))]
    for kind in used:
        share = float((of == kind).mean())
        columns += [told * (of == kind), (of == kind).astype(np.float64)]
        bounds += [(0.0, share), (share, share)]
    errors = [sum_counts(agreements[kind].counts) for kind in used]
    value = float(_rate(np.array([column.sum() for column in columns])[:, None], errors)[0])
    if np.isnan(value):
        return ABSENT, False
    sums = _cluster_sums(np.stack(columns), clusters)
    count = sums.shape[1]
    sums = np.append(sums, len(told) / count * np.array(bounds), axis=1)
    drawn = (_draws(sums.shape[1], seed, resamples) @ sums.T).T
    drawn_errors = [
        draw_counts(agreements[kind].counts, seed=seed + 1 + place, resamples=resamples)
        for place, kind in enumerate(used)
    ]
    low = min(value, float(np.quantile(_rate(drawn, drawn_errors, unknown=0.0), 0.025)))
    high = max(value, float(np.quantile(_rate(drawn, drawn_errors, unknown=1.0), 0.975)))
    at_limit = _beyond(drawn, drawn_errors)
    if at_limit:
        raw = bootstrap_ratio(told, np.ones(len(told)), clusters, seed=seed, resamples=resamples)
        assert raw.low is not None and raw.high is not None
        low, high = min(low, raw.low), max(high, raw.high)
    return Interval(value, low, high, len(told), count), at_limit


def rogan_gladen(observed: Floats, sensitivity: Floats, specificity: Floats) -> Floats:
    """True shares from observed ones, within 0 and 1; NaN where the judge is no better than chance. All broadcast."""
    gain = sensitivity + specificity - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.clip((observed + specificity - 1) / gain, *UNIT)
    return np.where(gain > 0, found, np.nan)


def sum_counts(counts: Sequence[Counts]) -> Floats:
    """Recognised, missed, refused and believed claims of all groups, shape (4, 1)."""
    return _table(counts).sum(axis=0)[:, None]


def draw_counts(counts: Sequence[Counts], *, seed: int, resamples: int) -> Floats:
    """The same of groups drawn with replacement, shape (4, resamples), an imaginary group at each bound among them."""
    table = _table(counts)
    supported, other = table[:, :2].sum() / len(table), table[:, 2:].sum() / len(table)
    table = np.concatenate([table, [[supported, 0, other, 0], [0, supported, 0, other]]])
    return (_draws(len(table), seed, resamples) @ table).T


def _draws(count: int, seed: int, resamples: int) -> NDArray[np.int64]:
    """How often each of `count` clusters was drawn in each of the draws, shape (resamples, count)."""
    return np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)


def _cluster_sums(columns: Floats, clusters: Sequence[Hashable]) -> Floats:
    """Columns of shape (n_columns, n_units) summed over each cluster, shape (n_columns, n_clusters)."""
    number: dict[Hashable, int] = {}
    codes = [number.setdefault(name, len(number)) for name in clusters]
    return np.stack([np.bincount(codes, weights=column, minlength=len(number)) for column in columns])


def _table(counts: Sequence[Counts]) -> Floats:
    rows = [(c.recognised, c.missed, c.refused, c.believed) for c in counts for _ in range(c.times)]
    return np.array(rows, dtype=np.float64)


def _rate(sums: Floats, errors: Sequence[Floats], unknown: float = np.nan) -> Floats:
    """The corrected rate of each draw; `sums` as `correct_rate` makes its columns, shape (n_columns, n_draws).

    `unknown` is the share of a kind of claims in a draw in which the judge is no better than chance on it.
    """
    total, right = sums[0], sums[1]
    for place, error in enumerate(errors):
        told, units = sums[2 + 2 * place], sums[3 + 2 * place]
        recognised, missed, refused, believed = error
        with np.errstate(invalid="ignore", divide="ignore"):
            observed = np.where(units > 0, told / units, 0.0)
            true = rogan_gladen(observed, recognised / (recognised + missed), refused / (refused + believed))
        true = np.where(np.isnan(true), unknown, true)
        right = right + np.where(units > 0, true * units, 0.0)
    return np.clip(right / total, *UNIT)


def _beyond(sums: Floats, errors: Sequence[Floats]) -> bool:
    """Whether of some kind of claims 97.5 % of the draws would have more supported than there are, or fewer than 0."""
    for place, (recognised, missed, refused, believed) in enumerate(errors):
        told, units = sums[2 + 2 * place], sums[3 + 2 * place]
        with np.errstate(invalid="ignore", divide="ignore"):
            observed = told / units
            sensitivity, specificity = recognised / (recognised + missed), refused / (refused + believed)
        better = sensitivity + specificity > 1
        more, fewer = better & (observed > sensitivity), better & (observed < 1 - specificity)
        if max(more.mean(), fewer.mean()) >= 0.975:
            return True
    return False
