"""Which words of a sentence are denied, doubted, past, or of a relative.

Trigger words and their reach, after NegEx (Chapman et al. 2001) and ConText (Harkema et al. 2009), with lists
("no A, B, or C"), words that only look like a denial ("no change in"), and denials that come after ("A is not seen").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.findings.vocabulary import Match
from assistant.findings.words import Word

VERBS = frozenset(
    ("is", "are", "was", "were", "has", "have", "had", "remain", "appear", "show", "demonstrate", "be", "been")
)
_STOPS_DENIAL = frozenset(("with", "cause", "due", "secondary", "represent", "causing"))
_OPENS_CLAUSE = frozenset(("the", "there", "this", "it", "he", "she", "we", "his", "her"))
_VERBS_OF_SEEING = frozenset(
    ("show", "have", "demonstrate", "reveal", "suggest", "exhibit", "see", "contain", "support", "identify", "indicate")
)
_JOINS = frozenset((",", "and", "or", "with", "but", "plus"))
_AFTER_NEGATIVE = frozenset(
    ("and", "or", "in", "on", "at", "by", "today", "for", "bilaterally", "throughout", "except")
)
# "the tip of the tube is not seen" denies no tube
_ENDS_OF_TUBES = frozenset(("tip", "terminus", "sideport", "sidehole", "termination"))
_HARD = frozenset(";.!?—")


@dataclass(slots=True)
class Scopes:
    """For each word: how it is qualified, and by which phrase. `hard` marks words at which every scope ends."""

    denied: list[bool]
    doubted: list[bool]
    past: list[bool]
    family: list[bool]
    hard: list[bool]
    cues: list[Match | None]


class Sentence:
    """Words of one sentence with the phrases met in it; `kind_at` and `label_at` look one up by its word."""

    def __init__(self, tokens: Sequence[Word], matches: Sequence[Match]) -> None:
        self.tokens = tokens
        self.matches = matches
        self.by_word: list[Match | None] = [None] * len(tokens)
        for match in matches:
            for at in range(match.start, match.end):
                self.by_word[at] = match

    def has(self, at: int, *kinds: str) -> bool:
        """Whether the phrase at word `at` bears a label of one of these kinds."""
        match = self.by_word[at]
        return match is not None and any(label.kind in kinds for label in match.labels)

    def norm(self, at: int) -> str:
        return self.tokens[at].norm if 0 <= at < len(self.tokens) else ""

    def any(self, start: int, end: int, test: Callable[[int], bool]) -> bool:
        return any(test(at) for at in range(max(start, 0), min(end, len(self.tokens))))


def read_scopes(sentence: Sentence) -> Scopes:
    """The scopes of every trigger in the sentence."""
    n = len(sentence.tokens)
    hard = [sentence.norm(at) in _HARD or _is_boundary(sentence, at) for at in range(n)]
    scopes = Scopes([False] * n, [False] * n, [False] * n, [False] * n, hard, [None] * n)
    for match in sentence.matches:
        kinds = {label.kind for label in match.labels}
        if kinds & {"entity", "part"}:
            continue
        if {"doubt", "doubted_after"} <= kinds and sentence.norm(match.start - 1) in _JOINS:
            kinds.discard("doubted_after")  # "effusion and possible pneumonia"
        if "denied_after" in kinds and _is_attribute(sentence, match):
            kinds.discard("denied_after")
        if {"negation", "denied_after"} <= kinds:
            kinds.discard("negation" if _entity_before(sentence, match.start, scopes) else "denied_after")
        if "affirmed" in kinds and sentence.norm(match.end) == "or":  # "no change or evidence of edema"
            kinds.add("negation")
        if "negation" in kinds and _is_answer_no(sentence, match):
            kinds = (kinds - {"negation"}) | {"denied_after"}
        if "negation" in kinds and not _denies_a_verb(sentence, match):
            _mark(scopes, scopes.denied, match, match.end, _denial_end(sentence, match.end, hard))
        elif "denied_after" in kinds:
            start = _backward_start(sentence, match.start, hard)
            if not sentence.any(start, match.start, lambda at: sentence.norm(at) in _ENDS_OF_TUBES):
                _mark(scopes, scopes.denied, match, start, match.start)
        elif "doubted_after" in kinds and _is_doubted(sentence, match, scopes):
            _mark(scopes, scopes.doubted, match, _backward_start(sentence, match.start, hard), match.start)
            if "doubt" in kinds:
                _mark(scopes, scopes.doubted, match, match.end, _doubt_end(sentence, match.end, hard))
        elif "doubt" in kinds and not scopes.denied[match.start]:
            _mark(scopes, scopes.doubted, match, match.end, _doubt_end(sentence, match.end, hard))
        elif "history" in kinds:
            _mark(scopes, scopes.past, match, match.end, _doubt_end(sentence, match.end, hard))
        elif "family" in kinds:
            _mark(scopes, scopes.family, match, match.end, _denial_end(sentence, match.end, hard))
    return scopes


def _is_answer_no(sentence: Sentence, match: Match) -> bool:
    """ "Former infarction (localization): no": a form's question that is answered with nothing else."""
    return sentence.norm(match.start - 1) == ":" and sentence.norm(match.end) in ("", ".", ";")


