"""One committed generation, open for reading: filters, searches, and records by id."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from assistant.errors import EncoderMismatch, IndexMissing, RecipeError
from assistant.findings.wanted import WantedFinding
from assistant.ingest.dicom.web import PacsSource
from assistant.ingest.recipe import load_recipe
from assistant.pseudonyms import Pseudonyms, is_patient_pseudonym
from assistant.records import Finding, Kind, Passage, Record
from assistant.settings import StoreSettings
from assistant.store.catalogue import Catalogue, FindingRow, MetaRow, PassageRow, RecordRow, release
from assistant.store.filters import Filter
from assistant.store.generations import IndexFolder
from assistant.store.holders import Held, Holders
from assistant.store.learned import Learned, open_learned
from assistant.store.rows import (
    FOUND,
    PASSAGES,
    RECORDS,
    CaseRow,
    Place,
    StoredPassage,
    StoredRecord,
    passage_of,
    place_of,
    record_of,
    stored_passage,
)
from assistant.store.sqlite import chunks
from assistant.store.stated import STATED_BY, that_states
from assistant.store.vectors import VectorIndex, load_vectors
from assistant.store.words import WordIndex
from assistant.store.working import PATHS, WORDS, VectorKind, vector_folder

FILTERS_KEPT = 16  # whose keys stay in memory, eight bytes for each record or passage that they name
_Keys = NDArray[np.int64]


class OpenIndex:
    """A committed generation. Opening checks every file's SHA-256; vectors are loaded at first use."""

    def __init__(self, workspace: Path, name: str, store: StoreSettings | None = None) -> None:
        self.name = name
        self._folder = IndexFolder.of(workspace, name, store)
        self.path = self._folder.open_current()
        self.generation = int(self.path.name)
        self.opened_at = datetime.now()
        self._engine = self.catalogue.engine()
        weakref.finalize(self, release, self._engine)  # whoever still searches it when a newer one is opened goes on
        self._pseudonyms = Pseudonyms.of(workspace)
        with Session(self._engine) as session:
            self.meta: dict[str, Any] = {row.key: row.value for row in session.scalars(select(MetaRow))}

        self._holders = Holders(self._engine)
        self._filtered: dict[tuple[Filter, Kind], tuple[_Keys | None, _Keys | None]] = {}
        self._filtering = threading.Lock()

    @property
    def catalogue(self) -> Catalogue:
        return self._folder.catalogue(self.path)

    @property
    def namespace(self) -> str:
        return str(self.meta.get("namespace", ""))

    def is_stale(self) -> bool:
        """Whether a newer generation has been committed since this one was opened."""
        return self._folder.current() != self.generation

    def pseudonym_of(self, patient: str) -> str:
        """Of a patient by the archive's own id; a pseudonym stays what it is."""
        return patient if is_patient_pseudonym(patient) else self._pseudonyms.patient(patient, self.namespace)

    def encoder_name(self, kind: Kind) -> str:
        return str(self.meta["encoders"][kind])

    def fingerprint(self, kind: Kind) -> str | None:
        """Of the encoder that made this index's vectors of that kind."""
        return self.meta.get("fingerprints", {}).get(kind)

    def check_encoder(self, kind: Kind, fingerprint: str) -> None:
        """Raises EncoderMismatch when this index's vectors of that kind came from another encoder."""
        built = self.fingerprint(kind)
        if built and built != fingerprint:
            raise EncoderMismatch(
                "index {name!r}: its {kind} vectors were made by another version of {encoder_name!r} "
                "({built}, now {fingerprint}); build it again: wardround index {recipe}",
                name=self.name,
                kind=kind,
                encoder_name=self.encoder_name(kind),
                built=built,
                fingerprint=fingerprint,
                recipe=self.meta.get("recipe", self.name),
            )

    def vectors(self, kind: VectorKind) -> VectorIndex | None:
        """None where the index holds nothing of that kind."""
        return self._vectors.setdefault(kind, self._load(kind))

    @cached_property
    def _vectors(self) -> dict[VectorKind, VectorIndex | None]:
        return {}

    def _load(self, kind: VectorKind) -> VectorIndex | None:
        if kind in self._vectors:
            return self._vectors[kind]
        return load_vectors(self.path / vector_folder(kind))

    def learned(self, kind: Kind) -> Learned | None:
        """The metric that the index learned for a kind on its own labels; None where none was taken."""
        if kind not in self._learned:
            self._learned[kind] = open_learned(self.path, kind)
        return self._learned[kind]

    @cached_property
    def _learned(self) -> dict[Kind, Learned | None]:
        return {}

    @cached_property
    def words(self) -> WordIndex | None:
        folder = self.path / WORDS
        return WordIndex.load(folder) if folder.exists() else None

    # --- filters -----------------------------------------------------------------------------------

    def keys(self, filter_: Filter, kind: Kind) -> tuple[NDArray[np.int64] | None, NDArray[np.int64] | None]:
        """The (allowed, excluded) keys of a kind's vector index under a filter; None where all or none are.

        Raises IndexMissing where the filter asks for findings and the index was built before they were kept.
        """
        if filter_.findings and not self.meta.get(STATED_BY):
            raise IndexMissing(
                "index {name!r} was built before findings were kept; build it again: wardround index {recipe}",
                name=self.name,
                recipe=self.meta.get("recipe", self.name),
            )
        with self._filtering:  # a search asks for vectors and for words under one filter
            found = self._filtered.get((filter_, kind))
            if found is None:
                included = self._keys(filter_.included(), kind, and_, filter_ if filter_.is_bounded else None)
                found = included, self._keys(filter_.excluded(), kind, or_)
                self._filtered[filter_, kind] = found
                if len(self._filtered) > FILTERS_KEPT:
                    del self._filtered[next(iter(self._filtered))]
            return found

    def _keys(
        self, conditions: list[ColumnElement[bool]], kind: Kind, join: Any, bounds: Filter | None = None
    ) -> NDArray[np.int64] | None:
        if not conditions:
            return None
        key = PassageRow.pk if kind == "text" else RecordRow.pk
        query = select(key, RecordRow.record_id, RecordRow.taken_at, RecordRow.shift)
        if kind == "text":
            query = query.join(RecordRow, RecordRow.pk == PassageRow.record_pk).where(join(*conditions))
        else:
            query = query.where(RecordRow.kind == kind, join(*conditions))
        with Session(self._engine) as session:
            rows = session.execute(query)
            return np.fromiter((row[0] for row in rows if bounds is None or self._is_taken(bounds, *row[1:])), np.int64)

    def _is_taken(self, bounds: Filter, record_id: str, taken_at: datetime | None, sealed: int | None) -> bool:
        shift = 0 if sealed is None else self._pseudonyms.unsealed(sealed, record_id)
        return taken_at is not None and shift is not None and bounds.takes(taken_at, shift)

    def nearest(
        self,
        kind: Kind,
        queries: NDArray[np.float32],
        filters: Sequence[Filter],
        k: int,
        within: VectorIndex | None = None,
    ) -> list[tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """The k nearest of each query vector (n, dim) under its filter; queries under one filter go in one search.

        `within` are other vectors of the same records: those of the learned metric, for queries mapped by it.
        """
        vectors = self.vectors(kind) if within is None else within
        found = [(np.empty(0, np.float32), np.empty(0, np.int64))] * len(queries)
        if vectors is None:
            return found
        groups: dict[Filter, list[int]] = {}
        for n, filter_ in enumerate(filters):
            groups.setdefault(filter_, []).append(n)
        for filter_, members in groups.items():
            allowed, excluded = self.keys(filter_, kind)
            scores, ids = vectors.search(queries[members], k, allowed=allowed, excluded=excluded)
            for n, row_scores, row_ids in zip(members, scores, ids, strict=True):
                found[n] = (row_scores[row_ids >= 0], row_ids[row_ids >= 0])
        return found

    # --- what lies behind a key --------------------------------------------------------------------

    def passages(self, pks: Sequence[int]) -> dict[int, StoredPassage]:
        """Passages by key, each with its own text; the texts of their records stay where they are."""
        return {row[0]: passage_of(*row) for row in self._by_key(PASSAGES, pks)}

    def found(self, pks: Sequence[int]) -> dict[int, tuple[StoredPassage, StoredRecord]]:
        """Passages by key with their records (as `passages` and `records` give them), in one statement."""
        return {
            row[0]: (
                passage_of(*row[:8]),
                StoredRecord(row.record_pk, record_of(row, (), ""), row.is_case, row.chars),
            )
            for row in self._by_key(FOUND, pks)
        }

    def _by_key(self, statement: Select[Any], pks: Iterable[int]) -> list[Any]:
        with self._engine.connect() as connection:
            parts = chunks([int(pk) for pk in pks])
            return [row for part in parts for row in connection.execute(statement, {"pks": part})]

    def stretch(self, record_pk: int, start: int, end: int) -> str:
        """The text of a record from one place to another."""
        part = select(func.substr(RecordRow.text, start + 1, end - start)).where(RecordRow.pk == record_pk)
        with self._engine.connect() as connection:
            return str(connection.execute(part).scalar_one())

    def passages_of_records(self, record_pks: Sequence[int]) -> list[StoredPassage]:
        """All passages proper (no captions) of some records, in reading order."""
        with Session(self._engine) as session:
            rows = session.execute(
                select(PassageRow, RecordRow.text)
                .join(RecordRow, RecordRow.pk == PassageRow.record_pk)
                .where(PassageRow.record_pk.in_(list(record_pks)), PassageRow.caption.is_(None))
                .order_by(PassageRow.record_pk, PassageRow.start)
            ).all()
        return [stored_passage(row, text) for row, text in rows]

    def records(self, pks: Iterable[int]) -> dict[int, StoredRecord]:
        """Records by key, without their texts: only how long these are is told (`chars`)."""
        return {
            row.pk: StoredRecord(row.pk, record_of(row, (), ""), row.is_case, row.chars)
            for row in self._by_key(RECORDS, pks)
        }

    def whole_records(self, pks: Iterable[int]) -> dict[int, Record]:
        """Records by key with their texts, without their passages."""
        return {row.pk: record_of(row, ()) for row in self._rows(RecordRow.pk, list(pks))}

    def of_external_ids(self, ids: Sequence[str]) -> dict[str, Record]:
        """The same by the user's own keys; of several records of one key, the first."""
        rows = self._rows(RecordRow.external_id, ids)
        return {str(row.external_id): record_of(row, ()) for row in sorted(rows, key=lambda row: -row.pk)}

    def of_record_ids(self, ids: Sequence[str]) -> list[Record]:
        """The same by their own ids."""
        return [record_of(row, ()) for row in self._rows(RecordRow.record_id, ids)]

    def _rows(self, column: InstrumentedAttribute[Any], values: Sequence[Any]) -> list[RecordRow]:
        with Session(self._engine) as session:
            return [
                row for chunk in chunks(values) for row in session.scalars(select(RecordRow).where(column.in_(chunk)))
            ]

    def study_records(
        self, study_ids: Iterable[str], kind: Kind | None = None, within: Filter | None = None
    ) -> list[StoredRecord]:
        """The records of some studies (pseudonyms) that the wall of a filter lets through, in the order in which they
        were read."""
        query = select(RecordRow).where(RecordRow.study_id.in_(list(study_ids))).order_by(RecordRow.pk)
        if within:
            query = query.where(*within.wall())
        if kind:
            query = query.where(RecordRow.kind == kind)
        with Session(self._engine) as session:
            return [
                StoredRecord(row.pk, record_of(row, ()), row.is_case, len(row.text)) for row in session.scalars(query)
            ]

    def studies_of(self, within: Filter) -> dict[str, list[Record]]:
        """The records inside a filter by study (pseudonym), texts with their passages."""
        query = select(RecordRow).where(*within.included(), *within.wall()).order_by(RecordRow.pk)
        studies: dict[str, list[Record]] = {}
        with Session(self._engine) as session:
            rows = session.scalars(query).all()
            if within.is_bounded:
                rows = [r for r in rows if self._is_taken(within, r.record_id, r.taken_at, r.shift)]
            passages: dict[int, list[Passage]] = {}
            for chunk in chunks([row.pk for row in rows if row.kind == "text"]):
                proper = select(PassageRow).where(PassageRow.record_pk.in_(chunk), PassageRow.caption.is_(None))
                for p in session.scalars(proper.order_by(PassageRow.record_pk, PassageRow.start)):
                    passages.setdefault(p.record_pk, []).append(Passage(p.start, p.end, p.section, p.page))
            for row in rows:
                studies.setdefault(row.study_id, []).append(record_of(row, tuple(passages.get(row.pk, ()))))
        return studies

    def modalities_of(self, study_ids: Iterable[str]) -> dict[str, frozenset[str]]:
        """The modalities of the pictures and signals of some studies (pseudonyms); studies without any are left out."""
        query = select(RecordRow.study_id, RecordRow.modality).where(
            RecordRow.study_id.in_(list(study_ids)), RecordRow.kind != "text"
        )
        found: dict[str, set[str]] = {}
        with Session(self._engine) as session:
            for row in session.execute(query.distinct()):
                found.setdefault(row.study_id, set()).add(row.modality)
        return {study: frozenset(codes) for study, codes in found.items()}

    def holders(self, sha256: Iterable[str]) -> dict[str, Held]:
        """The studies that hold a file of each of these hashes, each with the patients of its records (pseudonyms)."""
        return self._holders.of(sha256)

    @property
    def states_findings(self) -> bool:
        """Whether the findings that its texts state are kept."""
        return bool(self.meta.get(STATED_BY))

    def stated_in(self, study_ids: Iterable[str], within: Filter) -> dict[str, list[Finding]]:
        """What those texts of some studies (pseudonyms) state that the wall of a filter lets through."""
        columns = (RecordRow.study_id, FindingRow.entity, FindingRow.status, FindingRow.side, FindingRow.severity)
        query = select(*columns).join(FindingRow, FindingRow.record_pk == RecordRow.pk).where(*within.wall())
        stated: dict[str, list[Finding]] = {}
        with Session(self._engine) as session:
            for row in session.execute(query.where(RecordRow.study_id.in_(list(study_ids)))):
                finding = Finding(row.entity, row.status, row.side, row.severity)
                stated.setdefault(row.study_id, []).append(finding)
        return stated

    def cases(self, within: Filter) -> list[CaseRow]:
        """All records of patients' studies inside a filter, its wall included, without their texts."""
        columns = (
            RecordRow.pk, RecordRow.kind, RecordRow.modality, RecordRow.study_id, RecordRow.patient_id,
            RecordRow.labels, RecordRow.record_id, RecordRow.taken_at, RecordRow.shift,
        )  # fmt: skip
        query = select(*columns).where(RecordRow.is_case.is_(True), *within.included(), *within.wall())
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return [CaseRow(*row[:6]) for row in rows if not within.is_bounded or self._is_taken(within, *row[6:])]

    def stating(self, wanted: WantedFinding) -> frozenset[int]:
        """The keys of the texts that state a finding."""
        query = select(FindingRow.record_pk).where(*that_states(wanted)).distinct()
        with self._engine.connect() as connection:
            return frozenset(connection.scalars(query))

    def has_patient(self, pseudonym: str) -> bool:
        """Whether it holds any record of a patient."""
        with Session(self._engine) as session:
            return session.scalar(select(RecordRow.pk).where(RecordRow.patient_id == pseudonym).limit(1)) is not None

    def find_study(self, name: str) -> list[Record]:
        """The records of the study of that name: its pseudonym, the archive's own id, or a record's external id."""
        studies = {name, self.studies_named(name)}
        with Session(self._engine) as session:
            studies |= set(session.scalars(select(RecordRow.study_id).where(RecordRow.external_id == name)))
        return [stored.record for stored in self.study_records(studies)]

    def vectors_of_study(self, study_id: str, kind: Kind) -> dict[str, NDArray[np.float32]]:
        """The vectors (dim,) of the records of a kind in a study (pseudonym), by record id."""
        vectors = self.vectors(kind)
        found = self.study_records([study_id], kind) if vectors is not None else []
        return {r.record.record_id: vectors.vector(r.pk) for r in found if vectors is not None and r.pk in vectors.ids}

    def find(self, record_id: str) -> tuple[Record, Place] | None:
        """A record with its passages, and where it came from."""
        with Session(self._engine) as session:
            row = session.scalar(select(RecordRow).where(RecordRow.record_id == record_id))
            if row is None:
                return None
            passages = session.scalars(
                select(PassageRow)
                .where(PassageRow.record_pk == row.pk, PassageRow.caption.is_(None))
                .order_by(PassageRow.pk)
            )
            record = record_of(row, tuple(Passage(p.start, p.end, p.section, p.page) for p in passages))
            item_id = row.item_id
        return record, place_of(self.path / PATHS, item_id, record)

    def pacs_of(self, place: Place) -> PacsSource | None:
        """The PACS that a place without a file lies in, as the recipe names it now."""
        if place.path is not None or not place.source.isdigit():
            return None
        try:
            return load_recipe(Path(self.meta["recipe"])).source[int(place.source)].dicomweb
        except (RecipeError, IndexError, KeyError):
            return None

    def studies_named(self, own_study_id: str) -> str:
        """The pseudonym of an archive's own study id in this index."""
        return self._pseudonyms.study(own_study_id, self.namespace)

    def modalities(self) -> dict[tuple[str, str], int]:
        """How many records there are of each (kind, modality)."""
        with Session(self._engine) as session:
            columns = (RecordRow.kind, RecordRow.modality)
            counted = session.execute(select(*columns, func.count()).group_by(*columns))
            return {(row[0], row[1]): row[2] for row in counted}

    def totals(self) -> dict[str, int]:
        with Session(self._engine) as session:
            counted = session.execute(select(RecordRow.kind, func.count()).group_by(RecordRow.kind))
            return {row[0]: row[1] for row in counted}

    def close(self) -> None:
        release(self._engine)
