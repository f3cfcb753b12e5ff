"""An index of a workspace as LangChain's `VectorStore`: texts handed in from Python, which other searches find too."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from langchain_core.vectorstores.utils import maximal_marginal_relevance

from assistant.errors import BadQuery, RecipeError
from assistant.ingest.dates import parse_date
from assistant.langchain.embeddings import WardroundEmbeddings
from assistant.records import Record
from assistant.settings import Settings, load_settings
from assistant.store.documents import FACTS, DocumentTable, TextDocument
from assistant.store.filters import Filter
from assistant.store.generations import built_indexes
from assistant.store.index import OpenIndex

MetadataFilter = Mapping[str, Any]
"""Metadata that documents must have: a value, or a list of which one must fit. `patient_id` is the archive's own."""


class WardroundVectorStore(VectorStore):
    """Texts added and removed from Python, in an index that `wardround search`, the chat and `doctor` see as well.

        store = WardroundVectorStore("guidelines", workspace="…")
        store.add_texts(["Aspirin 300 mg at once …"], [{"title": "Chest pain", "source": "NICE"}], ids=["ng185"])
        store.similarity_search("What is given first?", k=3, filter={"source": "NICE"})

    - **Ids** are the documents' own (a UUID where there is none) and come back as `external_id` of evidence; an id that
      is there already is replaced. A batch is one generation: searchers see all of it or nothing, and add in batches.
    - **Texts** are de-identified as the settings say, unless `deidentify` is false (for literature); one longer than
      some 120 words is searched by its passages and found whole. Outer spaces go.
    - **Metadata** named `patient_id`, `study_id`, `taken_at`, `title`, `url`, `modality` are the record's own; patient
      and study come back as pseudonyms, a patient's dates are moved. Whatever else JSON can hold becomes a label, and
      comes back as it was.
    - **The texts themselves** stand in `documents/<index>.csv` of the workspace, readable by its owner alone; all else
      can be built from it again, and `wardround index indexes/<index>.toml` does. An index built from an archive takes
      no texts.
    - Threads and processes may share an index: changes wait for each other, searches never wait.

    Similarity is the cosine of the vectors; there is no floor and no wall between patients here (filter by
    `patient_id`, or leave one out by `exclude_patient`). `WardroundRetriever` is the way to evidence for answers.
    """

    def __init__(
        self,
        index: str = "langchain",
        *,
        workspace: str | Path = ".",
        embedding: Embeddings | None = None,
        deidentify: bool = True,
        settings: Settings | None = None,
    ) -> None:
        """Open the index of that name, or make it.

        Args:
            index: the index's name; it must be new or of this kind.
            workspace: the folder that holds `indexes/`.
            embedding: a WardroundEmbeddings, for another text encoder than the settings'.
            deidentify: false for texts that hold nothing to be removed; counts when the index is made.
            settings: instead of the workspace's.

        Raises:
            RecipeError: the index is built from an archive or by another encoder, or `embedding` is not Wardround's.
        """
        self._workspace = Path(workspace).resolve()
        self._settings = settings or load_settings(self._workspace)
        if embedding is None:
            embedding = WardroundEmbeddings(self._settings.embed.text, settings=self._settings.embed)
        if not isinstance(embedding, WardroundEmbeddings):
            raise RecipeError(
                f"{type(embedding).__name__} can't encode for an index that Wardround searches too: pass "
                "WardroundEmbeddings(name), where the name may be sentence-transformers:<model>"
            )
        self._embedding = embedding
        self._table = DocumentTable(self._workspace, index, self._settings.store)
        self._table.create(embedding.model, deidentify=deidentify)
        self._index: OpenIndex | None = None
        self._opening = threading.Lock()

    @property
    def embeddings(self) -> WardroundEmbeddings:
        return self._embedding

    # --- adding and removing -------------------------------------------------------------------------

    def add_documents(self, documents: list[Document], *, ids: list[str] | None = None, **kwargs: Any) -> list[str]:
        """Add documents as one generation, replacing those of the same ids; gives their ids.

        Raises BadQuery for an empty text or a bad id or date (nothing is added then), WorkspaceBusy.
        """
        if ids is not None and len(ids) != len(documents):
            raise ValueError(f"{len(documents)} documents and {len(ids)} ids: give one id a document")
        given: Sequence[str | None] = ids or [None] * len(documents)
        named = [id_ or document.id or str(uuid.uuid4()) for document, id_ in zip(documents, given, strict=True)]
        if documents:
            rows = [_row(id_, document) for id_, document in zip(named, documents, strict=True)]
            self._table.put(rows, self._settings)
        return named

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:
        """Remove the documents of these ids, or all; ids that are not there are no error. Raises WorkspaceBusy."""
        if ids is None or ids:
            self._table.remove(ids, self._settings)
        return True

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings | None = None,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> WardroundVectorStore:
        """A store that holds these texts, beside what its index held before; `kwargs` are the constructor's."""
        store = cls(embedding=embedding, **kwargs)
        store.add_texts(texts, metadatas, ids=ids)
        return store

    # --- looking -------------------------------------------------------------------------------------

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """The documents of these ids in their order; those that are not there are left out."""
        index = self._current()
        records = index.of_external_ids(ids) if index else {}
        return [_document(records[id_]) for id_ in ids if id_ in records]

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        return [document for document, _ in self.similarity_search_with_score(query, k, **kwargs)]

    def similarity_search_with_score(self, query: str, k: int = 4, **kwargs: Any) -> list[tuple[Document, float]]:
        """The k nearest documents with their cosines, the highest first; `kwargs` as of `similarity_search_by_vector`.
        A document's is that of its best passage."""
        return self._nearest(self._embedding.embed_query(query), k, **kwargs)

    def similarity_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        *,
        filter: MetadataFilter | None = None,
        exclude_patient: str | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        """The k nearest documents, of those whose metadata `filter` names, without one patient's (the archive's own
        id). Raises BadQuery for a filter that can't be applied, EncoderMismatch."""
        found = self._nearest(embedding, k, filter=filter, exclude_patient=exclude_patient)
        return [document for document, _ in found]

    def max_marginal_relevance_search(
        self, query: str, k: int = 4, fetch_k: int = 20, lambda_mult: float = 0.5, **kwargs: Any
    ) -> list[Document]:
        """See `max_marginal_relevance_search_by_vector`."""
        vector = self._embedding.embed_query(query)
        return self.max_marginal_relevance_search_by_vector(vector, k, fetch_k, lambda_mult, **kwargs)

    def max_marginal_relevance_search_by_vector(
        self, embedding: list[float], k: int = 4, fetch_k: int = 20, lambda_mult: float = 0.5, **kwargs: Any
    ) -> list[Document]:
        """k of the `fetch_k` nearest documents, near to the query and unlike each other (Carbonell and Goldstein 1998);
        `lambda_mult` 1 asks for nearness alone, 0 for difference alone."""
        found = list(self._hits(embedding, fetch_k, **kwargs))
        vectors = [vector.tolist() for _, _, vector in found]
        chosen = maximal_marginal_relevance(np.asarray(embedding, np.float32), vectors, lambda_mult, k) if found else []
        return [_document(found[n][0]) for n in chosen]

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        return lambda cosine: (1 + cosine) / 2

    # --- the index -----------------------------------------------------------------------------------

    def _current(self) -> OpenIndex | None:
        """The index at its newest generation; None before the first document."""
        with self._opening:
            if self._index is None or self._index.is_stale():
                if self._table.name not in built_indexes(self._workspace):
                    return None
                self._index = OpenIndex(self._workspace, self._table.name, self._settings.store)
            return self._index

    def _nearest(self, vector: Sequence[float], k: int, **kwargs: Any) -> list[tuple[Document, float]]:
        return [(_document(record), score) for record, score, _ in self._hits(vector, k, **kwargs)]

    def _hits(
        self,
        vector: Sequence[float],
        k: int,
        *,
        filter: MetadataFilter | None = None,
        exclude_patient: str | None = None,
    ) -> Iterator[tuple[Record, float, np.ndarray[Any, np.dtype[np.float32]]]]:
        """The k nearest records, each with the cosine and the vector of its best passage."""
        index = self._current()
        vectors = index.vectors("text") if index else None
        if index is None or vectors is None or k < 1:
            return
        index.check_encoder("text", self._embedding.fingerprint)
        query = np.asarray([vector], np.float32)
        wanted = _filter(index, filter or {}, exclude_patient)
        fetch, best = k, dict[int, tuple[float, int]]()
        while True:  # several passages may be of one document
            scores, keys = index.nearest("text", query, [wanted], fetch)[0]
            passages = index.passages([int(key) for key in keys])
            best = {}
            for score, key in zip(scores.tolist(), keys.tolist(), strict=True):
                best.setdefault(passages[key].record_pk, (score, key))
            if len(best) >= k or len(keys) < fetch:
                break
            fetch *= 4
        records = index.whole_records(best)
        for pk, (score, key) in list(best.items())[:k]:
            yield records[pk], score, vectors.vector(key)


