"""A batch whose language model is lost waits for it, and then stops or quotes what is left, as the settings say."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.drafting.content import Content
from assistant.drafting.study import Made, write_draft
from assistant.errors import ModelLost
from assistant.generate import Answerer
from assistant.records import SearchResult
from assistant.wording import worded

if TYPE_CHECKING:
    from assistant.assistant import Assistant

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0


class Writer:
    """Writes drafts with one answerer, from several threads; `stop` ends every wait at once."""

    def __init__(self, assistant: Assistant, answerer: Answerer, template: str | None) -> None:
        self._assistant, self._answerer, self._template = assistant, answerer, template
        self._llm = assistant.settings.llm
        self._stopped = threading.Event()
        self._given_up: ModelLost | None = None

    @property
    def name(self) -> str:
        return self._answerer.name

    def begin(self) -> None:
        """See that the model is there before anything is read: nothing is waited for that never was.

        Raises ModelUnavailable, unless `llm.drafts_when_lost` has drafts quoted then.
        """
        try:
            self._answerer.look()
        except ModelLost as error:
            if self._llm.drafts_when_lost == "stop":
                raise
            self._given_up = error

    def write(self, content: Content, found: SearchResult) -> Made:
        """The draft of a study. A lost model is tried again for `llm.patience_s`, with growing pauses; if it stays
        lost, `llm.drafts_when_lost` decides: ModelLost is raised, or the draft is quoted and says so in a flag."""
        began = time.monotonic()
        for pause in _pauses():
            if self._given_up is not None:
                break
            try:
                return write_draft(self._assistant, content, found, self._answerer, self._template)
            except ModelLost as error:
                waited = time.monotonic() - began
                if waited + pause > self._llm.patience_s or self._stopped.wait(pause):
                    self._given_up = error
        assert self._given_up is not None
        if self._llm.drafts_when_lost == "stop":
            raise self._given_up
        quote = self._assistant.answerer("quote")
        made = write_draft(self._assistant, content, found, quote, self._template)
        flags = (worded("model lost: quoted instead ({error})", error=self._given_up.told), *made.draft.flags)
        return replace(made, draft=replace(made.draft, flags=flags))

    def stop(self) -> None:
        self._stopped.set()


def _pauses() -> Iterator[float]:
    pause = _FIRST_PAUSE_S
    while True:
        yield pause
        pause = min(2 * pause, _LONGEST_PAUSE_S)
