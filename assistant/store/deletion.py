"""Items and records out of a catalogue, each with all that hangs on it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.orm import Session

from assistant.store.catalogue import FindingRow, ItemRow, PassageRow, RecordRow, StagedVector
from assistant.store.sqlite import chunks


def delete_items(session: Session, item_ids: Sequence[str]) -> None:
    """Remove items with all that hangs on them."""
    for chunk in chunks(item_ids):
        delete_records(session, RecordRow.item_id.in_(chunk))
        session.execute(delete(ItemRow).where(ItemRow.item_id.in_(chunk)).execution_options(synchronize_session=False))


def delete_records(session: Session, condition: ColumnElement[bool]) -> None:
    """Remove records with their passages and staged vectors; committed vectors go when the generation is written."""
    records = select(RecordRow.pk).where(condition)
    passages = select(PassageRow.pk).where(PassageRow.record_pk.in_(records))
    for model, where in (
        (StagedVector, and_(StagedVector.kind != "text", StagedVector.pk.in_(records))),
        (StagedVector, and_(StagedVector.kind == "text", StagedVector.pk.in_(passages))),
        (PassageRow, PassageRow.record_pk.in_(records)),
        (FindingRow, FindingRow.record_pk.in_(records)),
        (RecordRow, condition),
    ):
        session.execute(delete(model).where(where).execution_options(synchronize_session=False))
