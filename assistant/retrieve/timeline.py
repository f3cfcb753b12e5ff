"""All studies of one patient in time, as the open indexes hold them: what a patient's timeline shows.

It is about one patient, or there is none: an id that two namespaces hold, a file that lies with two patients or a
record without a patient gives no timeline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from assistant.errors import BadQuery
from assistant.records import Record
from assistant.retrieve.query import Query, Upload
from assistant.retrieve.wall import own_of
from assistant.store.filters import Filter
from assistant.store.index import OpenIndex


@dataclass(frozen=True, slots=True)
class PastStudy:
    """A study, its records without picture or signal, its date (moved as all dates of this patient are), and how many
    days it lies before the reference; `is_reference` marks the study that the others are counted from."""

    study_id: str
    index: str
    taken_at: datetime | None
    records: tuple[Record, ...]
    days_before: int | None = None
    is_reference: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """A patient (pseudonym) and the studies, newest first, those without a date at the end.

    Days are counted from `reference`: when the upload was taken, if its file names its patient, else the latest study.
    """

    patient_id: str
    studies: tuple[PastStudy, ...]
    reference: datetime | None


def timeline_of(
    indexes: Sequence[OpenIndex], *, patient: str | None = None, upload: Upload | None = None,
    pseudonym: str | None = None,
) -> Timeline:  # fmt: skip
    """The timeline of the patient of the archive's own id, of an upload, or of a record (by pseudonym).

    Raises BadQuery where that is no patient, or more than one.
    """
    if pseudonym is not None:
        patients = frozenset({pseudonym})
    else:
        query = Query(uploads=(upload,) if upload else (), patient=patient)
        patients = frozenset(person for own in own_of(indexes, query) for person in own.patients)
    if len(patients) != 1:
        raise BadQuery(
            "more than one patient in the open archives has this id: choose one index (--index)"
            if patients
            else "the archive knows no patient of this record or id, so there is no timeline"
        )
    person = next(iter(patients))
    found: list[PastStudy] = []
    for index in indexes:
        for study_id, records in index.studies_of(Filter(patient=person)).items():
            dates = [record.taken_at for record in records if record.taken_at]
            found.append(PastStudy(study_id, index.name, max(dates) if dates else None, tuple(records)))
    if not found:
        raise BadQuery("the archive holds nothing of this patient")
    now = upload.record.taken_at if upload and upload.patient else None
    return Timeline(person, *_dated(found, now))


def _dated(studies: Sequence[PastStudy], now: datetime | None) -> tuple[tuple[PastStudy, ...], datetime | None]:
    dates = [study.taken_at for study in studies if study.taken_at]
    reference = now or (max(dates) if dates else None)
    ordered = sorted(studies, key=lambda study: study.taken_at or datetime.min, reverse=True)
    placed = tuple(
        PastStudy(
            study.study_id, study.index, study.taken_at, study.records,
            (reference.date() - study.taken_at.date()).days if reference and study.taken_at else None,
            now is None and study.taken_at is not None and study.taken_at == reference,
        )
        for study in ordered
    )  # fmt: skip
    return placed, reference
