"""A patient's history: the same patient's studies, newest first, each with the interval to the one asked about.

Global and regional, as MMXU's memory does it (Mu et al., "MMXU: A Multi-Modal and Multi-X-ray Understanding Dataset
for Disease Progression", 2025): the whole report of each study, or, where the question names a finding or a part of
the body, the sentences that speak of it. Dates are moved by the same number of days for all studies of a patient
(`Pseudonyms.shift_days`), so intervals are the real ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from assistant.findings.asked import Asked, asked_about
from assistant.findings.extract import extract_findings
from assistant.findings.sentences import sentence_spans
from assistant.records import Evidence, Kind, Passage, Place, Record, TextPlace, evidence_id
from assistant.retrieve.query import Query
from assistant.retrieve.select import whole
from assistant.retrieve.wall import Own
from assistant.settings import RetrieveSettings
from assistant.store.filters import Filter
from assistant.store.index import OpenIndex
from assistant.wording import joined, worded

Unit = Literal["day", "week", "month", "year"]

REPORT_PASSAGES = 2  # of a study's report, where nothing in particular is asked
_SUMMARY = ("impression", "conclusion", "interpretation", "assessment", "summary")

NO_PATIENT = "history: no patient is known; choose one (--patient ID) or upload a file that names its patient"
UNKNOWN_PATIENT = "history: the archive holds nothing of this patient"
SEVERAL_PATIENTS = "history: the question concerns more than one patient, so none is looked up"


@dataclass(frozen=True, slots=True)
class _Study:
    """One study of the patient: its records (with passages) as far as they lie inside the wall, and its date."""

    records: tuple[Record, ...]
    taken_at: datetime | None

    def only(self, kinds: frozenset[Kind]) -> _Study:
        return _Study(tuple(r for r in self.records if not kinds or r.kind in kinds), self.taken_at)


def history(
    indexes: Sequence[OpenIndex],
    filters: Sequence[Filter],
    owned: Sequence[Own],
    query: Query,
    settings: RetrieveSettings,
) -> tuple[list[Evidence], str]:
    """The history of the one patient whom a query is about, newest study first, and in words what was looked up.

    `filters` and `owned` are one for each index. The uploads' own study is left out, and with `leave_out_own`, too,
    what was taken after it. Nothing is returned where no patient, or more than one, is known.
    """
    patients = {patient for own in owned for patient in own.patients}
    if len(patients) != 1:
        return [], SEVERAL_PATIENTS if patients else UNKNOWN_PATIENT if query.patient else NO_PATIENT
    patient = next(iter(patients))
    studies: dict[str, _Study] = {}
    for index, filter_, own in zip(indexes, filters, owned, strict=True):
        if filter_.patient not in (None, patient):
            continue  # an upload of another patient than the one chosen
        this = own.studies | {index.studies_named(upload.study) for upload in query.uploads if upload.study}
        within = replace(
            filter_,
            patient=patient,
            exclude_patients=frozenset({index.pseudonym_of(query.exclude_patient)} if query.exclude_patient else ()),
            exclude_studies=filter_.exclude_studies | this,
        )
        for study_id, records in index.studies_of(within).items():
            had = studies[study_id].records if study_id in studies else ()
            studies[study_id] = _study((*had, *records))
    now, name = _reference(indexes, owned, query, studies)
    if query.leave_out_own and now:  # a draft must not know what came later
        studies = {key: s for key, s in studies.items() if s.taken_at is not None and s.taken_at <= now}
    shown = [study.only(query.kinds) for study in studies.values()]  # dated by all of their records
    ordered = sorted(
        (study for study in shown if study.records), key=lambda study: study.taken_at or datetime.min, reverse=True
    )
    asked = asked_about(query.text)
    evidence: list[Evidence] = []
    for number, study in enumerate(ordered):
        pieces = _of(study, asked, when(study.taken_at, now, name))
        if number >= settings.history_studies:
            beyond = worded("beyond the {count} latest studies", count=settings.history_studies)
            pieces = [replace(piece, kept=False, why=joined([piece.why, beyond])) for piece in pieces]
        evidence += pieces
    many = "{count} studies of the same patient" if len(ordered) != 1 else "{count} study of the same patient"
    what = "the sentences on what the question names" if asked else "whole reports"
    count = worded(many, count=len(ordered))
    return evidence, worded("history: {count}, newest first, {what}", count=count, what=what)


def _study(records: Sequence[Record]) -> _Study:
    dates = [record.taken_at for record in records if record.taken_at]
    return _Study(tuple(records), max(dates) if dates else None)


def _reference(
    indexes: Sequence[OpenIndex], owned: Sequence[Own], query: Query, studies: Mapping[str, _Study]
) -> tuple[datetime | None, str]:
    """The date from which intervals are told, and what was taken then.

    The uploads' own study as the archive dates it, or as their file does where it names the patient (the date of
    another file is moved by other days); without either, the patient's latest study.
    """
    own = [
        stored.record.taken_at
        for index, known in zip(indexes, owned, strict=True)
        for stored in index.study_records(known.studies)
    ]
    own += [upload.record.taken_at for upload in query.uploads if upload.patient]
    if dates := [moment for moment in own if moment]:
        return max(dates), "this study"
    if dates := [study.taken_at for study in studies.values() if study.taken_at]:
        return max(dates), "the latest study"
    return None, ""


_COUNTED: dict[Unit, tuple[str, str]] = {
    "day": ("{number} day", "{number} days"), "week": ("{number} week", "{number} weeks"),
    "month": ("{number} month", "{number} months"), "year": ("{number} year", "{number} years"),
}  # fmt: skip


def apart(days: int) -> tuple[int, Unit]:
    """A number of days in the unit in which one says it: (5, "day"), (6, "week"), (3, "month"), (2, "year")."""
    units: tuple[tuple[Unit, float, int], ...] = (("year", 365.25, 730), ("month", 30.44, 57), ("week", 7, 14))
    return next(((round(days / length), unit) for unit, length, least in units if days >= least), (days, "day"))


def interval(days: int) -> str:
    """A number of days as one says it: "5 days", "6 weeks", "3 months", "2 years"."""
    number, unit = apart(days)
    one, several = _COUNTED[unit]
    return worded(one if number == 1 else several, number=number)


def when(taken_at: datetime | None, now: datetime | None, name: str) -> str:
    """When something was taken as told from `now`, which is called `name`: "6 weeks before the latest study"."""
    if taken_at is None or now is None:
        return "without a date"
    days = (now.date() - taken_at.date()).days
    if days == 0:
        return name if name == "the latest study" else worded("on the same day as {name}", name=name)
    return worded(
        "{interval} before {name}" if days > 0 else "{interval} after {name}", interval=interval(abs(days)), name=name
    )


def _of(study: _Study, asked: Asked, taken: str) -> list[Evidence]:
    """What a study adds: sentences of its texts that concern what is asked, else their most telling passages; where it
    has no text, its pictures and signals."""
    texts = [record for record in study.records if record.kind == "text"]
    why = worded("history, {when}", when=taken)
    if not texts:
        return [_evidence(record, *whole(record), why) for record in study.records]
    if not asked:
        return [_evidence(r, _place(p), r.text[p.start : p.end], why, p.section) for r in texts for p in _telling(r)]
    found = [
        _evidence(
            record, TextPlace(start, end), record.text[start:end], worded("{why}: speaks of what is asked", why=why)
        )
        for record in texts
        for start, end in _sentences_on(asked, record.text)
    ]
    if found:
        return found
    record = texts[0]
    told = worded("{why}: does not speak of what is asked", why=why)
    silent = _evidence(record, None, record.title or record.text[:120], told)
    return [replace(silent, kept=False)]


def _sentences_on(asked: Asked, text: str) -> list[tuple[int, int]]:
    starts = [finding.start for finding in extract_findings(text) if asked.concerns(finding)]
    return [(start, end) for start, end in sentence_spans(text) if any(start <= at < end for at in starts)]


def _telling(record: Record) -> list[Passage]:
    """The passages of a report's impression, or its first ones."""
    summary = [p for p in record.passages if p.section and p.section.lower().startswith(_SUMMARY)]
    return (summary or list(record.passages))[:REPORT_PASSAGES]


def _place(passage: Passage) -> Place:
    return TextPlace(passage.start, passage.end, passage.page)


def _evidence(record: Record, place: Place | None, text: str, why: str, section: str | None = None) -> Evidence:
    return Evidence(
        id=evidence_id(record.record_id, place), record_id=record.record_id, kind=record.kind,
        modality=record.modality, relation="own", text=text, place=place, score=1.0, kept=True, why=why,
        patient_id=record.patient_id, study_id=record.study_id, external_id=record.external_id, labels=record.labels,
        title=record.title, url=record.url, section=section, taken_at=record.taken_at, dates_moved=record.dates_moved,
    )  # fmt: skip
