"""Counting sentences, counted again from the evidence they cite."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from assistant.findings import extract_findings, implies
from assistant.findings.archive_counts import ArchiveCount, CountVerb, Unit
from assistant.findings.counting import Count
from assistant.findings.mentions import Mention, read_sentence
from assistant.findings.quantities import named_measures
from assistant.findings.sentences import sentences
from assistant.findings.vocabulary import related
from assistant.findings.words import words
from assistant.records import Evidence, Judgement, countable
from assistant.wording import worded

_LABEL_CUT = re.compile(r"[/|;,]")


def study_of(evidence: Evidence) -> str:
    """What is counted once: the study, or the record where no study is known."""
    return evidence.counted_as


def recount(
    count: Count, cited: Sequence[Evidence], given: Mapping[str, Evidence]
) -> tuple[Judgement, tuple[str, ...]]:
    """Whether `count` holds for the studies cited, and the ids that carry it.

    Every one of the m studies must be cited; where fewer are, but the evidence has exactly m similar studies, those
    are taken. A study speaks for itself through all its evidence that was given. Studies that the words of the question
    chose are not counted: what they have in common is what was searched for.
    """
    counted = {study_of(e) for e in countable(e for e in given.values() if e.relation == "similar")}
    worded_ones = [e for e in cited if e.relation == "similar" and study_of(e) not in counted]
    similar = [e for e in cited if e.relation == "similar" and study_of(e) in counted]
    studies = list(dict.fromkeys(study_of(e) for e in similar))
    if len(studies) != count.m:
        similar = [e for e in given.values() if e.relation == "similar" and e.kept and study_of(e) in counted]
        everyone = list(dict.fromkeys(study_of(e) for e in similar))
        if len(everyone) != count.m:
            why = worded("speaks of {m} studies and cites {count}", m=count.m, count=len(studies))
            if worded_ones:
                why = "counts studies that were found by the words of the question, not by likeness"
            return Judgement("unsupported", 0.2, "number", why), tuple(e.id for e in cited)
        studies = everyone
    ids = tuple(e.id for e in similar)
    told = [[e for e in given.values() if e.relation == "similar" and study_of(e) == study] for study in studies]
    if count.verb == "are labelled":
        counts = _count_labels(count, told)
    else:
        found = [_status(count, pieces) for pieces in told]
        counts = (sum(one is True for one in found), sum(one is not False for one in found))
    if count.n in counts:
        return Judgement("supported", 1.0, None, worded("counted: {n} of {m}", n=count.n, m=count.m)), ids
    return Judgement(
        "contradicted", 0.05, "number", worded("counted: {counts} of {m}", counts=counts[0], m=count.m)
    ), ids


class CountsArchive(Protocol):
    """Counts in the part of the archive that an answer may see; None where nothing can be counted."""

    def __call__(self, finding: str, verb: CountVerb, unit: Unit) -> ArchiveCount | None: ...


def recount_archive(told: ArchiveCount, count: CountsArchive | None) -> Judgement:
    """Whether a count over the whole archive is what is counted there again."""
    found = count(told.finding, told.verb, told.unit) if count is not None else None
    if found is None:
        return Judgement("unsupported", 0.1, "unverifiable", "a count over an archive that can't be counted here")
    why = worded("counted in the archive: {n} of {m}", n=found.n, m=found.m)
    if (found.n, found.m) != (told.n, told.m):
        return Judgement("contradicted", 0.05, "number", why)
    if found.scope != told.scope:
        return Judgement(
            "unsupported", 0.2, "fabrication", worded("counted of another part: {scope}", scope=found.scope)
        )
    return Judgement("supported", 1.0, None, why)


def _count_labels(count: Count, told: Sequence[Sequence[Evidence]]) -> tuple[int, ...]:
    """How many studies bear the label: in other words for it, by what it implies, and, if any do, word for word.

    Of four labelled "sinus rhythm" and one labelled "sinus bradycardia", four and five both bear "sinus rhythm".
    """
    wanted = read_sentence(count.finding).mentions
    labels = [[label for piece in pieces for label in _labels(piece)] for pieces in told]
    literal = sum(any(_plain(label) == _plain(count.finding) for label in borne) for borne in labels)
    named, implied = (
        sum(any(_is_label(count.finding, wanted, label, relations) for label in borne) for borne in labels)
        for relations in (("same",), ("same", "kind"))
    )
    return (named, implied, literal) if literal else (named, implied) if named else (implied,)


def _status(count: Count, evidence: Iterable[Evidence]) -> bool | None:
    """Whether a study is one of those counted; None where it is uncertain."""
    wanted = read_sentence(count.finding).mentions
    answer: bool | None = False
    for piece in evidence:
        for sentence in _sentences(piece.text):
            found = _says(count, wanted, sentence)
            if found:
                return True
            if found is None:
                answer = None
    return answer


@lru_cache(maxsize=1024)
def _sentences(text: str) -> tuple[str, ...]:
    """Those of a passage; each of an answer's counts goes through the same passages."""
    return tuple(sentences(text))


def _labels(evidence: Evidence) -> list[str]:
    """The labels of a picture or signal's study; what the text of a report says is no label."""
    said = [evidence.text] if evidence.kind != "text" and not evidence.labels else []
    values = [*evidence.labels.values(), *said]
    return [part.strip() for value in values for part in [value, *_LABEL_CUT.split(value)] if part.strip()]


def _is_label(finding: str, wanted: tuple[Mention, ...], label: str, relations: Sequence[str]) -> bool:
    if _plain(finding) == _plain(label):
        return True
    met = read_sentence(label).mentions
    return bool(wanted) and any(
        m.status == "present" and related(w.entity, m.entity) in relations for w in wanted for m in met
    )


def _says(count: Count, wanted: tuple[Mention, ...], sentence: str) -> bool | None:
    """Whether the sentence states the finding (or, for a count of denials, denies it); None if it doubts."""
    if not wanted:
        return _names(count, sentence)
    doubted = False
    for mention in read_sentence(sentence).mentions:
        relation = related(wanted[0].entity, mention.entity)
        if wanted[0].sides and not (mention.sides & wanted[0].sides or "bilateral" in mention.sides):
            continue
        if count.negated:
            if mention.status == "absent" and relation in ("same", "umbrella") and not mention.severities:
                return True
        elif relation in ("same", "kind"):
            if mention.status == "present":
                return True
            doubted = doubted or mention.status == "uncertain"
    return None if doubted else False


def _names(count: Count, sentence: str) -> bool | None:
    """Whether the sentence has what no phrase of a report says: a group ("device"), a measured value, or any words.

    None where it names a measure without a value: whoever counts values leaves that out, whoever counts words does not.
    """
    status = "absent" if count.negated else "present"
    if any(implies(finding, count.finding) == status for finding in extract_findings(sentence)):
        return True
    phrased = f" {'no ' * count.negated}{_plain(count.finding)} " in f" {_plain(sentence)} "
    return None if phrased and named_measures(count.finding) else phrased


def _plain(text: str) -> str:
    return " ".join(word.norm for word in words(text) if word.norm[0].isalnum())
