"""A sentence cut into claims: "No effusion or pneumothorax." is two.

A cut is taken only where the parts say together what the whole says: the same findings with the same status, side,
degree, place, course and age, and the same numbers under the same names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant.findings.counting import parse_count
from assistant.findings.mentions import Mention, read_sentence
from assistant.findings.sentences import sentences
from assistant.records import OF_SOURCE, Claim, Verdict
from assistant.verify.general import is_bare_finding
from assistant.wording import worded

_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|shows?|demonstrates?|appears?|remains?|measures?|ends?|there)\b", re.IGNORECASE
)
# Between whole statements: "; ", ", but ", ", no …"; the parts need no verb
_STRONG_JOINT = re.compile(
    r"\s*;\s*|,?\s+(?:but|while|whereas|although)\s+|,\s+(?:and\s+)?(?=(?:no|without)\s)", re.IGNORECASE
)
# Between clauses with a verb or a measured value each: ", ", " and "
_WEAK_JOINT = re.compile(r",?\s+and\s+|,\s+", re.IGNORECASE)
_WITH_JOINT = re.compile(
    r"(?<!consistent)(?<!compatible)(?<!associated)(?<!compared)(?<!keeping),?\s+(?:together\s+|along\s+)?with\s+",
    re.IGNORECASE,
)
_WITHOUT_JOINT = re.compile(r",?\s+without\s+(?:any\s+|evidence\s+of\s+)?", re.IGNORECASE)
_AND_A = re.compile(r",?\s+and\s+(?=an?\s)", re.IGNORECASE)
_LIST_JOINT = re.compile(r"\s*(?:,\s*(?:and|or|nor)?|\s(?:and/or|and|or|nor))\s+", re.IGNORECASE)
_LIST_OPENING = re.compile(
    r"^(?:there\s+(?:is|are)\s+)?(?:also\s+)?(?:no(?:\s+(?:evidence|signs?|suggestion)\s+of)?|without(?:\s+evidence\s+of)?"
    r"|negative\s+for|(?:(?:the\s+)?patient|he|she)\s+(?:denies|denied|has(?:\s+no)?|had(?:\s+no)?)|normal|stable"
    r"|unremarkable)\b\s*",
    re.IGNORECASE,
)
_THERE = re.compile(r"^there\s+(?:is|are)\s+(?:an?\s+)?", re.IGNORECASE)
_NEITHER = re.compile(
    r"^neither\s+(.+?)\s+nor\s+(.+?)(?:\s+(?:is|are|was|were)\s+(?:present|seen|identified|noted|evident|found))?\.?$",
    re.IGNORECASE,
)
_PREDICATE = re.compile(r"\s+(?:is|are|was|were|appears?|remains?|has|have)\b.*$", re.IGNORECASE | re.DOTALL)
_SINGULAR = {"are": "is", "were": "was", "have": "has", "appear": "appears", "remain": "remains"}
_WORST_FIRST: tuple[Verdict, ...] = ("contradicted", "unsupported", "supported")
_LONGEST_CUT = 600  # characters: a longer sentence is judged whole

Sense = tuple[tuple[str, ...], ...]


def split_claims(text: str) -> list[str]:
    """The checkable statements of `text`, each readable on its own.

    Sentences are cut where two clauses or list items each speak of a finding or a measured value; quotations, counting
    sentences and general prose stay whole.
    """
    claims: list[str] = []
    for sentence in sentences(text):
        if "“" in sentence or len(sentence) > _LONGEST_CUT or parse_count(sentence) is not None:
            claims.append(sentence)
        else:
            whole, source = without_source(sentence)
            parts = [item for clause in _clauses(whole) for item in _items(clause)]
            claims += [_closed(f"{part.removesuffix('.')} {source}", sentence) for part in parts] if source else parts
    return claims


def join_claims(text: str, parts: Sequence[Claim]) -> Claim:
    """A sentence as one claim, in its own words, from the verdicts on the statements that it was cut into.

    It has the verdict of the worst, which `why` names, and the citations of all. `parts` are one or more.
    """
    worst = min(parts, key=lambda part: (_WORST_FIRST.index(part.verdict), part.score))
    why = worst.why
    if len(parts) > 1 and worst.verdict != "supported":
        why = worded("“{part}”: {why}", part=worst.text, why=why)
    cited = tuple(dict.fromkeys(key for part in parts for key in part.citations))
    moved = any(part.dates_moved for part in parts)
    return replace(worst, text=text, citations=cited, why=why, dates_moved=moved)


def without_source(sentence: str) -> tuple[str, str]:
    """A sentence and what it ends with of where it comes from: "(upload a.hea)", which holds for each part of it."""
    source = OF_SOURCE.search(sentence)
    return (_closed(sentence[: source.start()], sentence), source[1]) if source else (sentence, "")


def _clauses(sentence: str) -> list[str]:
    """Clauses that speak of something each: "The heart is enlarged | and there is a left effusion"."""
    whole = _sense(sentence)
    if len(whole) < 2:
        return [sentence]
    for left, right in _cuts(sentence):
        if _sense(left) and _sense(right) and sorted(_sense(left) + _sense(right)) == sorted(whole):
            return [*_clauses(left), *_clauses(right)]
    return [sentence]


def _cuts(sentence: str) -> Iterator[tuple[str, str]]:
    """Ways to cut a sentence in two, the surest first; each part opened and closed as a sentence."""
    taken = [(mention.start, mention.end) for mention in read_sentence(sentence).mentions]

    def parts(joint: re.Match[str], opening: str = "") -> tuple[str, str]:
        left, right = sentence[: joint.start()], opening + sentence[joint.end() :]
        return _closed(left, sentence), _opened(_closed(right, sentence))

    for joint in _STRONG_JOINT.finditer(sentence):
        yield parts(joint)
    for joint in _WEAK_JOINT.finditer(sentence):
        if any(start < joint.end() and joint.start() < end for start, end in taken):
            continue
        left, right = parts(joint)
        if _is_clause(left) and _is_clause(right):
            yield left, right
    if _THERE.match(sentence):
        for joint in _AND_A.finditer(sentence):
            yield parts(joint, "there is ")
    if is_bare_finding(sentence):
        for joint in _WITHOUT_JOINT.finditer(sentence):
            yield parts(joint, "no ")
        for joint in _WITH_JOINT.finditer(sentence):
            yield parts(joint)


def _is_clause(text: str) -> bool:
    """Whether a part stands alone: it has a verb, or is a measured value ("PR 180 ms")."""
    return _VERB.search(text) is not None or bool(read_sentence(text).quantities)


def _sense(text: str) -> Sense:
    """What a text says in normal form: its findings and its named numbers."""
    reading = read_sentence(text)
    named = [("number", q.name, f"{q.value:g}", f"{q.high}") for q in reading.quantities if q.name is not None]
    return (*map(_said, reading.mentions), *named)


def _said(mention: Mention) -> tuple[str, ...]:
    attributes = (mention.sides, mention.severities, mention.locations, mention.changes, mention.ages)
    return (mention.entity, mention.status, str(mention.past), *(",".join(sorted(told)) for told in attributes))


def _items(sentence: str) -> list[str]:
    """Items of a list of findings that share their opening ("no …") or their end ("… are absent")."""
    whole = sorted(_sense(sentence))
    if len(whole) < 2 or len({mention.status for mention in read_sentence(sentence).mentions}) > 1:
        return [sentence]
    for items in _lists(sentence):
        if all(map(_sense, items)) and sorted(said for item in items for said in _sense(item)) == whole:
            return items
    return [sentence]


def _lists(sentence: str) -> Iterator[list[str]]:
    """Ways to read a sentence as a list: each item with the shared opening, without it or with the shared end."""
    if neither := _NEITHER.match(sentence):
        yield [f"No {neither[1]}.", f"No {neither[2]}."]
    opening = _LIST_OPENING.match(sentence) or _THERE.match(sentence)
    start = opening.end() if opening else 0
    predicate = _PREDICATE.search(sentence, start)
    end = predicate.start() if predicate else len(sentence.rstrip(" ."))
    body, before = sentence[start:end], sentence[:start]
    items = _cut_list(sentence, body, start)
    if len(items) < 2:
        return
    if predicate is None or len(predicate.group().split()) <= 3:  # "… are seen" says no more than the list does
        yield [_opened(_closed(before + item, sentence)) for item in items]
    if predicate is not None:
        yield [_opened(before + item + _for_one(predicate.group(), item)) for item in items]


def _cut_list(sentence: str, body: str, start: int) -> Sequence[str]:
    """The items of a list: cut at commas and conjunctions that lie in no finding's own words."""
    names = [(m.start - start, m.end - start) for m in read_sentence(sentence).mentions]
    joints = list(_LIST_JOINT.finditer(body))
    inside = [joint for joint in joints if any(a < joint.end() and joint.start() < b for a, b in names)]
    # "normal heart size and vascularity": the findings' words overlap, so that every joint lies in one
    cuts = joints if len(inside) == len(joints) else [joint for joint in joints if joint not in inside]
    edges = [0, *(edge for joint in cuts for edge in joint.span()), len(body)]
    return [body[edges[i] : edges[i + 1]].strip() for i in range(0, len(edges), 2)]


def _for_one(predicate: str, item: str) -> str:
    """The shared end for one item: "are absent" becomes "is absent" unless the item is a plural."""
    if item.rstrip().endswith("s") and not item.rstrip().endswith(("ss", "is", "us")):
        return predicate
    verb, *rest = predicate.split(maxsplit=1)
    return " " + " ".join([_SINGULAR.get(verb.lower(), verb), *rest])


def _opened(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:]


def _closed(text: str, sentence: str) -> str:
    text = text.strip().rstrip(",;")
    return text if text.endswith((".", "!", "?")) or not sentence.rstrip().endswith(".") else text + "."
