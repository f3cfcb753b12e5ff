"""The conversations that are open, and the browser tabs that show them.

A conversation stays in memory, with its uploads on the disk, while a tab shows it or a question in it is being
answered, and for a while after (`ui.keep_uploads_minutes`): a visit to another page takes nothing from it. Then its
uploads go, and what is left is what the workspace's database keeps.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

from markupsafe import Markup

from assistant.conversation import Scope
from assistant.errors import WardroundError
from assistant.records import Answer
from assistant.store.talks import Talks
from assistant.ui.chat.conversation import Conversation, Turn
from assistant.ui.chat.received import Received
from assistant.ui.gate.visitor import visitor

if TYPE_CHECKING:
    from assistant.assistant import Assistant

NO_DIALOG = Markup("")
_ALL: WeakSet[OpenTalks] = WeakSet()
_AGAIN_S = 30.0  # until a conversation that nobody shows but that is being answered is looked at again


@dataclass
class Tab:
    """What a browser tab shows: a conversation, a dialog over it, and which question is being put anew."""

    talk: Conversation
    dialog: Markup = NO_DIALOG
    editing: int | None = None
    all_turns: bool = False  # of a long conversation the first ones too
    told: str = ""  # what a screen reader is told next
    note: str = ""  # what the shelf says the next time it is drawn
    question: str | None = None  # what an event puts into the box
    filtered: int = 0  # how often a filter of the search page was changed
    ask_now: bool = False  # the question in the box is sent as soon as it is there
    in_box: Counter[Path] = field(default_factory=Counter)  # the files in the box at its last event

    def tell(self, text: str) -> None:
        """Say something once, above the box and to a screen reader: Gradio's notices of an event that does not queue
        are shown to nobody."""
        self.note = self.told = text

    def came(self, files: Iterable[Path]) -> list[Path]:
        """The files that came into the box since its last event. One that lies there may be dropped once more."""
        before, self.in_box = self.in_box, Counter(files)
        return list((self.in_box - before).elements())


@dataclass
class _Open:
    talk: Conversation
    keep_s: float
    tabs: set[tuple[str | None, str]] = field(default_factory=set)
    timer: threading.Timer | None = None


def signed_out(assistant: Assistant, account: str) -> None:
    """An account's session ended: its files are kept no longer than they are looked at."""
    for talks in list(_ALL):
        if talks.assistant is assistant:
            talks.sign_out(account)


