"""Findings that the texts of patients' studies state, kept beside them so that a search can be filtered by them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Engine, delete, insert, or_, select
from sqlalchemy.orm import Session

from assistant.findings import extract_findings
from assistant.findings.wanted import WantedFinding
from assistant.store.catalogue import FindingRow, RecordRow

STATED_BY = "findings"  # under which the catalogue's meta keeps the version of the rules that read them
_BATCH = 500


def finding_rows(record_pk: int, text: str) -> list[dict[str, Any]]:
    """The rows of one text record."""
    return [
        {
            "record_pk": record_pk, "entity": f.entity, "status": f.status, "side": f.side, "severity": f.severity,
            "start": f.start, "end": f.end, "code": f.code,
        }
        for f in extract_findings(text)
    ]  # fmt: skip


def add_findings(session: Session, rows: Iterable[dict[str, Any]]) -> None:
    told = list(rows)
    if told:  # by the table: thousands of rows a batch, of which none is needed as an object
        session.connection().execute(insert(FindingRow), told)


def read_findings_again(engine: Engine) -> None:
    """Replace the findings of every text of a catalogue by what the rules of now read in it."""
    with Session(engine) as session, session.begin():
        session.execute(delete(FindingRow))
        texts = select(RecordRow.pk, RecordRow.text).where(RecordRow.kind == "text", RecordRow.is_case)
        for chunk in session.execute(texts).partitions(_BATCH):
            add_findings(session, [row for pk, text in chunk for row in finding_rows(pk, text)])


def states(wanted: WantedFinding) -> ColumnElement[bool]:
    """Records of studies whose text states the finding."""
    studies = (
        select(RecordRow.study_id).join(FindingRow, FindingRow.record_pk == RecordRow.pk).where(*that_states(wanted))
    )
    return RecordRow.study_id.in_(studies)


def that_states(wanted: WantedFinding) -> list[ColumnElement[bool]]:
    """Which findings of texts are the one that is wanted; as `WantedFinding.fits` has it."""
    conditions = [FindingRow.entity.in_(wanted.entities), FindingRow.status == wanted.status]
    if wanted.sides:
        named = FindingRow.side.in_({side for side in wanted.sides if side})
        conditions.append(or_(named, FindingRow.side.is_(None)) if None in wanted.sides else named)
    if wanted.severity:
        conditions.append(FindingRow.severity == wanted.severity)
    elif wanted.status == "absent":  # "no large effusion" leaves room for a small one
        conditions.append(FindingRow.severity.is_(None))
    return conditions
