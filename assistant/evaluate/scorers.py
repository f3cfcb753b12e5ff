"""Scorers: what one answered case adds to every metric. Each metric's definition stands in `DEFINITIONS`.

A scorer gives, for each metric that the case takes part in, a pair (numerator, denominator): events over units.
A case in which nothing can be counted gives no pair. Over the cases a metric is the ratio of the sums, so a
case with ten claims weighs as ten, and the intervals resample whole clusters of cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from assistant.evaluate.dataset import Case
from assistant.evaluate.metrics import ndcg_at_k, precision_at_k, recall_at_k, reciprocal_rank
from assistant.records import Answer, Claim, ErrorKind, Evidence, SearchResult

Pair = tuple[float, float]
Scores = dict[str, Pair]
CitationJudgement = Literal["supports", "irrelevant", "invented"]

ERROR_KINDS: tuple[str, ...] = (*(kind for kind in get_args(ErrorKind) if kind != "unverifiable"), "unclassified")
NDCG_K = 10


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric in words. `better` is which way is good; None where neither is."""

    title: str
    better: Literal["low", "high"] | None
    text: str


DEFINITIONS: dict[str, Definition] = {
    "hallucination_rate": Definition(
        "Hallucinated claims",
        "low",
        "Claims with the verdict contradicted or unsupported over all claims the answerer wrote, before any is "
        "removed. Claims of kind unverifiable are in the denominator but counted apart. Answers without claims "
        "(abstentions) add nothing.",
    ),
    "hallucination_rate_answers": Definition(
        "Answers with a hallucination",
        "low",
        "Answers with at least one hallucinated claim over answers with at least one claim.",
    ),
    "unverifiable_rate": Definition(
        "Unverifiable claims",
        "low",
        "Claims that only the picture or signal itself could settle, and no own evidence does, over all claims.",
    ),
    "abstention_rate": Definition("Abstentions", None, "Cases that were not answered over all cases that ran."),
    "abstention_accuracy": Definition(
        "Abstains where it should",
        "high",
        "Cases without an answer in the archive that were not answered, over all such cases.",
    ),
    "answer_rate": Definition(
        "Answers where it should",
        "high",
        "Cases with an answer in the archive that were answered, rightly or not, over all such cases.",
    ),
    "must_rate": Definition(
        "Required content",
        "high",
        "Required strings found in the claims, compared without case, over all required strings; an abstention "
        "finds none.",
    ),
    "citation_recall": Definition(
        "Citation recall",
        "high",
        "Claims whose citations, taken together, support them over all claims (ALCE, Gao et al. 2023). A claim "
        "without citations, or with invented ones only, is not supported.",
    ),
    "citation_precision": Definition(
        "Citation precision",
        "high",
        "Citations that count over all citations (ALCE): the claim is supported by its citations together, and "
        "this one supports it alone or is needed, that is, without it the others no longer do. An invented "
        "citation does not count and stays in the denominator.",
    ),
    "invented_citation_rate": Definition(
        "Invented citations",
        "low",
        "Citations of an id that no evidence of the answer has, over all citations.",
    ),
    "mrr": Definition(
        "Mean reciprocal rank",
        "high",
        "1 / place of the first gold record among the records found, 0 if none was, averaged over cases with gold.",
    ),
    f"ndcg@{NDCG_K}": Definition(
        f"nDCG@{NDCG_K}",
        "high",
        f"Normalised discounted cumulative gain of the first {NDCG_K} distinct records, averaged over cases with gold.",
    ),
    "kept_recall": Definition(
        "Gold handed to the model",
        "high",
        "Gold records among the evidence that selection kept for the answer over all gold records of the case, "
        "averaged over cases with gold.",
    ),
    "case_error_rate": Definition(
        "Cases that failed",
        "low",
        "Cases that ended in an error over all cases; they take part in no other metric.",
    ),
}


def definition(metric: str) -> Definition:
    """The definition of any metric of a run, those with a number or an error kind in their name included."""
    if metric in DEFINITIONS:
        return DEFINITIONS[metric]
    name, _, kind = metric.partition(".")
    if name == "hallucination_rate":
        return Definition(
            f"… of kind {kind}", "low", f"Hallucinated claims of error kind {kind} over all claims; the kinds add up."
        )
    name, _, k = metric.partition("@")
    if name == "recall":
        text = f"Share of a case's gold records among the first {k} distinct records, averaged over cases with gold."
        return Definition(f"Recall@{k}", "high", text)
    text = f"Share of gold among the first {k} places, an empty place a miss, averaged over cases with gold."
    return Definition(f"Precision@{k}", "high", text)


class Judge(Protocol):
    """Says whether evidence supports a claim; `assistant.evaluate.judge.VerifierJudge` asks Wardround's checker."""

    def supports(self, claim: Claim, evidence: Sequence[Evidence]) -> bool: ...


def hallucinated(claim: Claim) -> bool:
    """Whether a claim counts as a hallucination: contradicted or unsupported, unverifiable ones apart."""
    return claim.verdict != "supported" and claim.error_kind != "unverifiable"