class OpenTalks:
    """Safe to use from several threads."""

    def __init__(self, assistant: Assistant, folder: Path) -> None:
        self.assistant = assistant
        self._folder = folder
        self._kept = Talks(assistant.db)
        self._keep_s = assistant.settings.ui.keep_uploads_minutes * 60
        self._open: dict[str, _Open] = {}
        self._tabs: dict[tuple[str | None, str], Tab] = {}
        self._received = Received()
        self._lock = threading.RLock()
        _ALL.add(self)

    def tab(self, session: str, named: str = "") -> Tab:
        """The tab of a page's session. One that this server does not know yet, as after it was started anew, shows the
        conversation `named` by its address where the visitor has it, else it begins one.
        """
        with self._lock:
            tab = self._tabs.get((visitor().name, session))
            entry = self._open.get(tab.talk.id) if tab else None
            if tab is None and named:
                with suppress(WardroundError):
                    return self.show(session, self.open(named))
            if tab is None or entry is None or entry.talk is not tab.talk:  # new, or deleted from another tab
                return self.show(session, self.begin())
            if self._was_forgotten(tab.talk):
                self._close(tab.talk.id)
                return self.show(session, self.begin())
            return tab

    def shown(self, session: str) -> Tab | None:
        """The tab of a page's session, None once it was closed."""
        with self._lock:
            return self._tabs.get((visitor().name, session))

    def show(self, session: str, talk: Conversation) -> Tab:
        """The tab shows that conversation from now on."""
        key = (visitor().name, session)
        with self._lock:
            former = self._tabs.get(key)
            entry = self._open[talk.id]
            entry.tabs.add(key)
            if entry.timer:
                entry.timer.cancel()
            tab = self._tabs[key] = Tab(talk)
            if former is not None and former.talk.id != talk.id:
                self._left(former.talk.id, key)
            return tab

    def leave(self, session: str) -> None:
        """The tab was closed or loaded anew; by then its account may be signed out, and is nobody any more."""
        name = visitor().name
        with self._lock:
            for key in [key for key in self._tabs if key[1] == session and name in (None, key[0])]:
                self._left(self._tabs.pop(key).talk.id, key)

    def sign_out(self, account: str) -> None:
        """What the account's conversations hold of files goes as soon as no tab shows it."""
        with self._lock:
            for entry in [entry for entry in self._open.values() if entry.talk.account == account]:
                entry.keep_s = 0
                if not entry.tabs:
                    self._later(entry, 0)

    def begin(self) -> Conversation:
        """A new conversation of the visitor's."""
        talk = Conversation(self._folder, account=visitor().name, received=self._received)
        talk.folder = self._folder / talk.id
        talk.who = talk.account or talk.id  # where nobody signs in, each conversation is somebody
        talk.case = self.assistant.converse()
        self.assistant.tell_of_forgotten(talk)
        with self._lock:
            self._open[talk.id] = _Open(talk, self._keep_s)
        return talk

    def open(self, talk_id: str) -> Conversation:
        """A conversation of the visitor's, as it is open or as it was kept.

        Raises WardroundError when there is none of that id, or it is another account's.
        """
        with self._lock:
            entry = self._open.get(talk_id)
            if entry is not None and entry.talk.account == visitor().name:
                if not self._was_forgotten(entry.talk):
                    return entry.talk
                self._close(talk_id)
            turns = self._kept.turns(talk_id)
            talk = self.begin()
            self._open[talk_id] = self._open.pop(talk.id)
            talk.id, talk.folder = talk_id, self._folder / talk_id
        seen: set[str] = set()
        for number, of_case in groupby(turns, key=lambda turn: turn.case_number):
            talk.first, talk.case_number = len(talk.turns), number
            answers: list[Answer] = []
            for found in of_case:
                new_case = len(talk.turns) == talk.first > 0
                talk.turns.append(Turn.kept(found, new_case, len(set(found.uploads) - seen)))
                seen |= set(found.uploads)
                answer = talk.turns[-1].answer
                if answer is not None and talk.turns[-1].stage == "done":
                    answers.append(answer)
                scope = Scope.of_json(found.scope)
            assert talk.case is not None
            talk.case.resume(answers, scope)
        return talk

    def of(self, who: str) -> list[Conversation]:
        """The open conversations of a visitor (`Conversation.who`)."""
        with self._lock:
            return [entry.talk for entry in self._open.values() if entry.talk.who == who]

    def delete(self, talk_id: str) -> None:
        """A conversation of the visitor's goes for good, with its uploads; tabs that show it begin another one.

        Raises WardroundError when there is none of that id, or it is another account's.
        """
        with self._lock:
            entry = self._open.get(talk_id)
            mine = entry is not None and entry.talk.account == visitor().name
            if not (mine and entry is not None and all(turn.row is None for turn in entry.talk.turns)):
                self._kept.delete(talk_id)
            if mine:
                self._close(talk_id)

    def close(self) -> None:
        """All of them; the server ends."""
        with self._lock:
            for talk_id in list(self._open):
                self._close(talk_id)

    def _was_forgotten(self, talk: Conversation) -> bool:
        """Whether a turn is no longer kept: another process has forgotten a patient of it.

        A turn that is begun, dropped or taken back at this moment is none of those.
        """
        if not (rows := talk.rows()):
            return False
        kept: set[int] = set()
        with suppress(WardroundError):  # all of it went
            kept = {turn.id for turn in self._kept.turns(talk.id)}
        return not rows & talk.rows() <= kept

    def _left(self, talk_id: str, key: tuple[str | None, str]) -> None:
        entry = self._open.get(talk_id)
        if entry is None:
            return
        entry.tabs.discard(key)
        if not entry.tabs:
            self._later(entry, 0 if entry.talk.is_empty else entry.keep_s)

    def _later(self, entry: _Open, seconds: float) -> None:
        if entry.timer:
            entry.timer.cancel()
        if seconds <= 0 and not entry.talk.busy:
            self._close(entry.talk.id)
            return
        entry.timer = threading.Timer(max(seconds, _AGAIN_S if entry.talk.busy else 0), self._look_again, [entry])
        entry.timer.daemon = True
        entry.timer.start()

    def _look_again(self, entry: _Open) -> None:
        with self._lock:
            if not entry.tabs and self._open.get(entry.talk.id) is entry:
                self._later(entry, 0)

    def _close(self, talk_id: str) -> None:
        entry = self._open.pop(talk_id, None)
        if entry is None:
            return
        if entry.timer:
            entry.timer.cancel()
        talk = entry.talk
        self.assistant.uploads.forget_files({upload.path for upload in (*talk.former, *talk.uploads)})
        talk.close()
