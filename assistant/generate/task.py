"""What an answerer is given, and what every answerer can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from assistant.generate.context import Context, Exchange
from assistant.records import Evidence, Image, Statement
from assistant.settings import Mode

TextEncoder = Callable[[Sequence[str]], Any]
"""Texts to a float32 array of shape (n, dim) with rows of length 1."""


@dataclass(frozen=True, slots=True)
class Task:
    """A question and the evidence that selection kept for it, best first.

    `images` holds the pixels of image evidence (of an ECG as drawn), by evidence id. `encode`, where there is one, is
    the text encoder of the index; sentences are then ranked by meaning as well as by words. `prompt` is the name of a
    template ("" for the one that the question and its evidence ask for, see `choose_prompt`), `mode` how a model comes
    to its answer, `earlier` what was said before in the same conversation, oldest first, and `brought` what was cited
    there and not found again: a model may cite it once more. Into `notes` goes what a reader must know of how the
    answer was written: that the reply was cut off, say. `of_patient`: a patient's file or
    records are there, be anything of them among the evidence or not. `chosen` is how many studies were picked by hand.
    """

    question: str
    evidence: tuple[Evidence, ...]
    images: Mapping[str, Image] = field(default_factory=dict)
    encode: TextEncoder | None = None
    prompt: str = ""
    mode: Mode = "direct"
    earlier: tuple[Exchange, ...] = ()
    brought: tuple[Evidence, ...] = ()
    notes: list[str] = field(default_factory=list, compare=False)
    of_patient: bool = False
    chosen: int = 0

    def given(self, context: Context | None) -> tuple[Evidence, ...]:
        """The evidence that a prompt showed, which alone may carry what a model says; all of it without a prompt."""
        if context is None:
            return self.evidence
        shown = set(context.ids.values())
        return tuple(piece for piece in (*self.evidence, *self.brought) if piece.id in shown)


@dataclass(frozen=True, slots=True)
class DraftTask:
    """A study to draft a report of.

    `study` says in words what was given ("chest X-ray, PA"; "12-lead ECG, 10 s"). `template` is the name of
    a file in `prompts/`. `own` is what the study itself says: its measured values, its stated tags; never its own
    report. `similar` are passages of other studies' reports and labelled images or signals, the most
    similar study first; each carries its `study_id`. `notes` is as a `Task`'s.
    """

    study: str
    template: str
    own: tuple[Evidence, ...] = ()
    similar: tuple[Evidence, ...] = ()
    images: Mapping[str, Image] = field(default_factory=dict)
    encode: TextEncoder | None = None
    notes: list[str] = field(default_factory=list, compare=False)


class Answerer(Protocol):
    """Whoever writes the sentences; none of them is believed before `verify` has seen it.

    `name` is the setting that chooses it, `model` what is shown as the answer's model, `prompt` the answer
    prompt as "name@version" (None where there is none).
    """

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def prompt(self) -> str | None: ...

    def look(self) -> None:
        """See that it can write at all. Raises ModelUnavailable, and WeightsMissing."""
        ...

    def answer(self, task: Task) -> Iterator[Statement]:
        """The answer, sentence by sentence as it is written; nothing at all where the evidence holds none.

        Raises ModelUnavailable when a language model can't be reached or refuses.
        """
        ...

    def draft(self, task: DraftTask) -> Iterator[tuple[str, Statement]]:
        """A report as (section, sentence), sections in the template's order. Raises as `answer` does."""
        ...

    def prompt_for(self, task: Task | DraftTask) -> str | None:
        """The prompt that a task would be put with, as "name@version"; None where there is none."""
        ...

    def context_for(self, task: Task | DraftTask) -> Context | None:
        """What of the evidence a task's prompt holds, and what its budget leaves out; None where all of it is used."""
        ...

    def standalone(self, question: str, earlier: tuple[Exchange, ...]) -> str | None:
        """A follow-up question rewritten so that it can be read alone; None where nobody can, or need."""
        ...

    def unsourced(self, question: str) -> Iterator[str]:
        """Sentences of the model's own knowledge, without any evidence; none where there is no model."""
        ...
