"""A question of a conversation answered, step by step, and kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.errors import OtherPatient, WardroundError
from assistant.records import Answer, Claim, SearchResult
from assistant.ui.capacity import Capacity, Waiting
from assistant.ui.chat.conversation import Conversation, Turn
from assistant.ui.language import say
from assistant.ui.language.told import translated
from assistant.wording import joined, with_wordings

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.store.talks import Talks

log = logging.getLogger(__name__)


class Answering:
    """Answers questions as their turn comes. A question is kept as it begins, so that one whose server is killed is
    still in its conversation; what was shown is kept, also of an answer that was stopped."""

    def __init__(self, assistant: Assistant, capacity: Capacity, kept: Talks) -> None:
        self._assistant = assistant
        self._capacity = capacity
        self._kept = kept

    def steps(self, talk: Conversation, turn: Turn) -> Iterator[None]:
        """The turn as it grows; whatever goes wrong is told in it."""
        try:
            self._begin(talk, turn)
            try:
                yield from self._stream(talk, turn, turn.model)
            except WardroundError as error:
                if turn.model == "quote" or turn.search is None:  # the search failed, not the model
                    raise
                _note(turn, say("talk.model_lost", model=say(f"head.{turn.model}"), error=translated(error)))
                turn.search, turn.claims, turn.stage = None, [], "searching"
                yield from self._stream(talk, turn, "quote")
            self._keep(talk, turn)
        except OtherPatient as error:
            turn.stage, turn.named = "refused", error.named
        except WardroundError as error:
            turn.stage, turn.error = "failed", error.told
        except Exception as error:  # a fault of ours must not leave the page waiting; the log has the details
            log.exception("a question could not be answered")
            turn.stage, turn.error = "failed", say("talk.fault", error=type(error).__name__)
        finally:
            if turn.busy:  # the tab went in the middle of it
                turn.stage = "stopped" if turn.claims else "interrupted"
                self._keep(talk, turn)
            elif turn.stage in ("refused", "failed"):
                self._drop(turn)

    def _stream(self, talk: Conversation, turn: Turn, model: str) -> Iterator[None]:
        case = talk.case
        assert case is not None
        talk.set_files()  # a file taken off the table is asked with no more
        asked = case.ask_stream(turn.question, llm=model)
        with closing(self._capacity.steps(talk.who, model, asked, follow_up=bool(case.turns))) as steps:
            for step in steps:
                if turn.stage == "stopped":
                    return
                turn.place = step.place if isinstance(step, Waiting) else 0
                match step:
                    case SearchResult():
                        turn.search, turn.stage = step, "checking"
                    case Claim():
                        turn.claims.append(step)
                    case Answer():
                        turn.answer, turn.claims, turn.stage = step, list(step.claims), "done"
                        _note(turn, step.notice)
                yield

    def _begin(self, talk: Conversation, turn: Turn) -> None:
        """Keep the question in the workspace's own database, where `forget` finds it."""
        assert talk.case is not None
        question = self._assistant.without_identifiers(turn.question)
        scope = talk.case.scope().to_json()
        turn.row = self._kept.add(talk.id, question, _records(talk), {}, case_number=talk.case_number, scope=scope)

    def _keep(self, talk: Conversation, turn: Turn) -> None:
        """Keep what the question came to."""
        answer = turn.answer or self._stopped(turn)
        if turn.row is None or answer is None:  # forgotten meanwhile, or ended before its first sentence
            return
        assert talk.case is not None
        scope = talk.case.scope().to_json() | ({"stopped": True} if turn.answer is None else {})
        if not self._kept.finish(turn.row, _records(talk), with_wordings(answer.to_json()), scope):
            turn.row = None

    def _drop(self, turn: Turn) -> None:
        if turn.row is not None:
            row, turn.row = turn.row, None  # before it goes: a turn whose row is not kept was forgotten elsewhere
            self._kept.drop(row)

    def _stopped(self, turn: Turn) -> Answer | None:
        """What was shown of an answer until it was stopped."""
        if turn.stage != "stopped" or not turn.claims or turn.search is None:
            return None
        question = self._assistant.without_identifiers(turn.question)
        evidence = turn.search.evidence
        return replace(
            Answer(question, tuple(turn.claims), evidence, False, "", turn.model, None, turn.search.route),
            timing_ms=turn.search.timing_ms, notice=say("talk.stopped"),
        )  # fmt: skip


def _records(talk: Conversation) -> list[str]:
    """The records of all uploads of the case."""
    return sorted(record.record_id for upload in talk.uploads for record in upload.records)


def _note(turn: Turn, told: str) -> None:
    """Something more is to be told of a turn, once."""
    if told not in turn.note:
        turn.note = joined([turn.note, told], " ")
