"""Misspelt medical words of a question, read as the word of the findings' vocabulary that they are nearly.

Only a word that nothing knows is read otherwise, and only where a single word is near enough: a wrong reading is worse
than a question that finds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from assistant.findings.vocabulary import vocabulary
from assistant.findings.words import common_spelling
from assistant.ingest.deid.lexicon import eponyms, given_names, surnames
from assistant.ingest.deid.lexicon import words as known_words
from assistant.retrieve.expand import expand
from assistant.store.words import query_terms

_WORD = re.compile(r"(?<![\w'’@./-])[a-z]{6,24}(?![\w'’@/-])")  # no names, codes, parts of compounds
_ENDING = 4  # letters that a form may have more than its stem
_LEAST = 6  # letters of a word that is read otherwise
_SHORT, _FAR = 8, 2  # letters from which on a word may be two steps away, else one
_MEDICAL = frozenset({"entity", "part", "drug"})


def correct(question: str) -> str:
    """The question with its misspelt medical words as they are spelled: "any efusion?" → "any effusion?".

    A step is a letter left out, added, changed, or two that changed places. The first and the last letter have to be
    right: another ending is another form of a word ("akinesia", "akinesis").
    """
    return _WORD.sub(lambda match: _meant(match[0]) or match[0], question)


@lru_cache(maxsize=4096)
def _meant(word: str) -> str | None:
    """The one word of the vocabulary that an unknown word is nearly; None where it is known, where none or several are,
    and where a word of another kind is as near."""
    said = common_spelling(word)
    if word in _known() or said in _known() or _is_a_form(word) or expand(word).told:
        return None
    near: dict[int, set[str]] = {}
    for known in _by_ends().get((said[0], said[-1]), ()):
        most = _FAR if min(len(said), len(known)) >= _SHORT else 1
        if abs(len(known) - len(said)) <= most and (steps := steps_between(said, known)) <= most:
            near.setdefault(steps, set()).add(known)
    if not near or len(best := near[min(near)]) > 1 or not best <= _medical():
        return None
    return best.pop() + ("s" if word.endswith("s") and not said.endswith("s") else "")


def _is_a_form(word: str) -> bool:
    """Whether a word is another form of a known one, by its stem: "assesses", but not "fibrilation" of "fibril"."""
    return all(len(word) - len(stem) <= _ENDING and stem in _known_stems() for stem in query_terms(word))


def steps_between(one: str, other: str) -> int:
    """Letters left out, added, changed or swapped with their neighbour between two words (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            steps = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                steps = min(steps, before[j - 2] + 1)
            row.append(steps)
        before, last = last, row
    return last[-1]


def _words(kinds: frozenset[str] | None) -> Iterator[str]:
    for entries in vocabulary().phrases.values():
        for phrase, _, labels in entries:
            if kinds is None or any(label.kind in kinds for label in labels):
                yield from phrase


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    """Words of English and of clinical texts, and names of persons and of what is named after them."""
    return frozenset(_words(None)) | known_words() | given_names() | surnames() | eponyms()


@lru_cache(maxsize=1)
def _known_stems() -> frozenset[str]:
    return frozenset(query_terms(" ".join(_known())))


@lru_cache(maxsize=1)
def _medical() -> frozenset[str]:
    """Words that name a finding, a part of the body or a drug."""
    return frozenset(word for word in _words(_MEDICAL) if word.isalpha() and len(word) >= _LEAST)


@lru_cache(maxsize=1)
def _by_ends() -> dict[tuple[str, str], list[str]]:
    """Known words by their first and last letter, singular and in one spelling."""
    found: dict[tuple[str, str], list[str]] = {}
    for word in {common_spelling(word) for word in known_words()} | _medical():
        if len(word) >= _LEAST:
            found.setdefault((word[0], word[-1]), []).append(word)
    return found
