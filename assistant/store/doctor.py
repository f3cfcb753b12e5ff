"""A check-up of an index: files, counts, ids, vectors, encoder, and recall against a scan by hand."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from assistant.embed import open_encoder
from assistant.errors import DamagedIndex, WardroundError
from assistant.records import KINDS, Kind
from assistant.settings import load_settings
from assistant.store.catalogue import FindingRow, ItemRow, PassageRow, RecordRow, reading
from assistant.store.generations import IndexFolder
from assistant.store.index import OpenIndex
from assistant.store.learned import learned_report
from assistant.store.postgres import PostgresCatalogue
from assistant.store.vectors import FaissIndex, VectorIndex
from assistant.store.vectors.choose import measure, queries_like
from assistant.store.words import query_terms
from assistant.store.working import VECTOR_KINDS, VECTORS, VectorKind, recorded_as

PROBES = 50  # vectors whose neighbours are compared with a scan by hand
K = 10
BLOCK = 50_000  # vectors looked at together
RECALL_LOST = 0.03  # of other queries than those a structure was chosen by; many standard errors of 600 at 0.98


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ok: bool
    found: str


@dataclass(frozen=True, slots=True)
class Examination:
    index: str
    generation: int | None
    checks: tuple[Check, ...]

    @property
    def sound(self) -> bool:
        return all(check.ok for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        return {
            "index": self.index,
            "generation": self.generation,
            "sound": self.sound,
            "checks": [asdict(check) for check in self.checks],
        }


def examine(workspace: Path, name: str) -> Examination:
    """Check an index. A damaged one is reported, not raised. Raises IndexMissing when it was never built."""
    folder = IndexFolder.of(workspace, name)
    try:
        damage = folder.damage()
    except DamagedIndex as error:
        return Examination(name, None, (Check("files", False, str(error)),))
    if damage:
        told = "; ".join(f"{file}: {what}" for file, what in damage)
        return Examination(name, folder.current(), (Check("files", False, told),))
    try:
        index = OpenIndex(workspace, name)
    except WardroundError as error:
        return Examination(name, folder.current(), (Check("tables", False, str(error)),))
    checks = [Check("files", True, "every file matches its SHA-256"), *_content(index), *_catalogue(index)]
    for kind in VECTOR_KINDS:
        checks += _vectors(index, kind, workspace)
    for kind in KINDS:
        checks += _learned(index, kind)
    checks += _words(index)
    index.close()
    return Examination(name, index.generation, tuple(checks))


def _content(index: OpenIndex) -> list[Check]:
    """Tables on a server are not covered by the SHA-256 of a file: each has a digest of its own."""
    if not isinstance(index.catalogue, PostgresCatalogue):
        return []
    try:
        index.catalogue.verify(thorough=True)
    except WardroundError as error:
        return [Check("tables", False, str(error))]
    return [Check("tables", True, f"every table matches its digest ({index.catalogue.where})")]


def _catalogue(index: OpenIndex) -> list[Check]:
    records, items = select(RecordRow.pk), select(ItemRow.item_id)
    with reading(index.catalogue) as session:
        stray = {
            "records": _count(session, select(RecordRow.pk).where(RecordRow.item_id.not_in(items))),
            "passages": _count(session, select(PassageRow.pk).where(PassageRow.record_pk.not_in(records))),
            "findings": _count(session, select(FindingRow.pk).where(FindingRow.record_pk.not_in(records))),
        }
        bad = _count(session, beyond_their_text())
    told = ", ".join(f"{number} {name}" for name, number in stray.items())
    return [
        Check("orphans", not any(stray.values()), f"{told} without owner"),
        Check("offsets", not bad, f"{bad} passages beyond the end of their text"),
    ]


def beyond_their_text() -> Select[Any]:
    """The keys of passages that end beyond their record's text."""
    return (
        select(PassageRow.pk)
        .join(RecordRow, RecordRow.pk == PassageRow.record_pk)
        .where(PassageRow.caption.is_(None), PassageRow.end > func.length(RecordRow.text))
    )


def _count(session: Session, query: Any) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def keys_of(session: Session, kind: VectorKind) -> NDArray[np.int64]:
    """The keys of a kind that must have a vector."""
    return np.fromiter(session.scalars(select(PassageRow.pk) if kind == "text" else _encoded(kind)), np.int64)


def unsound(vectors: VectorIndex) -> NDArray[np.int64]:
    """Which of an index's vectors, by their place in `ids`, are not finite or not of length 1."""
    ids = vectors.ids
    found = []
    for start in range(0, len(ids), BLOCK):
        norms = np.linalg.norm(vectors.vectors(ids[start : start + BLOCK]), axis=1)
        found.append(start + np.flatnonzero(~np.isfinite(norms) | (np.abs(norms - 1) > 1e-3)))
    return np.concatenate(found) if found else np.empty(0, np.int64)


