"""A check-up of an index: files, counts, ids, vectors, encoder, and recall against a scan by hand."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from assistant.embed import open_encoder
from assistant.errors import WardroundError
from assistant.records import KINDS, Kind
from assistant.settings import load_settings
from assistant.store.catalogue import ItemRow, PassageRow, RecordRow, reading
from assistant.store.generations import IndexFolder
from assistant.store.index import OpenIndex
from assistant.store.postgres import PostgresCatalogue

PROBES = 50  # vectors whose neighbours are compared with a scan by hand
K = 10


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
    if folder.current() is None:
        folder.open_current()
    try:
        index = OpenIndex(workspace, name)
    except WardroundError as error:
        return Examination(name, None, (Check("files", False, str(error)),))
    checks = [Check("files", True, "every file matches its SHA-256"), *_content(index), *_catalogue(index)]
    for kind in KINDS:
        checks += _vectors(index, kind, workspace)
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
    with reading(index.catalogue) as session:
        stray_records = _count(session, select(RecordRow.pk).where(RecordRow.item_id.not_in(select(ItemRow.item_id))))
        stray = _count(session, select(PassageRow.pk).where(PassageRow.record_pk.not_in(select(RecordRow.pk))))
        bad = _count(
            session,
            select(PassageRow.pk)
            .join(RecordRow, RecordRow.pk == PassageRow.record_pk)
            .where(PassageRow.caption.is_(None), PassageRow.end > func.length(RecordRow.text)),
        )
    return [
        Check(
            "orphans", not stray_records and not stray, f"{stray_records} records and {stray} passages without owner"
        ),
        Check("offsets", not bad, f"{bad} passages beyond the end of their text"),
    ]


def _count(session: Session, query: Any) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _vectors(index: OpenIndex, kind: Kind, workspace: Path) -> list[Check]:
    wanted = select(PassageRow.pk) if kind == "text" else _encoded(kind)
    with reading(index.catalogue) as session:
        live = np.fromiter(session.scalars(wanted), np.int64)
    vectors = index.vectors(kind)
    if vectors is None:
        return [Check(f"{kind} vectors", not len(live), f"none, {len(live)} expected")] if len(live) else []
    ids = vectors.ids
    matrix = np.stack([vectors.vector(key) for key in ids])
    norms = np.linalg.norm(matrix, axis=1)
    off = int((~np.isfinite(norms) | (np.abs(norms - 1) > 1e-3)).sum())
    same = np.array_equal(np.sort(ids), np.sort(live))
    checks = [
        Check(f"{kind} ids", same, f"{len(ids)} vectors for {len(live)} in the catalogue"),
        Check(f"{kind} norms", not off, f"{off} of {len(ids)} vectors not of length 1 or not finite"),
    ]
    probes = np.random.default_rng(0).choice(len(ids), min(PROBES, len(ids)), replace=False)
    recall = _recall(vectors.search(matrix[probes], K)[1], matrix, ids, probes)
    checks.append(Check(f"{kind} recall", recall >= 0.95, f"recall@{K} {recall:.3f} against a scan by hand"))
    return [*checks, _encoder(index, kind, workspace)]


def _encoded(kind: Kind) -> Select[Any]:
    """The pictures or signals that have a vector: of signals, those whose fields name no other kind of channel."""
    other = RecordRow.fields["channel_types"].as_string()
    return select(RecordRow.pk).where(RecordRow.kind == kind, or_(other.is_(None), other == "ecg"))


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
