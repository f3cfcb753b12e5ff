"""What happens on the conversation's events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from markupsafe import Markup

from assistant.errors import WardroundError
from assistant.store.talks import Talks
from assistant.ui.capacity import capacity_of
from assistant.ui.chat import acts, handover
from assistant.ui.chat.answering import Answering
from assistant.ui.chat.bar import bar_html
from assistant.ui.chat.cards import shelf
from assistant.ui.chat.conversation import Conversation, Turn
from assistant.ui.chat.dialogs import mixing
from assistant.ui.chat.steps import told_of
from assistant.ui.chat.tabs import OpenTalks, Tab
from assistant.ui.chat.talk import conversation_html, without_files
from assistant.ui.chat.uploads import Room, is_there, room_for, stored_bytes, take_in
from assistant.ui.evidence.panel import panel_html
from assistant.ui.feedback import opinions_below
from assistant.ui.language import say, say_count, words
from assistant.ui.language.told import translated
from assistant.ui.language.words import listed

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.records import Record

PARTS = ("bar", "talk", "shelf", "panel", "dialog", "told", "box")
"""The components of the page that an event may change, in the order of its outputs."""

Act = Callable[["Desk", Tab, Mapping[str, Any]], Sequence[str]]
"""What a button does: (desk, tab, its data) → the parts to draw anew."""

Drawn = list[Any]


class Desk:
    """What happens on the page's events. A browser tab shows one conversation at a time."""

    def __init__(self, assistant: Assistant, folder: Path) -> None:
        self.assistant = assistant
        self.folder = folder
        self.capacity = capacity_of(assistant)
        self.kept = Talks(assistant.db)
        self.talks = OpenTalks(assistant, folder)
        self.answering = Answering(assistant, self.capacity, self.kept)
        self.acts: dict[str, Act] = dict(acts.ACTS)  # other rooms add theirs

    # --- a tab comes and goes ------------------------------------------------------------------------

    def arrive(self, request: gr.Request) -> Drawn:
        """A tab was opened: with the conversation that its address names, with what another page hands over, or new."""
        session, asked = str(request.session_hash), dict(request.query_params or {})
        tab = self.talks.tab(session)
        question = ""
        if talk_id := asked.get("talk"):
            try:
                tab = self.talks.show(session, self.talks.open(str(talk_id)))
            except WardroundError as error:
                tab.tell(translated(error))
        elif handed := handover.taken(str(asked.get("from", ""))):
            question = handed.question
            tab.talk.new_case(handed.patient, studies=handed.studies, history=handed.patient is not None)
            tab.ask_now = handed.ask_now
        parts = [part for part in PARTS if part != "box"]
        if tab.talk.busy:  # a box that is ready to ask is left alone: a question may be sent before this is drawn
            parts.append("box")
        return self.draw(tab, *parts, question=question or None)

    def leave(self, request: gr.Request) -> None:
        """A tab was closed or loaded anew."""
        self.talks.leave(str(request.session_hash))

    # --- files ---------------------------------------------------------------------------------------

    def receive(self, value: dict[str, Any] | None, request: gr.Request) -> Drawn:
        """Files arrived in the box: read them at once and show a card of each."""
        tab = self._tab(request)
        if not self.take(tab, value):
            return self.draw(tab, *(("shelf", "told") if tab.note else ()))
        self._ask_before_mixing(tab)
        return self.draw(tab, "bar", "shelf", "dialog", *(("told",) if tab.note else ()))

    def take(self, tab: Tab, value: dict[str, Any] | None) -> bool:
        """Bring in the files that came into the box; whether there were any. One that is in play already is told of."""
        talk = tab.talk
        with talk.lock:
            came = tab.came(Path(file) for file in (value or {}).get("files", ()))
            names = {Path(path): name for path, name in (value or {}).get("names", {}).items()}
            talk.received.hold(talk, came)
            there = [file for file in came if is_there(file, names.get(file, file.name), talk.uploads)]
            fresh = [file for file in came if file not in there]
            if there and not talk.busy:
                tab.tell(say_count("uploads.there", len(there), names=listed([names.get(f, f.name) for f in there])))
            if not fresh:
                return False
            with self.capacity.turn("cpu") as turn:
                turn.hold()
                talk.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                talk.uploads = take_in(
                    talk.case_folder,
                    fresh,
                    talk.uploads,
                    self.assistant.uploads.reading,
                    self._room(talk),
                    names,
                )
            talk.set_files()
            return True

    def shelf(self, tab: Tab) -> Markup:
        """The cards of a tab's files, with what there is to say of them this once."""
        note, tab.note = tab.note, ""
        return shelf(tab.talk.uploads, without_files(tab.talk) or note)

    def _room(self, talk: Conversation) -> Room:
        """What may still come into a conversation, and what its visitor has already, in all of them together."""
        ui = self.assistant.settings.ui
        stored = sum(stored_bytes((*other.former, *other.uploads)) for other in self.talks.of(talk.who))
        return room_for(talk.uploads, stored, ui.max_uploads, ui.max_uploads_mb)

    def _ask_before_mixing(self, tab: Tab) -> bool:
        """Whether files of another patient than the case's lie there; then the dialog asks what to do."""
        talk = tab.talk
        if others := talk.strangers():
            tab.dialog = mixing(talk.own(), others, talk.strangers_of_one(), talk.patient_shown(), talk.told_apart())
        return bool(others)

    # --- questions -----------------------------------------------------------------------------------

    def ask(self, value: dict[str, Any] | None, model: str, request: gr.Request) -> Iterator[Drawn]:
        """One turn, step by step: search, each checked claim, the whole answer."""
        tab = self._tab(request)
        talk = tab.talk
        self.take(tab, value)
        question = ((value or {}).get("text") or "").strip()
        if not question:
            yield self.draw(tab, "bar", "shelf", "told", question="")
            return
        if refused := self._too_long(question):
            tab.tell(refused)
            yield self.draw(tab, "bar", "shelf", "told", question=question)
            return
        if self._ask_before_mixing(tab):
            yield self.draw(tab, "bar", "shelf", "dialog", "told", question=question)
            return
        turn = self._begin(tab, question, model)
        if turn is None:
            tab.tell(say("talk.busy"))
            yield self.draw(tab, "shelf", "told", question=question)
            return
        if turn.stage == "unasked":
            yield self.draw(tab, "bar", "talk", "shelf", "panel", "told", question=question)
            return
        yield self.draw(tab, "bar", "talk", "shelf", "panel", "told", question="")
        yield from self._answer(tab, talk, turn, str(request.session_hash))

    def again(self, model: str, request: gr.Request) -> Iterator[Drawn]:
        """The last question is put once more."""
        tab = self._tab(request)
        talk = tab.talk
        tab.editing = len(talk.turns) - 1
        refused = self._too_long(talk.turns[-1].question)
        turn = self._begin(tab, talk.turns[-1].question, model) if tab.editing >= talk.first and not refused else None
        if turn is None:
            tab.tell(refused)
            tab.editing = None
            yield self.draw(tab, "talk", "shelf", "told")
            return
        yield self.draw(tab, "bar", "talk", "shelf", "panel", "told", "box")
        yield from self._answer(tab, talk, turn, str(request.session_hash))

    def take_back(self, talk: Conversation, number: int) -> list[Turn]:
        """The turns from that one on are taken back, on the page and as they are kept."""
        gone = talk.take_back(number)
        if rows := [turn.row for turn in gone if turn.row is not None]:
            self.kept.take_back(talk.id, rows)
        return gone

    def stop(self, request: gr.Request) -> Drawn:
        """The answer that is being written ends with its sentence."""
        tab = self._tab(request)
        for turn in tab.talk.turns:
            if turn.busy:
                turn.stage = "stopped"
        return self.draw(tab, "talk", "told", "box")

    def _too_long(self, question: str) -> str:
        return words.too_long(question, self.assistant.settings.ui.max_question_chars)

    def _begin(self, tab: Tab, question: str, model: str) -> Turn | None:
        """A turn for a question, in the place of the one that is being put anew; None while another one is answered.

        It is unasked where a file can't be read: an answer would look like one about it.
        """
        talk = tab.talk
        with talk.lock:
            if talk.busy:
                return None
            without, gone = without_files(talk), 0
            if tab.editing is not None:
                left = talk.files_gone()
                self.take_back(talk, tab.editing)
                gone = left - talk.files_gone()  # the files went that came with a question taken back
                tab.editing = None
            bad = talk.unreadable()
            turn = Turn(question, bad or talk.hand_over(), talk.kinds(), model=model, new_case=talk.switched)
            talk.switched = False
            turn.note, turn.gone = without, gone
            if bad:
                turn.stage, turn.note = "unasked", words.unasked([upload.name for upload in bad])
            talk.turns.append(turn)
            talk.shown = None
            return turn

    def _answer(self, tab: Tab, talk: Conversation, turn: Turn, session: str) -> Iterator[Drawn]:
        """The page as the answer comes in; a tab that shows another conversation meanwhile is left alone."""
        opened = None
        for _ in self.answering.steps(talk, turn):
            now_shown = self.talks.shown(session)
            if now_shown is None or now_shown.talk is not talk:
                yield self.draw(tab)
                continue
            tab = now_shown
            now = (turn.stage, turn.first_shown(), len(turn.numbered()), talk.shown)
            yield self.draw(tab, "talk", "told", *(("panel",) if now != opened else ()))
            opened = now
        now_shown = self.talks.shown(session)
        if now_shown is not None:
            parts = ("bar", "talk", "panel", "told", "box") if now_shown.talk is talk else ("bar",)
            yield self.draw(now_shown, *parts)

    # --- buttons -------------------------------------------------------------------------------------

    def act(self, event: gr.EventData, request: gr.Request) -> Drawn:
        """A button was pressed: what it does is said by its `data-act`."""
        tab, data = self._tab(request), dict(event._data or {})
        found = self.acts.get(str(data.get("act", "")))
        if found is None:
            return self.draw(tab)
        tab.question = None
        try:
            parts = found(self, tab, {**data, "session": str(request.session_hash)})
        except WardroundError as error:
            tab.tell(translated(error))
            parts = ("bar", "shelf", "told")
        tab = self._tab(request)  # it may show another conversation now
        return self.draw(tab, *parts, question=tab.question)

    # --- drawing -------------------------------------------------------------------------------------

    def draw(self, tab: Tab, *parts: str, question: str | None = None) -> Drawn:
        """The outputs of an event: the parts named are drawn anew, the others stay. `question` goes into the box."""
        talk = tab.talk
        drawn: dict[str, Any] = {}
        for part in parts:
            match part:
                case "bar":
                    drawn[part] = bar_html(talk, self.kept.newest(), self._study_key)
                case "talk":
                    below = opinions_below(self.assistant.db, talk.turns)
                    drawn[part] = conversation_html(talk, below, tab.editing, tab.all_turns)
                case "shelf":
                    drawn[part] = self.shelf(tab)
                case "panel":
                    drawn[part] = panel_html(talk, self.look)
                case "dialog":
                    drawn[part] = tab.dialog
                case "told":
                    drawn[part] = self._told(tab)
                case "box":
                    drawn[part] = self._box(tab, question)
        if question is not None and "box" not in drawn:
            drawn["box"] = self._box(tab, question)
        return [drawn.get(part, gr.skip()) for part in PARTS]

    def look(self, record_id: str) -> Record:
        """A record to be looked at. Raises WardroundError, which says of an upload of an earlier visit that it went."""
        try:
            return self.assistant.record(record_id, pixels=False)
        except WardroundError:
            if record_id.startswith("u"):
                raise WardroundError(say("talk.upload_went")) from None
            raise

    def _study_key(self, study_id: str) -> str:
        """A study by the archive's own key, as the search page names it; by its pseudonym where it has none."""
        try:
            keys = [record.external_id for record in self.assistant.study(study_id)]
        except WardroundError:  # forgotten, or not shown to this visitor any more
            return study_id
        return next(filter(None, keys), study_id)

    def _told(self, tab: Tab) -> Markup:
        """What a screen reader is told: where the question stands, else what an event has to say."""
        told, tab.told = tab.told, ""
        turn = tab.talk.turns[-1] if tab.talk.turns else None
        run = Markup(' data-ask="yes"') if tab.ask_now else Markup("")
        tab.ask_now = False
        return Markup("<p{}>{}</p>").format(run, told or (told_of(turn) if turn else ""))

    def _box(self, tab: Tab, question: str | None) -> Any:
        """Ready to ask, or to stop; what is typed stays, unless `question` takes its place."""
        busy = tab.talk.busy
        if question is not None:
            tab.in_box.clear()
        value: dict[str, Any] = {} if question is None else {"value": {"text": question, "files": []}}
        return gr.update(submit_btn=not busy, stop_btn=busy, **value)

    def _tab(self, request: gr.Request) -> Tab:
        named = dict(request.query_params or {}).get("talk", "")
        return self.talks.tab(str(request.session_hash), str(named))
