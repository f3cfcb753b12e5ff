"""What a search may return: the filter that stands inside the store, the patient wall part of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, and_, false, func, literal, not_, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from assistant.findings.wanted import WantedFinding
from assistant.pseudonyms import MAX_SHIFT_DAYS
from assistant.records import Kind
from assistant.store.catalogue import RecordRow
from assistant.store.stated import states


@dataclass(frozen=True, slots=True)
class Filter:
    """What a search may return. Ids are pseudonyms; the wall between patients stands here, in the store.

    `since` and `until` bound when a record was really taken, whether or not its date was moved. `patient` leaves only
    that patient's records, `findings` only studies whose text states each of them, `labels` only records that have, of
    each label named, one of the values named, `studies` only records of these; `exclude_*` leave out patients
    (with whatever lies nameless in their studies) and studies.
    """

    kinds: frozenset[Kind] = frozenset()
    modalities: frozenset[str] = frozenset()
    patient: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    findings: tuple[WantedFinding, ...] = ()
    labels: tuple[tuple[str, frozenset[str]], ...] = ()
    studies: frozenset[str] = frozenset()
    exclude_patients: frozenset[str] = frozenset()
    exclude_studies: frozenset[str] = frozenset()

    def included(self) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = []
        if self.kinds:
            conditions.append(RecordRow.kind.in_(self.kinds))
        if self.modalities:
            conditions.append(RecordRow.modality.in_(self.modalities))
        if self.patient:
            conditions.append(RecordRow.patient_id == self.patient)
        if self.is_bounded:
            conditions.append(self._may_be_taken())
        conditions += [states(wanted) for wanted in self.findings]
        if self.studies:
            conditions.append(RecordRow.study_id.in_(self.studies))
        conditions += [_Label(RecordRow.labels, literal(name)).in_(values) for name, values in self.labels]
        return conditions

    @property
    def is_bounded(self) -> bool:
        return self.since is not None or self.until is not None

    def _may_be_taken(self) -> ColumnElement[bool]:
        """Within the bounds as far as SQL can tell: a moved date lies up to `MAX_SHIFT_DAYS` before the real one."""
        widest = timedelta(days=MAX_SHIFT_DAYS)
        stayed: list[ColumnElement[bool]] = [RecordRow.shift.is_(None)]
        moved: list[ColumnElement[bool]] = [RecordRow.shift.is_not(None)]
        if self.since:
            stayed.append(RecordRow.taken_at >= self.since)
            moved.append(RecordRow.taken_at >= _earlier(self.since, widest))
        if self.until:
            stayed.append(RecordRow.taken_at <= self.until)
            moved.append(RecordRow.taken_at <= self.until)
        return or_(and_(*stayed), and_(*moved))

    def takes(self, taken_at: datetime, shift_days: int) -> bool:
        """Whether a record of that date, moved by so many days, was really taken within the bounds."""
        real = taken_at - timedelta(days=shift_days)
        return (self.since is None or real >= self.since) and (self.until is None or real <= self.until)

    def excluded(self) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = []
        if self.exclude_patients:
            theirs = select(RecordRow.study_id).where(RecordRow.patient_id.in_(self.exclude_patients))
            conditions.append(RecordRow.patient_id.in_(self.exclude_patients))
            # a record that names nobody is taken for the patient's whose study it lies in
            conditions.append(and_(RecordRow.patient_id.is_(None), RecordRow.study_id.in_(theirs)))
        if self.exclude_studies:
            conditions.append(RecordRow.study_id.in_(self.exclude_studies))
        return conditions

    def wall(self) -> list[ColumnElement[bool]]:
        """The part that holds for whatever is fetched beside a hit, a report or a picture of its study: whose it is."""
        conditions = [RecordRow.patient_id == self.patient] if self.patient else []
        if out := self.excluded():
            conditions.append(not_(func.coalesce(or_(*out), false())))  # a patient who is not named is NULL in SQL
        return conditions


class _Label(FunctionElement[str]):
    """The value of a label by its name.

    Not `RecordRow.labels[name]`: a JSON path of SQLite's finds no key with a letter beyond ASCII or a quote in it.
    """

    type = String()
    inherit_cache = True


@compiles(_Label)
def _label_by_operator(element: _Label, compiler: SQLCompiler, **options: Any) -> str:
    labels, name = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({labels} ->> CAST({name} AS TEXT))"


@compiles(_Label, "sqlite")
def _label_by_entry(element: _Label, compiler: SQLCompiler, **options: Any) -> str:
    labels, name = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(SELECT value FROM json_each({labels}) WHERE key = {name})"


def _earlier(moment: datetime, by: timedelta) -> datetime:
    return moment - by if moment - datetime.min > by else datetime.min
