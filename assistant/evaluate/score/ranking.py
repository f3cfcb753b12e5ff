"""Retrieval: where the gold records stand in the ranking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Suite
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Family, Marks, Metric, Pair
from assistant.evaluate.rankings import ndcg_at_k, precision_at_k, recall_at_k, reciprocal_rank
from assistant.records import Evidence

NDCG_K = 10
_NO_GOLD = "Cases without gold add nothing."


def ranked_ids(evidence: Iterable[Evidence]) -> list[str]:
    """External ids of what was found, best first; a record without one stands by its own id, and is never gold.

    The question's own uploads are left out: own evidence without an external id (history from an index has one).
    """
    found = (piece for piece in evidence if piece.relation != "own" or piece.external_id is not None)
    return [piece.external_id or piece.record_id for piece in found]


def score_ranking(case: Case, ranked: Sequence[str], ks: Sequence[int]) -> dict[str, Pair]:
    """Ranking metrics of one case with gold; {} without. What the relevance floor dropped still has its place."""
    grades = case.reference.grades
    gold = [name for name, grade in grades.items() if grade > 0]
    values: Mapping[str, float | None] = {
        **{f"recall@{k}": recall_at_k(ranked, gold, k) for k in ks},
        **{f"precision@{k}": precision_at_k(ranked, gold, k) for k in ks},
        f"ndcg@{NDCG_K}": ndcg_at_k(ranked, grades, NDCG_K),
        "mrr": reciprocal_rank(ranked, gold),
    }
    scores: dict[str, Pair] = {name: (value, 1.0) for name, value in values.items() if value is not None}
    return scores


def _metrics(suite: Suite) -> tuple[Metric, ...]:
    last = suite.retrieval_k[-1]
    recalls = [
        Metric(
            f"recall@{k}",
            f"Recall@{k}",
            "high",
            f"Share of a case's gold records among the first {k} distinct records, averaged over cases with gold.",
            edge=_NO_GOLD,
            detail=k != last,
        )
        for k in suite.retrieval_k
    ]
    precisions = [
        Metric(
            f"precision@{k}",
            f"Precision@{k}",
            "high",
            f"Share of gold among the first {k} places, averaged over cases with gold.",
            edge=f"An empty place is a miss. {_NO_GOLD}",
            detail=True,
        )
        for k in suite.retrieval_k
    ]
    return (
        *recalls,
        *precisions,
        Metric(
            "mrr",
            "Mean reciprocal rank",
            "high",
            "1 / place of the first gold record among the records found, averaged over cases with gold.",
            edge=f"Not found: 0. {_NO_GOLD}",
            source="Voorhees 1999, TREC-8 question answering",
        ),
        Metric(
            f"ndcg@{NDCG_K}",
            f"nDCG@{NDCG_K}",
            "high",
            f"Normalised discounted cumulative gain of the first {NDCG_K} distinct records, averaged over cases with "
            "gold; the gain is the grade, the discount log2(place + 1).",
            edge=_NO_GOLD,
            source="Järvelin and Kekäläinen 2002",
        ),
    )


def _mark(case: Case, sample: Sample, bench: Bench) -> Marks:
    if sample.search is None:
        return Marks()
    return Marks(score_ranking(case, sample.ranked, bench.suite.retrieval_k))


FAMILY = Family("ranking", "Retrieval", frozenset({"ask", "choose", "search"}), _metrics, _mark)
