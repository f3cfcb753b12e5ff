"""One patient's records out of an index, in every generation and working copy of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import and_, or_, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from assistant.errors import DamagedIndex
from assistant.pseudonyms import Pseudonyms
from assistant.store.catalogue import MetaRow, RecordRow, open_catalogue
from assistant.store.generations import IndexFolder
from assistant.store.working import CATALOGUE, WorkingCopy


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
    return str(_meta(folder.open_current(verify=False) / CATALOGUE).get("namespace", ""))


def held(folder: IndexFolder, patient: str) -> Held:
    """What every generation and working copy of an index holds of a patient (a pseudonym).

    Records of nobody that belong to a study of the patient are the patient's. Raises DamagedIndex for a catalogue that
    can't be read.
    """
    current = folder.open_current(verify=False)
    now = _of_patient(current / CATALOGUE, patient)
    others = [path for path in _catalogues(folder) if path.parent != current]
    older = [found for path in others if (found := _of_patient(path, patient)).records]
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
    with folder.lock():
        base = folder.open_current()
        number = int(base.name)
        if found.current:
            meta = {**_meta(base / CATALOGUE), "base": number}
            work = WorkingCopy.open(folder, base, meta, str(meta.get("namespace", "")), pseudonyms, anew=True)
            work.remove_records(sorted(_of_patient(base / CATALOGUE, patient).records))
            number += 1
            work.commit(base, number)
        shutil.rmtree(folder.building, ignore_errors=True)
        folder.sweep(1)
        return number


def _catalogues(folder: IndexFolder) -> list[Path]:
    return sorted([*folder.path.glob(f"generations/*/{CATALOGUE}"), *folder.path.glob(f"building/{CATALOGUE}")])


def _of_patient(path: Path, patient: str) -> _Found:
    engine = open_catalogue(path, writable=path.parent.name == "building")
    try:
        with Session(engine) as session:
            of_patient = select(RecordRow.study_id).where(RecordRow.patient_id == patient)
            belongs = or_(
                RecordRow.patient_id == patient,
                and_(RecordRow.patient_id.is_(None), RecordRow.study_id.in_(of_patient)),
            )
            rows = session.execute(select(RecordRow.record_id, RecordRow.study_id).where(belongs)).all()
    except DatabaseError as error:
        raise DamagedIndex(f"{path}: can't be read ({error.orig}); build the index again") from error
    finally:
        engine.dispose()
    return _Found(frozenset(row.study_id for row in rows), frozenset(row.record_id for row in rows))


def _meta(path: Path) -> dict[str, object]:
    engine = open_catalogue(path)
    try:
        with Session(engine) as session:
            return {row.key: row.value for row in session.scalars(select(MetaRow))}
    except DatabaseError as error:
        raise DamagedIndex(f"{path}: can't be read ({error.orig}); build the index again") from error
    finally:
        engine.dispose()
