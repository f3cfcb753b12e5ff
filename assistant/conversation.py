"""A conversation: several turns about one case, whose uploads stay in play.

A follow-up question is put so that it stands alone, and what earlier turns cited can be cited again. A case is a wall:
`switch` begins another one, and nothing of the former patient (uploads, questions, answers, evidence) goes into any
prompt from then on.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from assistant.answering import PastTurn, last_of
from assistant.errors import TWO_PATIENTS, MixedPatients, OtherPatient
from assistant.records import Answer, Apart, Evidence, Identity
from assistant.retrieve.whose import apart, stated_apart, stated_in
from assistant.settings import Mode

if TYPE_CHECKING:
    from assistant.archive import File
    from assistant.assistant import Assistant, Step


class Forgets(Protocol):
    """Holds what was answered, and drops what is a patient's (ids or pseudonyms) when told to."""

    def forget(self, patients: Collection[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Scope:
    """What a case is about.

    With `patient` (the archive's own id, or a pseudonym) only that patient's records count, with `studies`
    (pseudonyms) only these; `history` adds the same patient's earlier studies. `about` are the names (pseudonyms) of
    the patient whom the case is known to be about, by its uploads say: no other one's files or questions belong to it.
    """

    patient: str | None = None
    history: bool = False
    studies: frozenset[str] = frozenset()
    about: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, Any]:
        """Safe to be kept where `patient` is a pseudonym, as `Conversation.scope` gives it."""
        return {
            "patient": self.patient, "history": self.history, "studies": sorted(self.studies),
            "about": sorted(self.about),
        }  # fmt: skip

    @classmethod
    def of_json(cls, found: Mapping[str, Any]) -> Scope:
        return cls(
            found.get("patient"), bool(found.get("history")), frozenset(found.get("studies", ())),
            frozenset(found.get("about", ())),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of the case in play: its number in the conversation, counted from 1, its answer, the names of the patient
    whom the case was known to be about when it was asked, and who its files said that this is."""

    number: int
    answer: Answer
    about: frozenset[str] = frozenset()
    stated: tuple[Identity, ...] = ()


class Conversation:
    """Turns about one case at a time. Not to be used from several threads at once."""

    def __init__(self, assistant: Assistant, *, llm: str | None = None) -> None:
        self.id = uuid.uuid4().hex
        self.llm = llm
        self.turns: tuple[Turn, ...] = ()
        self.files: tuple[File, ...] = ()
        self.patient: str | None = None
        self.history = False
        self.studies: frozenset[str] = frozenset()
        self._about: frozenset[str] = frozenset()  # of a case that goes on without its uploads
        self._assistant = assistant
        self._asked = 0
        self._case = 0
        self._uploaded: set[Path] = set()

    def ask(self, question: str, *, files: Sequence[File] = (), prompt: str = "", mode: Mode | None = None) -> Answer:
        """The checked answer to the next question; `files` are added to the case. Raises as `Assistant.ask` does."""
        return last_of(self.ask_stream(question, files=files, prompt=prompt, mode=mode))

    def ask_stream(
        self,
        question: str,
        *,
        files: Sequence[File] = (),
        llm: str | None = None,
        prompt: str = "",
        mode: Mode | None = None,
    ) -> Iterator[Step]:
        """As `Assistant.ask_stream`; the turn counts once its answer is there.

        Raises MixedPatients when `files` are of another patient than the case, OtherPatient when the question names
        one.
        """
        together = tuple(dict.fromkeys((*self.files, *files)))
        self._one_patient(together, self._told(), self._chosen(self.patient), earlier=self._stated())
        self._own_patient(question, together)
        self.files = together
        steps = self._assistant.ask_stream(
            question, files=self.files, llm=llm or self.llm, patient=self.patient, history=self.history,
            studies=self.studies, prompt=prompt, mode=mode,
            earlier=[PastTurn.of(turn.number, turn.answer) for turn in self.turns],
        )  # fmt: skip
        self._asked += 1
        number, case, about = self._asked, self._case, self.about()
        stated = tuple(stated_in(self._assistant.uploads.read(self.files)))
        for step in steps:
            # a case that was left while its last answer was being written takes nothing of it into the next
            if isinstance(step, Answer) and self._case == case:
                self.turns = (*self.turns, Turn(number, step, about, stated))
            yield step

    def switch(
        self,
        *,
        files: Sequence[File] = (),
        patient: str | None = None,
        history: bool = False,
        studies: Collection[str] = (),
    ) -> None:
        """Begin another case: uploads, questions, answers and evidence of the former one are forgotten.

        `patient` is the archive's own id, or a pseudonym; `studies` (pseudonyms) are the only ones to rest on. Raises
        MixedPatients when the files are of more than one patient, or of another than `patient`.
        """
        self._one_patient(files, self._chosen(patient), earlier=[self._assistant.people().stated_by_id(patient)])
        self._case += 1
        self.turns, self.files, self.patient, self.history = (), tuple(files), patient, history
        self.studies, self._about = frozenset(studies), frozenset()

    def resume(self, answers: Sequence[Answer], scope: Scope) -> None:
        """Go on with a case that was kept: its answers, oldest first, and what it is about, without its uploads."""
        self.switch(patient=scope.patient, history=scope.history, studies=scope.studies)
        self._about = scope.about
        self.turns = tuple(Turn(self._asked + n, answer) for n, answer in enumerate(answers, 1))
        self._asked += len(answers)

    def drop(self, last: int) -> None:
        """Take back the last turns of the case, as many as are named: no later question knows of them."""
        self._case += last > 0  # an answer that is being written takes no place in the case any more
        self.turns = self.turns[: len(self.turns) - last] if last else self.turns

    def scope(self) -> Scope:
        """What the case is about, in pseudonyms alone."""
        people, about = self._assistant.people(), self.about()
        known = people.known(self.patient) if self.patient else None
        patient = known or next(iter(sorted(people.names(self.patient))), None) if self.patient else None
        return Scope(patient, self.history, self.studies, about)

    def about(self, files: Sequence[File] | None = None) -> frozenset[str]:
        """The names of the patient whom the case is about, as far as its choice or its uploads (or `files`) say."""
        return frozenset[str]().union(*self._names(self.files if files is None else files))

    def strangers(self, files: Sequence[File], *, alone: bool = False) -> tuple[File, ...]:
        """Those of some files that are of another patient than the case, or than the first of them; `alone` leaves the
        case out."""
        own, others = frozenset[str]() if alone else self._told() | self._chosen(self.patient), []
        stated = [] if alone else self._stated()
        for file in files:
            people = apart(self._of_files([file]))
            says = stated_in(self._assistant.uploads.read([file]))
            if len(people) > 1 or (own and any(not own & names for names in people)) or stated_apart([*stated, *says]):
                others.append(file)
            else:
                own, stated = own.union(*people), [*stated, *says]
        return tuple(others)

    def told_apart(self, file: File, others: Sequence[File]) -> Apart:
        """By what a file is told to be of another patient than some other files; by nothing they state: ""."""
        uploads = self._assistant.uploads
        earlier, stated = [*self._stated(), *stated_in(uploads.read(others))], stated_in(uploads.read([file]))
        return next((how for one in stated for other in earlier if (how := one.apart(other))), "")

    def is_stated_same(self, file: File, others: Sequence[File]) -> bool:
        """Whether a file states the person that one of some other files does."""
        uploads = self._assistant.uploads
        stated = stated_in(uploads.read([file]))
        return any(one.is_same(other) for one in stated for other in stated_in(uploads.read(others)))

    def evidence(self, key: str) -> Evidence | None:
        """What a citation of any turn of this case points to; the latest turn's, should several have it."""
        answers = [turn.answer for turn in reversed(self.turns)]
        return next((piece for answer in answers for piece in answer.evidence if piece.id == key), None)

    def forget(self, patients: Collection[str]) -> None:
        """Drop the case when it is about, or cites, any of these patients (ids or pseudonyms)."""
        seen = {piece.patient_id for turn in self.turns for piece in turn.answer.evidence}
        if self.patient in patients or (seen | self._told()) & set(patients):
            self.switch()

    def close(self) -> None:
        """Forget everything, the uploads of all cases included."""
        self.switch()
        self._assistant.uploads.forget_files(self._uploaded)
        self._uploaded.clear()

    def _one_patient(self, files: Sequence[File], *about: frozenset[str], earlier: Sequence[Identity] = ()) -> None:
        stated = stated_in(self._assistant.uploads.read(files))
        if len(apart([*about, *self._of_files(files)])) > 1 or stated_apart([*earlier, *stated]):
            raise MixedPatients(TWO_PATIENTS)
        self._uploaded |= {Path(file) for file in files}

    def _own_patient(self, question: str, files: Sequence[File]) -> None:
        """Raises OtherPatient for a question that names somebody else: by an id that is not the case's patient's, or by
        a name that none of its files has."""
        own = frozenset[str]().union(*self._names(files))
        other = self._assistant.people().another_in(question, own, self._assistant.uploads.read(files))
        if other:
            raise OtherPatient(other)

    def _names(self, files: Sequence[File]) -> list[frozenset[str]]:
        return [self._told(), self._chosen(self.patient), *self._of_files(files)]

    def _told(self) -> frozenset[str]:
        """The names of the patient whom earlier turns were about: they still tell of them when the files are gone."""
        return self._about.union(*(turn.about for turn in self.turns))

    def _stated(self) -> list[Identity]:
        """Who the case's choice and the files of earlier turns said that their patient is."""
        chosen = self._assistant.people().stated_by_id(self.patient)
        return list(dict.fromkeys((chosen, *(identity for turn in self.turns for identity in turn.stated))))

    def _chosen(self, patient: str | None) -> frozenset[str]:
        return self._assistant.people().names(patient) if patient else frozenset()

    def _of_files(self, files: Sequence[File]) -> list[frozenset[str]]:
        people = self._assistant.people()
        return [people.of_upload(upload) for upload in self._assistant.uploads.read(files)]
