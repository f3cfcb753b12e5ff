"""Scorecards as pages of their own: no script runs in them and nothing is loaded.

A scorecard is found by its name in the list, never by a path; what it quotes of patients' records is told to the
access log.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from assistant.errors import WardroundError
from assistant.evaluate.finished import compare_with, find_run
from assistant.evaluate.log import Sample, read_log
from assistant.evaluate.scorecard import scorecard
from assistant.evaluate.scorecard.listing import Listed, listed
from assistant.html_page import html_page
from assistant.ui.evaluation.tables import CARDS, COMPARED
from assistant.ui.gate.visitor import visitor
from assistant.ui.language import say
from assistant.ui.language.told import translated

if TYPE_CHECKING:
    from assistant.assistant import Assistant

ROLE = "auditor"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "sandbox",
    )
)


def cards_of(assistant: Assistant) -> list[Listed]:
    """The scorecards that the visitor may open: an auditor's, and of each only what asked indexes they may see."""
    if not visitor().may(ROLE):
        return []
    return [card for card in listed(assistant.workspace) if all(map(visitor().sees, card.indexes))]


def scorecard_router(assistant: Assistant) -> APIRouter:
    """A scorecard by its name, and two runs of a suite compared."""
    router = APIRouter()
    drawing = threading.Lock()  # a comparison takes a processor for seconds: one at a time

    def find(name: str) -> Listed | None:
        return next((card for card in cards_of(assistant) if card.name == name and card.page is not None), None)

    @router.get(CARDS + "/{name:path}", include_in_schema=False)
    def show(name: str) -> HTMLResponse:
        card = find(name)
        if card is None or card.page is None:
            return _refusal(404, say("evaluation.no_such"))
        if card.kind == "run":
            _tell(assistant, read_log(card.page.parent).values())
        return _page(card.page.read_text(encoding="utf-8"))

    @router.get(COMPARED, include_in_schema=False)
    def compare(run: str, against: str) -> HTMLResponse:
        cards = (find(run), find(against))
        if any(card is None or card.kind != "run" for card in cards):
            return _refusal(404, say("evaluation.no_such"))
        first, other = (card.page.parent for card in cards if card is not None and card.page is not None)
        if first == other:
            return _refusal(400, say("evaluation.same_run"))
        if not drawing.acquire(blocking=False):
            return _refusal(503, say("evaluation.busy"))
        try:
            workspace = assistant.workspace
            result = find_run(str(first), workspace).result()
            compared = replace(result, comparison=compare_with(result, find_run(str(other), workspace)))
            _tell(assistant, compared.samples.values())
            return _page(scorecard(compared))
        except WardroundError as error:
            return _refusal(409, translated(error))
        finally:
            drawing.release()

    return router


def _page(html: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(html, status, {"Content-Security-Policy": POLICY})


def _refusal(status: int, words: str) -> HTMLResponse:
    return _page(
        html_page("Wardround", "body { font: 1rem system-ui; margin: 2rem }", f"<p>{escape(words)}</p>"), status
    )


def _tell(assistant: Assistant, samples: Iterable[Sample]) -> None:
    """Which patients' records the page quotes, for the access log."""
    assistant.db.log_access("scorecard", list(dict.fromkeys(_seen(samples))))


def _seen(samples: Iterable[Sample]) -> Iterator[tuple[str, str | None]]:
    for sample in samples:
        for side in (sample.answer, sample.draft, sample.search):
            for piece in side.evidence if side is not None else ():
                if piece.patient_id:
                    yield piece.record_id, piece.patient_id
