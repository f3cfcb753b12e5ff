"""The metric that an index learns on its own labels: fitted while a generation is written, read when it is searched.

In the generation, under its manifest like all files:

    learned/image/report.json    what was tried and how it came out, taken or not; the keys of the records fitted on
    learned/image/map.npz        the map, where it was taken
    learned/image/vectors/       the vectors of all records mapped by it, where it was taken

The encoder's own vectors stay as they are: floors, near-duplicates and fingerprints are theirs.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from assistant.embed.heads import VERSION, Examples, Head, fit_head
from assistant.records import Kind
from assistant.settings import StoreSettings
from assistant.store.catalogue import FindingRow, MetaRow, RecordRow
from assistant.store.stated import STATED_BY
from assistant.store.vectors import VectorIndex, load_vectors, write_vectors

HEADS = "heads"  # under which the catalogue's meta keeps for which kinds a metric may be learned
LEARNING: tuple[Kind, ...] = ("image", "signal")
STATED = "stated findings"  # the group of labels that come from the studies' texts
GROWN = 1.1  # so many times the labelled records of the last fit, and the metric is fitted anew
REPORT, MAP, VECTORS = "report.json", "map.npz", "vectors"
BLOCK = 50_000  # vectors that are mapped at a time


@dataclass(frozen=True, slots=True)
class Learned:
    """A kind's learned metric in an open generation: the map for queries, and the index of mapped vectors."""

    head: Head
    vectors: VectorIndex


def write_learned(
    catalogue: Engine, building: Path, base: Path | None, kind: Kind, own: VectorIndex | None, settings: StoreSettings
) -> None:
    """Fit or carry over the metric of a kind, whose own vectors are `own`, and write its files into `building`.

    It is fitted anew when a record it was fitted on is gone (a forgotten patient's, say) or a tenth more are labelled.
    """
    folder = folder_of(building, kind)
    shutil.rmtree(folder, ignore_errors=True)  # left by a commit that was killed
    with Session(catalogue) as session:
        meta = {row.key: row.value for row in session.scalars(select(MetaRow))}
        if own is None or not len(own) or meta.get(HEADS, {}).get(kind) != "auto":
            return
        keys, examples = _examples(session, kind, own)
    if not any(any(carried) for carried in examples.groups.values()):
        return
    made_by = {"version": VERSION, STATED_BY: meta.get(STATED_BY)}
    labelled = sum(any(group[n] for group in examples.groups.values()) for n in range(len(keys)))
    head, report = _carried_over(base, kind, made_by, keys, labelled)
    if report is None:
        fitted = fit_head(examples)
        head = fitted.head
        report = {**fitted.report, "labelled": labelled, "made_by": made_by, "fitted_on": keys[fitted.rows].tolist()}
    folder.mkdir(parents=True)
    (folder / REPORT).write_text(json.dumps(report, indent=1), encoding="utf-8")
    if head is not None:
        head.save(folder / MAP)
        write_vectors(folder / VECTORS, None, own.ids, _mapped(head, own), settings)


def _mapped(head: Head, own: VectorIndex) -> Iterator[tuple[int, bytes]]:
    """Every key with its mapped vector."""
    for start in range(0, len(own), BLOCK):
        keys = own.ids[start : start + BLOCK]
        for key, vector in zip(keys, head.apply(own.vectors(keys)), strict=True):
            yield int(key), vector.tobytes()


def folder_of(generation: Path, kind: Kind) -> Path:
    return generation / "learned" / kind


def open_learned(generation: Path, kind: Kind) -> Learned | None:
    """The metric of a kind, None where none was taken. Raises DamagedIndex."""
    folder = folder_of(generation, kind)
    vectors = load_vectors(folder / VECTORS)
    return Learned(Head.load(folder / MAP), vectors) if vectors is not None else None


def learned_report(generation: Path, kind: Kind) -> dict[str, Any] | None:
    """What was tried for a kind and how it came out; None where there was nothing to try it on."""
    path = folder_of(generation, kind) / REPORT
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def _carried_over(
    base: Path | None, kind: Kind, made_by: Mapping[str, Any], keys: NDArray[np.int64], labelled: int
) -> tuple[Head | None, dict[str, Any] | None]:
    """The base generation's metric with its report where it still holds, else (None, None)."""
    report = learned_report(base, kind) if base else None
    if base is None or report is None or report["made_by"] != made_by:
        return None, None
    if labelled > GROWN * report["labelled"] or not np.isin(report["fitted_on"], keys).all():
        return None, None
    return (Head.load(folder_of(base, kind) / MAP) if report["taken"] else None), report


def _examples(session: Session, kind: Kind, own: VectorIndex) -> tuple[NDArray[np.int64], Examples]:
    """The keys of a kind's records of patients' studies, and them as examples."""
    stated: dict[str, set[str]] = {}
    present = (
        select(RecordRow.study_id, FindingRow.entity)
        .join(FindingRow, FindingRow.record_pk == RecordRow.pk)
        .where(FindingRow.status == "present")
    )
    for study, entity in session.execute(present):
        stated.setdefault(study, set()).add(entity)
    columns = select(RecordRow.pk, RecordRow.patient_id, RecordRow.study_id, RecordRow.labels)
    rows = session.execute(columns.where(RecordRow.kind == kind, RecordRow.is_case).order_by(RecordRow.pk)).all()
    has_vector = np.isin([row.pk for row in rows], own.ids)
    rows = [row for row, has in zip(rows, has_vector, strict=True) if has]
    keys = np.array([row.pk for row in rows], np.int64)
    names = sorted({name for row in rows for name in row.labels})
    groups = {name: [_values(row.labels.get(name)) for row in rows] for name in names}
    groups = {name: carried for name, carried in groups.items() if not _are_numbers(carried)}
    groups[STATED] = [frozenset(stated.get(row.study_id, ())) for row in rows]

    def vectors(chosen: NDArray[np.intp]) -> NDArray[np.float32]:
        return own.vectors(keys[chosen])

    return keys, Examples([row.patient_id or row.study_id for row in rows], groups, vectors)


def _values(label: str | None) -> frozenset[str]:
    """The values of a label: several are joined by | or ;."""
    return frozenset(part.strip() for part in (label or "").replace(";", "|").split("|") if part.strip())


def _are_numbers(carried: list[frozenset[str]]) -> bool:
    """Whether a label is a quantity (an age, a count) and names no classes."""
    values = frozenset().union(*carried)
    return bool(values) and all(value.replace(".", "", 1).lstrip("+-").isdecimal() for value in values)
