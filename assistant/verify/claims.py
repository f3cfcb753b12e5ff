"""A sentence cut into claims: "No effusion or pneumothorax." is two."""

from __future__ import annotations

import re

from assistant.findings.counting import parse_count
from assistant.findings.mentions import Mention, Reading, read_sentence
from assistant.findings.sentences import sentences

_VERB = re.compile(r"\b(?:is|are|was|were|has|have|shows?|demonstrates?|appears?|remains?|there)\b", re.IGNORECASE)
_CLAUSE_JOINT = re.compile(r"(?:;|,?\s+(?:and|but|while|whereas|although)|,)\s+", re.IGNORECASE)
_LIST_JOINT = re.compile(r"\s*(?:,\s*(?:and|or|nor)?|\s(?:and/or|and|or|nor))\s+", re.IGNORECASE)
_LIST_OPENING = re.compile(
    r"^(?:there\s+(?:is|are)\s+)?(?:also\s+)?(?:no(?:\s+(?:evidence|signs?|suggestion)\s+of)?|without(?:\s+evidence\s+of)?"
    r"|negative\s+for)\b\s*",
    re.IGNORECASE,
)
_THERE = re.compile(r"^there\s+(?:is|are)\s+(?:an?\s+)?", re.IGNORECASE)
_LONGEST_CUT = 600  # characters: a longer sentence is judged whole


def split_claims(text: str) -> list[str]:
    """The checkable statements of `text`, each readable on its own.

    Sentences are cut where two clauses or list items each speak of a finding; quotations, counting sentences and
    general prose stay whole.
    """
    claims: list[str] = []
    for sentence in sentences(text):
        if "“" in sentence or len(sentence) > _LONGEST_CUT or parse_count(sentence) is not None:
            claims.append(sentence)
        else:
            for clause in _clauses(sentence):
                claims.extend(_items(clause))
    return claims


def _clauses(sentence: str) -> list[str]:
    """Clauses with a finding and a verb each: "The heart is enlarged | and there is a left effusion"."""
    reading = read_sentence(sentence)
    if len(reading.mentions) < 2:
        return [sentence]
    for joint in _CLAUSE_JOINT.finditer(sentence):
        left, right = sentence[: joint.start()], sentence[joint.end() :]
        if any(mention.start < joint.end() and mention.end > joint.start() for mention in reading.mentions):
            continue
        if _is_clause(left) and _is_clause(right) and _same_sense(left, right, reading):
            return [_closed(left, sentence), *_clauses(_opened(right))]
    return [sentence]


def _is_clause(text: str) -> bool:
    mentions = read_sentence(text).mentions
    return bool(mentions) and _VERB.search(text) is not None


def _same_sense(left: str, right: str, whole: Reading) -> bool:
    """Whether the parts say together what the whole says: no denial is lost by the cut."""
    parts = [*read_sentence(left).mentions, *read_sentence(_opened(right)).mentions]
    return sorted(map(_sense, parts)) == sorted(map(_sense, whole.mentions))


def _sense(mention: Mention) -> tuple[str, ...]:
    return (
        mention.entity,
        mention.status,
        *sorted(mention.sides),
        *sorted(mention.severities),
        *sorted(mention.locations),
    )


def _items(sentence: str) -> list[str]:
    """Items of a list of findings, all denied or all stated without a verb of their own."""
    reading = read_sentence(sentence)
    mentions = sorted({(m.start, m.end) for m in reading.mentions})
    if len(mentions) < 2 or len({m.status for m in reading.mentions}) > 1:
        return [sentence]
    opening = _LIST_OPENING.match(sentence) or _THERE.match(sentence)
    start = opening.end() if opening else 0
    if mentions[0][0] < start:
        return [sentence]
    last = mentions[-1][1]
    body, tail = sentence[start:last], sentence[last:]
    if _VERB.search(body) or len(tail.split()) > 3:
        return [sentence]
    cuts = [joint for joint in _LIST_JOINT.finditer(body) if not _inside(joint.span(), mentions, start)]
    edges = [0, *(edge for joint in cuts for edge in joint.span()), len(body)]
    items = [body[edges[i] : edges[i + 1]].strip() for i in range(0, len(edges), 2)]
    if len(items) < 2 or any(not read_sentence(item).mentions for item in items):
        return [sentence]
    before = sentence[:start]
    whole = [_closed(_opened(before + item if before else item), sentence) for item in items]
    told = [mention for item in whole for mention in read_sentence(item).mentions]
    if sorted(map(_sense, told)) != sorted(map(_sense, reading.mentions)):
        return [sentence]
    return whole


def _inside(span: tuple[int, int], mentions: list[tuple[int, int]], offset: int) -> bool:
    return any(start < span[1] + offset and span[0] + offset < end for start, end in mentions)


def _opened(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:]


def _closed(text: str, sentence: str) -> str:
    text = text.strip().rstrip(",;")
    return text if text.endswith((".", "!", "?")) or not sentence.rstrip().endswith(".") else text + "."
