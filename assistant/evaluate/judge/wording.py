"""How the claims of a run are worded, and which of them no judge has to read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from enum import IntEnum

from assistant.evaluate.judge.interface import Judge
from assistant.evaluate.judge.verifier import VerifierJudge
from assistant.evaluate.log import Sample
from assistant.findings import parse_count
from assistant.records import Claim, Evidence
from assistant.verify.evidence import read_evidence, stands_in
from assistant.verify.verifier import spoken

_QUOTE = re.compile(r"“([^“”]+)”")


class Wording(IntEnum):
    """How a claim is worded, which decides how a judge errs on it."""

    CERTAIN = -1  # nothing to err on: a quotation, a count that was counted again, no evidence at all
    PROSE = 0  # medicine in general, as in articles and guidelines
    REPORT = 1  # a patient's findings, as in reports and notes


def wording_of(claim: Claim, evidence: Sequence[Evidence], *, supported: bool) -> Wording:
    """How a claim is worded that was judged against `evidence`, `supported` being what came of it.

    A quotation is certain only where it is supported: that other evidence contradicts it is a judgement.
    """
    said = tuple(text for piece in evidence for text in spoken(piece))
    if not said or claim.error_kind == "unverifiable" or parse_count(claim.text):
        return Wording.CERTAIN
    if supported and quoted(claim.text, said):
        return Wording.CERTAIN
    return Wording.PROSE if claim.about == "general" else Wording.REPORT


def entailed_verdicts(
    judge: Judge, texts: Sequence[str], statements: Sequence[str], wording: Wording
) -> tuple[tuple[float, float], ...]:
    """Of each statement 1 where the texts entail it, and how it is worded; certain if quoted, or without texts."""
    said = [text for text in texts if text.strip()]
    if not said:
        return ((0.0, float(Wording.CERTAIN)),) * len(statements)
    told = [judge.entails(texts, statement).verdict == "supported" for statement in statements]
    return tuple(
        (float(entailed), float(Wording.CERTAIN if entailed and quoted(statement, said) else wording))
        for entailed, statement in zip(told, statements, strict=True)
    )


def quoted(text: str, said: Sequence[str]) -> bool:
    """Whether all that is claimed stands in what is said, whole sentences of it word for word."""
    read = read_evidence(tuple(said))
    return all(stands_in(part, read) for part in _QUOTE.findall(text) or [text])


def seen_by(judge: Judge, sample: Sample) -> Sample:
    """The sample with the judge's verdicts in place of the verifier's, where the judge is another one."""
    if isinstance(judge, VerifierJudge):
        return sample
    if sample.answer is not None:
        known = {piece.id: piece for piece in sample.answer.evidence}
        claims = tuple(judge.judged(claim, known) for claim in sample.answer.claims)
        return replace(sample, answer=replace(sample.answer, claims=claims))
    if sample.draft is not None:
        known = {piece.id: piece for piece in sample.draft.evidence}
        sections = tuple(
            replace(section, claims=tuple(judge.judged(claim, known) for claim in section.claims))
            for section in sample.draft.sections
        )
        return replace(sample, draft=replace(sample.draft, sections=sections))
    return sample
