"""Replies in JSON by a schema: what a server that has guided decoding is held to, and a strict reader for any.

    {"sentences": [{"section": "FINDINGS", "text": "No effusion.", "evidence": ["E1"]}, …]}

`section` is there in reports alone. No sentence at all is an abstention. What is not exactly this is an error: broken
JSON is never mended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

from assistant.findings import sentence_spans


class UnreadableReply(Exception):
    """A reply that is not what was asked for; says where it departs from it."""


class _Sentence(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    text: str
    evidence: list[str]
    section: str = ""


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    sentences: list[_Sentence]


def reply_schema(labels: Iterable[str], sections: Sequence[str] = ()) -> dict[str, Any]:
    """The JSON schema of a reply that may cite `labels` ("E1") and nothing else; of a report in these sections."""
    text = {"type": "string"}  # without bounds: with them, vLLM's grammar lets control characters in
    cited = {"type": "array", "items": {"type": "string", "enum": list(labels)}}
    section = {"section": {"type": "string", "enum": list(sections)}} if sections else {}
    sentence = {
        "type": "object",
        "properties": {**section, "text": text, "evidence": cited},
        "required": [*section, "text", "evidence"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"sentences": {"type": "array", "items": sentence}},
        "required": ["sentences"],
        "additionalProperties": False,
    }


def guided(schema: dict[str, Any]) -> dict[str, Any]:
    """What a request carries to hold a server to the schema, in the form that OpenAI's interface gives it."""
    return {
        "response_format": {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema, "strict": True}}
    }


def read_sentences(tokens: Iterable[str], sections: Sequence[str] = ()) -> Iterator[str]:
    """A reply's sentences as lines of text, "No effusion. [E1]", each as soon as its object is complete.

    A section that begins is a line of its own, "## FINDINGS"; an empty reply is the line "ABSTAIN". Raises
    UnreadableReply, when the reply ends at the latest. Of a reply that was cut by the limit on its length
    (`tokens.cut`) the complete sentences count.
    """
    buffer, told, section = "", 0, ""
    for token in tokens:
        buffer += token
        for sentence in _complete(buffer)[told:]:
            told += 1
            yield from _lines(sentence, section, sections)
            section = sentence.section
    try:
        sentences = _Reply.model_validate_json(buffer).sentences
    except ValidationError as error:
        if getattr(tokens, "cut", False) and told:
            return
        raise UnreadableReply(_first(error)) from error
    for sentence in sentences[told:]:
        yield from _lines(sentence, section, sections)
        section = sentence.section
    if not sentences:
        yield "ABSTAIN\n"


def _complete(buffer: str) -> list[_Sentence]:
    """The sentences so far that nothing to come can change: all but the last."""
    try:
        begun = from_json(buffer, allow_partial=True)
        found = begun.get("sentences", []) if isinstance(begun, dict) else []
        return [_Sentence.model_validate(item) for item in found[:-1]]
    except (ValueError, TypeError):
        return []  # the whole reply's check says what is wrong


def _lines(sentence: _Sentence, section: str, sections: Sequence[str]) -> Iterator[str]:
    if sentence.section not in (sections or ("",)):
        raise UnreadableReply(f"no section {sentence.section!r} was asked for: {', '.join(sections) or 'none'}")
    if sentence.section != section:
        yield f"## {sentence.section}\n"
    cited = f" [{', '.join(sentence.evidence)}]" if sentence.evidence else ""
    text = " ".join(sentence.text.split())
    for start, end in sentence_spans(text):
        yield f"{text[start:end]}{cited}\n"


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])
