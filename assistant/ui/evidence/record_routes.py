"""What the page's scripts fetch of a record: its view, more of its text, a page of it, its small picture, its timeline.

Every address is sealed for one visitor (`assistant.ui.gate.seals`), and the assistant looks only into what that visitor
may see; opening a record is told to the access log.
"""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Literal

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from markupsafe import Markup

from assistant.errors import WardroundError
from assistant.records import Record, TextPlace
from assistant.ui.evidence.ecg_page import draw_strip
from assistant.ui.evidence.opened import evidence_of
from assistant.ui.evidence.timeline import OWN, timeline_html
from assistant.ui.evidence.view import view
from assistant.ui.gate.seals import PREFIX, admit
from assistant.ui.language import say, words
from assistant.ui.language.told import translated

if TYPE_CHECKING:
    from assistant.assistant import Assistant

Relation = Literal["own", "similar", "knowledge"]
FACE_PX = 320  # longer edge of the small picture
MOST_TEXT = 20_000  # characters of one answer


def record_router(assistant: Assistant) -> APIRouter:
    """The routes below `/wr/view/{record}/{seal}/`."""
    router = APIRouter(prefix=PREFIX, include_in_schema=False)

    def look(record_id: str, *, logged: bool = False, pixels: bool = False) -> Record:
        try:
            return assistant.record(record_id, logged=logged, pixels=pixels)
        except WardroundError as error:
            raise HTTPException(404, translated(error)) from None

    @router.get("/{record_id}/{seal}/view.html")
    def show(
        record_id: str, seal: str, relation: Relation, start: int = 0, end: int = 0, copy: bool = False
    ) -> HTMLResponse:
        admit(record_id, seal)
        record = look(record_id, logged=True)
        place = _place(record, start, end) if record.kind == "text" and end > start else None
        evidence = evidence_of(record, relation, place, "" if copy else None)
        html = view(evidence, lambda _: record, None, words.relation(evidence, ()))
        return HTMLResponse(str(html))

    @router.get("/{record_id}/{seal}/text.txt")
    def text(record_id: str, seal: str, start: int, end: int) -> PlainTextResponse:
        admit(record_id, seal)
        first = max(0, start)
        last = max(first, min(end, first + MOST_TEXT))
        return PlainTextResponse(look(record_id).shown_text(first, last))

    @router.get("/{record_id}/{seal}/page.json")
    def page(record_id: str, seal: str, page: int, start: int = 0, end: int = 0) -> dict[str, object]:
        admit(record_id, seal)
        try:
            drawn = assistant.page_drawing(record_id, page, (start, end) if end > start else None)
        except WardroundError as error:
            raise HTTPException(404, translated(error)) from None
        png = "data:image/png;base64," + base64.b64encode(drawn.png).decode("ascii")
        return {
            "png": png, "width": drawn.width, "height": drawn.height, "lit": drawn.lit, "hidden": drawn.hidden,
        }  # fmt: skip

    @router.get("/{record_id}/{seal}/face")
    def face(record_id: str, seal: str) -> Response:
        """A picture small, or a strip of a signal; the search or list that shows it is what the log is told of."""
        admit(record_id, seal)
        record = look(record_id, logged=False, pixels=True)
        if record.image is not None:
            return Response(_small(record), media_type="image/jpeg")
        if record.signal is not None and record.signal.leads:
            return Response(draw_strip(record.signal), media_type="image/svg+xml")
        raise HTTPException(404, "a text has no picture")

    @router.get("/{record_id}/{seal}/timeline.html")
    def timeline(record_id: str, seal: str) -> HTMLResponse:
        admit(record_id, seal)
        if not record_id.startswith(OWN):
            raise HTTPException(404, "a timeline is shown of the case's own patient only")
        own = record_id.removeprefix(OWN)
        try:
            return HTMLResponse(str(timeline_html(assistant.timeline(record_id=own), own)))
        except WardroundError as error:
            told = translated(error)
        return HTMLResponse(Markup('<p class="wr-empty">{}</p>').format(say("timeline.none", reason=told)))

    return router


def _place(record: Record, start: int, end: int) -> TextPlace:
    page = next((p.page for p in record.passages if p.page is not None and p.start <= start < p.end), None)
    return TextPlace(start, end, page)


def _small(record: Record) -> bytes:
    from PIL import Image as Pillow

    assert record.image is not None
    picture = Pillow.fromarray(record.image.pixels)
    picture.thumbnail((FACE_PX, FACE_PX), Pillow.Resampling.LANCZOS, reducing_gap=2.0)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()
