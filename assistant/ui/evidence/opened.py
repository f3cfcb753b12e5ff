"""A record opened by itself, without a question: from a timeline, a search, a draft."""

from __future__ import annotations

from markupsafe import Markup

from assistant.records import Evidence, Place, Record, Relation, evidence_id
from assistant.retrieve.select import whole
from assistant.ui.gate.seals import address
from assistant.ui.language import say

RELATIONS: tuple[Relation, ...] = ("own", "similar", "knowledge")


def evidence_of(record: Record, relation: Relation, place: Place | None = None, copy_of: str | None = None) -> Evidence:
    """The record as a piece of evidence that nobody cited: all of it, or the place named."""
    at, text = whole(record)
    where = place or at
    return Evidence(
        id=evidence_id(record.record_id, where), record_id=record.record_id, kind=record.kind,
        modality=record.modality, relation=relation, text=text, place=where, score=0.0, kept=True, why="",
        patient_id=record.patient_id, study_id=record.study_id, external_id=record.external_id, labels=record.labels,
        title=record.title, url=record.url, taken_at=record.taken_at,
        copy_of=copy_of, dates_moved=record.dates_moved,
    )  # fmt: skip


def open_button(
    record_id: str, relation: Relation, words: str | Markup, *, start: int = 0, end: int = 0, is_copy: bool = False
) -> Markup:
    """A button that opens the record in the nearest place for it (`opened_here`), a text at these characters."""
    where = {"start": start, "end": end} if end > start else {}
    where |= {"copy": 1} if is_copy else {}
    return Markup(
        '<button type="button" class="wr-open" data-open="{}" aria-expanded="false"><span>{}</span></button>'
    ).format(address(record_id, "view.html", relation=relation, **where), words)


def opened_here(words: str) -> Markup:
    """Where records open that are asked for around it; `words` are its name for screen readers."""
    return Markup(
        '<div class="wr-opened" data-opened data-close="{}" data-failed="{}" role="region" aria-label="{}" hidden>'
        "</div>"
    ).format(say("view.close"), say("view.failed"), words)
