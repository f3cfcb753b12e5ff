"""One patient's records out of an index, in every generation and working copy of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import and_, or_, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from assistant.errors import DamagedIndex, WorkspaceBusy
from assistant.pseudonyms import Pseudonyms
from assistant.store.catalogue import Catalogue, MetaRow, RecordRow, reading, release
from assistant.store.generations import IndexFolder
from assistant.store.places import discard
from assistant.store.working import WorkingCopy


@dataclass(frozen=True, slots=True)
class Held:
    """What an index holds of a patient: pseudonyms of studies, record ids, and where they stand."""

    studies: frozenset[str] = frozenset()
    records: frozenset[str] = frozenset()
    current: bool = False  # in the current generation
    older: bool = False  # in an older generation or in the working copy of an unfinished build

    def __bool__(self) -> bool:
        return self.current or self.older


@dataclass(frozen=True, slots=True)
class _Found:
    studies: frozenset[str]
    records: frozenset[str]


def namespace_of(folder: IndexFolder) -> str:
    """The patient namespace of a built index. Raises DamagedIndex, IndexMissing."""
    return str(_meta(folder.catalogue(folder.open_current(verify=False))).get("namespace", ""))


def held(folder: IndexFolder, patient: str) -> Held:
    """What every generation and working copy of an index holds of a patient (a pseudonym).

    Records of nobody that belong to a study of the patient are the patient's. Raises DamagedIndex for a catalogue that
    can't be read.
    """
    current = folder.open_current(verify=False)
    now = _of_patient(folder, current, patient)
    others = [path for path in (*folder.generations(), folder.building) if path != current]
    older = [found for path in others if (found := _of_patient(folder, path, patient)).records]
    return Held(
        studies=now.studies.union(*(found.studies for found in older)),
        records=now.records.union(*(found.records for found in older)),
        current=bool(now.records),
        older=bool(older),
    )


def erase(folder: IndexFolder, patient: str, pseudonyms: Pseudonyms, found: Held) -> int:
    """Write a generation without a patient and remove every older state of the index; gives its number.

    Raises WorkspaceBusy while the index is being built, DamagedIndex where its files do not match their hashes.
    """
    with folder.lock() as make_sure_of_it:
        base = folder.open_current()
        number = int(base.name)
        if found.current:
            meta = {**_meta(folder.catalogue(base)), "base": number}
            work = WorkingCopy.open(folder, base, meta, str(meta.get("namespace", "")), pseudonyms, anew=True)
            work.remove_records(sorted(_of_patient(folder, base, patient).records))
            number += 1
            make_sure_of_it()
            work.commit(base, number)
        discard(folder.building, folder.store)
        if left := folder.sweep(1):
            raise WorkspaceBusy(
                "index {folder!r}: an older state could not be removed ({left}); try again",
                folder=folder.name,
                left=left[0],
            )
        return number


def _of_patient(folder: IndexFolder, path: Path, patient: str) -> _Found:
    catalogue = folder.catalogue(path)
    if not catalogue.exists():
        return _Found(frozenset(), frozenset())
    engine = catalogue.engine(writable=path == folder.building)  # a working copy may have a write-ahead log
    try:
        with Session(engine) as session:
            of_patient = select(RecordRow.study_id).where(RecordRow.patient_id == patient)
            belongs = or_(
                RecordRow.patient_id == patient,
                and_(RecordRow.patient_id.is_(None), RecordRow.study_id.in_(of_patient)),
            )
            rows = session.execute(select(RecordRow.record_id, RecordRow.study_id).where(belongs)).all()
    except DatabaseError as error:
        raise DamagedIndex(
            "{where}: can't be read ({said}); build the index again", where=catalogue.where, said=error.orig
        ) from error
    finally:
        release(engine)
    return _Found(frozenset(row.study_id for row in rows), frozenset(row.record_id for row in rows))


def _meta(catalogue: Catalogue) -> dict[str, object]:
    try:
        with reading(catalogue) as session:
            return {row.key: row.value for row in session.scalars(select(MetaRow))}
    except DatabaseError as error:
        raise DamagedIndex(
            "{where}: can't be read ({said}); build the index again", where=catalogue.where, said=error.orig
        ) from error
