"""The search page: a box for words and files, filters, a gallery, and what is opened from it."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import gradio as gr
from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from assistant.errors import WardroundError
from assistant.ui.chat.acts import remove, remove_unreadable
from assistant.ui.chat.cards import shelf
from assistant.ui.chat.desk import Desk
from assistant.ui.chat.handover import chat_address
from assistant.ui.events import DIRECT
from assistant.ui.gate.seals import admit_sealed
from assistant.ui.language import say, say_count
from assistant.ui.language.told import translated
from assistant.ui.language.wording import Wording
from assistant.ui.language.words import listed
from assistant.ui.search.form import SEND, filters_html
from assistant.ui.search.gallery import ASK_ABOUT, SELECT, gallery_html
from assistant.ui.search.looking import Filters, Looking, Model

log = logging.getLogger(__name__)

_KEPT_S = 3_600  # what was found stays with its tab so long

_REMOVE = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-act]');
  if (button) trigger('click', {...button.dataset});
});
"""


class SearchDesk:
    """What happens on the page's events. A tab's files lie where a conversation's do, within the same limits."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.assistant = desk.assistant

    def receive(self, value: dict[str, Any] | None, request: gr.Request) -> Markup:
        """Files arrived in the box: read them at once and show a card of each."""
        tab = self.desk.talks.tab(str(request.session_hash))
        self.desk.take(tab, value)
        return self.desk.shelf(tab)

    def remove(self, event: gr.EventData, request: gr.Request) -> Markup:
        """A file is taken off the table, or all that can't be read."""
        tab = self.desk.talks.tab(str(request.session_hash))
        act = remove_unreadable if event._data.get("act") == remove_unreadable.__name__ else remove
        act(self.desk, tab, event._data)
        return shelf(tab.talk.uploads)

    def search(self, value: dict[str, Any] | None, looking: Looking | None, request: gr.Request) -> tuple[Any, ...]:
        """Words, files or both are looked for."""
        looking = looking or Looking()
        shown = self.receive(value, request)
        looking.text = str((value or {}).get("text") or "")
        box = gr.MultimodalTextbox(value={"text": looking.text, "files": []})
        self.desk.talks.tab(str(request.session_hash)).in_box.clear()
        return looking, self._look(looking, request), shown, box

    def filter(self, event: gr.EventData, looking: Looking | None, request: gr.Request) -> tuple[Any, ...]:
        """A filter was changed: what was looked for is looked for again, unless one was changed once more meanwhile."""
        tab = self.desk.talks.tab(str(request.session_hash))
        tab.filtered += 1
        mine = tab.filtered
        done = self._filtered(event, replace(looking or Looking()), request)  # each looks for itself
        return done if tab.filtered == mine else (gr.skip(), gr.skip())

    def _filtered(self, event: gr.EventData, looking: Looking, request: gr.Request) -> tuple[Any, ...]:
        before, wrong = looking.filters, looking.error
        try:
            looking.filters, looking.error = Filters.of_form(event._data), ""
        except WardroundError as error:
            looking.error = translated(error)
            return looking, gallery_html(looking)
        asked = looking.text or looking.like or self.desk.talks.tab(str(request.session_hash)).talk.files()
        begun = looking.found is not None or (wrong and asked) or looking.filters.findings or looking.filters.patient
        if (looking.filters == before and not wrong) or not begun:
            return looking, gallery_html(looking) if wrong else gr.skip()  # what was wrong is said no longer
        return looking, self._look(looking, request)

    def press(self, event: gr.EventData, looking: Looking | None, request: gr.Request) -> tuple[Any, ...]:
        """More like one of the results is wanted, or no longer."""
        looking = looking or Looking()
        if event._data.get("act") == "unlike":
            looking.like = None
        else:
            start, end = (
                int(value) if str(value).isdecimal() else 0 for value in map(event._data.get, ("start", "end"))
            )
            try:
                record = self.assistant.record(admit_sealed(str(event._data.get("record", ""))), pixels=False)
            except WardroundError as error:
                looking.error = translated(error)
                return looking, gallery_html(looking)
            looking.like, looking.text = Model(record, start, end), ""
        return looking, self._look(looking, request)

    def _look(self, looking: Looking, request: gr.Request) -> Markup:
        talk = self.desk.talks.tab(str(request.session_hash)).talk
        looking.error = ""
        if unreadable := talk.unreadable():
            looking.found = None
            names = listed([upload.name for upload in unreadable])
            looking.error = say_count("search.unreadable", len(unreadable), names=names)
            return gallery_html(looking)
        try:
            with self.desk.capacity.turn("cpu") as turn:
                turn.hold()
                looking.search(self.assistant, talk.files())
        except WardroundError as error:
            looking.error = translated(error)
        except Exception as error:  # a fault of ours must not leave the page waiting; the log has the details
            log.exception("a search failed")
            looking.error = say("search.fault", error=type(error).__name__)
        return gallery_html(looking)


def build_search(page: gr.Blocks, desk: Desk, wording: Wording) -> None:
    """The components and events of the search page."""
    own = SearchDesk(desk)
    looking = gr.State(None, time_to_live=_KEPT_S)  # a `Looking`, once something was looked for
    quiet: dict[str, Any] = {"apply_default_css": False, "elem_classes": "wr-html"}
    with gr.Column(elem_id="wr-search", elem_classes="wr-page"):
        box = wording(
            gr.MultimodalTextbox(
                elem_id="wr-find", show_label=False, file_count="multiple", lines=1, max_lines=4,
                max_plain_text_length=4_000, autofocus=True,
            ),
            label="search.box", placeholder="search.placeholder",
        )  # fmt: skip
        files = gr.HTML("", elem_id="wr-find-shelf", js_on_load=_REMOVE, **quiet)
        filters = gr.HTML("", elem_id="wr-find-filters", js_on_load=SEND, **quiet)
        wording.draw(filters, lambda: filters_html(desk.assistant))
        results = gr.HTML("", elem_id="wr-results", js_on_load=SELECT, **quiet)
        wording.draw(results, lambda: gallery_html(Looking()))
    page.unload(desk.leave)
    box.change(own.receive, [box], [files], trigger_mode="always_last", **DIRECT)
    box.submit(own.search, [box, looking], [looking, results, files, box], **DIRECT)
    # "always_last" would lose what the last event said: Gradio puts it off without its data.
    filters.apply(own.filter, [looking], [looking, results], trigger_mode="multiple", **DIRECT)
    results.click(own.press, [looking], [looking, results], **DIRECT)
    files.click(own.remove, None, [files], **DIRECT)


def search_router() -> APIRouter:
    """The route behind "ask about these": it hands the chosen studies to the chat, and leads there."""
    router = APIRouter()

    @router.post(ASK_ABOUT, include_in_schema=False)
    def ask_about(study: list[str] = Form(default=[])) -> RedirectResponse:  # noqa: B008 (how FastAPI declares it)
        studies = frozenset(map(admit_sealed, study))
        return RedirectResponse(chat_address(studies=studies) if studies else "/search", status_code=303)

    return router
