"""Probes: cases of one pair count only together, since a guess, or always "yes", gets half of the single ones right.

After ProbMed (Yan et al. 2024: a true attribute and an invented one) and MediConfusion (Sepehri et al. 2024: two
pictures that an encoder finds alike and whose answers differ). A pair is a unit of its own for the metrics of pairs;
its cases should be in one cluster.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from assistant.evaluate.bootstrap import Floats
from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Suite
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Family, Marks, Metric
from assistant.evaluate.score.correct import correctness, parse_yes_no
from assistant.evaluate.score.told import shown, texts_of

TABLE = "probes"  # one row a case: number of its pair, right, told (1 yes, 0 no, -1 neither), true answer (1 yes, 0 no)


def pair_number(pair: str) -> float:
    """A number for a pair's name: the first 52 bits of its hash, which a float holds exactly."""
    from hashlib import sha256

    return float(int.from_bytes(sha256(pair.encode()).digest()[:7]) >> 4)


def pair_accuracy(rows: Floats, weights: Floats) -> float | None:
    """The share of whole pairs all of whose cases are right; a pair weighs as its first case. None without any."""
    return _of_pairs(rows, weights, lambda right: bool(right.all()))


def pair_half(rows: Floats, weights: Floats) -> float | None:
    """The share of whole pairs of which some cases are right and some are not."""
    return _of_pairs(rows, weights, lambda right: bool(right.any() and not right.all()))


def pairs_told_alike(rows: Floats, weights: Floats) -> float | None:
    """The share of pairs with different true answers to which the same yes or no was given; None without any."""
    whole = [(some, weight) for some, weight in _pairs(rows, weights) if len(set(some[:, 3])) > 1]
    total = sum(weight for _, weight in whole)
    alike = sum(weight for some, weight in whole if (some[:, 2] >= 0).all() and len(set(some[:, 2])) == 1)
    return alike / total if total else None


def yes_bias(rows: Floats, weights: Floats) -> float | None:
    """The share of yes among what was told less the share of yes among the true answers, over those told yes or no."""
    told = rows[:, 2] >= 0
    total = weights[told].sum()
    if not total:
        return None
    return float((weights[told] * (rows[told, 2] - rows[told, 3])).sum() / total)


def _of_pairs(rows: Floats, weights: Floats, counts: Callable[[NDArray[np.bool_]], bool]) -> float | None:
    whole = _pairs(rows, weights)
    total = sum(weight for _, weight in whole)
    return sum(weight for some, weight in whole if counts(some[:, 1] > 0)) / total if total else None


def _pairs(rows: Floats, weights: Floats) -> list[tuple[Floats, float]]:
    """The rows of each pair that has two or more, with its weight."""
    members: dict[float, list[int]] = defaultdict(list)
    for place in np.flatnonzero(weights > 0):
        members[rows[place, 0]].append(int(place))
    return [(rows[some], float(weights[some[0]])) for some in members.values() if len(some) > 1]


def _metrics(_: Suite) -> tuple[Metric, ...]:
    edge = "Cases without a pair, or whose partner failed, add nothing. An abstention is not right."
    return (
        Metric(
            "pair_accuracy",
            "Pairs wholly right",
            "high",
            "Pairs of which every case is right over all pairs: the true attribute affirmed and the invented one "
            "denied, both of two easily confused pictures told rightly.",
            edge=edge,
            unit="cases of pairs",
            table=TABLE,
            statistic=pair_accuracy,
        ),
        Metric(
            "pair_half_rate",
            "Pairs half right",
            "low",
            "Pairs of which some cases are right and some are not, over all pairs: half right by single accuracy.",
            edge=edge,
            unit="cases of pairs",
            table=TABLE,
            statistic=pair_half,
            detail=True,
        ),
        Metric(
            "pair_told_alike_rate",
            "Pairs told alike",
            "low",
            "Pairs with different true answers that were given the same yes or no, over all such pairs: the question "
            "is answered without looking (MediConfusion's confusion score).",
            edge=f"{edge} A pair of which one case was given neither yes nor no is not told alike.",
            unit="cases of pairs",
            table=TABLE,
            statistic=pairs_told_alike,
            detail=True,
        ),
        Metric(
            "probe_accuracy",
            "Single probes right",
            "high",
            "Cases of pairs that are right over all cases of pairs; half is what always yes reaches.",
            edge="Cases without a pair add nothing. An abstention is not right.",
            detail=True,
        ),
        Metric(
            "probe_told_rate",
            "Probes answered yes or no",
            None,
            "Cases of pairs that were answered with a yes or a no over all cases of pairs.",
            edge="Cases without a pair add nothing.",
            detail=True,
        ),
        Metric(
            "yes_bias",
            "Leaning to yes",
            None,
            "The share of yes among what was told less that among the true answers, over the cases of pairs that "
            "were answered yes or no: above 0 leans to yes, below 0 to no.",
            edge="None told yes or no: absent.",
            unit="cases of pairs",
            bounds=(-1.0, 1.0),
            table=TABLE,
            statistic=yes_bias,
            detail=True,
        ),
    )


def _mark(case: Case, sample: Sample, bench: Bench) -> Marks:
    """Marks a case of a pair whose true answer is yes or no, or that can be right in another way."""
    found = correctness(case, sample, bench) if case.pair is not None else None
    if case.pair is None or found is None:
        return Marks()
    true, told = _true(case), _told(case, sample, bench)
    scores = {"probe_accuracy": (float(found.correct), 1.0)}
    if true is not None:
        scores["probe_told_rate"] = (float(told is not None), 1.0)
    row = (
        pair_number(case.pair),
        float(found.correct),
        _as_number(told if true is not None else None),
        _as_number(true),
    )
    return Marks(scores, {TABLE: (row,)})


def _as_number(word: str | None) -> float:
    return {"yes": 1.0, "no": 0.0}.get(word or "", -1.0)


def _true(case: Case) -> str | None:
    place = case.reference.choice
    word = case.choices[place] if place is not None else case.reference.answer or ""
    return word.casefold() if word.casefold() in ("yes", "no") else None


def _told(case: Case, sample: Sample, bench: Bench) -> str | None:
    if case.task == "choose":
        word = case.choices[sample.choice].casefold() if sample.choice is not None else ""
    else:
        word = parse_yes_no(texts_of(shown(sample, removes=bench.removes))) or ""
    return word if word in ("yes", "no") else None


FAMILY = Family("probing", "Probes", frozenset({"ask", "choose", "check"}), _metrics, _mark)
