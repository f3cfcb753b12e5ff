"""One open conversation: its uploads, its turns, and what is open in the evidence panel.

It lives on the server only. Its turns are kept in the workspace's database (`store/talks.py`), its uploads in a folder
of its own that `close` removes.
"""

from __future__ import annotations

import re
import shutil
import threading
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from assistant.conversation import Conversation as Case
from assistant.records import Answer, Apart, Claim, Evidence, SearchResult, stored_answer
from assistant.store.talks import KeptTurn
from assistant.ui.chat.received import Received
from assistant.ui.chat.uploads import Upload
from assistant.ui.language.words import with_numbers
from assistant.wording import worded_again

_QUOTED = re.compile(r"“([^”]+)”")
Stage = Literal["searching", "checking", "done", "stopped", "interrupted", "failed", "unasked", "refused"]


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
    named: str = ""  # the other patient whom a refused question names
    model: str = ""  # the answerer that was chosen for it
    new_case: bool = False  # nothing of the turns before it goes along
    row: int | None = None  # in the workspace's database
    gone: int = 0  # files that came with it and went with an earlier visit

    @property
    def busy(self) -> bool:
        return self.stage in ("searching", "checking")

    @classmethod
    def kept(cls, found: KeptTurn, new_case: bool, gone: int) -> Turn:
        """A turn of an earlier visit, as it was kept: its question is the one without names."""
        if not found.is_answered:
            return cls(found.question, stage="interrupted", new_case=new_case, row=found.id, gone=gone)
        answer = stored_answer(worded_again(found.answer))
        stopped = bool(found.scope.get("stopped"))
        return cls(
            found.question, claims=list(answer.claims), answer=answer, stage="stopped" if stopped else "done",
            note=answer.notice, model=answer.model, new_case=new_case, row=found.id, gone=gone,
            search=SearchResult(answer.standalone or answer.question, answer.route, answer.evidence, answer.abstained),
        )  # fmt: skip

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

    def with_numbers(self, why: str) -> str:
        """A reason, with the number of the evidence that it names by its id."""
        return with_numbers(why, self.numbered())

    def quotes(self, evidence_id: str) -> list[str]:
        """The words that claims citing this evidence quote from it: what stands in “ ”, else the whole sentence."""
        citing = [claim.text for claim in self.claims if evidence_id in claim.citations]
        return [quote for text in citing for quote in (_QUOTED.findall(text) or [text])]

    def first_shown(self) -> str | None:
        """The evidence to open unasked: the first that is cited, else the best that was kept."""
        known = self.evidence()
        cited = (c for claim in self.claims for c in claim.citations if c in known)
        return next(cited, None) or next((e.id for e in known.values() if e.kept), None)


