"""What was said in a case, whoever wrote it: an answer's claims or a draft's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assistant.evaluate.log import Sample
from assistant.evaluate.score.stated import read
from assistant.findings import parse_count
from assistant.findings.archive_counts import parse_archive_count
from assistant.records import Answer, Claim, Evidence, Finding


def claims_of(sample: Sample) -> tuple[Claim, ...] | None:
    """All claims that were written, before any is removed; None where nothing was asked to be written."""
    if sample.answer is not None:
        return sample.answer.claims
    if sample.draft is not None:
        return tuple(claim for section in sample.draft.sections for claim in section.claims)
    return None


def evidence_of(sample: Sample) -> tuple[Evidence, ...]:
    """The evidence that an answer or a draft considered."""
    written = sample.answer or sample.draft
    return written.evidence if written is not None else ()


def abstains(answer: Answer, *, removes: bool = False) -> bool:
    """Whether its reader is left without an answer. One without claims is an abstention.

    With `removes` (the setting verify.unsupported = "remove") so is one without any supported claim.
    """
    return answer.abstained or not any(claim.verdict == "supported" or not removes for claim in answer.claims)


def shown(sample: Sample, *, removes: bool = False) -> tuple[Claim, ...]:
    """The claims that a reader is left with: all, or with `removes` the supported ones; none of an abstention."""
    if sample.answer is not None and abstains(sample.answer, removes=removes):
        return ()
    return tuple(claim for claim in claims_of(sample) or () if claim.verdict == "supported" or not removes)


def findings_told(claims: Iterable[Claim]) -> tuple[Finding, ...]:
    """The findings that claims tell.

    A sentence that counts other patients' studies tells what more than half of them say ("4 of the 5 most similar
    studies mention pleural effusion": an effusion; "1 of the 5 …": nothing). One that counts the archive tells
    nothing of a case.
    """
    of_studies = (claim for claim in claims if parse_archive_count(claim.text) is None)
    return tuple(finding for claim in of_studies for finding in read(statement_of(claim.text)))


def texts_of(claims: Sequence[Claim]) -> list[str]:
    return [claim.text for claim in claims]


def in_a_row(texts: Iterable[str]) -> str:
    """Sentences as one text; one without a mark at its end gets a stop, or it would run into the next."""
    return " ".join(text if text.rstrip()[-1:] in ".!?:;" else f"{text.rstrip()}." for text in texts)


def statement_of(sentence: str) -> str:
    """What a sentence tells: itself, of a count the finding that more than half of the studies have, else nothing."""
    count = parse_count(sentence)
    if count is None:
        return sentence
    if 2 * count.n <= count.m:
        return ""
    finding = f"no {count.finding}" if count.negated else count.finding
    return f"{finding[:1].upper()}{finding[1:].rstrip('.')}."
