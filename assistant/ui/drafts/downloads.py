"""Drafts as files: one as Word, PDF, FHIR or JSON, a whole run as JSON Lines and as preference pairs.

They are made when they are asked for and handed on; none lies in a cache. Addresses are sealed (`gate/seals.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response, StreamingResponse

from assistant.drafting.review import edited, pair_of, records_seen, review
from assistant.errors import WardroundError
from assistant.export import file_name, render
from assistant.records import Draft, Review
from assistant.ui.drafts.desk import ROLE
from assistant.ui.drafts.shelf import Run, shelf_of
from assistant.ui.gate.seals import PREFIX, admit
from assistant.ui.gate.visitor import need

if TYPE_CHECKING:
    from assistant.assistant import Assistant

_FORMS = {
    "draft.docx": ("docx", ".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "draft.pdf": ("pdf", ".pdf", "application/pdf"),
    "draft.fhir.json": ("fhir", ".fhir.json", "application/fhir+json"),
}
_LINES = "application/x-ndjson; charset=utf-8"


def downloads_router(assistant: Assistant) -> APIRouter:
    """Below the address of a draft (its digest) or a run (its id)."""
    router = APIRouter()
    shelf = shelf_of(assistant)

    @router.get(PREFIX + "/{digest}/{seal}/draft.{form:path}", include_in_schema=False)
    def one(digest: str, seal: str, form: str) -> Response:
        need(ROLE)
        admit(digest, seal)
        try:
            run, draft = shelf.find(digest)
        except WardroundError as error:
            raise HTTPException(404, str(error)) from error
        found = review(assistant, digest, draft)
        assistant.db.log_access("draft_read", list(records_seen(draft)))
        name = f"draft.{form}"
        if name == "draft.jsonl":
            return Response(_line(edited_json(found)), media_type=_LINES, headers=_as_file(draft.study_id, ".jsonl"))
        if name not in _FORMS:
            raise HTTPException(404, "a draft is handed out as docx, pdf, fhir.json or jsonl")
        kind, suffix, media = _FORMS[name]
        own = shelf.own_records(run, draft)

        def record(record_id: str) -> Any:
            return shelf.record(run, draft, record_id, logged=False)

        content = render(edited(found), own, record, [kind], found if found.is_begun else None)[kind]
        return Response(content, media_type=media, headers=_as_file(draft.study_id, suffix))

    @router.get(PREFIX + "/{run_id}/{seal}/run.{form}.jsonl", include_in_schema=False)
    def whole(run_id: str, seal: str, form: str) -> StreamingResponse:
        need(ROLE)
        admit(run_id, seal)
        run = shelf.run(run_id)
        if run is None or form not in ("drafts", "preferences"):
            raise HTTPException(404, "there is no such file")
        drafts = _reviews(assistant, run)
        lines = _edited_lines(drafts) if form == "drafts" else _pairs(assistant, drafts)
        headers = _as_file(f"{run.folder.name}-{form}", ".jsonl")
        return StreamingResponse(lines, media_type=_LINES, headers=headers)

    return router


def edited_json(found: Review) -> dict[str, Any]:
    """A line of `drafts.jsonl` as the report stands now, with `review`: who decided what, and what stood there."""
    return edited(found).to_json() | {"review": found.to_json()}


def _reviews(assistant: Assistant, run: Run) -> Iterator[tuple[Draft, Review]]:
    for drafted in run.folder.drafts():
        draft = run.folder.draft(drafted.digest)
        assistant.db.log_access("draft_read", list(records_seen(draft)))
        yield draft, review(assistant, drafted.digest, draft)


def _edited_lines(drafts: Iterator[tuple[Draft, Review]]) -> Iterator[str]:
    return (_line(edited_json(found)) for _, found in drafts)


def _pairs(assistant: Assistant, drafts: Iterator[tuple[Draft, Review]]) -> Iterator[str]:
    """A pair for each draft that somebody went through to its end and changed."""
    return (_line(pair) for _, found in drafts if (pair := pair_of(assistant, found)) is not None)


def _line(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False) + "\n"


def _as_file(name: str, suffix: str) -> dict[str, str]:
    """Saved, never shown; `file_name` leaves nothing in a name that would need quoting (RFC 6266)."""
    return {"Content-Disposition": f'attachment; filename="{file_name(name)}{suffix}"'}
