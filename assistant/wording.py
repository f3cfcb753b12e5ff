"""Sentences that know how they were worded, so that a page can say them in another language.

Whoever writes a sentence with something filled in gives its English wording and the values: `worded("page {number}",
number=3)`. What comes of it is a string as any other, "page 3"; the page looks its wording up in the visitor's language
(`ui/language/told.py`). A sentence with nothing to fill in is its own wording and stays a plain string.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

MESSAGES = "messages"  # the key of `with_wordings`


class Worded(str):
    """A sentence in English with the `wording` it was made of and the `values` that fill it: strings, numbers, None."""

    wording: str
    values: Mapping[str, Any]

    def __new__(cls, wording: str, values: Mapping[str, Any]) -> Worded:
        self = super().__new__(cls, wording.format(**values))
        self.wording, self.values = wording, values
        return self

    def __reduce__(self) -> tuple[type[Worded], tuple[str, Mapping[str, Any]]]:
        return Worded, (self.wording, self.values)


def worded(wording: str, /, **values: object) -> str:
    """The sentence of a wording with its fields filled in, as `str.format` does."""
    return Worded(wording, {name: _plain(value) for name, value in values.items()}) if values else wording


def joined(texts: Iterable[str], between: str = "; ") -> str:
    """Sentences one after another; each is still said in its own wording."""
    parts = [text for text in texts if text]
    if len(parts) < 2:
        return parts[0] if parts else ""
    fields = {f"part{number}": part for number, part in enumerate(parts, start=1)}
    return Worded(between.join(f"{{{name}}}" for name in fields), fields)


def left_out(text: str, sentence: str) -> str:
    """What `joined` made, less one of its sentences."""
    if text == sentence:
        return ""
    if not isinstance(text, Worded) or any(not name.startswith("part") for name in text.values):
        return text
    return joined([left_out(part, sentence) for part in text.values.values()], " ")


def to_json(text: str) -> str | dict[str, Any]:
    """What a file keeps of a text; `from_json` gives it back."""
    if not isinstance(text, Worded):
        return text
    values = {name: to_json(value) if isinstance(value, str) else value for name, value in text.values.items()}
    return {"wording": text.wording, "values": values}


def from_json(kept: str | Mapping[str, Any]) -> str:
    if isinstance(kept, str):
        return kept
    values = {n: from_json(v) if isinstance(v, str | Mapping) else v for n, v in kept["values"].items()}
    return Worded(kept["wording"], values)


def with_wordings(document: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON document with the wordings of its sentences beside it, under `MESSAGES`: JSON keeps plain strings."""
    found: dict[str, Any] = {}

    def look(part: Any) -> None:
        if isinstance(part, Worded):
            found[str(part)] = to_json(part)
        elif isinstance(part, Mapping):
            for inner in part.values():
                look(inner)
        elif isinstance(part, list | tuple):
            for inner in part:
                look(inner)

    look(document)
    return {**document, MESSAGES: found} if found else dict(document)


def worded_again(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document that `with_wordings` gave and that was JSON since, each sentence in its wording again."""
    known = {text: from_json(kept) for text, kept in document.get(MESSAGES, {}).items()}

    def again(part: Any) -> Any:
        if isinstance(part, str):
            return known.get(part, part)
        if isinstance(part, Mapping):
            return {name: again(inner) for name, inner in part.items()}
        return [again(inner) for inner in part] if isinstance(part, list) else part

    return {name: again(part) for name, part in document.items() if name != MESSAGES}


def _plain(value: object) -> object:
    """A value as files and other processes take it; a number stays one, for the page to write as its reader does."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    number = getattr(value, "item", None)  # a number of numpy's
    return number() if callable(number) else str(value)
