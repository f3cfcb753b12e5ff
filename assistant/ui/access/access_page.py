"""The page of the access log, and its export. Both take the role of an auditor; what is exported is logged, too."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import gradio as gr
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import StreamingResponse
from markupsafe import Markup

from assistant.errors import BadQuery
from assistant.store.access_log import AccessLog, Entry
from assistant.ui.access.log_html import CSV_ROUTE, Typed, log_html
from assistant.ui.chat.desk import Desk
from assistant.ui.events import DIRECT
from assistant.ui.gate.visitor import need
from assistant.ui.language.wording import Wording

if TYPE_CHECKING:
    from assistant.assistant import Assistant

ROLE = "auditor"
_COLUMNS = ("time_utc", "account", "action", "patient", "record", "archive_id", "index", "kind", "modality")
_AT_ONCE = 1_000  # entries whose records are looked up together
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet computes what begins so

_SEND = """
const typed = () => Object.fromEntries(new FormData(element.querySelector('form')));
element.addEventListener('submit', (event) => { event.preventDefault(); trigger('submit', typed()); });
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[type="button"]');
  if (button) trigger('submit', {...typed(), ...button.dataset});
});
"""


def build_access(page: gr.Blocks, desk: Desk, wording: Wording) -> None:
    """The form and the entries, drawn when the page is opened and when the form is sent."""

    def opened() -> Markup:
        need(ROLE)
        return log_html(desk.assistant, Typed())

    def asked(event: gr.EventData) -> Markup:
        need(ROLE)
        sent: dict[str, Any] = event._data or {}
        before = str(sent.get("before", ""))
        return log_html(desk.assistant, Typed.of(sent), int(before) if before.isdecimal() else None)

    with gr.Column(elem_classes="wr-page"):
        shown = gr.HTML("", elem_id="wr-access", apply_default_css=False, js_on_load=_SEND)
        wording.draw(shown, opened)
    shown.submit(asked, None, [shown], **DIRECT)


def access_router(assistant: Assistant) -> APIRouter:
    """The entries that fit, as CSV."""
    router = APIRouter(include_in_schema=False)

    @router.get(CSV_ROUTE)
    def export(request: Request) -> StreamingResponse:
        need(ROLE)
        try:
            wanted = Typed.of(request.query_params).wanted(assistant)
        except BadQuery as error:
            raise HTTPException(400, str(error)) from error
        log = AccessLog(assistant.db)
        assistant.db.log_access("export_access", [(f"{log.count(wanted)} entries", None)])
        headers = {"Content-Disposition": 'attachment; filename="access.csv"'}
        return StreamingResponse(
            _lines(assistant, log.entries(wanted)), media_type="text/csv; charset=utf-8", headers=headers
        )

    return router


def _lines(assistant: Assistant, entries: Iterable[Entry]) -> Iterator[str]:
    yield _line(_COLUMNS)
    left = iter(entries)
    while some := list(islice(left, _AT_ONCE)):
        known = assistant.called([entry.record_id for entry in some])
        for entry in some:
            seen = entry.seen_at.isoformat(sep=" ", timespec="seconds")
            index, record = known.get(entry.record_id, ("", None))
            told = (record.external_id or "", index, record.kind, record.modality) if record else ("", "", "", "")
            yield _line((seen, entry.account, entry.action, entry.patient_id or "", entry.record_id, *told))


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells)
    return out.getvalue()
