"""The vocabulary, loaded once: which words name what, and what a finding also is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

from assistant.findings.words import Word, words

_UMBRELLA = "abnormality"
_CHOICE = re.compile(r"\(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the body of which something is said: which entities its normality denies, and its states."""

    normal: tuple[str, ...]
    abnormal: str | None
    states: tuple[tuple[str, str], ...]  # (word in the common spelling, entity)

    def state(self, word: str) -> str | None:
        """The entity that is meant when the part is called `word`."""
        return next((entity for said, entity in self.states if said == word), None)


@dataclass(frozen=True, slots=True)
class Label:
    """What a phrase is: its kind ("entity", "part", "negation", "side" …) and its value."""

    kind: str
    value: str
    side: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase met in a text: words [start, end) and every label that this phrase bears."""

    start: int
    end: int
    labels: tuple[Label, ...]

    def value(self, kind: str) -> str | None:
        return next((label.value for label in self.labels if label.kind == kind), None)


@dataclass(slots=True)
class Vocabulary:
    """Phrases by their first word, entities with all they also are, parts, and places that mean the same."""

    phrases: dict[str, list[tuple[tuple[str, ...], str | None, list[Label]]]] = field(default_factory=dict)
    ancestors: dict[str, frozenset[str]] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    same_place: dict[str, frozenset[str]] = field(default_factory=dict)

    def match(self, tokens: Sequence[Word]) -> list[Match]:
        """The longest phrases from left to right, without overlap."""
        found: list[Match] = []
        at = 0
        norms = tuple(token.norm for token in tokens)
        while at < len(tokens):
            match = self._longest(tokens, norms, at)
            if match is None:
                at += 1
            else:
                found.append(match)
                at = match.end
        return found

    def _longest(self, tokens: Sequence[Word], norms: tuple[str, ...], at: int) -> Match | None:
        labels: list[Label] = []
        length = 0
        for phrase, capitals, meant in self.phrases.get(norms[at], ()):
            if len(phrase) < length:
                break
            if capitals is not None and tokens[at].raw.rstrip("s") != capitals:
                continue
            if norms[at : at + len(phrase)] == phrase:
                labels.extend(meant)
                length = len(phrase)
        return Match(at, at + length, tuple(labels)) if labels else None


def expand(term: str) -> Iterator[str]:
    """Every phrase a term stands for: "(old|) infarct" is "old infarct" and "infarct"."""
    choice = _CHOICE.search(term)
    if choice is None:
        yield " ".join(term.split())
        return
    for option in choice[1].split("|"):
        yield from expand(term[: choice.start()] + option + term[choice.end() :])


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The packaged vocabulary."""
    raw: dict[str, Any] = {"entity": {}, "part": []}
    for file in sorted(files("assistant.findings").joinpath("terms").iterdir(), key=lambda entry: entry.name):
        for kind, told in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if kind == "part":
                raw["part"].extend(told)
            elif raw.setdefault(kind, told) is not told:
                raw[kind].update(told)
    book = Vocabulary()
    for name, entity in raw["entity"].items():
        _add(book, entity["terms"], Label("entity", name))
        book.ancestors[name] = frozenset(_upwards(name, raw["entity"]))
    for part in raw["part"]:
        _add_part(book, part)
    for kind in ("cues", "severity", "change", "location", "side", "denied", "drug"):
        for value, terms in raw[kind].items():
            _add(book, terms, Label(value, value) if kind == "cues" else Label(kind, value))
    for group in raw["same_place"]:
        for name in group["names"]:
            book.same_place[name] = book.same_place.get(name, frozenset({name})) | set(group["names"])
    for entries in book.phrases.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    return book


def _upwards(name: str, entities: dict[str, Any]) -> Iterable[str]:
    for parent in entities[name].get("is", ()):
        yield parent
        yield from _upwards(parent, entities)


def _add_part(book: Vocabulary, part: dict[str, Any]) -> None:
    states = tuple((words(word)[0].norm, entity) for entity, said in part["states"].items() for word in said)
    _add(book, part["terms"], Label("part", str(len(book.parts))))
    _add(book, [word for said in part["states"].values() for word in said], Label("state", ""))
    book.parts.append(Part(tuple(part["normal"]), part.get("abnormal"), states))


def _add(book: Vocabulary, terms: Iterable[str], label: Label) -> None:
    for term in terms:
        plain, _, side = term.partition(":")
        meant = Label(label.kind, label.value, side or None)
        for phrase in expand(plain):
            tokens = words(phrase)
            if not tokens:
                continue
            capitals = phrase if phrase.isupper() and len(phrase) <= 5 and len(tokens) == 1 else None
            key = tuple(token.norm for token in tokens)
            entries = book.phrases.setdefault(key[0], [])
            same = next((entry for entry in entries if entry[0] == key and entry[1] == capitals), None)
            if same is None:
                entries.append((key, capitals, [meant]))
            elif meant not in same[2]:
                same[2].append(meant)


def is_abnormal(entity: str) -> bool:
    """Whether an entity is a kind of abnormality: "myocardial infarction" is, "sinus rhythm" is not."""
    return entity == _UMBRELLA or _UMBRELLA in vocabulary().ancestors.get(entity, ())


def related(entity: str, other: str) -> str | None:
    """How `other` stands to `entity`: "same", "kind" (other is a kind of entity), "umbrella" or None."""
    if entity == other:
        return "same"
    ancestors = vocabulary().ancestors
    if entity in ancestors.get(other, ()):
        return "kind"
    return "umbrella" if other in ancestors.get(entity, ()) else None
