"""The working copy of an index while it is built: catalogue, staged vectors, and the way to a new generation."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, delete, func, insert, select, update
from sqlalchemy.orm import Session

from assistant.errors import DatabaseUnavailable
from assistant.ingest import Item
from assistant.measure.thumbnail import thumbnail
from assistant.pseudonyms import Pseudonyms
from assistant.records import KINDS, Kind, Record
from assistant.store.catalogue import (
    FindingRow,
    ItemRow,
    MetaRow,
    PassageRow,
    PathBase,
    PathRow,
    RecordRow,
    StagedVector,
    release,
)
from assistant.store.deletion import delete_items, delete_records
from assistant.store.forgotten import REASON, Forgotten
from assistant.store.generations import IndexFolder
from assistant.store.indexed_text import indexed_rows, passages_of
from assistant.store.learned import LEARNING, write_learned
from assistant.store.places import discard, is_in_place, new_catalogue
from assistant.store.sqlite import chunks, open_sqlite, settle
from assistant.store.stated import STATED_BY, add_findings, finding_rows, read_findings_again
from assistant.store.vectors import load_vectors, write_vectors
from assistant.store.words import WordIndex

PATHS = "paths.sqlite"
WORDS = "words"
FINGERPRINTS = "fingerprints"
VECTORS = "vectors"  # for each kind the structure that was chosen, and what was measured


VectorKind = Kind | Literal["thumbnail"]
"""A thumbnail is a picture's too, by which its copies are known (`assistant.measure.thumbnail`)."""
VECTOR_KINDS: tuple[VectorKind, ...] = (*KINDS, "thumbnail")


def vector_folder(kind: VectorKind) -> str:
    return f"vectors/{kind}"


def recorded_as(kind: VectorKind) -> Kind:
    """The kind of the records that have such vectors."""
    return "image" if kind == "thumbnail" else kind


@dataclass(frozen=True, slots=True)
class EncodedItem:
    """One file or row as it goes into the catalogue: its records, or the reason it is set aside.

    `digest` is of the content of its files, `parts` are those that could not be read with their reasons, `removed`
    says how many identifiers of each kind were taken out.

    `vectors` has one unit vector for each image or signal record, `passage_vectors` one for each passage and
    caption of each record, in the order of `passages_of`.
    """

    item: Item
    records: tuple[Record, ...]
    reason: str | None
    vectors: tuple[NDArray[np.float32] | None, ...] = ()
    passage_vectors: tuple[tuple[NDArray[np.float32], ...], ...] = ()
    digest: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    removed: Mapping[str, int] = field(default_factory=dict)


def _slices(encoded: EncodedItem) -> dict[str, list[str]]:
    """Where the file of each record of a series lies, or its object in a PACS; empty for another item."""
    if encoded.item.path is None and encoded.item.row is None:
        return {record.part: ["", record.uri] for record in encoded.records if record.uri != encoded.item.uri}
    files = {part.uri: str(part.path) for part in encoded.item.parts}
    return {record.part: [files[record.uri], record.uri] for record in encoded.records if record.uri in files}


def _without(encoded: EncodedItem, forgotten: Forgotten) -> EncodedItem:
    """An item less the records of forgotten patients; set aside where nothing is left."""
    kept = [n for n, record in enumerate(encoded.records) if not forgotten.covers(record)]
    if len(kept) == len(encoded.records):
        return encoded
    return replace(
        encoded,
        records=tuple(encoded.records[n] for n in kept),
        vectors=tuple(encoded.vectors[n] for n in kept),
        passage_vectors=tuple(encoded.passage_vectors[n] for n in kept),
        reason=None if kept else REASON,
    )


