"""How a model comes to its answer: at once, from quotations first, by revising a draft, or by agreeing with itself.

- `direct`: one request, streamed.
- `evidence_first`: the model first quotes what bears on the question; quotations that do not stand in the evidence are
  thrown away by comparison, and the answer is written from the rest alone ("quote first, then answer": Xia et al.,
  "Ground Every Sentence", 2024; Slobodkin et al., "Attribute First, then Generate", 2024).
- `reflect`: a draft, a criticism of it against the evidence, a refined answer, or the draft where the criticism finds
  no problem (Madaan et al., "Self-Refine", 2023).
- `self_consistency`: several samples; a sentence is kept where most of them say the same (Wang et al., 2022; Manakul
  et al., "SelfCheckGPT", 2023).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from assistant.findings import extract_findings
from assistant.generate.citations import split_citations
from assistant.generate.context import Context
from assistant.generate.fence import defused, fenced
from assistant.generate.prompts import Prompt
from assistant.generate.statements import statements
from assistant.generate.task import Task
from assistant.generate.values import is_measured
from assistant.records import Evidence, Statement
from assistant.retrieve.relevance import content_words

_SAME_WORDS = 0.5  # share of common content words from which two sentences without findings say the same
_NO_PROBLEM = re.compile(r"\W*no problems?\W*", re.IGNORECASE)  # as the prompt `reflect` asks to say it
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class Ask(Protocol):
    """Puts a prompt to the model and gives its reply, token by token; a `seed` asks for a sample."""

    def __call__(
        self, prompt: Prompt, context: Context, values: Mapping[str, str], seed: int | None = None
    ) -> Iterator[str]: ...


def write(
    task: Task, prompt: Prompt, context: Context, ask: Ask, load: Callable[[str], Prompt], samples: int
) -> Iterator[Statement]:
    """The statements of an answer in the task's mode; none where the model abstains."""
    match task.mode:
        case "direct":
            yield from _answered(task, prompt, context, ask)
        case "evidence_first":
            quoted = _quoted(task, "".join(ask(load("quotes"), context, _values(task, context))), context)
            yield from _answered(task, prompt, quoted, ask)
        case "reflect":
            yield from _refined(task, prompt, context, ask, load)
        case "self_consistency":
            yield from _agreed(task, prompt, context, ask, samples)


def _answered(task: Task, prompt: Prompt, context: Context, ask: Ask, seed: int | None = None) -> Iterator[Statement]:
    return statements(ask(prompt, context, _values(task, context), seed), context.ids, task.given(context))


def _values(task: Task, context: Context) -> dict[str, str]:
    return {"question": defused(task.question), "evidence": context.text, "earlier": context.earlier}


# --- evidence first -----------------------------------------------------------------------------------


def _quoted(task: Task, reply: str, context: Context) -> Context:
    """The context narrowed to the sentences that were quoted and do stand there; whole where none does.

    What was measured on the study itself stays, whatever was quoted.
    """
    by_label = {label: piece for label, key in context.ids.items() for piece in task.given(context) if piece.id == key}
    chosen: dict[str, list[str]] = {label: [] for label in by_label}
    labels = {label: label for label in by_label}
    for line in reply.splitlines():
        said, cited = split_citations(line, labels)
        quote = said.strip(" -*•“”\"'\t")
        if len(quote.split()) < 2:
            continue
        for label in (*cited, *by_label):
            if label in by_label and _plain(quote) in _plain(by_label[label].text):
                chosen[label].append(quote)
                break
    if not any(chosen.values()):
        return context
    kept = {label: quotes for label, quotes in chosen.items() if quotes or is_measured(by_label[label])}
    blocks = [_narrowed(label, by_label[label], quotes) for label, quotes in kept.items()]
    return replace(context, text="\n".join(blocks))


def _narrowed(label: str, piece: Evidence, quotes: Sequence[str]) -> str:
    said = "\n".join(dict.fromkeys(quotes)) or piece.text
    return fenced(label, f'relation="{piece.relation}" kind="{piece.kind}"', said)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9.]+", text.lower())).replace(" .", "").rstrip(".")


# --- draft, reflect, refine ---------------------------------------------------------------------------


def _refined(
    task: Task, prompt: Prompt, context: Context, ask: Ask, load: Callable[[str], Prompt]
) -> Iterator[Statement]:
    drafted = list(_answered(task, prompt, context, ask))
    if not drafted:
        return
    labels = {key: label for label, key in context.ids.items()}
    draft = "\n".join(_with_labels(statement, labels) for statement in drafted)
    values = {**_values(task, context), "draft": draft}
    criticism = "".join(ask(load("reflect"), context, values))
    if _NO_PROBLEM.fullmatch(criticism):
        yield from drafted
        return
    refined = ask(load("refine"), context, {**values, "criticism": defused(criticism)})
    yield from statements(refined, context.ids, task.given(context))


def _with_labels(statement: Statement, labels: dict[str, str]) -> str:
    cited = ", ".join(labels[key] for key in statement.citations if key in labels)
    return defused(statement.text) + (f" [{cited}]" if cited else "")


# --- self-consistency ---------------------------------------------------------------------------------


def _agreed(task: Task, prompt: Prompt, context: Context, ask: Ask, samples: int) -> Iterator[Statement]:
    """The sentences of the model's best guess that most of the other samples also say."""
    first, *others = [list(_answered(task, prompt, context, ask, seed=seed)) for seed in (None, *range(1, samples))]
    for statement in first:
        agreeing = 1 + sum(any(agree(statement.text, other.text) for other in sample) for sample in others)
        if 2 * agreeing > samples:
            yield statement


def agree(one: str, other: str) -> bool:
    """Whether two sentences say the same: the same findings and numbers, or else mostly the same words."""
    if set(_NUMBER.findall(one)) != set(_NUMBER.findall(other)):
        return False
    mine, theirs = _senses(one), _senses(other)
    if mine or theirs:
        return mine == theirs
    a, b = set(content_words(one)), set(content_words(other))
    return len(a & b) >= _SAME_WORDS * max(1, len(a | b))


def _senses(text: str) -> set[tuple[str, str, str | None, str | None]]:
    return {(f.entity, f.status, f.side, f.severity) for f in extract_findings(text)}
