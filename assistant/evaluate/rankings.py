"""Ranking metrics, for anyone who has a ranking and a gold set. Needs nothing but the standard library.

A ranking is a sequence of ids, best first. An id that comes twice (two passages of one document) counts once,
at its first place; the ids after it move up. Every function returns None where the metric has no meaning
(nothing is relevant): such a case is left out of the mean and lowers n. It never counts as 0 nor as 1.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence


def distinct(ranked_ids: Sequence[str]) -> list[str]:
    """The ids in order, each once, at its first place."""
    return list(dict.fromkeys(ranked_ids))


def recall_at_k(ranked_ids: Sequence[str], gold: Collection[str], k: int) -> float | None:
    """Share of the gold ids among the first `k` distinct ids, in [0, 1].

    None if there is no gold. With more than `k` gold ids 1.0 can't be reached, as usual in the literature.
    """
    wanted = set(gold)
    if not wanted:
        return None
    return len(wanted.intersection(distinct(ranked_ids)[: _positive(k)])) / len(wanted)


def precision_at_k(ranked_ids: Sequence[str], gold: Collection[str], k: int) -> float | None:
    """Share of gold among the first `k` places, in [0, 1]; a place left empty counts as a miss.

    None if there is no gold: with nothing to be found precision says nothing about the ranking.
    """
    wanted = set(gold)
    if not wanted:
        return None
    return len(wanted.intersection(distinct(ranked_ids)[: _positive(k)])) / k


def reciprocal_rank(ranked_ids: Sequence[str], gold: Collection[str]) -> float | None:
    """1 / place of the first gold id, 0.0 if none was ranked; None if there is no gold.

    Its mean over questions is the mean reciprocal rank (MRR).
    """
    wanted = set(gold)
    if not wanted:
        return None
    places = (place for place, name in enumerate(distinct(ranked_ids), start=1) if name in wanted)
    return 1.0 / next(places, math.inf)


def ndcg_at_k(ranked_ids: Sequence[str], gold_grades: Mapping[str, float] | Collection[str], k: int) -> float | None:
    """Normalised discounted cumulative gain of the first `k` distinct ids, in [0, 1].

    `gold_grades` maps id to grade (0 or missing = not relevant); a plain collection gives every id grade 1.
    Gain is the grade itself and the discount log2(place + 1), as in Järvelin and Kekäläinen (2002) and
    trec_eval; some others take 2**grade - 1. None if no grade is above 0.
    """
    grades = dict(gold_grades) if isinstance(gold_grades, Mapping) else dict.fromkeys(gold_grades, 1.0)
    ideal = sorted((grade for grade in grades.values() if grade > 0), reverse=True)[: _positive(k)]
    if not ideal:
        return None
    found = [max(grades.get(name, 0.0), 0.0) for name in distinct(ranked_ids)[:k]]
    return _discounted(found) / _discounted(ideal)


def mean_reciprocal_rank(rankings: Sequence[Sequence[str]], golds: Sequence[Collection[str]]) -> float | None:
    """MRR over questions; those without gold are left out, None if none is left."""
    ranks = [reciprocal_rank(ranked, gold) for ranked, gold in zip(rankings, golds, strict=True)]
    known = [rank for rank in ranks if rank is not None]
    return sum(known) / len(known) if known else None


mrr = mean_reciprocal_rank


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, start=1))


def _positive(k: int) -> int:
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    return k
