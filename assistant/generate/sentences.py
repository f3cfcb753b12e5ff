"""The sentences of the evidence that answer a question, quoted as they stand."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.generate.papers import LEADING_UP_COSTS, leads_up, states_aim, tells_finding
from assistant.generate.task import TextEncoder
from assistant.records import Evidence
from assistant.retrieve.lines import section_sentences
from assistant.retrieve.relevance import content_words, cue_share, focus_words

# Shares of a score: likeness of meaning (cosine), words of the question, words that say what it is about (in the
# sentence or around it), the cue of its kind ("treat…" → "therapy"), and the rank of the passage.
MEANING, WORDS, FOCUS, CUES, RANK = 0.42, 0.13, 0.25, 0.15, 0.05
FLOOR = 0.45
# What a paper found goes before what it begins with, among its sentences that bear on the question: `tells_finding`
# times this is added where they are compared with each other, and not where one is compared with the floor. Chosen with
# NEAR_FLOOR on a half of PubMedQA's questions (benchmarks/quoted_parts.py).
FINDING = 0.25
NEAR_FLOOR = 0.85  # of the floor: what a sentence needs beside one that reaches it
_DANGLES = re.compile(
    r"(these|this|those|that|its?|they|their|such|he|she|however|but|also|both|other|another|in addition"
    r"|the (disorder|disease|condition|syndrome|cancer|test|procedure|drug|medicine|study|decrease|increase))\b",
    re.IGNORECASE,
)
_NEAR_BEST = 0.8  # of the best score: further sentences below it add more noise than answer
_DANGLING_COSTS = 0.08  # of a sentence whose subject stands in the sentence before it
NOT_A_STATEMENT = re.compile(
    r"key points|table of contents|^see\b|^\(see|for more information|click|www\.|https?:|^©|all rights reserved"
    r"|^(fig(ure)?|table)\.? ?\d|doi:|et al\.?[,:]? .*\d{4};"
    # Of a list of references: its authors, and the year, volume and pages of a journal.
    r"|^\[?\d+\]?\.? (?-i:[A-Z][\w'’-]+ [A-Z]{1,3}[,.:])"
    r"|^(?-i:[A-Z][\w'’-]+ [A-Z]{1,3}(, (\[name\]|[A-Z][\w'’-]+) [A-Z]{1,3})+[,.:])"
    r"|\b(19|20)\d\d[,;] ?(\d+|suppl\w*)( ?\(\w+\))?: ?[a-z]?\d+",
    re.IGNORECASE,
)


_ASKS_HOW_DONE = re.compile(
    r"\b(?:aim\w*|objectives?|purpose|goals?|hypothesis|methods?|design|participants|how many)\b"
    r"|\b(?:why|how) (?:was|were)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a piece of evidence, white space run together; `score` in about [0, 1]."""

    text: str
    evidence: Evidence
    rank: int  # of its evidence in the list given
    start: int
    score: float = 0.0
    heading: str = ""  # of a document, what it stands under


def quotable(text: str, least_words: int = 4) -> list[tuple[int, str]]:
    """(offset, sentence) of a text's sentences that state something: no headings, fragments, questions, references."""
    found = []
    for start, sentence in section_sentences(text):
        words = sentence.split()
        whole = sentence.endswith((".", "!", "”", '"', ")")) and not sentence.endswith("?")
        if least_words <= len(words) <= 90 and whole and words[0][0].isalnum() and not NOT_A_STATEMENT.search(sentence):
            found.append((start, sentence))
    if any(sentence[0].isupper() for _, sentence in found):  # else the author writes no capitals at all
        found = [(start, sentence) for start, sentence in found if not sentence[0].islower()]
    return found


def best_sentences(
    question: str, evidence: Sequence[Evidence], encode: TextEncoder | None, at_most: int = 4, floor: float = FLOOR
) -> list[Sentence]:
    """The up to `at_most` sentences that answer best, grouped by passage and in reading order within it.

    Empty when none reaches the `floor`. Of a paper, what it found goes first. Near-duplicates are left out.
    """
    candidates = [
        Sentence(text, piece, rank, start)
        for rank, piece in enumerate(evidence)
        for start, text in quotable(piece.text)
        if _ASKS_HOW_DONE.search(question) or not states_aim(text, piece)
    ]
    if not candidates:
        return []
    scored = _scored(question, candidates, encode)
    if max(sentence.score for sentence in scored) < floor:
        return []
    near = [(_worth(sentence), sentence) for sentence in scored if sentence.score >= NEAR_FLOOR * floor]
    near.sort(key=lambda pair: (-pair[0], pair[1].rank, pair[1].start))
    best, first = near[0]
    answers_in_kind = cue_share(question, first.text) > 0
    chosen: list[Sentence] = []
    for worth, sentence in near:
        if len(chosen) == at_most or worth < max(floor, _NEAR_BEST * best):
            break
        if answers_in_kind and not cue_share(question, sentence.text):
            continue
        if not any(alike(sentence.text, other.text) for other in chosen):
            chosen.append(sentence)
    passages = list(dict.fromkeys(sentence.rank for sentence in chosen))
    return sorted(chosen, key=lambda s: (passages.index(s.rank), s.start))


def _worth(sentence: Sentence) -> float:
    return sentence.score + FINDING * tells_finding(sentence.text, sentence.start, sentence.evidence)


def _scored(question: str, candidates: list[Sentence], encode: TextEncoder | None) -> list[Sentence]:
    stems = [frozenset(content_words(sentence.text)) for sentence in candidates]
    around = {s.rank: _words_around(s.evidence) for s in candidates}
    rarity = {w: 1.0 + math.log((1 + len(stems)) / (1 + sum(w in s for s in stems))) for w in content_words(question)}
    focus = {word: rarity[word] for word in focus_words(question)}
    meaning = _cosines(question, [s.text for s in candidates], encode)
    scored = []
    for i, sentence in enumerate(candidates):
        words = _share(rarity, stems[i])
        score = MEANING * (meaning[i] if meaning is not None else words) + WORDS * words
        score += FOCUS * max(_share(focus, stems[i]), 0.8 * _share(focus, stems[i] | around[sentence.rank]))
        score += CUES * cue_share(question, sentence.text) + RANK / (1 + sentence.rank)
        score -= _DANGLING_COSTS if _DANGLES.match(sentence.text) else 0.0
        score -= LEADING_UP_COSTS if leads_up(sentence.text) else 0.0
        scored.append(replace(sentence, score=score))
    return scored


def _words_around(piece: Evidence) -> frozenset[str]:
    return frozenset(content_words(f"{piece.title or ''} {piece.section or ''} {piece.text}"))


def _share(weights: Mapping[str, float], found: frozenset[str]) -> float:
    total = sum(weights.values())
    return sum(weight for word, weight in weights.items() if word in found) / total if total else 0.0


def _cosines(question: str, texts: list[str], encode: TextEncoder | None) -> list[float] | None:
    if encode is None:
        return None
    vectors = encode([question, *texts])
    return [float(c) for c in vectors[1:] @ vectors[0]]


def alike(one: str, other: str) -> bool:
    a, b = set(content_words(one)), set(content_words(other))
    return len(a & b) >= 0.7 * max(1, min(len(a), len(b)))
