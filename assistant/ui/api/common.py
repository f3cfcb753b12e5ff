"""What the routes share: who asks, in turn, and what a refusal looks like."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fastapi import Depends

from assistant.errors import (
    BadQuery,
    DatabaseUnavailable,
    ModelUnavailable,
    NotAllowed,
    TooBusy,
    UnreadableFile,
    WardroundError,
)
from assistant.ui.api.incoming import Incoming
from assistant.ui.api.shapes import Problem
from assistant.ui.capacity import Capacity, capacity_of
from assistant.ui.gate.visitor import Visitor, need, visitor
from assistant.ui.language.words import too_long

if TYPE_CHECKING:
    from assistant.assistant import Assistant

T = TypeVar("T")
_STATUS: tuple[tuple[type[WardroundError], int], ...] = (
    (NotAllowed, 403),
    (TooBusy, 429),
    (UnreadableFile, 422),
    (BadQuery, 422),
    (ModelUnavailable, 503),
    (DatabaseUnavailable, 503),
)
REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "no token, or one whose time is over"},
    403: {"model": Problem, "description": "the account lacks the role"},
    422: {"model": Problem, "description": "what was sent can’t be used as it stands"},
    429: {"model": Problem, "description": "more at once, or a minute, than a visitor’s share"},
}


class Service:
    """The assistant as the routes use it: each call in its turn, for whoever asks."""

    def __init__(self, assistant: Assistant, folder: Path) -> None:
        self.assistant = assistant
        self.incoming = Incoming(assistant, folder)
        self.capacity: Capacity = capacity_of(assistant)

    def who(self) -> str:
        """Whose share a call counts against; where nobody signs in, all programs are one visitor."""
        return visitor().name or "programs of this machine"

    def check_length(self, question: str) -> None:
        """Raises BadQuery for a question longer than `ui.max_question_chars`."""
        if refused := too_long(question, self.assistant.settings.ui.max_question_chars):
            raise BadQuery(refused)

    def in_turn(self, work: Callable[[], T]) -> T:
        """Do something that keeps a processor busy, when its turn has come. Raises TooBusy beyond a visitor's share."""
        with self.capacity.call(self.who()):
            return work()


def status_of(error: WardroundError) -> int:
    """The HTTP status of an error that is meant for a user."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 400)


def role(*roles: str) -> Any:
    """A dependency: the visitor, who must have one of these roles."""

    async def needed() -> Visitor:
        return need(*roles)

    return Depends(needed)
