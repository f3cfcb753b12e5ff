"""Citations in the sense of ALCE (Gao et al. 2023), as the answerer wrote them, invented ones counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Suite
from assistant.evaluate.judge import Judge
from assistant.evaluate.judge.wording import wording_of
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Family, Marks, Metric, Pair
from assistant.evaluate.score.told import claims_of, evidence_of
from assistant.findings import parse_count
from assistant.findings.archive_counts import parse_archive_count
from assistant.records import Claim, Evidence

TABLE = "citation_verdicts"
CitationJudgement = Literal["supports", "irrelevant", "invented"]


def judge_citations(
    claims: Sequence[Claim], evidence: Sequence[Evidence], judge: Judge, recalled: Sequence[bool] | None = None
) -> tuple[dict[str, Pair], dict[str, CitationJudgement]]:
    """ALCE's citation recall and precision of one answer or draft, and what became of each citation.

    Judged are the citations as the answerer wrote them, before the verifier dropped or repaired any. The judgements
    are keyed "<claim number>:<evidence id>", claims counted from 0. A citation given twice in one claim counts once.
    {} without claims; without any citation precision is absent; where the citations as written were
    not kept, so is the rate of invented ones. `recalled` is what `recalled_claims` says, where that is known.
    """
    pieces = {piece.id: piece for piece in evidence}
    supported = recalled_claims(claims, evidence, judge) if recalled is None else recalled
    judged: dict[str, CitationJudgement] = {}
    for number, (claim, together) in enumerate(zip(claims, supported, strict=True)):
        cited = citations_of(claim)
        known = [pieces[name] for name in cited if name in pieces]
        for name in cited:
            if name not in pieces:
                judged[f"{number}:{name}"] = "invented"
                continue
            counts = together and _counts(claim, pieces[name], known, judge)
            judged[f"{number}:{name}"] = "supports" if counts else "irrelevant"
    if not claims:
        return {}, {}
    scores: dict[str, Pair] = {"citation_recall": (float(sum(supported)), float(len(claims)))}
    if judged:
        verdicts = list(judged.values())
        scores["citation_precision"] = (float(verdicts.count("supports")), float(len(verdicts)))
        if all(claim.written is not None for claim in claims):
            scores["invented_citation_rate"] = (float(verdicts.count("invented")), float(len(verdicts)))
    return scores, judged


def recalled_claims(claims: Sequence[Claim], evidence: Sequence[Evidence], judge: Judge) -> list[bool]:
    """Of each claim whether its citations, taken together, support it."""
    return [bool(known) and judge.supports(claim, known) for claim, known in _with_evidence(claims, evidence)]


def _with_evidence(claims: Sequence[Claim], evidence: Sequence[Evidence]) -> list[tuple[Claim, list[Evidence]]]:
    """The claims, each with what it cites; invented citations left out."""
    pieces = {piece.id: piece for piece in evidence}
    return [(claim, [pieces[name] for name in citations_of(claim) if name in pieces]) for claim in claims]


def citations_of(claim: Claim) -> list[str]:
    """The citations as written, each once; those shown where the written ones were not kept."""
    return list(dict.fromkeys(claim.citations if claim.written is None else claim.written))


def _counts(claim: Claim, piece: Evidence, known: list[Evidence], judge: Judge) -> bool:
    """Of a supported claim: whether a citation supports it alone, or is needed by the others."""
    others = [other for other in known if other.id != piece.id]
    if not others:
        return True
    counts_several = (count := parse_count(claim.text)) is not None and count.m > 1  # which no single piece supports
    return (not counts_several and judge.supports(claim, [piece])) or not judge.supports(claim, others)


def _metrics(_: Suite) -> tuple[Metric, ...]:
    return (
        Metric(
            "citation_recall",
            "Citation recall",
            "high",
            "Claims whose citations, taken together, support them over all claims.",
            edge="A claim without citations, or with invented ones only, is not supported; no claims: adds nothing.",
            unit="claims",
            judged=True,
            verdicts=TABLE,
            source="Gao et al. 2023, ALCE",
        ),
        Metric(
            "citation_precision",
            "Citation precision",
            "high",
            "Citations that count over all citations: the claim is supported by its citations together, and "
            "this one supports it alone or is needed, that is, without it the others no longer do.",
            edge="An invented citation does not count and stays in the denominator; none cited: adds nothing.",
            unit="citations",
            judged=True,
            source="Gao et al. 2023, ALCE",
        ),
        Metric(
            "invented_citation_rate",
            "Invented citations",
            "low",
            "Citations of an id that no evidence of the answer has, over all citations.",
            edge="Absent where the citations as written were not kept; none cited: adds nothing.",
            unit="citations",
        ),
    )


def _numbered(judged: Mapping[str, CitationJudgement], numbers: Sequence[int]) -> dict[str, CitationJudgement]:
    """Judgements of some of an answer's claims, by the numbers that these have in it."""
    keys = {key: key.split(":", 1) for key in judged}
    return {f"{numbers[int(number)]}:{name}": judged[key] for key, (number, name) in keys.items()}


def _mark(_: Case, sample: Sample, bench: Bench) -> Marks:
    written, evidence = claims_of(sample) or (), evidence_of(sample)
    # a count over the archive rests on the catalogue, and cites examples
    numbers = [number for number, claim in enumerate(written) if parse_archive_count(claim.text) is None]
    claims = [written[number] for number in numbers]
    recalled = recalled_claims(claims, evidence, bench.judge)
    scores, judged = judge_citations(claims, evidence, bench.judge, recalled)
    rows = tuple(
        (float(supported), float(wording_of(claim, known, supported=supported)))
        for supported, (claim, known) in zip(recalled, _with_evidence(claims, evidence), strict=True)
    )
    return Marks(scores, observations={TABLE: rows} if rows else {}, citations=_numbered(judged, numbers))


FAMILY = Family("citations", "Citations", frozenset({"ask", "choose", "draft"}), _metrics, _mark)
