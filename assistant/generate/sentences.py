"""The sentences of the evidence that answer a question, quoted as they stand."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.generate.task import TextEncoder
from assistant.records import Evidence
from assistant.retrieve.lines import section_sentences
from assistant.retrieve.relevance import content_words, cue_share, focus_words

# Shares of a score: likeness of meaning (cosine), words of the question, words that say what it is about (in the
# sentence or around it), the cue of its kind ("treat…" → "therapy"), and the rank of the passage.
MEANING, WORDS, FOCUS, CUES, RANK = 0.42, 0.13, 0.25, 0.15, 0.05
FLOOR = 0.45
_DANGLES = re.compile(
    r"(these|this|those|that|its?|they|their|such|he|she|however|but|also|both|other|another|in addition"
    r"|the (disorder|disease|condition|syndrome|cancer|test|procedure|drug|medicine|study|decrease|increase))\b",
    re.IGNORECASE,
)
_NEAR_BEST = 0.8  # of the best score: further sentences below it add more noise than answer
_DANGLING_COSTS = 0.08  # of a sentence whose subject stands in the sentence before it
NOT_A_STATEMENT = re.compile(
    r"key points|table of contents|^see\b|^\(see|for more information|click|www\.|https?:|^©|all rights reserved"
    r"|^(fig(ure)?|table)\.? ?\d|^\[?\d+\]?\.? [A-Z][a-z]+ [A-Z]{1,2}[,.]|doi:|et al\.?[,:]? .*\d{4};",
    re.IGNORECASE,
)


# A paper's statement of what it set out to find, which says nothing of what is so; and what it begins with.
_WORK = r"(?:this|the|our|the (?:present|current)) (?:study|trial|review|meta-analysis|paper|article|work)"
_AIM = re.compile(
    r"(?:(?:background/)?objectives?|(?:study |background/)?aims?|purposes?|goals?|hypothes[ei]s)(?: and \w+)?\s*[:.]\s"
    rf"|.*\b(?:we|the authors?|{_WORK}) (?:therefore |thus |also |here )?(?:aim(?:s|ed)?|sought|seeks?|set out"
    r"|intend(?:s|ed)?|was (?:designed|conducted|undertaken|performed)|were (?:designed|conducted)) to\b"
    rf"|.*\b(?:aims?|objectives?|purpose) of {_WORK} (?:is|was|were|are)\b"
    r"|.*\b(?:our|the) (?:aim|objective)s? (?:was|were|is) to\b"
    r"|(?:in )?(?:this|the present) (?:article|review|paper),? (?:we |the authors? )?(?:aims?|provide|describe|review"
    r"|discuss|summari[sz]e|present|report|examine|focus)(?:e?s|ed)?\b",
    re.IGNORECASE,
)
_OF_AIMS = re.compile(r"(?:objectives?|aims?|purposes?|goals?)\b", re.IGNORECASE)
_ASKS_HOW_DONE = re.compile(
    r"\b(?:aim\w*|objectives?|purpose|goals?|hypothesis|methods?|design|participants|how many)\b"
    r"|\b(?:why|how) (?:was|were)\b",
    re.IGNORECASE,
)
_LEADS_UP = re.compile(r"(?:background|introduction|context|rationale|importance)\b[^:.]{0,40}:", re.IGNORECASE)
_HOW_DONE = re.compile(
    r"(?:(?:materials?|patients) and |study )?(?:methods?|design|setting|participants|exposures?|interventions?"
    r"|main outcomes?|(?:trial )?registration)\b[^:.]{0,40}:"
    r"|(?:eligible|consecutive) \w+ (?:were|was)\b|.{0,60}\bwere (?:retrospectively |prospectively |randomly )?"
    r"(?:enrolled|recruited|randomi[sz]ed|eligible)\b",
    re.IGNORECASE,
)
_NOT_KNOWN = re.compile(
    r"\b(?:unclear|unknown|uncertain|(?:is|are|remains?) (?:very |still )?(?:limited|scarce|lacking|controversial)"
    r"|little is known|poorly (?:understood|known|studied)|not (?:been )?(?:well|fully|yet)\b|few (?:data|studies))",
    re.IGNORECASE,
)
_LEADING_UP_COSTS = 0.08  # of a sentence that a paper begins with, beside its results and conclusions


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a piece of evidence, white space run together; `score` in about [0, 1]."""

    text: str
    evidence: Evidence
    rank: int  # of its evidence in the list given
    start: int
    score: float = 0.0


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

    Empty when none reaches the `floor`. Near-duplicates are left out.
    """
    candidates = [
        Sentence(text, piece, rank, start)
        for rank, piece in enumerate(evidence)
        for start, text in quotable(piece.text)
        if _ASKS_HOW_DONE.search(question) or not states_aim(text, piece)
    ]
    if not candidates:
        return []
    scored = sorted(_scored(question, candidates, encode), key=lambda s: (-s.score, s.rank, s.start))
    best = scored[0].score
    if best < floor:
        return []
    answers_in_kind = cue_share(question, scored[0].text) > 0
    chosen: list[Sentence] = []
    for sentence in scored:
        if len(chosen) == at_most or sentence.score < max(floor, _NEAR_BEST * best):
            break
        if answers_in_kind and not cue_share(question, sentence.text):
            continue
        if not any(alike(sentence.text, other.text) for other in chosen):
            chosen.append(sentence)
    passages = list(dict.fromkeys(sentence.rank for sentence in chosen))
    return sorted(chosen, key=lambda s: (passages.index(s.rank), s.start))


def states_aim(sentence: str, piece: Evidence) -> bool:
    """Whether a sentence says what a study set out to find, or how, and not what it found."""
    section = piece.section or ""
    if _HOW_DONE.match(sentence) or _OF_AIMS.match(section) or _HOW_DONE.match(f"{section}:"):
        return True
    to_be_found = _LEADS_UP.match(sentence) and _NOT_KNOWN.search(sentence)
    return bool(to_be_found or _AIM.match(sentence))


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
        score -= _LEADING_UP_COSTS if _LEADS_UP.match(sentence.text) else 0.0
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
