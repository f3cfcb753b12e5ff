"""The pages in one: each is built by its own room, and all share the server, the archive and the visitor.

Gradio is imported at the top (its events look at the handlers' annotations): import this module, like `server`,
only where the page is opened.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from gradio.components import Navbar

from assistant.ui.access.access_page import build_access
from assistant.ui.archive.archive_page import build_archive
from assistant.ui.chat.chat_page import build_chat
from assistant.ui.chat.desk import Desk
from assistant.ui.drafts.drafts_page import build_drafts
from assistant.ui.evaluation.evaluation_page import build_evaluation
from assistant.ui.gate.visitor import EVERYBODY
from assistant.ui.head import HEAD_SCRIPT, HEAD_TO_COME, Place, header_html
from assistant.ui.help.help_page import build_help
from assistant.ui.language.wording import Wording
from assistant.ui.search.search_page import build_search

if TYPE_CHECKING:
    from assistant.assistant import Assistant

STYLES = sorted((Path(__file__).parent / "static" / "css").glob("*.css"))
_THREADS = 40  # for events that wait for nothing
Build = Callable[[gr.Blocks, Desk, Wording], None]
"""Adds a page's components and events below its head; `wording` sets their texts once all are there."""

PAGES: tuple[tuple[Place, Build], ...] = (
    (Place("/", "head.chat", "reader"), build_chat),
    (Place("/search", "head.search", "reader"), build_search),
    (Place("/drafts", "head.drafts", "author"), build_drafts),
    (Place("/evaluation", "head.evaluation", "auditor"), build_evaluation),
    (Place("/access", "head.access", "auditor"), build_access),
    (Place("/archive", "head.archive_page", "administrator"), build_archive),
    (Place("/help", "head.help", EVERYBODY), build_help),
)
"""All pages, in the order of the links in the head: one line each."""


def build_page(assistant: Assistant, folder: Path | None = None) -> gr.Blocks:
    """The pages over an opened assistant; uploads lie below `folder` as long as their conversation lasts."""
    desk = Desk(assistant, folder or Path(tempfile.mkdtemp(prefix="wardround-")))
    (first, build), *others = PAGES
    with gr.Blocks(title="Wardround", analytics_enabled=False, fill_width=True, delete_cache=(600, 3_600)) as page:
        _build(page, desk, first, build)
    for place, build in others:
        with page.route(place.path.strip("/"), place.path):
            _build(page, desk, place, build)
    # Whoever waits for a turn (`capacity`) holds a thread meanwhile; the turns bound what runs, not Gradio's queue.
    page.max_threads = assistant.settings.ui.waiting + _THREADS
    page.queue(default_concurrency_limit=None)
    return page


def _build(page: gr.Blocks, desk: Desk, here: Place, build: Build) -> None:
    Navbar(visible=False)  # the head has links of its own
    wording = Wording()

    def head() -> str:
        return header_html(desk.assistant, here, [place for place, _ in PAGES])

    wording.draw(gr.HTML(HEAD_TO_COME, elem_id="wr-head", apply_default_css=False, js_on_load=HEAD_SCRIPT), head)
    build(page, desk, wording)
    wording.load(page)
