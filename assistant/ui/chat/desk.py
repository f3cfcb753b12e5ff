"""What happens on the conversation's events."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from markupsafe import Markup

from assistant.errors import WardroundError
from assistant.records import Answer, Claim, SearchResult
from assistant.ui import words
from assistant.ui.capacity import Waiting, capacity_of
from assistant.ui.chat.cards import shelf
from assistant.ui.chat.conversation import Conversation, Turn
from assistant.ui.chat.talk import conversation_html
from assistant.ui.chat.uploads import Room, room_for, stored_bytes, take_in
from assistant.ui.evidence.panel import panel_html
from assistant.ui.visitor import visitor

if TYPE_CHECKING:
    from assistant.assistant import Assistant

log = logging.getLogger(__name__)


class Desk:
    """What happens on the page's events. Each browser tab has its own conversation, which ends with it."""

    def __init__(self, assistant: Assistant, folder: Path) -> None:
        self.assistant = assistant
        self.folder = folder
        self.capacity = capacity_of(assistant)
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
        conversation.who = visitor().name or conversation.id  # where nobody signs in, each tab is somebody
        conversation.case = self.assistant.converse()
        return conversation

    def close(self, conversation: Conversation | None) -> None:
        """The conversation is over: its uploads leave memory and disk."""
        if conversation is not None:
            self.assistant.uploads.forget_files(
                {upload.path for upload in (*conversation.former, *conversation.uploads)}
            )
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
                with self.capacity.turn("cpu") as turn:
                    turn.hold()
                    conversation.uploads = take_in(
                        conversation.folder, fresh, conversation.uploads, self.assistant.uploads.reading,
                        self._room(conversation),
                    )  # fmt: skip

    def _room(self, conversation: Conversation) -> Room:
        """What may still come into a conversation, and what its visitor has already, in all tabs together."""
        ui = self.assistant.settings.ui
        own = [other for other in list(self._tabs.values()) if other.who == conversation.who] or [conversation]
        stored = sum(stored_bytes((*other.former, *other.uploads)) for other in own)
        return room_for(conversation.uploads, stored, ui.max_uploads, ui.max_uploads_mb)

    def remove(self, event: gr.EventData, conversation: Conversation) -> tuple[Any, ...]:
        with conversation.lock:
            number = str(event._data.get("number", ""))
            if number.isdecimal() and int(number) < len(conversation.uploads):
                gone = conversation.uploads.pop(int(number))
                gone.path.unlink(missing_ok=True)
                self.assistant.uploads.forget_files({gone.path})
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
        steps = conversation.case.ask_stream(turn.question, llm=model)
        for step in self.capacity.steps(conversation.who, model, steps, follow_up=bool(conversation.case.turns)):
            turn.place = step.place if isinstance(step, Waiting) else 0
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
