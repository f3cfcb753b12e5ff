"""Hallucination: what the verifier says of the claims that were written, before any is removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Suite
from assistant.evaluate.judge.wording import wording_of
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Family, Marks, Metric, Pair
from assistant.evaluate.score.told import claims_of, evidence_of
from assistant.records import Claim, ErrorKind, Evidence

ERROR_KINDS: tuple[str, ...] = (*(kind for kind in get_args(ErrorKind) if kind != "unverifiable"), "unclassified")
TABLE = "claim_verdicts"
_NO_CLAIMS = "Answers and drafts without claims (abstentions) add nothing; all abstained: not measured."


def hallucinated(claim: Claim) -> bool:
    """Whether a claim counts as a hallucination: contradicted or unsupported, unverifiable ones apart."""
    return claim.verdict != "supported" and claim.error_kind != "unverifiable"


def score_claims(claims: Sequence[Claim]) -> dict[str, Pair]:
    """Hallucination rates of one answer or draft, in all and by error kind; {} without claims."""
    total = float(len(claims))
    if not total:
        return {}
    wrong: list[str] = [claim.error_kind or "unclassified" for claim in claims if hallucinated(claim)]
    unverifiable = sum(c.verdict != "supported" and c.error_kind == "unverifiable" for c in claims)
    contradicted = sum(claim.verdict == "contradicted" for claim in claims)
    return {
        "hallucination_rate": (float(len(wrong)), total),
        "hallucination_rate_answers": (float(bool(wrong)), 1.0),
        "contradicted_rate": (float(contradicted), total),
        "unverifiable_rate": (float(unverifiable), total),
        **{f"hallucination_rate.{kind}": (float(wrong.count(kind)), total) for kind in ERROR_KINDS},
    }


def _metrics(_: Suite) -> tuple[Metric, ...]:
    by_kind = (
        Metric(
            f"hallucination_rate.{kind}",
            f"… of kind {kind}",
            "low",
            f"Hallucinated claims of error kind {kind} over all claims; the kinds add up.",
            edge=_NO_CLAIMS,
            unit="claims",
            judged=True,
            detail=True,
        )
        for kind in ERROR_KINDS
    )
    return (
        Metric(
            "hallucination_rate",
            "Hallucinated claims",
            "low",
            "Claims with the verdict contradicted or unsupported over all claims that were written, before any is "
            "removed. Claims of kind unverifiable are in the denominator but counted apart.",
            edge=_NO_CLAIMS,
            unit="claims",
            judged=True,
            verdicts=TABLE,
        ),
        *by_kind,
        Metric(
            "contradicted_rate",
            "… that the evidence contradicts",
            "low",
            "Claims with the verdict contradicted over all claims that were written: the rest of the hallucinated ones "
            "merely lacks support.",
            edge=_NO_CLAIMS,
            unit="claims",
            judged=True,
            detail=True,
        ),
        Metric(
            "hallucination_rate_answers",
            "Answers with a hallucination",
            "low",
            "Answers or drafts with at least one hallucinated claim over those with at least one claim.",
            edge=_NO_CLAIMS,
            unit="answers",
            judged=True,
        ),
        Metric(
            "unverifiable_rate",
            "Unverifiable claims",
            "low",
            "Claims that only the picture or signal itself could settle, and no own evidence does, over all claims.",
            edge=_NO_CLAIMS,
            unit="claims",
            judged=True,
        ),
    )


def claim_verdicts(claims: Sequence[Claim], evidence: Sequence[Evidence]) -> tuple[tuple[float, float], ...]:
    """Of each claim 1 where it is not hallucinated, and how it is worded against what it cites, or all there was."""
    known = {piece.id: piece for piece in evidence}
    rows = []
    for claim in claims:
        cited = [known[name] for name in claim.citations if name in known] or list(evidence)
        supported = not hallucinated(claim)
        rows.append((float(supported), float(wording_of(claim, cited, supported=supported))))
    return tuple(rows)


def _mark(_: Case, sample: Sample, __: Bench) -> Marks:
    claims = claims_of(sample) or ()
    rows = claim_verdicts(claims, evidence_of(sample))
    return Marks(score_claims(claims), observations={TABLE: rows} if rows else {})


FAMILY = Family("claims", "Hallucination", frozenset({"ask", "choose", "draft"}), _metrics, _mark)
