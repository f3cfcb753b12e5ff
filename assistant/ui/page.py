"""The page: conversation on the left, evidence on the right, and how they move.

Gradio is imported at the top (its events look at the handlers' annotations): import this module, like `server`,
only where the page is opened.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from markupsafe import Markup

from assistant import demo
from assistant.errors import WardroundError
from assistant.records import Answer, Claim, SearchResult
from assistant.ui import words
from assistant.ui.conversation import Conversation, Turn
from assistant.ui.evidence import panel_html
from assistant.ui.talk import conversation_html
from assistant.ui.uploads import shelf, take_in

if TYPE_CHECKING:
    from assistant.assistant import Assistant

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
STYLE = HERE / "style.css"
DISCLAIMER = "Research software, no medical device. Drafts and answers are preliminary."
MODELS = (
    ("quotes and counts", "quote"),
    ("small local model", "local"),
    ("model server", "openai"),
)

# A click on any of our buttons reaches Python as what its data- attributes say; nothing else does.
_CLICKS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-act]');
  if (button) trigger('click', {...button.dataset});
});
"""
_FOLLOW = (
    _CLICKS
    + """
let turns = 0;
watch('value', () => {
  const all = element.querySelectorAll('.wr-turn');
  if (all.length > turns) all[all.length - 1].scrollIntoView({block: 'start'});
  turns = all.length;
});
"""
)
_SHOW = (
    _CLICKS
    + """
element.addEventListener('click', (event) => {
  const back = event.target.closest('button.wr-back');
  if (!back) return;
  const talk = document.querySelector('#wr-talk');
  const cited = talk.querySelector('.wr-cite[aria-pressed="true"]');
  (cited || talk.querySelectorAll('.wr-turn')[back.dataset.turn])?.scrollIntoView({block: cited ? 'center' : 'start'});
});
watch('value', () => {
  const mark = element.querySelector('.wr-sentence') || element.querySelector('#wr-cited');
  if (mark) {
    const text = mark.closest('.wr-document');
    text.scrollTop += mark.getBoundingClientRect().top - text.getBoundingClientRect().top - text.clientHeight / 3;
  }
  const stacked = window.matchMedia('(max-width: 860px)').matches;
  if (stacked && element.querySelector('.wr-panel[data-chosen]')) element.scrollIntoView({block: 'start'});
});
"""
)


def build_page(assistant: Assistant, folder: Path | None = None) -> gr.Blocks:
    """The page over an opened assistant; uploads lie below `folder` as long as their conversation lasts."""
    desk = Desk(assistant, folder or Path(tempfile.mkdtemp(prefix="wardround-")))
    with gr.Blocks(title="Wardround", analytics_enabled=False, fill_width=True, delete_cache=(600, 3_600)) as page:
        conversation = gr.State(None, delete_callback=desk.close)
        with gr.Row(elem_id="wr-head"):
            gr.HTML(header_html(assistant), elem_id="wr-title", apply_default_css=False, js_on_load=None)
            model = gr.Dropdown(
                MODELS,
                value=assistant.settings.llm.name,
                label="Answered by",
                elem_id="wr-model",
                min_width=120,
                scale=0,
            )
            case = gr.Button("New case", elem_id="wr-case", size="sm", scale=0, min_width=110)
            new = gr.Button("New conversation", elem_id="wr-new", size="sm", scale=0, min_width=150)
        with gr.Row(elem_id="wr-main", equal_height=False):
            with gr.Column(elem_id="wr-left", scale=5, min_width=320):
                talk = gr.HTML(
                    conversation_html(Conversation(desk.folder)), elem_id="wr-talk", apply_default_css=False,
                    js_on_load=_FOLLOW,
                )  # fmt: skip
                files = gr.HTML("", elem_id="wr-shelf", apply_default_css=False, js_on_load=_CLICKS)
                box = gr.MultimodalTextbox(
                    elem_id="wr-box", label="Your question", show_label=False, file_count="multiple", lines=1,
                    max_lines=6, placeholder="Ask, or drop files here: DICOM, ECG, picture, PDF, text",
                    max_plain_text_length=4_000, autofocus=True,
                )  # fmt: skip
            with gr.Column(elem_id="wr-right", scale=6, min_width=320):
                panel = gr.HTML(desk.panel(None), elem_id="wr-evidence", apply_default_css=False, js_on_load=_SHOW)

        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        direct: dict[str, Any] = {**quiet, "queue": False}
        page.load(desk.arrive, None, [conversation], **direct)
        page.unload(desk.leave)
        box.change(desk.receive, [box, conversation], [conversation, files], trigger_mode="always_last", **direct)
        asking = box.submit(
            desk.ask, [box, model, conversation], [conversation, talk, files, panel, box], concurrency_limit=4, **quiet
        )
        box.stop(desk.stop, [conversation], [talk, box], cancels=[asking], **direct)
        talk.click(desk.press, [conversation], [conversation, talk, panel, box], **direct)
        panel.click(desk.show, [conversation], [conversation, talk, panel], **direct)
        files.click(desk.remove, [conversation], [conversation, files], **direct)
        case.click(desk.switch, [conversation], [conversation, talk, files], cancels=[asking], **direct)
        new.click(desk.renew, [conversation], [conversation, talk, files, panel, box], cancels=[asking], **direct)
    return page