def _vectors(index: OpenIndex, kind: VectorKind, workspace: Path) -> list[Check]:
    with reading(index.catalogue) as session:
        live = keys_of(session, kind)
    vectors = index.vectors(kind)
    if vectors is None:
        return [Check(f"{kind} vectors", not len(live), f"none, {len(live)} expected")] if len(live) else []
    ids = vectors.ids
    off = len(unsound(vectors))
    same = np.array_equal(np.sort(ids), np.sort(live))
    checks = [
        Check(f"{kind} ids", same, f"{len(ids)} vectors for {len(live)} in the catalogue"),
        Check(f"{kind} norms", not off, f"{off} of {len(ids)} vectors not of length 1 or not finite"),
    ]
    probes = np.random.default_rng(0).choice(len(ids), min(PROBES, len(ids)), replace=False)
    matrix = vectors.vectors(ids)
    recall = _recall(vectors.search(matrix[probes], K)[1], matrix, ids, probes)
    checks.append(Check(f"{kind} recall", recall >= 0.95, f"recall@{K} {recall:.3f} against a scan by hand"))
    checks += _structure(index, kind, vectors)
    return checks if kind == "thumbnail" else [*checks, _encoder(index, kind, workspace)]


def _structure(index: OpenIndex, kind: VectorKind, vectors: VectorIndex) -> list[Check]:
    """Whether what is searched with is what was written down, and still finds what it did when it was chosen."""
    name = f"{kind} structure"
    choice = vectors.choice if isinstance(vectors, FaissIndex) else None
    if choice is None or not isinstance(vectors, FaissIndex):
        return [Check(name, False, "nothing is written down of how these vectors are searched")]
    if index.meta.get(VECTORS, {}).get(kind) != json.loads(json.dumps(choice.to_json())):
        return [Check(name, False, f"{choice.structure}; the catalogue names another choice")]
    if choice.structure == "exact":
        return [Check(name, True, f"exact: {choice.why}")]
    measured = measure(vectors, queries_like(vectors.rows, vectors.live_positions(), seed=1))
    told = (
        f"{choice.structure}: recall@{K} {measured.recall:.3f} of new queries, {choice.recall:.3f} when it was chosen"
    )
    return [Check(name, measured.recall >= choice.recall - RECALL_LOST, told)]


def _learned(index: OpenIndex, kind: Kind) -> list[Check]:
    """Whether a metric that was taken maps every vector of its kind."""
    report, own = learned_report(index.path, kind), index.vectors(kind)
    if report is None or not report["taken"] or own is None:
        return []
    learned = index.learned(kind)
    number = len(np.intersect1d(learned.vectors.ids, own.ids)) if learned else 0
    same = learned is not None and number == len(own) == len(learned.vectors)
    return [Check(f"{kind} learned metric", same, f"{number} of {len(own)} vectors mapped by it")]


def _words(index: OpenIndex) -> list[Check]:
    """The word index against the catalogue: the same passages, and those that are looked up hold their own words."""
    with reading(index.catalogue) as session:
        live = keys_of(session, "text")
    words = index.words
    if words is None:
        texts = [passage.text for passage in index.passages(live[:PROBES].tolist()).values()]
        said = sum(bool(query_terms(text)) for text in texts)
        return [Check("words", not said, f"none, though {said} of {len(texts)} passages hold words")] if texts else []
    if not np.array_equal(np.sort(words.ids), np.sort(live)):
        return [Check("words", False, f"{len(words)} passages for {len(live)} in the catalogue")]
    probes = np.random.default_rng(0).choice(live, min(PROBES, len(live)), replace=False)
    passages = index.passages(probes.tolist())
    wrong = 0
    for key, passage in passages.items():
        terms = query_terms(passage.text)
        wrong += bool(terms) and not bool(words.scored(terms).hold_all(np.array([key]))[0])
    return [Check("words", not wrong, f"{wrong} of {len(passages)} passages are not found by their own words")]


def _encoded(kind: VectorKind) -> Select[Any]:
    """The pictures or signals that have a vector: of signals, those whose fields name no other kind of channel."""
    other = RecordRow.fields["channel_types"].as_string()
    return select(RecordRow.pk).where(RecordRow.kind == recorded_as(kind), or_(other.is_(None), other == "ecg"))


def _recall(found: np.ndarray, matrix: np.ndarray, ids: np.ndarray, probes: np.ndarray) -> float:
    """The share of the results that are as near as the k nearest; of copies at one distance any will do."""
    scores = matrix[probes] @ matrix.T
    k = min(found.shape[1], len(ids))
    bound = np.partition(scores, len(ids) - k, axis=1)[:, len(ids) - k]
    order = np.argsort(ids)
    at = order[np.searchsorted(ids, found[:, :k], sorter=order).clip(max=len(ids) - 1)]
    is_near = (ids[at] == found[:, :k]) & (np.take_along_axis(scores, at, axis=1) >= bound[:, None] - 1e-5)
    return float(is_near.mean())


def _encoder(index: OpenIndex, kind: Kind, workspace: Path) -> Check:
    name = f"{kind} encoder"
    try:
        encoder = open_encoder(kind, index.encoder_name(kind), load_settings(workspace).embed)
        index.check_encoder(kind, encoder.fingerprint)
    except WardroundError as error:
        return Check(name, False, str(error))
    return Check(name, True, f"{index.encoder_name(kind)} {encoder.fingerprint}")