# --- documents and rows ------------------------------------------------------------------------------


def _row(id_: str, document: Document) -> TextDocument:
    facts = {name: told for name, value in document.metadata.items() if (told := _fact(name, value)) is not None}
    labels = {name: _label(name, value) for name, value in document.metadata.items() if name not in facts}
    return TextDocument(id_, document.page_content, facts, labels)


def _fact(name: str, value: Any) -> str | None:
    """A fact of the record as text; None where it is a label like any other."""
    if name not in FACTS:
        return None
    if name == "taken_at":
        text = value.isoformat() if isinstance(value, date | datetime) else str(value)
        return text if parse_date(text) is not None else None
    if name in ("patient_id", "study_id") and isinstance(value, int):
        return str(value)
    return value if isinstance(value, str) and value.strip() else None


def _label(name: str, value: Any) -> str:
    """A value as a label: a string as it is, anything else, and a string that reads like something else, as JSON."""
    if isinstance(value, str) and value == value.strip() and value and not _is_json(value):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        raise BadQuery(f"metadata {name!r}: {type(value).__name__} is nothing that JSON can hold") from None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _document(record: Record) -> Document:
    metadata: dict[str, Any] = {
        name: json.loads(value) if _is_json(value) else value for name, value in record.labels.items()
    }
    facts = {"title": record.title, "url": record.url, "patient_id": record.patient_id}
    if record.patient_id:
        facts["study_id"] = record.study_id
    if record.taken_at:
        facts["taken_at"] = record.taken_at.isoformat()
    if record.modality != "DOC":
        facts["modality"] = record.modality
    metadata |= {name: value for name, value in facts.items() if value}
    return Document(id=record.external_id, page_content=record.text, metadata=metadata)


def _filter(index: OpenIndex, wanted: MetadataFilter, exclude_patient: str | None) -> Filter:
    labels, patient, modalities = [], None, frozenset[str]()
    for name, value in wanted.items():
        values = list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
        if name == "patient_id":
            if len(values) != 1:
                raise BadQuery("filter 'patient_id': one patient at a time")
            patient = index.pseudonym_of(str(values[0]))
        elif name == "modality":
            modalities = frozenset(str(code).upper() for code in values)
        elif name in FACTS:
            raise BadQuery(f"filter {name!r}: it is not filtered by; patient_id, modality and other metadata are")
        else:
            labels.append((name, frozenset(_label(name, one) for one in values)))
    excluded = frozenset({index.pseudonym_of(exclude_patient)} if exclude_patient else ())
    return Filter(patient=patient, modalities=modalities, labels=tuple(labels), exclude_patients=excluded)