def _denies_a_verb(sentence: Sentence, match: Match) -> bool:
    """ "Bronchitis does not turn into pneumonia" denies no pneumonia; "the film does not show an effusion" does."""
    if sentence.norm(match.start) not in ("not", "n't") or match.end - match.start > 1:
        return False
    if sentence.norm(match.start - 1) not in ("do", "doe", "did", "does", "will", "would", "should", "must", "cannot"):
        return False
    return sentence.norm(match.end) not in _VERBS_OF_SEEING


def _is_attribute(sentence: Sentence, match: Match) -> bool:
    """ "Chest pain with negative cardiac workup": the pain is not what is negative."""
    following = sentence.norm(match.end)
    return sentence.norm(match.start) == "negative" and following.isalpha() and following not in _AFTER_NEGATIVE


def _is_boundary(sentence: Sentence, at: int) -> bool:
    return sentence.has(at, "boundary") and not sentence.has(at, "entity")


def _mark(scopes: Scopes, flags: list[bool], cue: Match, start: int, end: int) -> None:
    for at in range(start, end):
        flags[at] = True
        if flags is scopes.denied or (flags is scopes.doubted and not scopes.denied[at]):
            scopes.cues[at] = cue


def _is_doubted(sentence: Sentence, match: Match, scopes: Scopes) -> bool:
    return _entity_before(sentence, match.start, scopes)


def _entity_before(sentence: Sentence, at: int, scopes: Scopes) -> bool:
    """Whether a finding of the same clause stands before word `at`, with no mark right in between."""
    for back in range(at - 1, -1, -1):
        if scopes.hard[back] or sentence.norm(back) == ",":
            return False
        if sentence.has(back, "entity", "part"):
            return not scopes.denied[back]
    return False


def _denial_end(sentence: Sentence, start: int, hard: list[bool]) -> int:
    """Where a denial that begins at `start` ends: at a clause of its own, a contrast or an affirmed list item."""
    n = len(sentence.tokens)
    for at in range(start, n):
        norm = sentence.norm(at)
        told_with = norm in _STOPS_DENIAL and sentence.norm(at - 1) not in ("consistent", "compatible")
        if hard[at] or told_with or sentence.has(at, "affirmed"):
            return at
        if norm == "," and _item_is_affirmed(sentence, at + 1):
            return at
        if norm == ":" and at > start and sentence.norm(at - 1) not in ("following", "of", "for"):
            return at  # "no regular P wave: consistent with atrial fibrillation"
        if norm == "and" and (sentence.norm(at + 1) in _OPENS_CLAUSE or _part_with_predicate(sentence, at + 1)):
            return at
        if at > start and norm in _OPENS_CLAUSE and sentence.tokens[at].raw[0].isupper():  # a full stop is missing
            return at
    return n


def _item_is_affirmed(sentence: Sentence, at: int) -> bool:
    """Whether what follows a comma no longer belongs to the denied list before it."""
    if sentence.norm(at) == "and":
        at += 1
    if sentence.norm(at) in _OPENS_CLAUSE or _part_with_predicate(sentence, at):
        return True
    if at < len(sentence.tokens) and sentence.has(at, "doubt"):
        return True
    later = [sentence.norm(i) for i in range(at, len(sentence.tokens))]
    if "or" in later or "nor" in later:
        return False
    return at < len(sentence.tokens) and (
        sentence.has(at, "severity", "change", "history") or sentence.norm(at) in ("a", "an", "status")
    )


def _part_with_predicate(sentence: Sentence, at: int) -> bool:
    """Whether a clause such as "heart size is normal" or "lungs clear" begins at word `at`."""
    for i in range(at, min(at + 8, len(sentence.tokens))):
        norm = sentence.norm(i)
        if sentence.has(i, "part"):
            return sentence.any(
                i + 1, i + 8, lambda k: sentence.has(k, "normal", "state", "abnormal") or sentence.norm(k) in VERBS
            )
        if sentence.has(i, "entity") or norm in (",", "or", ".", ";"):
            return False
    return False


def _doubt_end(sentence: Sentence, start: int, hard: list[bool]) -> int:
    n = len(sentence.tokens)
    for at in range(start, n):
        norm = sentence.norm(at)
        if hard[at] or norm in ("with", "without") or sentence.has(at, "negation", "affirmed"):
            return at
        if norm == "," and _item_is_affirmed(sentence, at + 1):
            return at
        if norm == "and" and (sentence.norm(at + 1) in _OPENS_CLAUSE or _part_with_predicate(sentence, at + 1)):
            return at
    return n


def _backward_start(sentence: Sentence, end: int, hard: list[bool]) -> int:
    """Where the denied subject of "A and B are not seen" begins."""
    for at in range(end - 1, -1, -1):
        if hard[at]:
            return at + 1
        if sentence.norm(at) in (",", "and", "with") and sentence.any(
            at + 1, end, lambda k: sentence.has(k, "entity", "part")
        ):
            clause = _clause_start(at, hard)
            if sentence.norm(at) == "with" or sentence.any(clause, at, lambda k: sentence.norm(k) in VERBS):
                return at + 1
    return 0


def _clause_start(at: int, hard: list[bool]) -> int:
    while at > 0 and not hard[at - 1]:
        at -= 1
    return at