def header_html(assistant: Assistant) -> Markup:
    """Name, disclaimer, the open archives, and the notices that their licences ask for."""
    terms = demo.notices(assistant.workspace) if demo.DEMO_INDEX in assistant.indexes else ()
    notices = Markup("").join(Markup("<li>{}</li>").format(notice) for notice in terms)
    about = Markup('<details class="wr-notices"><summary>Sources</summary><ul>{}</ul></details>').format(notices)
    return Markup(
        '<header class="wr-header"><h1>Wardround</h1><div><p class="wr-archive">{}</p>'
        '<p class="wr-disclaimer">{}</p></div>{}</header>'
    ).format(archive_line(assistant), DISCLAIMER, about if notices else "")


def archive_line(assistant: Assistant) -> str:
    """Which archive is open: "demo: 1,204 records"."""
    counts = {name: sum(kinds.values()) for name, kinds in assistant.totals().items()}
    return "Archive: " + (", ".join(f"{name}, {count:,} records" for name, count in counts.items()) or "none")


class Desk:
    """What happens on the page's events. Each browser tab has its own conversation, which ends with it."""

    def __init__(self, assistant: Assistant, folder: Path) -> None:
        self.assistant = assistant
        self.folder = folder
        self._tabs: dict[str, Conversation] = {}

    def arrive(self, request: gr.Request) -> Conversation:
        """A tab was opened."""
        return self._tabs.setdefault(str(request.session_hash), self.begin())

    def leave(self, request: gr.Request) -> None:
        """A tab was closed or loaded anew."""
        self.close(self._tabs.pop(str(request.session_hash), None))

    def begin(self) -> Conversation:
        conversation = Conversation(self.folder)
        conversation.folder = self.folder / conversation.id
        conversation.case = self.assistant.converse()
        return conversation

    def close(self, conversation: Conversation | None) -> None:
        """The conversation is over: its uploads leave memory and disk."""
        if conversation is not None:
            self.assistant.forget_uploads(sorted(conversation.uploaded_records()))
            conversation.close()

    def panel(self, conversation: Conversation | None) -> Markup:
        return panel_html(conversation or Conversation(self.folder), self.assistant.record)

    def talk(self, conversation: Conversation) -> Markup:
        return conversation_html(conversation)

    def receive(self, value: dict[str, Any] | None, conversation: Conversation | None) -> tuple[Any, ...]:
        """Files arrived in the box: read them at once and show a card of each."""
        conversation = conversation or self.begin()
        self._take(conversation, value)
        return conversation, shelf(conversation.uploads)

    def _take(self, conversation: Conversation, value: dict[str, Any] | None) -> None:
        with conversation.lock:
            files = [Path(file) for file in (value or {}).get("files", ())]
            fresh = [file for file in files if file not in conversation.caches]
            conversation.caches += fresh
            if fresh:
                conversation.uploads = take_in(
                    conversation.folder, fresh, conversation.uploads, self.assistant.read_upload
                )

    def remove(self, event: gr.EventData, conversation: Conversation) -> tuple[Any, ...]:
        with conversation.lock:
            number = str(event._data.get("number", ""))
            if number.isdecimal() and int(number) < len(conversation.uploads):
                conversation.uploads.pop(int(number)).path.unlink(missing_ok=True)
        return conversation, shelf(conversation.uploads)

    def ask(
        self, value: dict[str, Any] | None, model: str, conversation: Conversation | None
    ) -> Iterator[Sequence[Any]]:
        """One turn, step by step: search, each checked claim, the whole answer."""
        conversation = conversation or self.begin()
        self._take(conversation, value)
        question = ((value or {}).get("text") or "").strip()
        if not question:
            yield conversation, gr.skip(), shelf(conversation.uploads), gr.skip(), gr.MultimodalTextbox(value=None)
            return
        with conversation.lock:
            bad = conversation.unreadable()
            turn = Turn(question, bad or conversation.hand_over(), conversation.kinds(), new_case=conversation.switched)
            conversation.switched = False
        conversation.turns.append(turn)
        conversation.shown = None
        if bad:  # an answer without the file would look like one about it
            turn.stage, turn.note = "unasked", words.unasked([upload.name for upload in bad])
            again = gr.MultimodalTextbox(value={"text": question, "files": []}, submit_btn=True, stop_btn=False)
            yield conversation, self.talk(conversation), shelf(conversation.uploads), self.panel(conversation), again
            return
        busy = gr.MultimodalTextbox(value=None, submit_btn=False, stop_btn=True)
        yield conversation, self.talk(conversation), shelf(conversation.uploads), self.panel(conversation), busy
        opened = None
        for _ in self._steps(conversation, turn, model):
            now = (turn.stage, turn.first_shown(), len(turn.numbered()), conversation.shown)
            panel = self.panel(conversation) if now != opened else gr.skip()
            opened = now
            yield conversation, self.talk(conversation), gr.skip(), panel, gr.skip()
        ready = gr.MultimodalTextbox(submit_btn=True, stop_btn=False)
        yield conversation, self.talk(conversation), gr.skip(), self.panel(conversation), ready

    def _steps(self, conversation: Conversation, turn: Turn, model: str) -> Iterator[None]:
        try:
            try:
                yield from self._stream(conversation, turn, model)
            except WardroundError as error:
                if model == "quote" or turn.search is None:  # the search failed, not the model
                    raise
                turn.note = f"{model} can’t answer: {error} Answered by “quote” instead."
                turn.search, turn.claims = None, []
                yield from self._stream(conversation, turn, "quote")
            self._log(conversation, turn)
        except WardroundError as error:
            turn.stage, turn.error = "failed", str(error)
        except Exception as error:  # a fault of ours must not leave the page waiting; the log has the details
            log.exception("a question could not be answered")
            turn.stage = "failed"
            turn.error = (
                f"An error inside Wardround ({type(error).__name__}); its log says more. Ask again, or otherwise."
            )

    def _stream(self, conversation: Conversation, turn: Turn, model: str) -> Iterator[None]:
        assert conversation.case is not None
        conversation.case.files = tuple(conversation.files())  # a file taken off the table is asked with no more
        for step in conversation.case.ask_stream(turn.question, llm=model):
            match step:
                case SearchResult():
                    turn.search, turn.stage = step, "checking"
                case Claim():
                    turn.claims.append(step)
                case Answer():
                    turn.answer, turn.claims, turn.stage = step, list(step.claims), "done"
                    turn.note = step.notice or turn.note
            yield

    def _log(self, conversation: Conversation, turn: Turn) -> None:
        """Keep the turn in the workspace's own database, where `forget` finds it."""
        if turn.answer is not None:
            uploads = sorted(conversation.uploaded_records())
            self.assistant.db.add_turn(conversation.id, turn.answer.question, uploads, turn.answer.to_json())

    def stop(self, conversation: Conversation) -> tuple[Any, ...]:
        if conversation.turns and conversation.turns[-1].stage in ("searching", "checking"):
            conversation.turns[-1].stage = "stopped"
        return self.talk(conversation), gr.MultimodalTextbox(submit_btn=True, stop_btn=False)

    def show(self, event: gr.EventData, conversation: Conversation) -> tuple[Any, ...]:
        """A citation, a tab or a nearest hit was clicked: open that evidence."""
        turn, evidence = str(event._data.get("turn", "")), str(event._data.get("evidence", ""))
        if not turn.isdecimal() or int(turn) >= len(conversation.turns):
            return conversation, gr.skip(), gr.skip()
        conversation.shown = (int(turn), evidence)
        return conversation, self.talk(conversation), self.panel(conversation)

    def press(self, event: gr.EventData, conversation: Conversation) -> tuple[Any, ...]:
        """A button of the conversation: a citation opens; a question of the welcome goes into the box, to be sent."""
        if question := event._data.get("question"):
            return conversation, gr.skip(), gr.skip(), {"text": str(question), "files": []}
        return *self.show(event, conversation), gr.skip()

    def switch(self, conversation: Conversation) -> tuple[Any, ...]:
        """A new case in the same conversation: what was said stays on the page and goes into no prompt any more."""
        with conversation.lock:
            conversation.new_case()
        return conversation, self.talk(conversation), shelf(())

    def renew(self, conversation: Conversation | None, request: gr.Request) -> tuple[Any, ...]:
        """A new conversation: uploads, answers and evidence of the old one go."""
        self.close(conversation)
        fresh = self._tabs[str(request.session_hash)] = self.begin()
        ready = gr.MultimodalTextbox(value=None, submit_btn=True, stop_btn=False)
        return fresh, self.talk(fresh), shelf(()), self.panel(fresh), ready
