"""A metric learned on an archive's own labels: a linear map after an encoder, so that records of one label lie closer.

The encoder stays as it is. Multi-label ridge regression maps centred vectors to the labels' indicators; beside them a
share of the vector itself is kept, so that what no label names still counts; the cosine of the joined vectors, rotated
to their principal axes, is the learned likeness (linear metric learning as in Kulis 2013, with the closed form of
regularised discriminants: Friedman 1989; Ye 2007). Cosines and not inner products: those would find the few records
with most labels for every query.

A head is only handed out where it helps patients whom it has never seen. In folds by patient, everything about it
(weights of the label groups, ridge, balance) is chosen again on the other patients alone, and the neighbours of the
held-out ones, always from other patients, are compared with those by the encoder's own cosine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import DamagedIndex

VERSION = 1  # raise it with any change that gives other heads: those of generations are then fitted anew

K = 10  # neighbours that are looked at
FOLDS = 5
MIN_PATIENTS = 30  # with labels; below, no interval excludes harm
MIN_VALUE_PATIENTS = 3  # who carry a label's value; rarer ones are not learned
MAX_VALUES = 48  # of a group, the most frequent
MAX_RECORDS = 3_000  # fitted on, of patients drawn at random: keeps it at seconds whatever the archive
DIM = 128  # of the learned vectors, at most
# Chosen on the NIH chest X-rays of patients with even numbers and on LUDB's odd-numbered ECGs (neighbours in folds that
# had no part in the fit: a shared finding without losing the view; rhythm families), reported on the others.
KEPT = 0.5  # share of the encoder's own vector beside the labels'
YIELDING = 1.5  # power of what is left to learn of a group: its weight
RIDGES = (0.03, 0.3, 1.0, 3.0, 10.0)  # in units of the vectors' mean variance over directions
BALANCES = (0.0, 0.5)  # power of a label's deviation it is divided by: 0 lets frequent labels count more
HARM = 0.05  # by so much the precision of no group of labels may have fallen, at the lower end of its interval
DRAWS = 1_000

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """n labelled records: the patient of each; for each group of labels (a recipe's label, the findings that texts
    state) the values that each carries; and a function that gives the encoder's vectors of some of them by their rows:
    (rows, dim), float32, of length 1."""

    patients: Sequence[str]
    groups: Mapping[str, Sequence[frozenset[str]]]
    vectors: Callable[[Rows], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A linear map to the learned space: `matrix` (m, dim), applied to vectors less `mean` (dim,)."""

    mean: NDArray[np.float32]
    matrix: NDArray[np.float32]

    @property
    def dim(self) -> int:
        return len(self.matrix)

    def apply(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Learned vectors (n, m), float32, of length 1, of an encoder's vectors (n, dim)."""
        mapped = (vectors - self.mean) @ self.matrix.T
        return np.asarray(_unit(mapped), np.float32)

    def save(self, path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, mean=self.mean, matrix=self.matrix)

    @classmethod
    def load(cls, path: Path) -> Head:
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return cls(arrays["mean"], arrays["matrix"])
        except (OSError, ValueError, KeyError) as error:
            raise DamagedIndex(f"{path}: not a learned metric ({error}); build the index again") from error


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """How it came out: the head, or None where it did not prove itself; the rows it was fitted on; what was tried."""

    head: Head | None
    rows: Rows
    report: dict[str, Any]


def fit_head(examples: Examples) -> Fitted:
    """Fit a head to an archive's labels and keep it where it helps patients whom it has not seen.

    The report says `why` it was `taken` or not. Precision at 10 is the share of the ten nearest records of other
    patients that share a value of the group with the query, averaged over the group's values; `chance` is that of
    records drawn at random. Intervals are 95 %, of patients drawn again.
    """
    started = time.perf_counter()
    rows, groups = _usable(examples)
    patients = [examples.patients[row] for row in rows]
    count = len(set(patients))
    report: dict[str, Any] = {"version": VERSION, "records": len(rows), "patients": count, "taken": False}
    if count < MIN_PATIENTS:
        why = f"{count} patients with a label that {MIN_VALUE_PATIENTS} share; {MIN_PATIENTS} are needed"
        return Fitted(None, rows, {**report, "why": why})
    space = _Space(examples.vectors(rows), patients, groups)
    before, after, settings = _validate(space)
    report |= _figures(space, before, after)
    everyone = np.ones(len(rows), bool)
    ridge, balance = _choose(space, everyone)
    gain = report["gain"]
    harmed = [name for name, group in report["groups"].items() if group["gain"]["low"] < -HARM]
    if gain["low"] <= 0:
        why = f"no certain gain for unseen patients: {_told(gain)}"
    elif harmed:
        why = f"harm can't be excluded for {', '.join(harmed)}"
    else:
        why = f"gain for unseen patients {_told(gain)}"
    taken = gain["low"] > 0 and not harmed
    report |= {"ridge": ridge, "balance": balance, "chosen_in_folds": [list(pair) for pair in settings]}
    report |= {"taken": taken, "why": why, "seconds": round(time.perf_counter() - started, 2)}
    return Fitted(_Fit(space, everyone).head(ridge, balance) if taken else None, rows, report)


def patient_folds(patients: NDArray[Any], count: int, seed: int = 0) -> list[Bools]:
    """Masks of held-out records (n,), `count` of them, each patient in exactly one."""
    names = np.unique(patients)
    np.random.default_rng(seed).shuffle(names)
    return [np.isin(patients, names[start::count]) for start in range(count)]


def _validate(space: _Space) -> tuple[Rows, Rows, list[tuple[float, float]]]:
    """For each record its nearest records of other patients (n, k), by the encoder alone and by a head that was chosen
    and fitted without the record's patient; and (ridge, balance) of each fold."""
    k = min(K, len(space.x) - 1)
    before, after = np.empty((len(space.x), k), np.intp), np.empty((len(space.x), k), np.intp)
    settings = []
    for held in patient_folds(space.patients, FOLDS):
        rows = np.flatnonzero(held)
        settings.append(_choose(space, ~held))
        before[rows] = space.nearest(space.gram[rows], rows)
        after[rows] = space.nearest(_Fit(space, ~held).likeness(*settings[-1], rows), rows)
    return before, after, settings


def _choose(space: _Space, known: Bools) -> tuple[float, float]:
    """The (ridge, balance) that are best in folds by patient among the known records alone."""
    settings = [(ridge, balance) for ridge in RIDGES for balance in BALANCES]
    gains = np.zeros(len(settings))
    for held in patient_folds(space.patients[known], FOLDS - 1, seed=1):
        fitted, rows = np.flatnonzero(known)[~held], np.flatnonzero(known)[held]
        mask = np.zeros(len(known), bool)
        mask[fitted] = True
        fit = _Fit(space, mask)
        for n, (ridge, balance) in enumerate(settings):
            nearest = space.nearest(fit.likeness(ridge, balance, rows), rows, known)
            gains[n] += np.nanmean(space.precision(nearest, rows))
    return settings[int(np.argmax(gains))]


class _Space:
    """The labelled records in one place: vectors (n, dim), indicators of each group (n, values), who is alike."""

    def __init__(
        self,
        vectors: NDArray[np.float32],
        patients: Sequence[str],
        groups: Mapping[str, Sequence[frozenset[str]]],
    ) -> None:
        self.x: Floats = np.asarray(vectors, np.float64)
        self.patients = np.asarray(patients)
        self.names = list(groups)
        self.indicators = [_indicator(groups[name]) for name in self.names]
        self.alike: list[Bools] = [(y @ y.T) > 0 for y in self.indicators]
        self.gram: Floats = self.x @ self.x.T
        self.same: Bools = self.patients[:, None] == self.patients[None, :]

    def nearest(self, likeness: Floats, rows: Rows, gallery: Bools | None = None) -> Rows:
        """The nearest records of other patients, (rows, k), by their likeness to all (rows, n)."""
        far = self.same[rows] if gallery is None else self.same[rows] | ~gallery
        k = min(K, len(self.x) - 1)
        return np.argpartition(-np.where(far, -np.inf, likeness), k - 1, axis=1)[:, :k]

    def precision(self, nearest: Rows, rows: Rows, weights: Floats | None = None) -> Floats:
        """Each group's precision (groups,): the share of alike neighbours, averaged over the records that carry a value
        and then over the values. `weights` (n,) count a record so often, as a query and as a neighbour."""
        w = np.ones(len(self.x)) if weights is None else weights
        of_neighbours = w[nearest]
        total = of_neighbours.sum(axis=1)
        found = []
        for y, alike in zip(self.indicators, self.alike, strict=True):
            shares = (alike[rows[:, None], nearest] * of_neighbours).sum(axis=1) / np.maximum(total, 1.0)
            found.append(_over_values(shares, y[rows] * (w[rows] * (total > 0))[:, None]))
        return np.array(found)

    def chance(self, rows: Rows) -> Floats:
        """Each group's precision for neighbours drawn at random, of other patients, among `rows` alone (groups,)."""
        among = np.ix_(rows, rows)
        others = ~self.same[among]
        counts = np.maximum(others.sum(axis=1), 1)
        shares = [(alike[among] & others).sum(axis=1) / counts for alike in self.alike]
        return np.array([_over_values(s, y[rows]) for s, y in zip(shares, self.indicators, strict=True)])


class _Fit:
    """Ridge regressions on some of the records; one eigendecomposition serves all ridges."""

    def __init__(self, space: _Space, fitted: Bools) -> None:
        self._space = space
        rows = np.flatnonzero(fitted)
        self._mean = space.x[rows].mean(axis=0)
        self._centred = space.x - self._mean
        own = self._centred[rows]
        values, self._axes = np.linalg.eigh(own.T @ own)
        self._values = np.maximum(values, 0.0)
        self._rows = rows
        self._size = float(np.sqrt((own**2).sum(axis=1).mean()))
        raw = space.precision(space.nearest(space.gram[rows], rows, fitted), rows)
        chance = space.chance(rows)
        skill = (raw - chance) / np.maximum(1.0 - chance, 1e-9)
        # what the vectors carry already is learned less: a view that is told apart anyway must not drown a finding
        self._weights = np.clip(1.0 - np.nan_to_num(skill), 0.05, 1.0) ** YIELDING

    def _map(self, ridge: float, balance: float) -> Floats:
        """Columns that give the joined vector of a centred one (dim, labels + dim)."""
        blocks = []
        for y, weight in zip(self._space.indicators, self._weights, strict=True):
            z = y[self._rows] - y[self._rows].mean(axis=0)
            deviation = z.std(axis=0)
            z = z[:, deviation > 0] / deviation[deviation > 0] ** balance
            if z.size:
                blocks.append(weight * z / np.sqrt((z**2).sum(axis=1).mean()))
        targets = np.concatenate(blocks, axis=1)
        own = self._centred[self._rows]
        scale = ridge * self._values.mean()
        slopes = self._axes @ ((self._axes.T @ (own.T @ targets)) / (self._values + scale)[:, None])
        size = max(float(np.sqrt(((own @ slopes) ** 2).sum(axis=1).mean())), 1e-12)
        identity = np.eye(len(slopes)) * (KEPT / max(self._size, 1e-12))
        return np.concatenate([slopes * ((1 - KEPT) / size), identity], axis=1)

    def likeness(self, ridge: float, balance: float, rows: Rows) -> Floats:
        """Learned cosines of some records with all (rows, n)."""
        joined = _unit(self._centred @ self._map(ridge, balance))
        return np.asarray(joined[rows] @ joined.T)

    def head(self, ridge: float, balance: float) -> Head:
        """The map onto the principal axes of the joined vectors, the first `DIM` of them."""
        columns = self._map(ridge, balance)
        own = self._centred[self._rows] @ columns
        _, axes = np.linalg.eigh(own.T @ own)
        matrix = (columns @ axes[:, ::-1][:, : min(DIM, self._space.x.shape[1])]).T
        return Head(self._mean.astype(np.float32), np.ascontiguousarray(matrix, np.float32))


def _figures(space: _Space, before: Rows, after: Rows) -> dict[str, Any]:
    """Precision by group, before and after, and the gains with intervals.

    Patients are drawn again as queries and as neighbours (Owen 2007, the pigeonhole bootstrap): a few patients whom
    many queries meet decide as much as the queries do.
    """
    rows = np.arange(len(space.x))
    raw, learned, chance = space.precision(before, rows), space.precision(after, rows), space.chance(rows)
    rng = np.random.default_rng(0)
    _, patient = np.unique(space.patients, return_inverse=True)
    count = int(patient.max()) + 1
    spread = np.empty((DRAWS, len(space.names)))
    for draw in range(DRAWS):
        w = np.bincount(rng.integers(count, size=count), minlength=count)[patient].astype(np.float64)
        spread[draw] = space.precision(after, rows, w) - space.precision(before, rows, w)
    groups = {
        name: {
            "values": space.indicators[n].shape[1],
            "chance": _rounded(chance[n]), "before": _rounded(raw[n]), "after": _rounded(learned[n]),
            "gain": _interval(float(learned[n] - raw[n]), spread[:, n]),
        }
        for n, name in enumerate(space.names)
    }  # fmt: skip
    return {"groups": groups, "gain": _interval(float(np.mean(learned - raw)), np.nanmean(spread, axis=1))}


def _usable(examples: Examples) -> tuple[Rows, dict[str, list[frozenset[str]]]]:
    """The rows with a value that enough patients carry, at most `MAX_RECORDS` of patients drawn at random, and what
    each of them carries."""
    patients = np.asarray(examples.patients)
    groups = {}
    for name, carried in examples.groups.items():
        holders: dict[str, set[str]] = {}
        for patient, values in zip(examples.patients, carried, strict=True):
            for value in values:
                holders.setdefault(value, set()).add(patient)
        common = [value for value, who in holders.items() if len(who) >= MIN_VALUE_PATIENTS]
        if len(common) >= 2:
            learned = set(sorted(common, key=lambda value: (-len(holders[value]), value))[:MAX_VALUES])
            groups[name] = [values & learned for values in carried]
    has = np.array([any(carried[n] for carried in groups.values()) for n in range(len(patients))], bool)
    names, sizes = np.unique(patients[has], return_counts=True)
    order = np.random.default_rng(0).permutation(len(names))
    drawn = names[order[np.cumsum(sizes[order]) <= MAX_RECORDS]]
    rows = np.flatnonzero(has & np.isin(patients, drawn))
    return rows, {name: [carried[n] for n in rows] for name, carried in groups.items()}


def _indicator(carried: Sequence[frozenset[str]]) -> Floats:
    """1 where a record carries a value: (n, values)."""
    values = sorted(frozenset().union(*carried))
    return np.array([[float(value in has) for value in values] for has in carried]).reshape(len(carried), len(values))


def _over_values(shares: Floats, carried: Floats) -> float:
    """The mean over a group's values of the mean share (n,) of the records that carry it, weighted by `carried`."""
    total = carried.sum(axis=0)
    if not (total > 0).any():
        return float("nan")
    return float(((carried * shares[:, None]).sum(axis=0)[total > 0] / total[total > 0]).mean())


def _unit(vectors: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


def _interval(value: float, draws: Floats) -> dict[str, float]:
    low, high = np.nanpercentile(draws, [2.5, 97.5])
    return {"value": _rounded(value), "low": _rounded(low), "high": _rounded(high)}


def _rounded(value: float) -> float:
    return round(float(value), 4)


def _told(gain: Mapping[str, float]) -> str:
    return f"{gain['value']:+.3f} ({gain['low']:+.3f} to {gain['high']:+.3f})"
