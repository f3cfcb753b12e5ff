"""The patient wall as one query sees it: which records are its own, and which it may never meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.retrieve.copies import copies_in
from assistant.retrieve.query import Query
from assistant.settings import Settings
from assistant.store.filters import Filter
from assistant.store.index import OpenIndex

_NO_STUDY = frozenset({""})  # as a filter: nothing


@dataclass(frozen=True, slots=True)
class Own:
    """Of one index, the query's own: patients, and studies of no named patient (pseudonyms)."""

    patients: frozenset[str] = frozenset()
    studies: frozenset[str] = frozenset()

    def holds(self, patient: str | None, study: str | None) -> bool:
        """Whether a record of this patient and study is the query's own."""
        return patient in self.patients if patient else study in self.studies


def own_of(indexes: Sequence[OpenIndex], query: Query) -> list[Own]:
    """What is the query's own in each index: by the archive's own id, or because an upload lies in it.

    Where that is not certain, nothing is: an id that two namespaces hold, or a file that lies with two patients, names
    nobody. A file that names its patient is never taken for another's.
    """
    holders = [index.holders(_hashes(query)) for index in indexes]
    named = {query.patient} if query.patient else set()
    patients = {found for own_id in named for found in _of_id(indexes, own_id)}
    studies: list[set[str]] = [set() for _ in indexes]
    for upload in query.uploads:
        held = [held_by.get(upload.record.sha256, ()) for held_by in holders]
        people = frozenset(person for index_held in held for _, persons in index_held for person in persons)
        if upload.patient:
            found = _of_id(indexes, upload.patient)
            owners = found if len(found) == 1 else found & people
        else:
            owners = people
        if len(owners) > 1:
            continue
        patients |= owners
        for n, index_held in enumerate(held):
            studies[n] |= {study for study, persons in index_held if persons <= owners}
    return [Own(frozenset(patients), frozenset(of_index)) for of_index in studies]


def _of_id(indexes: Sequence[OpenIndex], own_id: str) -> frozenset[str]:
    """The patients (pseudonyms) that bear this id in the open indexes: one for each namespace that holds any."""
    return frozenset(p for index in indexes if index.has_patient(p := index.pseudonym_of(own_id)))


def whose_is_unclear(indexes: Sequence[OpenIndex], query: Query) -> str:
    """Why a query's patient can't be told; empty where it can."""
    if query.patient and len(found := _of_id(indexes, query.patient)) > 1:
        names = ", ".join(i.name for i in indexes if i.pseudonym_of(query.patient) in found)
        return (
            f"Indexes that number their patients apart each hold a patient of this id ({names}), and they are not "
            "the same person: choose one index (--index)."
        )
    return ""


def filters_of(indexes: Sequence[OpenIndex], query: Query, settings: Settings) -> list[Filter]:
    """A query's filter in each index; ids become pseudonyms in the index's own namespace.

    Kinds are not part of it: a text hit may lead to a picture through the study. With `leave_out_own`, out go the
    uploads' patients, by id and as the owners of the very files or of near-duplicates, and the studies of both; whom
    one index knows by a copy is left out of every index.
    """
    patients, studies = set(query.leave_out_patients), set(query.leave_out_studies)
    for index in indexes:
        patients |= {index.pseudonym_of(query.exclude_patient)} if query.exclude_patient else set()
        for upload in query.uploads if query.leave_out_own else ():
            patients |= {index.pseudonym_of(upload.patient)} if upload.patient else set()
            studies |= {index.studies_named(upload.study)} if upload.study else set()
            held = index.holders([upload.record.sha256]).get(upload.record.sha256, ())
            copies = index.records(copies_in(index, upload, settings)).values()
            studies |= {study for study, _ in held} | {str(c.record.study_id) for c in copies}
            if upload.record.kind != "text":  # "No acute finding." is many patients' report
                patients |= {person for _, persons in held for person in persons}
                patients |= {c.record.patient_id for c in copies if c.record.patient_id}
    return [
        Filter(
            modalities=query.modalities,
            patient=index.pseudonym_of(query.patient) if query.patient else None,
            since=query.since,
            until=query.until,
            findings=query.findings,
            studies=query.studies if not query.indexes or index.name in query.indexes else _NO_STUDY,
            exclude_patients=frozenset(patients),
            exclude_studies=frozenset(studies),
        )
        for index in indexes
    ]


def _hashes(query: Query) -> set[str]:
    return {upload.record.sha256 for upload in query.uploads if upload.record.sha256}
