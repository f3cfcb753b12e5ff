"""The studies of an index that can be drafted: those with a picture or a signal, found by what is written on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, String, cast, func, or_, select

from assistant.store.catalogue import Catalogue, RecordRow, reading

_KINDS = ("image", "signal")


@dataclass(frozen=True, slots=True)
class ListedStudy:
    """A study as a list shows it, by its pseudonym; `record_id` is one of its records, `external_id` the user's key."""

    study_id: str
    patient_id: str | None
    record_id: str
    external_id: str | None
    modality: str
    title: str | None
    labels: dict[str, str]
    taken_at: datetime | None


def list_studies(
    catalogue: Catalogue, words: str = "", modality: str = "", limit: int = 50, studies: Sequence[str] = ()
) -> tuple[list[ListedStudy], int]:
    """The first studies in the order of their keys, and how many there are in all.

    Each of the `words` stands in the user's key, the title or the labels of a record, or is the study's pseudonym;
    `studies` (pseudonyms) bounds the list.
    """
    bounds: list[ColumnElement[bool]] = [RecordRow.kind.in_(_KINDS), RecordRow.is_case.is_(True)]
    if modality:
        bounds.append(RecordRow.modality == modality)
    if studies:
        bounds.append(RecordRow.study_id.in_(studies))
    for word in words.split():
        like = f"%{word.translate({ord(sign): f'/{sign}' for sign in '/%_'})}%"
        columns = (RecordRow.external_id, RecordRow.title, cast(RecordRow.labels, String))
        bounds.append(or_(RecordRow.study_id == word, *(column.ilike(like, escape="/") for column in columns)))
    chosen = select(RecordRow.study_id, func.min(RecordRow.pk).label("pk")).where(*bounds).group_by(RecordRow.study_id)
    first = chosen.order_by(func.min(RecordRow.pk)).limit(limit).subquery()
    with reading(catalogue) as session:
        total = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
        rows = session.scalars(select(RecordRow).join(first, first.c.pk == RecordRow.pk).order_by(RecordRow.pk))
        return [
            ListedStudy(
                row.study_id, row.patient_id, row.record_id, row.external_id, row.modality, row.title, row.labels,
                row.taken_at,
            )
            for row in rows
        ], total  # fmt: skip
