"""Query expansion: what else the thing asked for is called, as further words with less weight.

"MI" is searched for as "myocardial infarction" and "heart attack" too, "oedema" as "edema". The vocabulary is written
down in `terms` (abbreviations, synonyms, spelling) and, for the findings of reports, in `assistant/findings/terms`.
Abbreviations count only as they are written there, and those of several readings less; what a question was expanded by
is told with the result. For the search by meaning a name is added where the index itself prefers it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

from assistant.findings.vocabulary import vocabulary
from assistant.findings.words import Word, words
from assistant.store.words import WordIndex, query_terms

# Weight of an added word beside 1 for a word of the question. Chosen on the development halves (docs/retrieval.md).
SPELLED, READ, READ_AS_ONE_OF, CALLED, FOUND = 1.0, 0.5, 0.25, 0.3, 0.15
NAMES_OF_A_FINDING = 6
PREFERRED = 2.0  # how many times as many passages must hold a name as hold the one that was asked by
NAMES_ADDED = 2  # at most, to the text whose meaning is searched

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expansion:
    """The stemmed words to search for with their weights, the question's own first; what was added, in words; what
    the abbreviations and names in it are also called; and which stemmed words mean the same as some of its own."""

    terms: dict[str, float]
    told: tuple[str, ...] = ()
    names: tuple[tuple[str, tuple[str, ...]], ...] = ()
    same: tuple[tuple[Phrase, tuple[Phrase, ...]], ...] = ()


@dataclass(slots=True)
class _Terms:
    """Abbreviations with (readings, weight), and names of one thing by the first word of each."""

    abbreviations: dict[str, tuple[list[str], float]] = field(default_factory=dict)
    names: dict[str, list[tuple[Phrase, list[str]]]] = field(default_factory=dict)


@lru_cache(maxsize=1024)
def expand(text: str) -> Expansion:
    """The question's words and what they are also called."""
    terms = query_terms(text)
    own = frozenset(terms)
    tokens = words(text)
    same: list[tuple[str, Sequence[str]]] = []
    for token in tokens:
        for variant in _spelled(token.raw.lower()):
            same.append((token.raw, [variant]))
            _add(terms, own, [variant], SPELLED)
    told: dict[str, str] = {}
    names = [*_abbreviated(text, tokens), *_named(tokens)]
    for said, readings, weight in (*names, *_findings(tokens)):
        same.append((said, readings))
        if said not in told and _add(terms, own, readings, weight):
            told[said] = f"{said}: {', '.join(readings)}"
    return Expansion(
        terms,
        tuple(told.values()),
        tuple((said, tuple(readings)) for said, readings, _ in names),
        tuple((tuple(query_terms(said)), tuple(tuple(query_terms(name)) for name in others)) for said, others in same),
    )


def for_meaning(text: str, index: WordIndex | None) -> str:
    """The text whose vector is searched for: the question, and in brackets the names that the index prefers.

    A name is preferred when `PREFERRED` times as many passages hold it as hold the one in the question: "pertussis" is
    sought as "whooping cough" among texts for patients, and as it stands among abstracts, where adding would blur it.
    """
    if index is None:
        return text
    own = query_terms(text).keys()
    added = [
        other
        for said, others in expand(text).names
        for other in others
        if not query_terms(other).keys() <= own and _holding(index, other) > PREFERRED * max(_holding(index, said), 0.5)
    ]
    return f"{text} ({', '.join(dict.fromkeys(added[:NAMES_ADDED]))})" if added else text


def _holding(index: WordIndex, name: str) -> int:
    """How many passages hold the rarest word of a name."""
    return min((index.held_by(word) for word in query_terms(name)), default=0)


def _add(terms: dict[str, float], own: frozenset[str], phrases: Iterable[str], weight: float) -> bool:
    """Add the words of some phrases that the question does not hold itself; whether there were any."""
    added = False
    for phrase in phrases:
        spelled = [phrase, *(variant for word in phrase.lower().split() for variant in _spelled(word))]
        for term in query_terms(" ".join(spelled)):
            if term not in own:
                terms[term] = max(terms.get(term, 0.0), weight)
                added = True
    return added


