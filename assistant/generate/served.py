"""A language model behind an OpenAI-compatible server: prompt in, sentences with citations out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assistant.errors import ModelUnavailable, ReplyRefused, WardroundError
from assistant.generate.chat import Reply
from assistant.generate.choose import choose_prompt
from assistant.generate.context import Context, Exchange, build_context
from assistant.generate.fence import defused
from assistant.generate.modes import Ask, write
from assistant.generate.profiles import profile_of
from assistant.generate.prompts import Prompt, load_prompt, prompt_of
from assistant.generate.replies import UnreadableReply, guided, read_sentences, reply_schema
from assistant.generate.statements import as_statement
from assistant.generate.streaming import Noted, stream_sentences
from assistant.generate.task import DraftTask, Task
from assistant.generate.which_server import WhichServer
from assistant.records import Statement
from assistant.settings import LlmSettings
from assistant.wording import worded

_HEADING = re.compile(r"^\s*(?:#{1,4}\s*)?\**\s*([A-Z][A-Za-z /&-]{2,40}?)\s*\**\s*:?\s*\**\s*$")


class ServedAnswerer:
    """Answers with whatever model `llm.base_url` serves (vLLM, llama.cpp, any OpenAI-compatible server).

    `base_url` overrides the settings' own; of each prompt its `variant` is used where there is one ("small":
    answer-small.md). Where no address is named, the server is asked that `wardround serve-llm` runs for `workspace`;
    without a workspace WardroundError is raised at once.
    """

    name = "openai"

    def __init__(
        self,
        llm: LlmSettings,
        prompts_dir: Path | None = None,
        base_url: str | None = None,
        variant: str = "",
        workspace: Path | None = None,
    ) -> None:
        address = base_url or llm.base_url
        if not address and workspace is None:
            raise WardroundError(
                'llm.name is "openai" but llm.base_url is not set: e.g. WARDROUND_LLM__BASE_URL=http://127.0.0.1:8000/v1'
            )
        most = profile_of(llm).images
        self._llm = llm if most is None else llm.model_copy(update={"images": min(llm.images, most)})
        self._prompts_dir = prompts_dir
        self._variant = variant
        self._server = WhichServer(self._llm, address, workspace)
        self._guides = True  # whether the server can be held to a schema; until it has refused one

    @property
    def model(self) -> str:
        """The model's name at the server that was last asked; asks a server where nobody has said it.

        Raises ModelUnavailable.
        """
        return self._server.last.model

    @property
    def prompt(self) -> str:
        return self._load("answer").id

    def prompt_for(self, task: Task | DraftTask) -> str:
        form = f"+{load_prompt(REPLY_FORM, self._prompts_dir).id}" if self._llm.reply == "json" else ""
        return prompt_of_task(task, self._variant, self._prompts_dir).id + form

    def context_for(self, task: Task | DraftTask) -> Context:
        return context_of(task, self._llm)

    def look(self) -> None:
        """Ask the server for its model. Raises ModelUnavailable."""
        self._server.now.look()

    def answer(self, task: Task) -> Iterator[Statement]:
        """The model's answer, sentence by sentence; nothing where it abstains. Raises ModelUnavailable."""
        context = self.context_for(task)
        if not context.ids:
            return
        prompt = prompt_of_task(task, self._variant, self._prompts_dir)
        yield from write(task, prompt, context, self._noting(task), self._load, self._llm.samples)

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
        tokens = self._noting(task)(prompt, context, values)
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

    def _noting(self, task: Task | DraftTask) -> Ask:
        """`_ask`, with a note in the task where the limit on its length ended a reply that is read as the answer."""

        def ask(prompt: Prompt, context: Context, values: Mapping[str, str], seed: int | None = None) -> Iterator[str]:
            reply = self._ask(prompt, context, values, seed)
            if prompt.facts.get("reply") == "free":  # a step on the way: what it lacks, the answer need not
                return reply
            cut = worded(
                "The language model's reply was cut off after {tokens} tokens (llm.max_tokens): what it would have "
                "said after that is missing.",
                tokens=self._llm.max_tokens,
            )
            return Noted(reply, task.notes, cut)

        return ask

    def _ask(
        self, prompt: Prompt, context: Context, values: Mapping[str, str], seed: int | None = None
    ) -> Iterator[str]:
        system, user = prompt.messages(**values)
        sampled = {} if seed is None else {"seed": seed, "temperature": max(self._llm.temperature, SAMPLED_AT)}
        if self._llm.reply == "json" and context.ids and prompt.facts.get("reply") != "free":
            return self._ask_json(system, user, prompt, context, sampled)
        return self._server.now.stream(system, user, context.pictures, extra=sampled)

    def _ask_json(
        self, system: str, user: str, prompt: Prompt, context: Context, extra: Mapping[str, Any]
    ) -> Iterator[str]:
        """A reply that was asked for as JSON, as lines of text. One that can't be read is asked for once more."""
        schema = reply_schema(context.ids, prompt.sections)
        form = load_prompt(REPLY_FORM, self._prompts_dir).messages(form=json.dumps(schema))
        system, user = f"{system}\n\n{form[0]}", f"{user}\n\n{form[1]}"
        for last in (False, True):
            told = False
            try:
                for line in read_sentences(self._held_to(schema, system, user, context, extra), prompt.sections):
                    told = True
                    yield line
                return
            except UnreadableReply as error:
                if told or last:
                    raise ReplyRefused(
                        "the model's reply is not the JSON that was asked for: {error}", error=error
                    ) from error
                user += f"\n\nYour last reply could not be read ({defused(str(error))}). Reply again."

    def _held_to(
        self, schema: dict[str, Any], system: str, user: str, context: Context, extra: Mapping[str, Any]
    ) -> Reply:
        """The reply, held to the schema by a server that can do that; one that can't refuses such a request."""
        if self._guides:
            reply = self._server.now.stream(system, user, context.pictures, extra={**extra, **guided(schema)})
            try:
                return reply.begun()
            except ModelUnavailable as error:
                if getattr(error.__cause__, "status_code", None) not in (400, 422, 501):
                    raise
            self._guides = False
        return self._server.now.stream(system, user, context.pictures, extra=extra)


REPLY_FORM = "reply-json"  # the template that is added to a prompt
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
