"""One conversation: its uploads, its turns, and what is open in the evidence panel.

It lives on the server only, with its uploads in a folder of its own that `close` removes.
"""

from __future__ import annotations

import re
import shutil
import threading
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from assistant.conversation import Conversation as Case
from assistant.records import Answer, Claim, Evidence, SearchResult
from assistant.ui.chat.uploads import Upload

_QUOTED = re.compile(r"“([^”]+)”")
Stage = Literal["searching", "checking", "done", "stopped", "failed", "unasked"]


@dataclass
class Turn:
    """A question and what became of it so far."""

    question: str
    uploads: tuple[Upload, ...] = ()  # that came with it
    kinds: frozenset[str] = frozenset()  # of all the uploads that it is asked with
    search: SearchResult | None = None
    claims: list[Claim] = field(default_factory=list)
    answer: Answer | None = None
    stage: Stage = "searching"
    place: int = 0  # in the line, as long as it waits for its turn
    note: str = ""  # e.g. that another model had to answer
    error: str = ""
    new_case: bool = False  # nothing of the turns before it goes along

    def evidence(self) -> dict[str, Evidence]:
        """All that was considered, by id, in its order."""
        found = self.answer.evidence if self.answer else self.search.evidence if self.search else ()
        return {evidence.id: evidence for evidence in found}

    def numbered(self) -> dict[str, int]:
        """The number that a citation shows, by evidence id: kept evidence in its order, then whatever else is cited."""
        order: dict[str, int] = {}
        first = self.search.evidence if self.search else ()
        for evidence in (*first, *self.evidence().values()):
            if evidence.kept and evidence.id not in order:
                order[evidence.id] = len(order) + 1
        for claim in self.claims:
            for cited in claim.citations:
                order.setdefault(cited, len(order) + 1)
        return order

    def quotes(self, evidence_id: str) -> list[str]:
        """The words that claims citing this evidence quote from it: what stands in “ ”, else the whole sentence."""
        citing = [claim.text for claim in self.claims if evidence_id in claim.citations]
        return [quote for text in citing for quote in (_QUOTED.findall(text) or [text])]

    def first_shown(self) -> str | None:
        """The evidence to open unasked: the first that is cited, else the best that was kept."""
        known = self.evidence()
        cited = (c for claim in self.claims for c in claim.citations if c in known)
        return next(cited, None) or next((e.id for e in known.values() if e.kept), None)


@dataclass
class Conversation:
    folder: Path
    who: str = ""  # whose it is, for what each visitor may have
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    uploads: list[Upload] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    shown: tuple[int, str] | None = None  # turn and evidence id that the user chose
    former: list[Upload] = field(default_factory=list)  # of the cases before this one: to be looked at, asked no more
    caches: list[Path] = field(default_factory=list)  # the server's own copies of the uploads
    case: Case | None = None  # what the next question is asked with
    switched: bool = False  # a new case was begun, and nothing asked in it yet
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def files(self) -> list[Path]:
        """The uploads that could be read, for every question of this conversation."""
        return [upload.path for upload in self.uploads if upload.records]

    def unreadable(self) -> tuple[Upload, ...]:
        """The uploads that could not be read; as long as one is there, nothing is asked."""
        return tuple(upload for upload in self.uploads if upload.reason)

    def kinds(self) -> frozenset[str]:
        """The kinds of record among the uploads."""
        return frozenset(record.kind for upload in self.uploads for record in upload.records)

    def uploaded_records(self) -> dict[str, str]:
        """The file's name by record id, for everything that was uploaded here."""
        return {r.record_id: upload.name for upload in (*self.former, *self.uploads) for r in upload.records}

    def new_case(self) -> None:
        """What is asked from now on is about another case: uploads leave the table, turns are shown but not told."""
        if self.case is not None:
            self.case.switch()
        self.former += self.uploads
        self.uploads = []
        self.switched = bool(self.turns)

    def hand_over(self) -> tuple[Upload, ...]:
        """The uploads that go along with the question asked now, for the first time."""
        waiting = tuple(u for u in self.uploads if not u.asked and not u.companion)
        self.uploads = [replace(upload, asked=True) for upload in self.uploads]
        return waiting

    def opened(self) -> tuple[int, str] | None:
        """(turn, evidence id) that the panel shows: what was chosen, else the last turn's first."""
        if self.shown or not self.turns:
            return self.shown
        first = self.turns[-1].first_shown()
        return (len(self.turns) - 1, first) if first else None

    def open_turn(self) -> int | None:
        """The turn whose evidence is shown: the one chosen from, else the last."""
        if self.shown:
            return self.shown[0]
        return len(self.turns) - 1 if self.turns else None

    def close(self) -> None:
        """Forget everything; uploads are deleted from the disk."""
        for path in self.caches:
            path.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.case is not None:
            self.case.close()
        self.uploads.clear()
        self.former.clear()
        self.turns.clear()
        self.caches.clear()
        self.shown = None
