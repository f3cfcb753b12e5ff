"""One case of a suite: what is put to the assistant, and what is known about the right answer.

A case is one JSON object a line. Which fields must be there depends on its `task`:

| task | what is done | needs |
| --- | --- | --- |
| `ask` | the question is asked; claims, citations and abstention are judged | `question`, `files` or `context` |
| `search` | the archive is searched; nothing is written | the same; `reference.gold` to be measured |
| `choose` | one of `choices` is picked | `question`, `choices`; `reference.choice` |
| `check` | the verifier judges `claim` against `context` | `claim`; `reference.verdict` |
| `draft` | a report is drafted for the study | `files` or `study`; `reference.report`, `reference.findings` |
| `measure` | numbers are read off the file | one of `files`; `reference.values` |
"""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from assistant.records import Verdict

Task = Literal["ask", "search", "choose", "check", "draft", "measure"]
TASKS: tuple[Task, ...] = get_args(Task)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Reference(Strict):
    """What is known about the right answer; every part may be left out, and what rests on it is then not measured.

    `answerable` says whether the archive (with the uploads) holds an answer; None where nobody knows, and the case
    then counts in no abstention accuracy. `answer` is an answer in words, `must` strings that a right answer contains,
    compared without case, and `statements` sentences that a complete answer entails. `gold` are external ids of
    records that should be retrieved (grade 1; a mapping id → grade gives others). `choice` is the place of the right
    choice, from 0; `verdict` what people say of the claim; `report` the study's own report, withheld from the
    assistant; `findings` its findings as short sentences, where people listed them ("No pleural effusion."); `values`
    what was measured by people, by the names of `wardround measure`; `labels` the diagnoses of a picture or signal.
    """

    answer: str | None = None
    answerable: bool | None = None
    gold: tuple[str, ...] | dict[str, float] = ()
    must: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    choice: int | None = Field(default=None, ge=0)
    verdict: Verdict | None = None
    report: str | None = None
    findings: tuple[str, ...] = ()
    values: dict[str, float] = Field(default_factory=dict)
    labels: tuple[str, ...] = ()

    @property
    def grades(self) -> dict[str, float]:
        return dict(self.gold) if isinstance(self.gold, dict) else dict.fromkeys(self.gold, 1.0)

    @model_validator(mode="after")
    def _unanswerable_has_no_answer(self) -> Reference:
        if self.answerable is False and (self.gold or self.must or self.answer or self.statements):
            raise ValueError("a case that is not answerable can't have an answer, gold, must or statements")
        return self


class Case(Strict):
    """One case; `group` is what the intervals take as independent: a patient, a document.

    `without_comments`: of WFDB headers among the files the comments are withheld, where they hold what is asked for.
    `context` are texts that come with the case: what a claim is checked against; of every other task uploads, each a
    text file of its own beside `files`.
    Cases of one `pair` count only together where a metric says so: a true attribute and its negation, two pictures that
    are easily confused.
    """

    id: str = Field(min_length=1)
    task: Task = "ask"
    question: str = ""
    files: tuple[str, ...] = ()
    without_comments: bool = False
    study: str | None = None
    claim: str = ""
    context: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    index: str | None = None
    patient: str | None = None
    exclude_patient: str | None = None
    reference: Reference = Reference()
    tags: dict[str, str] = Field(default_factory=dict)
    group: str | None = None
    pair: str | None = None

    @property
    def is_control(self) -> bool:
        """Whether a claim was deliberately given another case's evidence (`tags.evidence` is other).

        Nothing there supports it, so it would flatter every rate of right verdicts: it counts as a control alone.
        """
        return self.tags.get("evidence") == "other"

    @model_validator(mode="after")
    def _has_what_its_task_needs(self) -> Case:
        if self.task in ("ask", "search") and not (self.question.strip() or self.files or self.context):
            raise ValueError("a case needs a question or files")
        if self.task == "choose" and (not self.question.strip() or len(self.choices) < 2):
            raise ValueError("a case of the task choose needs a question and two choices or more")
        if self.task == "check" and not self.claim.strip():
            raise ValueError("a case of the task check needs a claim")
        if self.task == "draft" and not self.files and not self.study:
            raise ValueError("a case of the task draft needs files or a study")
        if self.task == "measure" and len(self.files) != 1:
            raise ValueError("a case of the task measure needs one file")
        if self.reference.choice is not None and self.reference.choice >= len(self.choices):
            raise ValueError(f"reference.choice is {self.reference.choice}, but there are {len(self.choices)} choices")
        return self
