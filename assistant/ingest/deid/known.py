"""What the header or the table row of a study says of its patient, found again in the study's text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from assistant.ingest.deid.calendar_words import MONTHS
from assistant.ingest.deid.lexicon import folded, words
from assistant.ingest.deid.spans import Kind, Span
from assistant.records import Known

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NO_NAMES = frozenset(
    """dr prof mr mrs ms miss md phd herr frau med dipl rn do jr sr ii iii iv von van de der den la le el al bin the of
    unknown anonymous anonymized test patient name none and und""".split()  # noqa: SIM905
)
_NO_PLACES = frozenset(
    """radiology department hospital clinic ward emergency outpatient inpatient cardiology medicine surgery unit centre
    center university general medical icu icus room xray ct mri unknown none""".split()  # noqa: SIM905
)


NOTHING_KNOWN = Known()


def find_known(text: str, known: Known) -> Iterator[Span]:
    """Every place where something of `known` stands, whatever its case, its separators or the order of its parts.

    A name's part that is a common word ("White", "Long") is taken for the name where it has a capital within a
    sentence or stands beside another part of the name; one of six letters or more is met with one slip in it, too.
    """
    for kind, pattern in _patterns(known):
        for match in pattern.finditer(text):
            yield Span(match.start(), match.end(), kind)
    parts = _name_parts(known.names)
    if parts:
        yield from _names(text, parts)


@lru_cache(maxsize=64)
def _patterns(known: Known) -> tuple[tuple[Kind, re.Pattern[str]], ...]:
    patterns: list[tuple[Kind, str]] = []
    for identifier in known.ids:
        characters = re.findall(r"[^\W_]", identifier)
        while len(characters) > 4 and characters[0] == "0":
            del characters[0]
        if len(characters) >= 3:
            patterns.append(("id", r"(?:0[-]?){0,12}" + r"[ ./_-]?".join(map(re.escape, characters))))
    for place in known.places:
        for part in dict.fromkeys((place, *re.split(r"[,;^\n]", place))):
            tokens = re.findall(r"\w+", part)
            if len("".join(tokens)) >= 4 and not {token.lower() for token in tokens} <= _NO_PLACES | words():
                patterns.append(("address", r"\W{1,3}".join(map(re.escape, tokens))))
    if known.birth_date is not None:
        patterns.append(("date", _ways_of_writing(known.birth_date)))
    return tuple((kind, re.compile(rf"(?<!\w){pattern}(?!\w)", re.IGNORECASE)) for kind, pattern in patterns)


def _ways_of_writing(day: date) -> str:
    numbers = f"0?{day.day}", f"0?{day.month}", f"(?:{day.year}|'?{day.year % 100:02d})"
    names = "(?:" + "|".join(sorted({names[day.month - 1] for names in MONTHS}, key=len, reverse=True)) + ")"
    gap = r"[ ./-]{1,2}"
    return "|".join((
        rf"{numbers[0]}{gap}{numbers[1]}{gap}{numbers[2]}", rf"{numbers[1]}{gap}{numbers[0]}{gap}{numbers[2]}",
        rf"{day.year}{gap}{numbers[1]}{gap}{numbers[0]}", rf"{day:%Y%m%d}", rf"{day:%d%m%Y}", rf"{day:%m%d%Y}",
        rf"{numbers[0]}(?:st|nd|rd|th)?\.?[ -]?(?:of[ ])?{names}\.?,?[ -]?{numbers[2]}",
        rf"{names}\.?[ -]{numbers[0]}(?:st|nd|rd|th)?,?[ -]{numbers[2]}",
    ))  # fmt: skip


def _names(text: str, parts: frozenset[str]) -> Iterator[Span]:
    last = -9  # where the part before ended
    pending: re.Match[str] | None = None  # a common word that is the name only if another part stands beside it
    for match in _WORD.finditer(text):
        low = folded(match[0]).removesuffix("'s")
        near = match.start() - last <= 3
        if low in parts or any(piece in parts and len(piece) > 3 for piece in low.split("-")) or _slip(low, parts):
            if low not in words() or near or _has_capital_within(text, match):
                if pending is not None and match.start() - pending.end() <= 3:
                    yield Span(pending.start(), pending.end(), "name")
                yield Span(match.start(), match.start() + len(match[0].removesuffix("'s").removesuffix("’s")), "name")
                last, pending = match.end(), None
            else:
                pending = match


def _has_capital_within(text: str, match: re.Match[str]) -> bool:
    """Whether a word has a capital that neither the start of a sentence gives it nor a line in capitals."""
    if not match[0][0].isupper():
        return False
    before = text[max(0, match.start() - 3) : match.start()].rstrip(" ")
    if not before or before[-1] in ".:;!?\n-(":
        return False
    return not match[0].isupper() or (
        len(match[0]) > 1 and text[max(0, match.start() - 12) : match.end() + 12].islower()
    )


def _slip(word: str, parts: frozenset[str]) -> bool:
    """Whether `word` is a part of six letters or more but for one letter too many, too few, wrong, or two swapped."""
    return len(word) >= 5 and word not in words() and any(len(part) >= 6 and _one_apart(word, part) for part in parts)


def _one_apart(one: str, two: str) -> bool:
    if abs(len(one) - len(two)) > 1 or one == two:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    a, b = one[start:], two[start:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


@lru_cache(maxsize=64)
def _name_parts(names: tuple[str, ...]) -> frozenset[str]:
    """The single words of names, without accents, titles and initials."""
    parts = {folded(part) for name in names for part in _WORD.findall(name)}
    return frozenset(part for part in parts if len(part) >= 2 and part not in _NO_NAMES)
