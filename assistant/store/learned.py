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
from sqlalchemy import Engine, func, select
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
GROWN = 1.1  # so many times the records of the last fit, and the metric is fitted anew
LOOKED_AT = 20_000  # records whose labels are read, of patients drawn at random
CHUNK = 500
REPORT, MAP, VECTORS = "report.json", "map.npz", "vectors"
BLOCK = 50_000  # vectors that are mapped at a time


@dataclass(frozen=True, slots=True)
class Learned:
    """A kind's learned metric in an open generation: the map for queries, the index of mapped vectors, and the keys of
    the records that it was fitted on."""

    head: Head
    vectors: VectorIndex
    fitted_on: NDArray[np.int64]


def write_learned(
    catalogue: Engine, building: Path, base: Path | None, kind: Kind, own: VectorIndex | None, settings: StoreSettings
) -> None:
    """Fit or carry over the metric of a kind, whose own vectors are `own`, and write its files into `building`.

    It is fitted anew when a record it was fitted on is gone (a forgotten patient's, say) or the records are a tenth
    more than then.
    """
    folder = folder_of(building, kind)
    shutil.rmtree(folder, ignore_errors=True)  # left by a commit that was killed
    with Session(catalogue) as session:
        meta = {row.key: row.value for row in session.scalars(select(MetaRow))}
        if own is None or not len(own) or meta.get(HEADS, {}).get(kind) != "auto":
            return
        keys, owners = _cases(session, kind, own)
        made_by = {"version": VERSION, STATED_BY: meta.get(STATED_BY)}
        head, report = _carried_over(base, kind, made_by, keys)
        if report is None:
            drawn = _drawn(owners)
            groups = _groups(session, keys[drawn])
            if not any(any(carried) for carried in groups.values()):
                return
            fitted = fit_head(Examples([owners[n] for n in drawn], groups, lambda rows: own.vectors(keys[drawn[rows]])))
            head, fitted_on = fitted.head, keys[drawn[fitted.rows]].tolist()
            report = {**fitted.report, "archive": len(keys), "made_by": made_by, "fitted_on": fitted_on}
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
    vectors, report = load_vectors(folder / VECTORS), learned_report(generation, kind)
    if vectors is None or report is None:
        return None
    return Learned(Head.load(folder / MAP), vectors, np.array(report["fitted_on"], np.int64))


def learned_report(generation: Path, kind: Kind) -> dict[str, Any] | None:
    """What was tried for a kind and how it came out; None where there was nothing to try it on."""
    path = folder_of(generation, kind) / REPORT
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def _carried_over(
    base: Path | None, kind: Kind, made_by: Mapping[str, Any], keys: NDArray[np.int64]
) -> tuple[Head | None, dict[str, Any] | None]:
    """The base generation's metric with its report where it still holds, else (None, None)."""
    report = learned_report(base, kind) if base else None
    if base is None or report is None or "groups" not in report or report["made_by"] != made_by:
        return None, None
    if len(keys) > GROWN * report["archive"] or not np.isin(report["fitted_on"], keys).all():
        return None, None
    return (Head.load(folder_of(base, kind) / MAP) if report["taken"] else None), report


def _cases(session: Session, kind: Kind, own: VectorIndex) -> tuple[NDArray[np.int64], list[str]]:
    """The keys of a kind's records of patients' studies that have a vector, and whose each is: a patient, or a study
    that names none."""
    owner = func.coalesce(RecordRow.patient_id, RecordRow.study_id)
    cases = select(RecordRow.pk, owner).where(RecordRow.kind == kind, RecordRow.is_case).order_by(RecordRow.pk)
    rows = session.execute(cases).all()
    keys = np.array([row[0] for row in rows], np.int64)
    has = np.isin(keys, own.ids)
    return keys[has], [row[1] for row, it in zip(rows, has, strict=True) if it]


def _drawn(owners: list[str]) -> NDArray[np.intp]:
    """The rows of patients drawn at random, `LOOKED_AT` of them at most."""
    if len(owners) <= LOOKED_AT:
        return np.arange(len(owners))
    names, which, sizes = np.unique(owners, return_inverse=True, return_counts=True)
    order = np.random.default_rng(0).permutation(len(names))
    return np.flatnonzero(np.isin(which, order[np.cumsum(sizes[order]) <= LOOKED_AT]))


def _groups(session: Session, keys: NDArray[np.int64]) -> dict[str, list[frozenset[str]]]:
    """The values that some records carry: of each label of theirs that names classes, and what their studies state."""
    labels: dict[int, tuple[str, dict[str, str]]] = {}
    stated: dict[str, set[str]] = {}
    for start in range(0, len(keys), CHUNK):
        chunk = [int(key) for key in keys[start : start + CHUNK]]
        own = select(RecordRow.pk, RecordRow.study_id, RecordRow.labels).where(RecordRow.pk.in_(chunk))
        labels |= {row.pk: (row.study_id, row.labels) for row in session.execute(own)}
        studies = [labels[key][0] for key in chunk]
        present = (
            select(RecordRow.study_id, FindingRow.entity)
            .join(FindingRow, FindingRow.record_pk == RecordRow.pk)
            .where(FindingRow.status == "present", RecordRow.study_id.in_(studies))
        )
        for study, entity in session.execute(present):
            stated.setdefault(study, set()).add(entity)
    told = [labels[int(key)] for key in keys]
    names = sorted({name for _, of_record in told for name in of_record})
    groups = {name: [_values(of_record.get(name)) for _, of_record in told] for name in names}
    groups = {name: carried for name, carried in groups.items() if not _are_numbers(carried)}
    return {**groups, STATED: [frozenset(stated.get(study, ())) for study, _ in told]}


def _values(label: str | None) -> frozenset[str]:
    """The values of a label: several are joined by | or ;."""
    return frozenset(part.strip() for part in (label or "").replace(";", "|").split("|") if part.strip())


def _are_numbers(carried: list[frozenset[str]]) -> bool:
    """Whether a label is a quantity (an age, a count) and names no classes."""
    values = frozenset().union(*carried)
    return bool(values) and all(value.replace(".", "", 1).lstrip("+-").isdecimal() for value in values)