@dataclass(eq=False)
class Conversation:
    folder: Path
    who: str = ""  # whose it is, for what each visitor may have
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    account: str | None = None  # that alone may open it
    title: str = ""
    uploads: list[Upload] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    shown: tuple[int, str] | None = None  # turn and evidence id that the user chose
    former: list[Upload] = field(default_factory=list)  # of the cases before this one: to be looked at, asked no more
    received: Received = field(default_factory=Received, repr=False)  # the server's own copies of all uploads
    case: Case | None = None  # what the next question is asked with
    case_number: int = 0
    first: int = 0  # the turn that the case in play begins with
    switched: bool = False  # a new case was begun, and nothing asked in it yet
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def busy(self) -> bool:
        """Whether a question is being answered."""
        return any(turn.busy for turn in self.turns)

    @property
    def is_empty(self) -> bool:
        return not self.turns and not self.uploads

    def rows(self) -> set[int]:
        """The turns that are kept, by their rows in the catalogue."""
        return {turn.row for turn in self.turns if turn.row is not None}

    @property
    def case_folder(self) -> Path:
        """Where files of the case in play come to lie: apart from those of cases before it."""
        return self.folder / f"case-{self.case_number}" if self.case_number else self.folder

    def strangers(self) -> tuple[Upload, ...]:
        """The uploads that are of another patient than the case; as long as one is there, nothing is asked."""
        if self.case is None:
            return ()
        found = set(self.case.strangers(self.files()))
        return tuple(upload for upload in self.uploads if upload.path in found)

    def strangers_of_one(self) -> dict[str, list[Upload]]:
        """The strangers by their patient, or by the first file's record where that has no id: a new case takes those
        of one. Files of several are left out."""
        groups: dict[str, list[Upload]] = {}
        for upload in self.strangers():
            patients = {record.patient_id for record in upload.records if record.patient_id}
            if len(patients) == 1:
                groups.setdefault(patients.pop(), []).append(upload)
            elif not patients and self.case is not None and not self.case.strangers([upload.path], alone=True):
                near = (key for key, of_one in groups.items() if self._of_one([*of_one, upload]))
                groups.setdefault(next(near, upload.records[0].record_id), []).append(upload)
        return groups

    def _of_one(self, uploads: Sequence[Upload]) -> bool:
        return self.case is not None and not self.case.strangers([upload.path for upload in uploads], alone=True)

    def told_apart(self) -> Apart:
        """By what the strangers are told from the case, where it is what they state and no id: name, or sex and age."""
        strangers, own = self.strangers(), [upload.path for upload in self.own()]
        if self.case is None or not strangers:
            return ""
        return next((how for upload in strangers if (how := self.case.told_apart(upload.path, own))), "")

    def own(self) -> list[Upload]:
        """The uploads that could be read and are not of another patient than the case."""
        others = self.strangers()
        return [upload for upload in self.uploads if upload.records and upload not in others]

    def nameless(self) -> list[Upload]:
        """The uploads that state no patient, in a case that has one: they are taken to be of it."""
        if not (self.patient_shown() or self.is_named()):
            return []
        return [upload for upload in self.uploads if upload.records and not _names_somebody(upload)]

    def unsure(self) -> list[Upload]:
        """The uploads that state a patient by words of their own, where nothing tells that it is the case's."""
        stating = [upload for upload in self.own() if _names_somebody(upload)]
        of_id = [upload for upload in stating if any(record.patient_id for record in upload.records)]
        sure = of_id or ([] if self.patient_shown() else stating[:1])
        for upload in stating:
            others = [other.path for other in stating if other is not upload]
            if self.case is not None and upload not in sure and self.case.is_stated_same(upload.path, others):
                sure = [*sure, upload]
        return [upload for upload in stating if upload not in sure]

    def is_named(self) -> bool:
        """Whether a file of the case states its patient."""
        return any(_names_somebody(upload) for upload in self.own())

    def files_gone(self) -> int:
        """How many uploads of the case in play went with an earlier visit, as long as none was dropped again."""
        return 0 if self.uploads else sum(turn.gone for turn in self.turns[self.first :])

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

    def set_files(self) -> None:
        """The case is asked with the files that are on the table now."""
        if self.case is not None:
            self.case.files = tuple(self.files())

    def patient_shown(self) -> str:
        """The pseudonym of the patient whom the case is about, as far as it is known; else empty."""
        if self.case is None:
            return ""
        if chosen := self.case.scope().patient:
            return chosen
        own = self.own()
        named = sorted({record.patient_id for upload in own for record in upload.records if record.patient_id})
        return next(iter(named or sorted(self.case.about([upload.path for upload in own]))), "")

    def new_case(
        self, patient: str | None = None, history: bool = False, studies: Collection[str] = (),
        bring: Sequence[Upload] = (),
    ) -> None:  # fmt: skip
        """What is asked from now on is about another case: turns are shown but not told, and of the uploads only
        `bring` goes along. Raises MixedPatients when these are of more than one patient, or of another than chosen.
        """
        if self.case is not None:
            files = [upload.path for upload in bring if upload.records]
            self.case.switch(files=files, patient=patient, history=history, studies=studies)
        self.former += [upload for upload in self.uploads if upload not in bring]
        self.uploads = list(bring)
        self.switched, self.shown = bool(self.turns), None
        self.case_number += self.switched
        self.first = len(self.turns)

    def take_back(self, number: int) -> list[Turn]:
        """Turns of the case in play from that one on go, and are told to no later question; gives them.

        Files that came with them wait for the next question again.
        """
        if not self.first <= number < len(self.turns):
            return []
        gone, self.turns = self.turns[number:], self.turns[:number]
        if self.case is not None:
            self.case.drop(sum(turn.stage == "done" for turn in gone))
        came = {upload.path for turn in gone for upload in turn.uploads}
        self.uploads = [replace(u, asked=False) if u.path in came else u for u in self.uploads]
        self.switched = self.first == number and number > 0
        self.shown = None
        return gone

    def hand_over(self) -> tuple[Upload, ...]:
        """The uploads that go along with the question asked now, for the first time."""
        waiting = tuple(u for u in self.uploads if not u.asked and not u.companion)
        self.uploads = [replace(upload, asked=True) for upload in self.uploads]
        return waiting

    def opened(self) -> tuple[int, str] | None:
        """(turn, evidence id) that the panel shows: what was chosen, else the last turn's first. A case in which
        nothing was asked yet shows nothing of the one before, unasked."""
        if self.shown or not self.turns or self.switched:
            return self.shown
        first = self.turns[-1].first_shown()
        return (len(self.turns) - 1, first) if first else None

    def open_turn(self) -> int | None:
        """The turn whose evidence is shown: the one chosen from, else the last."""
        if self.shown:
            return self.shown[0]
        return len(self.turns) - 1 if self.turns and not self.switched else None

    def forget(self, patients: Collection[str]) -> None:
        """Everything goes when any of it is of, or cites, one of these patients (ids or pseudonyms)."""
        cited = {piece.patient_id for turn in self.turns for piece in turn.evidence().values()}
        about = self.case.about() if self.case is not None else frozenset[str]()
        if (cited | about) & set(patients):
            self.close()

    def close(self) -> None:
        """Forget everything; uploads are deleted from the disk."""
        self.received.let_go(self)
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.case is not None:
            self.case.close()
        self.uploads.clear()
        self.former.clear()
        self.turns.clear()
        self.shown, self.switched, self.first, self.case_number = None, False, 0, 0


def _names_somebody(upload: Upload) -> bool:
    return any(record.patient_id or record.identity.names_somebody for record in upload.records)
