"""Rows of a catalogue as they are read back: passages, records, and the statements that every search runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from assistant.ingest.series import is_slice
from assistant.records import Passage, Record
from assistant.store.catalogue import PassageRow, PathRow, RecordRow
from assistant.store.sqlite import open_sqlite


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage and the record it belongs to; `text` is the passage's own, or the record's caption."""

    pk: int
    record_pk: int
    passage: Passage
    text: str
    is_caption: bool


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as the catalogue holds it, with its key there and whether it belongs to a patient's study."""

    pk: int
    record: Record
    is_case: bool
    chars: int  # of the record's text, which may not be there itself


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record came from: its file, its uri, and the number of its source in the recipe. `path` is None for the
    text of a manifest's row and for what lies in a PACS."""

    path: Path | None
    uri: str
    source: str


@dataclass(frozen=True, slots=True)
class CaseRow:
    """What a count takes of a record; `study` and `patient` are pseudonyms."""

    pk: int
    kind: str
    modality: str
    study: str
    patient: str | None
    labels: Mapping[str, str]


# Statements that every search runs, built once: SQLAlchemy then takes the compiled text from its cache.
_OF_PASSAGE = (
    PassageRow.pk, PassageRow.record_pk, PassageRow.start, PassageRow.end, PassageRow.section, PassageRow.page,
    PassageRow.caption,
    func.substr(RecordRow.text, PassageRow.start + 1, PassageRow.end - PassageRow.start).label("own_text"),
)  # fmt: skip
_OF_RECORD = (
    *(column for column in RecordRow.__table__.columns if column.name not in ("pk", "text")),
    func.length(RecordRow.text).label("chars"),
)
_IS_ASKED = PassageRow.pk.in_(bindparam("pks", expanding=True))
PASSAGES = select(*_OF_PASSAGE).join(RecordRow, RecordRow.pk == PassageRow.record_pk).where(_IS_ASKED)
FOUND = select(*_OF_PASSAGE, *_OF_RECORD).join(RecordRow, RecordRow.pk == PassageRow.record_pk).where(_IS_ASKED)
RECORDS = select(RecordRow.pk, *_OF_RECORD).where(RecordRow.pk.in_(bindparam("pks", expanding=True)))


def passage_of(
    pk: int, record_pk: int, start: int, end: int, section: str | None, page: int | None, caption: str | None, text: str
) -> StoredPassage:
    return StoredPassage(pk, record_pk, Passage(start, end, section, page), caption or text, caption is not None)


def record_of(row: Any, passages: tuple[Passage, ...], text: str | None = None) -> Record:
    """A record from its row, and its text from there unless it is given."""
    return Record(
        kind=row.kind,
        modality=row.modality, uri="", sha256=row.sha256, part=row.part, record_id=row.record_id,
        patient_id=row.patient_id, study_id=row.study_id, taken_at=row.taken_at, external_id=row.external_id,
        title=row.title, url=row.url, text=row.text if text is None else text, passages=passages, labels=row.labels,
        fields=row.fields, dates_moved=row.shift is not None,
    )  # fmt: skip


def stored_passage(row: PassageRow, text: str) -> StoredPassage:
    passage = Passage(row.start, row.end, row.section, row.page)
    return StoredPassage(
        row.pk, row.record_pk, passage, row.caption or text[row.start : row.end], row.caption is not None
    )


def place_of(paths_file: Path, item_id: str, record: Record) -> Place:
    """Where an item's record came from, as the paths of its generation tell."""
    paths = open_sqlite(paths_file)
    with Session(paths) as session:
        columns = select(PathRow.path, PathRow.uri, PathRow.key).where(PathRow.item_id == item_id)
        found = session.execute(columns).one_or_none()
        path, uri = (found.path, found.uri) if found else (None, "")
        if is_slice(record):
            slices = session.scalar(select(PathRow.slices).where(PathRow.item_id == item_id)) or {}
            path, uri = slices.get(record.part, (path, uri))
    paths.dispose()
    return Place(Path(path) if path else None, uri, found.key.partition("/")[0] if found else "")