class WorkingCopy:
    """A writable copy of the current generation's catalogue, to which items are added and from which they go.

    Every batch is one transaction that holds rows and vectors alike, so a killed build goes on from its last
    batch. `commit` makes the new generation.
    """

    def __init__(self, folder: IndexFolder, namespace: str, pseudonyms: Pseudonyms) -> None:
        self._folder = folder
        self._namespace = namespace
        self._pseudonyms = pseudonyms
        self._forgotten = Forgotten.of(folder, namespace, pseudonyms)
        self._place = folder.catalogue(folder.building)
        self._catalogue: Engine = self._place.engine(writable=True)
        self._paths: Engine = open_sqlite(folder.building / PATHS, writable=True)

    @classmethod
    def open(
        cls,
        folder: IndexFolder,
        base: Path | None,
        meta: Mapping[str, Any],
        namespace: str,
        pseudonyms: Pseudonyms,
        *,
        anew: bool = False,
    ) -> WorkingCopy:
        """Go on with the working copy of a killed build if it grew from the same base, else start a new one."""
        if anew or not _resumable(folder, meta):
            discard(folder.building, folder.store)
            _start(folder, base, meta)
        return cls(folder, namespace, pseudonyms)

    def begin(self, touched: Mapping[str, str], again: Set[str]) -> dict[str, str]:
        """The stamp of every item by its item id, with the new ones of items that were `touched` and have the same
        content; those to be read `again` have none."""
        with Session(self._catalogue) as session, session.begin():
            stamps = {row.item_id: row.stamp for row in session.execute(select(ItemRow.item_id, ItemRow.stamp))}
            fresh = [{"item_id": i, "stamp": stamp} for i, stamp in touched.items() if i in stamps]
            if fresh:
                session.execute(update(ItemRow), fresh)
        return {i: "" if i in again else touched.get(i, stamp) for i, stamp in stamps.items()}

    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of the encoder that made the vectors of each kind, as far as there are any."""
        with Session(self._catalogue) as session:
            row = session.get(MetaRow, FINGERPRINTS)
            return dict(row.value) if row else {}

    def put(self, items: Sequence[EncodedItem], fingerprints: Mapping[str, str]) -> None:
        """Replace items by what was read of them now, encoded as `fingerprints` says: one transaction.

        Of an item that holds nothing but a forgotten patient's records, its path is not kept either.
        """
        items = [_without(encoded, self._forgotten) for encoded in items]
        ids = [self._pseudonyms.item(self._folder.name, encoded.item.key) for encoded in items]
        with Session(self._paths) as paths, paths.begin():  # first: a path without its item does no harm
            paths.execute(delete(PathRow).where(PathRow.item_id.in_(ids)))
            paths.add_all(
                PathRow(
                    item_id=i,
                    key=e.item.key,
                    uri=e.item.uri,
                    path=str(e.item.path) if e.item.path else None,
                    reason=e.reason,
                    parts=[list(part) for part in e.parts],
                    removed=dict(e.removed),
                    slices=_slices(e),
                )
                for i, e in zip(ids, items, strict=True)
                if e.reason != REASON
            )
        with Session(self._catalogue) as session, session.begin():
            session.merge(MetaRow(key=FINGERPRINTS, value=dict(fingerprints)))
            delete_items(session, ids)
            session.add_all(
                ItemRow(item_id=i, stamp=e.item.stamp, digest=e.digest, is_aside=e.reason is not None)
                for i, e in zip(ids, items, strict=True)
            )
            session.flush()
            self._add_records(session, dict(zip(ids, items, strict=True)))

    def remove(self, item_ids: Sequence[str]) -> None:
        with Session(self._catalogue) as session, session.begin():
            delete_items(session, item_ids)
        with Session(self._paths) as paths, paths.begin():
            for chunk in chunks(item_ids):
                paths.execute(delete(PathRow).where(PathRow.item_id.in_(chunk)))

    def remove_records(self, record_ids: Sequence[str]) -> None:
        """Remove single records, and the items of which nothing is left then."""
        with Session(self._catalogue) as session, session.begin():
            items: set[str] = set()
            for chunk in chunks(record_ids):
                items |= set(session.scalars(select(RecordRow.item_id).where(RecordRow.record_id.in_(chunk))))
                delete_records(session, RecordRow.record_id.in_(chunk))
            left = {
                item_id
                for chunk in chunks(sorted(items))
                for item_id in session.scalars(select(RecordRow.item_id).where(RecordRow.item_id.in_(chunk)))
            }
        self.remove(sorted(items - left))

    def _add_records(self, session: Session, items: Mapping[str, EncodedItem]) -> None:
        """The records of a batch with all that hangs on them, each table in few statements: a server may be far."""
        findings: list[dict[str, Any]] = []
        vectors: list[dict[str, Any]] = []
        passages: list[tuple[PassageRow, NDArray[np.float32]]] = []
        rows = {item_id: self._record_rows(item_id, encoded) for item_id, encoded in items.items()}
        session.add_all(row for of_item in rows.values() for row in of_item)
        session.flush()
        for item_id, encoded in items.items():
            told = zip(rows[item_id], encoded.records, encoded.vectors, encoded.passage_vectors, strict=True)
            for row, record, vector, passage_vectors in told:
                if record.kind == "text" and row.is_case:
                    findings += finding_rows(row.pk, record.text)
                if vector is not None:
                    vectors.append({"kind": record.kind, "pk": row.pk, "vector": vector.tobytes()})
                if record.image is not None:
                    vectors.append({"kind": "thumbnail", "pk": row.pk, "vector": thumbnail(record.image).tobytes()})
                for (passage, caption), passage_vector in zip(passages_of(record), passage_vectors, strict=True):
                    passage_row = PassageRow(
                        record_pk=row.pk, start=passage.start, end=passage.end, section=passage.section,
                        page=passage.page, caption=caption,
                    )  # fmt: skip
                    passages.append((passage_row, passage_vector))
        session.add_all(row for row, _ in passages)
        session.flush()
        vectors += [{"kind": "text", "pk": row.pk, "vector": vector.tobytes()} for row, vector in passages]
        add_findings(session, findings)
        if vectors:
            session.connection().execute(insert(StagedVector), vectors)

    def _record_rows(self, item_id: str, encoded: EncodedItem) -> list[RecordRow]:
        is_case = any(r.kind != "text" or r.patient_id or r.modality == "SR" for r in encoded.records)
        return [self._record_row(item_id, encoded.item.key, record, is_case) for record in encoded.records]

    def _record_row(self, item_id: str, key: str, record: Record, is_case: bool) -> RecordRow:
        patient = record.patient_id
        record_id = self._pseudonyms.record(self._folder.name, key, f"{record.kind}/{record.part}")
        shift = record.shift_days
        return RecordRow(
            record_id=record_id,
            item_id=item_id,
            kind=record.kind,
            modality=record.modality,
            part=record.part,
            sha256=record.sha256,
            patient_id=self._pseudonyms.patient(patient, self._namespace) if patient else None,
            study_id=self._pseudonyms.study(record.study_id or key, self._namespace),
            is_case=is_case,
            taken_at=record.taken_at.replace(tzinfo=None) if record.taken_at else None,
            shift=self._pseudonyms.sealed(shift, record_id) if shift is not None else None,
            external_id=record.external_id,
            title=record.title,
            url=record.url,
            text=record.text,
            labels=dict(record.labels),
            fields={**_extent(record), **record.fields},
        )

    def remove_orphans(self) -> int:
        """Remove records without an item, and passages and findings without a record; gives their number."""
        with Session(self._catalogue) as session, session.begin():
            records = select(RecordRow.pk)
            stray = RecordRow.item_id.not_in(select(ItemRow.item_id))
            number = session.scalar(select(func.count()).select_from(RecordRow).where(stray)) or 0
            delete_records(session, stray)
            for model in (PassageRow, FindingRow):
                found = session.execute(delete(model).where(model.record_pk.not_in(records)))
                number += int(getattr(found, "rowcount", 0))
        return number

    def commit(
        self,
        base: Path | None,
        number: int,
        *,
        structures_anew: Set[VectorKind] = frozenset(),
        learned_anew: bool = False,
    ) -> Path:
        """Write the vector and word indexes beside the catalogue and make the whole the current generation.

        Of the base's files those that are to be made anew are not read.
        """
        building = self._folder.building
        choices = {
            kind: choice
            for kind in VECTOR_KINDS
            if (choice := self._write_vectors(kind, base, kind not in structures_anew))
        }
        with Session(self._catalogue) as session, session.begin():
            session.merge(MetaRow(key=VECTORS, value=choices))
        for kind in LEARNING:
            own = load_vectors(building / vector_folder(kind))
            before = None if learned_anew else base
            write_learned(self._catalogue, building, before, kind, own, self._folder.store)
        self._write_words()
        release(self._catalogue)
        self._place.seal(number)
        settle(self._paths)
        (building / PATHS).chmod(0o600)
        return self._folder.commit(number)

    def _write_vectors(self, kind: VectorKind, base: Path | None, structure: bool) -> dict[str, Any] | None:
        """The base generation's vectors, less the removed, plus the staged; gives the structure that was chosen."""
        pks = PassageRow.pk if kind == "text" else RecordRow.pk
        staged = select(StagedVector.pk, StagedVector.vector).where(StagedVector.kind == kind).order_by(StagedVector.pk)
        with Session(self._catalogue) as session:
            wanted = select(pks) if kind == "text" else select(pks).where(RecordRow.kind == recorded_as(kind))
            live = np.fromiter(session.scalars(wanted), np.int64)
            rows = ((pk, vector) for pk, vector in session.execute(staged.execution_options(yield_per=1000)))
            choice = write_vectors(
                self._folder.building / vector_folder(kind),
                base / vector_folder(kind) if base else None,
                live,
                rows,
                self._folder.store,
                structure=structure,
            )
        return choice.to_json() if choice else None

    def _write_words(self) -> None:
        """BM25 over every passage and caption, which are read one after the other and not kept."""
        passage = func.substr(RecordRow.text, PassageRow.start + 1, PassageRow.end - PassageRow.start)
        query = (
            select(PassageRow.record_pk, PassageRow.caption, passage, RecordRow.title, RecordRow.modality)
            .join(RecordRow, RecordRow.pk == PassageRow.record_pk)
            .order_by(PassageRow.pk)
            .execution_options(yield_per=1000)
        )
        with Session(self._catalogue) as session:
            pairs = session.execute(select(PassageRow.pk, PassageRow.record_pk).order_by(PassageRow.pk))
            ids, records = np.array([tuple(pair) for pair in pairs], np.int64).reshape(-1, 2).T
            _, first, document = np.unique(records, return_index=True, return_inverse=True)
            words = (
                WordIndex.build(ids, indexed_rows(session.execute(query)), ids[first[document]]) if len(ids) else None
            )
        folder = self._folder.building / WORDS
        shutil.rmtree(folder, ignore_errors=True)
        if words:
            words.save(folder)


