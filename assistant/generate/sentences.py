"""The sentences of the evidence that answer a question, quoted as they stand."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.findings import sentence_spans
from assistant.generate.relevance import content_words, cue_share
from assistant.generate.task import TextEncoder
from assistant.records import Evidence

# Chosen on medquad, see `benchmarks/`: share of the weight of meaning, words and question cues in a score.
MEANING, WORDS, CUES, TITLE = 0.55, 0.30, 0.10, 0.05
FLOOR = 0.45
_BULLET = re.compile(r"^\s*(?:[-*•–·]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s+")
_NOT_A_STATEMENT = re.compile(
    r"key points|table of contents|^see\b|^\(see|for more information|click|www\.|https?:|^©|all rights reserved"
    r"|^(fig(ure)?|table)\.? ?\d|^\[?\d+\]?\.? [A-Z][a-z]+ [A-Z]{1,2}[,.]|doi:|et al\.?[,:]? .*\d{4};",
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


def quotable(text: str) -> list[tuple[int, str]]:
    """(offset, sentence) of a text's sentences that state something: no headings, fragments, questions, references."""
    found = []
    for start, end in sentence_spans(text):
        sentence = " ".join(_BULLET.sub("", text[start:end]).split())
        words = sentence.split()
        whole = sentence.endswith((".", "!", "”", '"', ")")) and not sentence.endswith("?")
        if 4 <= len(words) <= 90 and whole and words[0][0].isalnum() and not _NOT_A_STATEMENT.search(sentence):
            found.append((start, sentence))
    return found


def best_sentences(
    question: str, evidence: Sequence[Evidence], encode: TextEncoder | None, at_most: int = 4
) -> list[Sentence]:
    """The up to `at_most` sentences that answer best, grouped by passage and in reading order within it.

    Empty when none reaches the floor. Near-duplicates are left out.
    """
    candidates = [
        Sentence(text, piece, rank, start)
        for rank, piece in enumerate(evidence)
        for start, text in quotable(piece.text)
    ]
    if not candidates:
        return []
    scored = sorted(_scored(question, candidates, encode), key=lambda s: (-s.score, s.rank, s.start))
    best = scored[0].score
    if best < FLOOR:
        return []
    chosen: list[Sentence] = []
    for sentence in scored:
        if len(chosen) == at_most or sentence.score < max(FLOOR, 0.8 * best):
            break
        if not any(_alike(sentence.text, other.text) for other in chosen):
            chosen.append(sentence)
    passages = list(dict.fromkeys(sentence.rank for sentence in chosen))
    return sorted(chosen, key=lambda s: (passages.index(s.rank), s.start))


def _scored(question: str, candidates: list[Sentence], encode: TextEncoder | None) -> list[Sentence]:
    asked = content_words(question)
    stems = [frozenset(content_words(s.text)) for s in candidates]
    weight = {w: 1.0 + math.log((1 + len(stems)) / (1 + sum(w in s for s in stems))) for w in asked}
    total = sum(weight.values()) or 1.0
    meaning = _cosines(question, [s.text for s in candidates], encode)
    scored = []
    for i, sentence in enumerate(candidates):
        around = frozenset(content_words(f"{sentence.evidence.title or ''} {sentence.evidence.section or ''}"))
        here = sum(weight[w] for w in asked if w in stems[i])
        beside = sum(weight[w] for w in asked if w in around and w not in stems[i])
        words = (here + 0.5 * beside) / total
        score = WORDS * words + CUES * cue_share(question, sentence.text) + TITLE / (1 + sentence.rank)
        score += MEANING * (meaning[i] if meaning is not None else words)
        scored.append(Sentence(sentence.text, sentence.evidence, sentence.rank, sentence.start, score))
    return scored


def _cosines(question: str, texts: list[str], encode: TextEncoder | None) -> list[float] | None:
    if encode is None:
        return None
    vectors = encode([question, *texts])
    return [float(c) for c in vectors[1:] @ vectors[0]]


def _alike(one: str, other: str) -> bool:
    a, b = set(content_words(one)), set(content_words(other))
    return len(a & b) >= 0.7 * max(1, min(len(a), len(b)))
