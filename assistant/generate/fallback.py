"""A lost language model is no lost answer: `quote` goes on from the evidence, and the answer says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assistant.errors import ModelLost, ReplyRefused
from assistant.generate.task import Answerer, Task
from assistant.records import Statement
from assistant.wording import joined, worded


@dataclass(frozen=True, slots=True)
class TakenOver:
    """Stands among the statements where `quote` took over.

    `notice` is for the reader; `model` and `prompt` are the answer's.
    """

    notice: str
    model: str
    prompt: str | None


def answer_or_quote(answerer: Answerer, quote: Answerer, task: Task) -> Iterator[Statement | TakenOver]:
    """The statements of `answerer`; where its model is lost, what `quote` says instead.

    Sentences that came before the loss stay: each is checked by itself. What the settings have wrong (a key that is
    refused, a model that is not there) is raised as ModelUnavailable, since it would stay so.
    """
    written = False
    try:
        for statement in answerer.answer(task):
            written = True
            yield statement
    except (ModelLost, ReplyRefused) as error:
        model = f"{answerer.model}, then {quote.model}" if written else quote.model
        yield TakenOver(notice(error, written), model, (answerer if written else quote).prompt_for(task))
        yield from quote.answer(task)


def notice(error: ModelLost | ReplyRefused, written: bool) -> str:
    """What a reader is told of the loss."""
    lost = isinstance(error, ModelLost)
    model = "The language model was lost." if lost else "The language model gave no usable reply."
    rest = "The rest of this answer only quotes and counts the evidence."
    what = rest if written else "This answer only quotes and counts the evidence."
    return joined([model, what, worded("({error})", error=error.told)], " ")
