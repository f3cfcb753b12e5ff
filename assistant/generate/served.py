"""A language model behind an OpenAI-compatible server: prompt in, sentences with citations out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from assistant.errors import WardroundError
from assistant.generate.chat import ChatServer
from assistant.generate.choose import choose_prompt
from assistant.generate.context import Context, Exchange, build_context
from assistant.generate.fence import defused
from assistant.generate.modes import write
from assistant.generate.prompts import Prompt, prompt_of
from assistant.generate.statements import as_statement
from assistant.generate.streaming import stream_sentences
from assistant.generate.task import DraftTask, Task
from assistant.records import Statement
from assistant.settings import LlmSettings

_HEADING = re.compile(r"^\s*(?:#{1,4}\s*)?\**\s*([A-Z][A-Za-z /&-]{2,40}?)\s*\**\s*:?\s*\**\s*$")


class ServedAnswerer:
    """Answers with whatever model `llm.base_url` serves (vLLM, llama.cpp, any OpenAI-compatible server).

    `base_url` overrides the settings' own; of each prompt its `variant` is used where there is one ("small":
    answer-small.md). Raises WardroundError at once when no address is named.
    """

    name = "openai"

    def __init__(
        self, llm: LlmSettings, prompts_dir: Path | None = None, base_url: str | None = None, variant: str = ""
    ) -> None:
        address = base_url or llm.base_url
        if not address:
            raise WardroundError(
                'llm.name is "openai" but llm.base_url is not set: e.g. WARDROUND_LLM__BASE_URL=http://127.0.0.1:8000/v1'
            )
        self._llm = llm
        self._prompts_dir = prompts_dir
        self._variant = variant
        self._server = ChatServer(llm, address)

    @property
    def model(self) -> str:
        """The model's name at the server; asks the server where the settings leave it out. Raises ModelUnavailable."""
        return self._server.model

    @property
    def prompt(self) -> str:
        return self._load("answer").id

    def prompt_for(self, task: Task | DraftTask) -> str:
        return prompt_of_task(task, self._variant, self._prompts_dir).id

    def context_for(self, task: Task | DraftTask) -> Context:
        return context_of(task, self._llm)

    def answer(self, task: Task) -> Iterator[Statement]:
        """The model's answer, sentence by sentence; nothing where it abstains. Raises ModelUnavailable."""
        context = self.context_for(task)
        if not context.ids:
            return
        prompt = prompt_of_task(task, self._variant, self._prompts_dir)
        yield from write(task, prompt, context, self._ask, self._load, self._llm.samples)

    def draft(self, task: DraftTask) -> Iterator[tuple[str, Statement]]:
        """The model's report by section; nothing where it abstains. Raises ModelUnavailable."""
        evidence = (*task.own, *task.similar)
        if not evidence:
            return
        context = self.context_for(task)
        prompt = prompt_of_task(task, self._variant, self._prompts_dir)
        section = prompt.sections[0]
        sections = ", ".join(prompt.sections)
        values = {"study": defused(task.study), "evidence": context.text, "sections": sections}
        tokens = self._ask(prompt, context, values)
        for sentence in stream_sentences(tokens):
            heading = _section(sentence, prompt.sections)
            if heading:
                section = heading
                continue
            statement = as_statement(sentence, context.ids, evidence)
            if statement is None:
                return
            if statement.text:
                yield section, statement

    def standalone(self, question: str, earlier: tuple[Exchange, ...]) -> str | None:
        """A follow-up question put so that it can be read alone; None where the model gives none."""
        said = "\n".join(f"Question: {defused(exchange.question)}" for exchange in earlier)
        values = {"question": defused(question), "earlier": said}
        reply = "".join(self._ask(self._load("standalone"), NOTHING, values)).strip()
        return reply.splitlines()[0].strip(' "“”') if reply else None

    def unsourced(self, question: str) -> Iterator[str]:
        """What the model says of a question without any evidence, sentence by sentence; nothing where it abstains."""
        tokens = self._ask(self._load("own-knowledge"), NOTHING, {"question": defused(question)})
        for sentence in stream_sentences(tokens):
            statement = as_statement(sentence, {}, ())
            if statement is None:
                return
            if statement.text:
                yield statement.text

    def _load(self, name: str) -> Prompt:
        return prompt_of(name, self._variant, self._prompts_dir)

    def _ask(
        self, prompt: Prompt, context: Context, values: Mapping[str, str], seed: int | None = None
    ) -> Iterator[str]:
        system, user = prompt.messages(**values)
        sampled = {} if seed is None else {"seed": seed, "temperature": max(self._llm.temperature, SAMPLED_AT)}
        return self._server.stream(system, user, context.pictures, extra=sampled)


SAMPLED_AT = 0.7  # temperature of replies that are to differ, where the settings' own is lower
NOTHING = Context("", {}, (), ())


def prompt_of_task(task: Task | DraftTask, variant: str, prompts_dir: Path | None) -> Prompt:
    """The template of a task, in its variant: the one named, else the one that the question asks for.

    Where that has no such variant, the variant of the plain answer is taken: a model that needs it needs it always.
    """
    if isinstance(task, DraftTask):
        return prompt_of(task.template, variant, prompts_dir)
    if task.prompt:
        return prompt_of(task.prompt, variant, prompts_dir)
    chosen = prompt_of(choose_prompt(task.question, task.evidence), variant, prompts_dir)
    return chosen if not variant or chosen.name.endswith(f"-{variant}") else prompt_of("answer", variant, prompts_dir)


def context_of(task: Task | DraftTask, llm: LlmSettings) -> Context:
    """What a task's prompt holds of its evidence, by the settings' budget."""
    if isinstance(task, DraftTask):
        return build_context((*task.own, *task.similar), llm.context_tokens, task.images, llm.images)
    evidence = (*task.evidence, *task.brought)
    return build_context(evidence, llm.context_tokens, task.images, llm.images, task.earlier)


def _section(sentence: str, sections: tuple[str, ...]) -> str | None:
    found = _HEADING.match(sentence)
    return next((name for name in sections if found and found[1].strip().upper() == name.upper()), None)
