"""A language model behind an OpenAI-compatible server: prompt in, sentences with citations out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from assistant.errors import WardroundError
from assistant.generate.chat import ChatServer
from assistant.generate.citations import split_citations
from assistant.generate.context import Context, build_context
from assistant.generate.fence import defused
from assistant.generate.prompts import Prompt, load_prompt
from assistant.generate.streaming import stream_sentences
from assistant.generate.task import DraftTask, Task
from assistant.records import About, Evidence, Statement
from assistant.settings import LlmSettings

_ABSTAINS = re.compile(r"\W*(abstain(ed|s|ing)?|i can(no|')t answer\b.*)\W*", re.IGNORECASE)
_HEADING = re.compile(r"^\s*(?:#{1,4}\s*)?\**\s*([A-Z][A-Za-z /&-]{2,40}?)\s*\**\s*:?\s*\**\s*$")
_MARKUP = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+|\*\*|^#+\s*")


class ServedAnswerer:
    """Answers with whatever model `llm.base_url` serves (vLLM, llama.cpp, any OpenAI-compatible server).

    `base_url` overrides the settings' own, `template` is the answer prompt. Raises WardroundError at once when no
    address is named.
    """

    name = "openai"

    def __init__(
        self, llm: LlmSettings, prompts_dir: Path | None = None, base_url: str | None = None, template: str = "answer"
    ) -> None:
        address = base_url or llm.base_url
        if not address:
            raise WardroundError(
                'llm.name is "openai" but llm.base_url is not set: e.g. WARDROUND_LLM__BASE_URL=http://127.0.0.1:8000/v1'
            )
        self._llm = llm
        self._prompts_dir = prompts_dir
        self._answer_template = template
        self._server = ChatServer(llm, address)

    @property
    def model(self) -> str:
        """The model's name at the server; asks the server where the settings leave it out. Raises ModelUnavailable."""
        return self._server.model

    @property
    def prompt(self) -> str:
        return load_prompt(self._answer_template, self._prompts_dir).id

    def prompt_for(self, task: Task | DraftTask) -> str:
        return self._template(task).id

    def answer(self, task: Task) -> Iterator[Statement]:
        """The model's answer, sentence by sentence; nothing where it abstains. Raises ModelUnavailable."""
        if not task.evidence:
            return
        context = self._context(task.evidence, task)
        prompt = self._template(task)
        tokens = self._ask(prompt, context, question=defused(task.question), evidence=context.text)
        for sentence in stream_sentences(tokens):
            statement = _statement(sentence, context, task.evidence)
            if statement is None:
                return
            if statement.text:
                yield statement

    def draft(self, task: DraftTask) -> Iterator[tuple[str, Statement]]:
        """The model's report by section; nothing where it abstains. Raises ModelUnavailable."""
        evidence = (*task.own, *task.similar)
        if not evidence:
            return
        context = self._context(evidence, task)
        prompt = self._template(task)
        section = prompt.sections[0]
        tokens = self._ask(
            prompt, context, study=defused(task.study), evidence=context.text, sections=", ".join(prompt.sections)
        )
        for sentence in stream_sentences(tokens):
            heading = _section(sentence, prompt.sections)
            if heading:
                section = heading
                continue
            statement = _statement(sentence, context, evidence)
            if statement is None:
                return
            if statement.text:
                yield section, statement

    def _template(self, task: Task | DraftTask) -> Prompt:
        name = task.template if isinstance(task, DraftTask) else self._answer_template
        return load_prompt(name, self._prompts_dir)

    def _context(self, evidence: Iterable[Evidence], task: Task | DraftTask) -> Context:
        return build_context(evidence, self._llm.context_chars, task.images, self._llm.images)

    def _ask(self, prompt: Prompt, context: Context, **values: str) -> Iterator[str]:
        system, user = prompt.messages(**values)
        return self._server.stream(system, user, tuple(image for _, image in context.pictures))


def _statement(sentence: str, context: Context, evidence: Iterable[Evidence]) -> Statement | None:
    """A sentence of the model as a statement; None when it abstains."""
    text, citations = split_citations(_MARKUP.sub("", sentence), context.ids)
    if _ABSTAINS.fullmatch(text):
        return None
    return Statement(text if any(c.isalnum() for c in text) else "", citations, _about(citations, evidence))


def _about(citations: tuple[str, ...], evidence: Iterable[Evidence]) -> About:
    """Whom a model's sentence is about, by what it cites, or might have cited if it cites nothing known.

    Where a patient's evidence is in play an uncited sentence counts as about the patient: judged most strictly.
    """
    evidence = tuple(evidence)
    relations = {piece.relation for piece in evidence if piece.id in citations}
    if not relations:
        return "general" if all(piece.relation == "knowledge" for piece in evidence) else "patient"
    if "own" in relations:
        return "patient"
    return "similar" if "similar" in relations else "general"


def _section(sentence: str, sections: tuple[str, ...]) -> str | None:
    found = _HEADING.match(sentence)
    return next((name for name in sections if found and found[1].strip().upper() == name.upper()), None)