def score_claims(answer: Answer) -> Scores:
    """Hallucination rates of one answer, in all and by error kind; {} for an answer without claims."""
    total = float(len(answer.claims))
    if not total:
        return {}
    wrong: list[str] = [claim.error_kind or "unclassified" for claim in answer.claims if hallucinated(claim)]
    unverifiable = sum(c.verdict != "supported" and c.error_kind == "unverifiable" for c in answer.claims)
    return {
        "hallucination_rate": (float(len(wrong)), total),
        "hallucination_rate_answers": (float(bool(wrong)), 1.0),
        "unverifiable_rate": (float(unverifiable), total),
        **{f"hallucination_rate.{kind}": (float(wrong.count(kind)), total) for kind in ERROR_KINDS},
    }


def score_abstention(case: Case, answer: Answer, *, removes: bool = False) -> Scores:
    """Whether the case was answered, and whether it should have been; and the strings it had to contain.

    An answer without claims is an abstention. With `removes` (the setting verify.unsupported = "remove") so is one
    without any supported claim, since that is what its reader would have seen.
    """
    abstained = answer.abstained or not any(claim.verdict == "supported" or not removes for claim in answer.claims)
    scores: Scores = {"abstention_rate": (float(abstained), 1.0)}
    if case.reference.answerable is not None:
        name = "answer_rate" if case.reference.answerable else "abstention_accuracy"
        scores[name] = (float(abstained != case.reference.answerable), 1.0)
    if case.reference.must:
        said = " ".join(claim.text for claim in answer.claims).casefold()
        found = sum(wanted.casefold() in said for wanted in case.reference.must)
        scores["must_rate"] = (float(found), float(len(case.reference.must)))
    return scores


def judge_citations(answer: Answer, judge: Judge) -> tuple[Scores, dict[str, CitationJudgement]]:
    """ALCE's citation recall and precision of one answer, and what became of each citation.

    Judged are the citations as the answerer wrote them, before the verifier dropped or repaired any. The judgements
    are keyed "<claim number>:<evidence id>", claims counted from 0. A citation given twice in one claim counts once.
    {} for an answer without claims; without any citation precision is absent; where the citations as written were
    not kept, so is the rate of invented ones.
    """
    evidence = {piece.id: piece for piece in answer.evidence}
    recalled = 0
    judged: dict[str, CitationJudgement] = {}
    for number, claim in enumerate(answer.claims):
        cited = citations_of(claim)
        known = [evidence[name] for name in cited if name in evidence]
        together = bool(known) and judge.supports(claim, known)
        recalled += together
        for name in cited:
            if name not in evidence:
                judged[f"{number}:{name}"] = "invented"
                continue
            counts = together and _counts(claim, evidence[name], known, judge)
            judged[f"{number}:{name}"] = "supports" if counts else "irrelevant"
    if not answer.claims:
        return {}, {}
    scores: Scores = {"citation_recall": (float(recalled), float(len(answer.claims)))}
    if judged:
        verdicts = list(judged.values())
        scores["citation_precision"] = (float(verdicts.count("supports")), float(len(verdicts)))
        if all(claim.written is not None for claim in answer.claims):
            scores["invented_citation_rate"] = (float(verdicts.count("invented")), float(len(verdicts)))
    return scores, judged


def citations_of(claim: Claim) -> list[str]:
    """The citations as written, each once; those shown where the written ones were not kept."""
    return list(dict.fromkeys(claim.citations if claim.written is None else claim.written))


def _counts(claim: Claim, piece: Evidence, known: list[Evidence], judge: Judge) -> bool:
    """Of a supported claim: whether a citation supports it alone, or is needed by the others."""
    others = [other for other in known if other.id != piece.id]
    return not others or judge.supports(claim, [piece]) or not judge.supports(claim, others)


def ranked_ids(evidence: Iterable[Evidence]) -> list[str]:
    """External ids of what was found, best first; a record without one stands by its own id, and is never gold.

    The question's own uploads are left out: own evidence without an external id (history from an index has one).
    """
    found = (piece for piece in evidence if piece.relation != "own" or piece.external_id is not None)
    return [piece.external_id or piece.record_id for piece in found]


def score_retrieval(case: Case, search: SearchResult, answer: Answer | None, ks: Sequence[int]) -> Scores:
    """Ranking metrics of one case with gold; {} without. What the relevance floor dropped still has its place."""
    grades = case.reference.grades
    ranked = ranked_ids(search.evidence)
    gold = [name for name, grade in grades.items() if grade > 0]
    values: Mapping[str, float | None] = {
        **{f"recall@{k}": recall_at_k(ranked, gold, k) for k in ks},
        **{f"precision@{k}": precision_at_k(ranked, gold, k) for k in ks},
        f"ndcg@{NDCG_K}": ndcg_at_k(ranked, grades, NDCG_K),
        "mrr": reciprocal_rank(ranked, gold),
    }
    scores: Scores = {name: (value, 1.0) for name, value in values.items() if value is not None}
    if gold and answer is not None:
        kept = set(ranked_ids(piece for piece in answer.evidence if piece.kept))
        scores["kept_recall"] = (len(kept.intersection(gold)) / len(gold), 1.0)
    return scores