def _extent(record: Record) -> dict[str, int | float]:
    """The size of a picture or signal, so that a place in it can be named without reading the file again."""
    if record.image is not None:
        height, width = record.image.pixels.shape[:2]
        return {"width": width, "height": height}
    if record.signal is not None:
        return {"duration_s": round(record.signal.duration_s, 3), "sampling_rate_hz": record.signal.sampling_rate_hz}
    return {}


def _resumable(folder: IndexFolder, meta: Mapping[str, Any]) -> bool:
    place = folder.catalogue(folder.building)
    if not (place.exists() and is_in_place(folder.building, folder.store) and (folder.building / PATHS).exists()):
        return False
    engine: Engine | None = None
    try:
        engine = place.engine(writable=True)
        with Session(engine) as session:
            session.execute(select(func.count()).select_from(StagedVector))  # gone once a commit has begun
            had = {row.key: row.value for row in session.scalars(select(MetaRow))}
            had.pop(VECTORS, None)  # left by a commit that was killed
            return {**had, FINGERPRINTS: None} == {**meta, FINGERPRINTS: None}
    except DatabaseUnavailable:
        raise
    except Exception:  # whatever is wrong with a leftover, the way out is a new working copy
        return False
    finally:
        if engine is not None:
            release(engine)


def _start(folder: IndexFolder, base: Path | None, meta: Mapping[str, Any]) -> None:
    building = folder.building
    building.mkdir(parents=True)
    if base:
        shutil.copyfile(base / PATHS, building / PATHS)
    place = new_catalogue(building, folder.store)
    place.start(folder.catalogue(base) if base else None, folder.name)
    catalogue = place.engine(writable=True)
    paths = open_sqlite(building / PATHS, writable=True)
    (building / PATHS).touch(mode=0o600)
    (building / PATHS).chmod(0o600)
    PathBase.metadata.create_all(paths)
    with Session(catalogue) as session, session.begin():
        stated_by = session.scalar(select(MetaRow.value).where(MetaRow.key == STATED_BY))
        session.execute(delete(MetaRow))
        session.execute(insert(MetaRow), [{"key": key, "value": value} for key, value in meta.items()])
    if base and stated_by != meta[STATED_BY]:
        read_findings_again(catalogue)
    release(catalogue)
    paths.dispose()
