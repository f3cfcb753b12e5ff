"""The texts of a chosen patient, or of chosen studies: few, and all of them about what is asked.

How likely a passage is to answer (`assistant.retrieve.chance`) was fitted to find one in a whole archive. A patient's
own report that says "heart size is normal" shares no word with "Is there cardiomegaly?" and is still the answer. So
where a patient is chosen, or studies are, their texts are handed on, those that speak of what is asked before the
others, and what they support is for whoever writes and checks the answer to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from math import inf

from assistant.findings import extract_findings
from assistant.retrieve.query import Query
from assistant.retrieve.question import Question, is_section, points_at_study, sought
from assistant.retrieve.rank import BLOCK, Hit
from assistant.retrieve.wall import Own
from assistant.settings import RetrieveSettings
from assistant.wording import joined, worded

_SILENT = "does not speak of what is asked, as other texts of the patient do"
_SILENT_STUDY = "does not speak of what is asked, as other texts of the chosen studies do"


def of_chosen(
    query: Query, question: Question, hits: Iterable[Hit], owned: Mapping[str, Own], settings: RetrieveSettings
) -> Iterator[Hit]:
    """Text hits with `apart` set on those of the patient or the studies that the query chooses; as they are where it
    chooses neither, and where it leaves out what is its own, as drafts and evaluations do.

    A text speaks of what is asked where it states or denies a finding that the question names or a part of the body of
    it, or where its chance to answer is enough. If any of the first ones does, those that don't are not handed on. If
    none does, or the question names no finding ("what was the impression?"), all are, unless the question is one of
    general knowledge that points at no study and the text is below the relevance floor. Where a report or a section of
    one is asked for, the newest report goes first, and of each report that section.
    """
    if not (query.patient or query.studies) or query.leave_out_own:
        yield from hits
        return
    silent = _SILENT if query.patient else _SILENT_STUDY
    whose = "the chosen patient's own" if query.patient else "of a chosen study"
    ranking = iter(hits)
    first = list(ranking if question.section else islice(ranking, BLOCK))
    speaking = [_speaks(hit, question, settings) for hit in first]
    if question.section:  # a report speaks of the wrist though its impression says "Fracture." alone
        reports = {_report(hit) for hit, speaks in zip(first, speaking, strict=True) if speaks}
        speaking = [_report(hit) in reports for hit in first]
    told = bool(question.about) and any(speaking)
    for_patient = bool(question.section) or question.kind != "knowledge" or points_at_study(query.text)
    order = sorted(range(len(first)), key=lambda n: (not speaking[n], *_as_asked(first[n], question)))  # else as ranked
    judged = chain(
        ((first[n], speaking[n]) for n in order), ((hit, _speaks(hit, question, settings)) for hit in ranking)
    )
    for hit, speaks in judged:
        if hit.by != "text" or not (_is_own(hit, owned) if query.patient else _is_chosen(hit, query)):
            yield hit
        elif speaks or (not told and (for_patient or hit.closeness >= settings.text_floor)):
            why = "speaks of what is asked" if speaks else whose
            yield replace(hit, apart="", why=joined([why, hit.why]))
        else:
            yield replace(
                hit,
                apart=silent if told else worded("below the relevance floor {floor:.2f}", floor=settings.text_floor),
            )


def _report(hit: Hit) -> tuple[str, int]:
    return hit.index.name, hit.stored.pk


def _as_asked(hit: Hit, question: Question) -> tuple[float, bool]:
    """Before others where a report is asked for: what is of a newer report, and of it the section asked for."""
    if not question.section:
        return 0.0, False
    section = hit.passage.passage.section if hit.passage else None
    taken_at = hit.stored.record.taken_at
    return -taken_at.timestamp() if taken_at else inf, not is_section(section, sought(question.section))


def _speaks(hit: Hit, question: Question, settings: RetrieveSettings) -> bool:
    if question.section:  # its words ask for a report, and say nothing of what stands in it but what they name
        return hit.passage is not None and any(map(question.about.concerns, extract_findings(hit.passage.text)))
    if hit.chance is not None and hit.chance >= settings.answer_chance:
        return True
    if hit.passage is None or not question.about:
        return hit.all_words
    return hit.all_words or any(question.about.concerns(finding) for finding in extract_findings(hit.passage.text))


def _is_chosen(hit: Hit, query: Query) -> bool:
    return hit.stored.record.study_id in query.studies


def _is_own(hit: Hit, owned: Mapping[str, Own]) -> bool:
    return owned[hit.index.name].holds(hit.stored.record.patient_id, hit.stored.record.study_id)
