"""A conversation: several turns about one case, whose uploads stay in play.

A follow-up question is put so that it stands alone, and what earlier turns cited can be cited again. A case is a wall:
`switch` begins another one, and nothing of the former patient (uploads, questions, answers, evidence) goes into any
prompt from then on.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.answering import PastTurn, last_of
from assistant.errors import BadQuery
from assistant.records import Answer, Evidence
from assistant.settings import Mode

if TYPE_CHECKING:
    from assistant.assistant import Assistant, File, Step

_TWO_PATIENTS = (
    "the files name more than one patient, and two patients' records must not be mixed: begin a new case "
    "(`conversation.switch`, “New case” on the page)"
)


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of the case in play: its number in the conversation, counted from 1, and its answer."""

    number: int
    answer: Answer


class Conversation:
    """Turns about one case at a time. Not to be used from several threads at once."""

    def __init__(self, assistant: Assistant, *, llm: str | None = None) -> None:
        self.id = uuid.uuid4().hex
        self.llm = llm
        self.turns: tuple[Turn, ...] = ()
        self.files: tuple[File, ...] = ()
        self.patient: str | None = None
        self.history = False
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

        Raises BadQuery when `files` name another patient than the case's.
        """
        together = tuple(dict.fromkeys((*self.files, *files)))
        self._one_patient(together)
        self.files = together
        steps = self._assistant.ask_stream(
            question, files=self.files, llm=llm or self.llm, patient=self.patient, history=self.history, prompt=prompt,
            mode=mode, earlier=[PastTurn.of(turn.number, turn.answer) for turn in self.turns],
        )  # fmt: skip
        self._asked += 1
        number, case = self._asked, self._case
        for step in steps:
            # a case that was left while its last answer was being written takes nothing of it into the next
            if isinstance(step, Answer) and self._case == case:
                self.turns = (*self.turns, Turn(number, step))
            yield step

    def switch(self, *, files: Sequence[File] = (), patient: str | None = None, history: bool = False) -> None:
        """Begin another case: uploads, questions, answers and evidence of the former one are forgotten.

        `patient` is the archive's own id. Raises BadQuery when the files name more than one patient.
        """
        self._one_patient(files)
        self._case += 1
        self.turns, self.files, self.patient, self.history = (), tuple(files), patient, history

    def evidence(self, key: str) -> Evidence | None:
        """What a citation of any turn of this case points to; the latest turn's, should several have it."""
        answers = [turn.answer for turn in reversed(self.turns)]
        return next((piece for answer in answers for piece in answer.evidence if piece.id == key), None)

    def forget(self, patients: Collection[str]) -> None:
        """Drop the case when it is about, or cites, any of these patients (ids or pseudonyms)."""
        seen = {piece.patient_id for turn in self.turns for piece in turn.answer.evidence}
        if self.patient in patients or seen & set(patients):
            self.switch()

    def close(self) -> None:
        """Forget everything, the uploads of all cases included."""
        self.switch()
        self._assistant.uploads.forget_files(self._uploaded)
        self._uploaded.clear()

    def _one_patient(self, files: Sequence[File]) -> None:
        uploads = self._assistant.uploads.read(files)
        if len({upload.patient for upload in uploads if upload.patient}) > 1:
            raise BadQuery(_TWO_PATIENTS)
        self._uploaded |= {Path(file) for file in files}
