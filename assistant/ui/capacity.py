"""Who may start now: so many at a time by what is used, first come first served, and nobody more than a share.

A question first searches, then writes: each takes a turn at its own resource, so that a slow model keeps nobody from
searching. Whoever waits is told the place in the line, and holds nothing while waiting.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

from assistant.errors import TooBusy
from assistant.ingest.pool import usable_cpus

if TYPE_CHECKING:
    from assistant.assistant import Assistant, Step
    from assistant.settings import UiSettings

Resource = Literal["cpu", "local", "served"]
TOLD_S = 1.0
"""How often at most whoever waits is told the place: telling many costs more than some answers."""
_QUIET = 5  # so many times TOLD_S at most pass untold
OWN_CALLS = 8  # of one visitor's programs at a time, beside questions


def resource_of(model: str) -> Resource:
    """What an answerer (quote, local, openai) keeps busy while it writes."""
    return {"local": "local", "openai": "served"}.get(model, "cpu")  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question's place in the line, counted from 1, until its turn has come."""

    place: int


class Capacity:
    """The turns at each resource, and each visitor's share. Safe to use from several threads."""

    def __init__(self, ui: UiSettings) -> None:
        self._ui = ui
        self._slots: dict[Resource, int] = {
            "cpu": ui.cpu_slots or usable_cpus(),
            "local": ui.local_slots,
            "served": ui.served_slots,
        }
        self._changed = threading.Condition()
        self._busy: Counter[Resource] = Counter()
        self._lines: defaultdict[Resource, deque[object]] = defaultdict(deque)
        self._asking: Counter[str] = Counter()
        self._asked: defaultdict[str, deque[float]] = defaultdict(deque)
        self._calling: Counter[str] = Counter()

    @contextmanager
    def question(self, who: str) -> Iterator[None]:
        """A visitor's question, from when it is sent until its answer is there. Raises TooBusy beyond the share."""
        with self._changed:
            self._check(who)
            self._asking[who] += 1
            self._asked[who].append(time.monotonic())
        try:
            yield
        finally:
            with self._changed:
                self._asking[who] -= 1
                self._tidy(time.monotonic())

    @contextmanager
    def call(self, who: str) -> Iterator[None]:
        """A program's call that is no question, once its turn has come. Raises TooBusy beyond the visitor's share."""
        with self._changed:
            if self._calling[who] >= OWN_CALLS:
                raise TooBusy(f"{OWN_CALLS} of your calls are being worked on already: send them one after the other")
            self._check_line()
            self._calling[who] += 1
        try:
            with self.turn("cpu") as turn:
                turn.hold()
                yield
        finally:
            with self._changed:
                self._calling[who] -= 1
                self._calling = +self._calling

    def steps(
        self, who: str, model: str, steps: Iterator[Step], *, follow_up: bool = False
    ) -> Generator[Step | Waiting]:
        """The steps of `ask_stream` as their turn comes, and the place in the line until then.

        A follow-up is rewritten by the model before it is searched. Raises TooBusy beyond the visitor's share.
        """
        writing = resource_of(model)
        with self.question(who):
            with self.turn(writing if follow_up else "cpu") as turn:
                yield from map(Waiting, turn.wait())
                found = next(steps)
            yield found
            with self.turn(writing) as turn:
                yield from map(Waiting, turn.wait())
                yield from steps

    def turn(self, resource: Resource) -> Turn:
        """A turn at a resource, to be waited for and then held; a context manager."""
        return Turn(self, resource)

    def waiting(self) -> int:
        """How many turns are waited for, at all resources together."""
        return sum(map(len, self._lines.values()))

    def _check(self, who: str) -> None:
        now = time.monotonic()
        self._tidy(now)
        if self._asking[who] >= self._ui.own_questions:
            raise TooBusy(
                f"{self._ui.own_questions} of your questions are being answered already (ui.own_questions): "
                "wait for an answer, or stop one"
            )
        if len(self._asked[who]) >= self._ui.questions_per_minute:
            wait = 60 - (now - self._asked[who][0])
            raise TooBusy(
                f"{self._ui.questions_per_minute} questions in a minute are the limit (ui.questions_per_minute): "
                f"ask again in {max(1, round(wait))} s"
            )
        self._check_line()

    def _check_line(self) -> None:
        if self.waiting() >= self._ui.waiting:
            raise TooBusy("too many questions are waiting (ui.waiting): ask again in a minute")

    def _tidy(self, now: float) -> None:
        """Forget questions older than a minute, and visitors who asked none since."""
        for who, times in list(self._asked.items()):
            while times and now - times[0] > 60:
                times.popleft()
            if not times:
                del self._asked[who]
        self._asking = +self._asking


class Turn:
    """One turn: `wait()` tells the place in the line until it has come; it is held until the block ends."""

    def __init__(self, capacity: Capacity, resource: Resource) -> None:
        self._capacity, self._resource = capacity, resource
        self._held = False

    def __enter__(self) -> Turn:
        with self._capacity._changed:
            self._capacity._lines[self._resource].append(self)
        return self

    def __exit__(self, *_: object) -> None:
        capacity = self._capacity
        with capacity._changed:
            if self._held:
                capacity._busy[self._resource] -= 1
            else:
                capacity._lines[self._resource].remove(self)
            capacity._changed.notify_all()

    def wait(self) -> Iterator[int]:
        """The place in the line, counted from 1, at once, when it has changed, and now and then, so that whoever has
        gone can be noticed; ends when the turn has come."""
        told, quiet = 0, 0
        while (place := self._place_after(TOLD_S if told else 0.0)) is not None:
            quiet += 1
            if place != told or quiet >= _QUIET:
                told, quiet = place, 0
                yield place

    def hold(self) -> Turn:
        """Wait in place until the turn has come."""
        for _ in self.wait():
            pass
        return self

    def _place_after(self, seconds: float) -> int | None:
        """The place in the line once that time is over; None as soon as the turn has come, which is then held."""
        capacity, until = self._capacity, time.monotonic() + seconds
        with capacity._changed:
            while not self._has_come():
                left = until - time.monotonic()
                if left <= 0:
                    return capacity._lines[self._resource].index(self) + 1
                capacity._changed.wait(left)
            capacity._lines[self._resource].popleft()
            capacity._busy[self._resource] += 1
            self._held = True
            capacity._changed.notify_all()
            return None

    def _has_come(self) -> bool:
        capacity = self._capacity
        free = capacity._busy[self._resource] < capacity._slots[self._resource]
        return free and capacity._lines[self._resource][0] is self


_OPEN: WeakKeyDictionary[Assistant, Capacity] = WeakKeyDictionary()


def capacity_of(assistant: Assistant) -> Capacity:
    """The capacity that all who ask an assistant share: pages, API and MCP."""
    return _OPEN.setdefault(assistant, Capacity(assistant.settings.ui))
