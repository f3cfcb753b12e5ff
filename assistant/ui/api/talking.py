"""Conversations of several turns about one case, and what people say of their sentences."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter
from fastapi import Path as InPath

from assistant.answering import last_of
from assistant.errors import BadQuery, TooBusy
from assistant.store.opinions import Target, give
from assistant.store.talks import Talks
from assistant.ui.api.asking import Answerer, Files, Prompt, Question, Way
from assistant.ui.api.common import REFUSALS, Service, role
from assistant.ui.api.shapes import FeedbackIn, KeptAnswerOut, TalkIn, TalkOut
from assistant.ui.capacity import Waiting

if TYPE_CHECKING:
    from assistant.conversation import Conversation

IDLE_S = 3_600.0
"""An open conversation that is not gone on with for so long is closed, and its files go; its turns stay kept."""
LOOK_S = 60.0  # between two looks for conversations that are to be closed
MOST_OPEN = 20  # of one visitor
Id = Annotated[str, InPath(max_length=64)]


@dataclass
class OpenTalk:
    """A conversation that can be gone on with."""

    who: str
    case: Conversation
    folder: Path
    used: float
    lock: threading.Lock = field(default_factory=threading.Lock)


class OpenTalks:
    """The conversations that programs have open, each for its visitor alone."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._open: dict[str, OpenTalk] = {}
        self._lock = threading.Lock()
        self._watched = False

    def begin(self, wanted: TalkIn) -> str:
        """Raises TooBusy where the visitor has too many open."""
        service, who = self._service, self._service.who()
        case = service.assistant.converse(llm=wanted.llm, patient=wanted.patient, history=wanted.history)
        with self._lock:
            if sum(talk.who == who for talk in self._open.values()) >= MOST_OPEN:
                raise TooBusy(f"{MOST_OPEN} conversations are open already: end one (DELETE /conversations/ID)")
            self._open[case.id] = OpenTalk(who, case, service.incoming.fresh_folder(), time.monotonic())
            if not self._watched:
                self._watched = True
                threading.Thread(target=self._watch, daemon=True).start()
        return case.id

    @contextmanager
    def using(self, talk_id: str) -> Iterator[OpenTalk]:
        """The visitor's own open conversation. Raises BadQuery where there is none, TooBusy while it is answering."""
        talk = self._open.get(talk_id)
        if talk is None or talk.who != self._service.who():
            raise BadQuery(f"conversation {talk_id!r}: not open; begin a new one (POST /conversations)")
        if not talk.lock.acquire(blocking=False):
            raise TooBusy("this conversation’s last question is being answered: wait for it")
        try:
            yield talk
        finally:
            talk.used = time.monotonic()
            talk.lock.release()

    def end(self, talk_id: str) -> None:
        """Close a conversation of the visitor, if it is open: its files go."""
        talk = self._open.get(talk_id)
        if talk is not None and talk.who == self._service.who():
            self._close(talk_id)

    def _watch(self) -> None:
        """Close what is idle, as long as any is open."""
        while True:
            time.sleep(LOOK_S)
            self._close_idle()
            with self._lock:
                if not self._open:
                    self._watched = False
                    return

    def _close_idle(self) -> None:
        over = time.monotonic() - IDLE_S
        for talk_id, talk in list(self._open.items()):
            if talk.used < over and not talk.lock.locked():
                self._close(talk_id)

    def _close(self, talk_id: str) -> None:
        with self._lock:
            talk = self._open.pop(talk_id, None)
        if talk is not None:
            talk.case.close()
            self._service.incoming.remove(talk.folder)


def talking_router(service: Service) -> APIRouter:
    router = APIRouter(tags=["Conversations"], dependencies=[role("reader")], responses=REFUSALS)
    assistant, kept, open_talks = service.assistant, Talks(service.assistant.db), OpenTalks(service)

    @router.post("/conversations", response_model=TalkOut, summary="Begin a conversation")
    def begin(wanted: TalkIn) -> Any:
        """Its questions are about one case: files stay in play, a follow-up may say “it”, and what earlier answers
        cited can be cited again. It stays open for an hour after its last question."""
        return {"id": open_talks.begin(wanted), "title": "", "turns": 0}

    @router.get("/conversations", response_model=list[TalkOut], summary="The account’s conversations")
    def listed() -> Any:
        return [
            {"id": talk.id, "title": talk.title, "turns": talk.turns, "changed_at": talk.changed_at.isoformat()}
            for talk in kept.newest()
        ]

    @router.post("/conversations/{talk_id}/questions", response_model=KeptAnswerOut, summary="Ask in a conversation")
    def ask(
        talk_id: Id,
        question: Question,
        files: Files = [],  # noqa: B006 (FastAPI copies it)
        llm: Answerer = None,
        prompt: Prompt = "",
        mode: Way = None,
    ) -> Any:
        """`files` are added to the case; those of another patient are refused."""
        service.check_length(question)
        with open_talks.using(talk_id) as talk:
            paths = service.incoming.bring(talk.folder, files)
            asked = talk.case.ask_stream(question, files=paths, llm=llm, prompt=prompt, mode=mode)
            model = llm or talk.case.llm or assistant.settings.llm.name
            steps = service.capacity.steps(talk.who, model, asked, follow_up=bool(talk.case.turns))
            answer = last_of(step for step in steps if not isinstance(step, Waiting))
            uploads = [upload.record.record_id for upload in assistant.uploads.read(talk.case.files)]
            scope = talk.case.scope().to_json()
            turn = kept.add(talk_id, answer.question, uploads, answer.to_json(), scope=scope)
        return {"turn_id": turn, **answer.to_json()}

    @router.get("/conversations/{talk_id}", response_model=list[KeptAnswerOut], summary="A conversation’s turns")
    def turns(talk_id: Id) -> Any:
        return [{"turn_id": turn.id, **turn.answer} for turn in kept.turns(talk_id) if turn.is_answered]

    @router.delete("/conversations/{talk_id}", status_code=204, summary="Delete a conversation")
    def delete(talk_id: Id) -> None:
        """Its files, its turns and what was said of them go."""
        was_kept = any(talk.id == talk_id for talk in kept.newest(10_000))
        open_talks.end(talk_id)
        if was_kept:
            kept.delete(talk_id)

    @router.post("/feedback", status_code=204, summary="Say that a sentence is right, wrong or harmful")
    def feedback(said: FeedbackIn) -> None:
        """A later opinion of the same account takes the place of the earlier one."""
        if said.turn_id not in {turn.id for turn in kept.turns(said.conversation_id)}:
            raise BadQuery(f"turn {said.turn_id}: the conversation has none of that number")
        comment = assistant.without_identifiers(said.comment)
        give(assistant.db, Target(said.turn_id, None, str(said.claim)), said.judgement, comment)

    return router