def _abbreviated(text: str, tokens: Sequence[Word]) -> Iterator[tuple[str, list[str], float]]:
    if len(tokens) > 2 and text.isupper():
        return  # all in capitals: nothing tells an abbreviation from a word
    known = _terms().abbreviations
    for token in tokens:
        raw = token.raw if token.raw in known else token.raw.removesuffix("s")
        in_a_code = re.match(r"-?\d", text[token.end :]) or re.search(r"[\d-]$", text[: token.start])
        if raw in known and not in_a_code:
            readings, weight = known[raw]
            yield raw, readings, weight


def _named(tokens: Sequence[Word]) -> Iterator[tuple[str, list[str], float]]:
    norms = tuple(token.norm for token in tokens)
    at = 0
    while at < len(norms):
        step = 1
        for phrase, others in _terms().names.get(norms[at], ()):
            if norms[at : at + len(phrase)] == phrase:
                yield " ".join(token.raw for token in tokens[at : at + len(phrase)]), others, CALLED
                step = len(phrase)
                break
        at += step


def _findings(tokens: Sequence[Word]) -> Iterator[tuple[str, list[str], float]]:
    for match in vocabulary().match(tokens):
        entity = match.value("entity")
        said = " ".join(token.norm for token in tokens[match.start : match.end])
        names = [name for name in _names().get(entity or "", ()) if name[:5] != said[:5]]  # no "asthmatic" for asthma
        if names:
            yield " ".join(token.raw for token in tokens[match.start : match.end]), names, FOUND


@lru_cache(maxsize=1)
def _names() -> dict[str, list[str]]:
    """The plain names of each finding, the shortest first: without those that only add a word to another one."""
    names: dict[str, set[Phrase]] = {}
    for entries in vocabulary().phrases.values():
        for phrase, capitals, labels in entries:
            for label in labels if capitals is None and len(phrase) <= 3 else ():
                if label.kind == "entity":
                    names.setdefault(label.value, set()).add(phrase)
    found = {}
    for entity, phrases in names.items():
        plain = [n for n in phrases if not any(m != n and _within(m, n) for m in phrases)]
        found[entity] = [" ".join(n) for n in sorted(plain, key=lambda n: (len(n), n))[:NAMES_OF_A_FINDING]]
    return found


def _within(short: Phrase, long: Phrase) -> bool:
    return any(long[i : i + len(short)] == short for i in range(len(long) - len(short) + 1))


@lru_cache(maxsize=4096)
def _spelled(word: str) -> tuple[str, ...]:
    """A lower-case word in the other spelling: "oedema" for "edema" and the other way round."""
    if not _any_piece().search(word):  # most words are spelled alike on both sides
        return ()
    variants: set[str] = set()
    for british, american in _pieces():
        one_way = british.search(word) is not None
        piece, other = (british, american) if one_way else (american, british)
        variants.add(piece.sub(other.pattern.strip("^$"), word))
    variants.discard(word)
    return tuple(sorted(variants))


@lru_cache(maxsize=1)
def _pieces() -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    return tuple((re.compile(british), re.compile(american)) for british, american in _read("spelling")["pieces"])


@lru_cache(maxsize=1)
def _any_piece() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{piece.pattern})" for pair in _pieces() for piece in pair))


@lru_cache(maxsize=1)
def _terms() -> _Terms:
    found = _Terms()
    read = _read("abbreviations")
    groups: list[list[str]] = [list(group) for group in _read("synonyms")["groups"]]
    for kind, weight in (("one", READ), ("several", READ_AS_ONE_OF)):
        for abbreviation, readings in read[kind].items():
            found.abbreviations[abbreviation] = (readings, weight)
    groups += [[*readings, abbreviation] for abbreviation, readings in read["one"].items()]
    for group in groups:
        for name in group:
            tokens = tuple(token.norm for token in words(name))
            if name not in found.abbreviations:
                others = [other for other in group if other != name]
                found.names.setdefault(tokens[0], []).append((tokens, others))
    for entries in found.names.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    return found


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("assistant.retrieve").joinpath("terms", f"{name}.toml").read_text(encoding="utf-8"))
