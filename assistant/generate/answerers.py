"""The answerers by name."""

from __future__ import annotations

from pathlib import Path

from assistant.errors import WardroundError
from assistant.generate.profiles import profile_of
from assistant.generate.task import Answerer
from assistant.settings import LlmSettings


def open_answerer(llm: LlmSettings, prompts_dir: Path | None = None, workspace: Path | None = None) -> Answerer:
    """The answerer that `llm.name` asks for: "quote", "local" or "openai".

    Opening is cheap: a server is first spoken to when the first question is put. Raises WardroundError for
    an unknown name, and for "openai" without `base_url` where no `workspace` is named that a server may run for.
    """
    match llm.name:
        case "quote":
            from assistant.generate.quote import QuoteAnswerer

            return QuoteAnswerer(prompts_dir)
        case "openai":
            from assistant.generate.served import ServedAnswerer

            return ServedAnswerer(llm, prompts_dir, workspace=workspace)
        case "local":
            from assistant.generate.local import LocalAnswerer

            return LocalAnswerer(llm, prompts_dir)
    raise WardroundError("llm.name is {name!r}: it is quote, local or openai", name=llm.name)


def languages_of(llm: LlmSettings) -> tuple[str, ...]:
    """The languages alone that the model behind `llm.name` understands; () where it may understand any, or is none."""
    if llm.name == "local":
        return ("en",)  # SmolLM2
    return profile_of(llm).languages if llm.name == "openai" else ()
