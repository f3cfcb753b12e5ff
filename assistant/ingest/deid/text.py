"""Identifiers in free text: found, and replaced by placeholders, with dates moved by as many days as the study's.

The kinds are those of the Safe Harbor list that can stand in text (45 CFR 164.514(b)(2)): names, dates, numbers of
records and accounts, telephone and fax numbers, addresses, e-mail, web and IP addresses, ages over 89; and the
institution, which is no part of that list but leads to a place.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from assistant.ingest.deid.addresses import find_addresses
from assistant.ingest.deid.ages import find_ages
from assistant.ingest.deid.identifiers import find_identifiers, find_wire_addresses
from assistant.ingest.deid.known import NOTHING_KNOWN, find_known
from assistant.ingest.deid.names import find_names
from assistant.ingest.deid.spans import Kind, Span, joined, settle, trimmed
from assistant.ingest.deid.text_dates import day_comes_first, find_dates, moved_date, whole_days
from assistant.records import Known

__all__ = ["Kind", "Known", "Replaced", "Span", "find", "replace"]

# What archives that are de-identified already put in the place of an identifier: Open-i's XXXX, MIMIC's ___ and
# [** … **], and our own placeholders.
_PLACEHOLDER = re.compile(
    r"X{3,}|_{2,}|\[\*\*[^\]\n]{0,80}\*\*\]|\[(?:name|date|id|phone|fax|address|institution|email|url|ip|"
    r"age over 89)\]"
)
_WORDING: dict[Kind, str] = {"age": "[age over 89]"}


def find(text: str, known: Known = NOTHING_KNOWN) -> tuple[Span, ...]:
    """What in `text` identifies somebody, in order and without overlap.

    `known` holds what the header or the table row of the same study says of its patient: it is found in whatever
    way it is written, the rest by rules and by a model of names. The result depends on nothing but the arguments.
    """
    placeholders = [match.span() for match in _PLACEHOLDER.finditer(text)]
    found = [
        *find_wire_addresses(text),
        *find_known(text, known),
        *find_identifiers(text),
        *find_dates(text),
        *find_ages(text),
        *find_addresses(text),
    ]
    settled = settle(found, placeholders)
    spans = settle([*settled, *find_names(text, settled)], placeholders)
    return joined(text, trimmed(text, spans))


@dataclass(frozen=True, slots=True)
class Replaced:
    """A text without its identifiers. `edits` are (start, end in the old text, start, end in the new), in order."""

    text: str
    edits: tuple[tuple[int, int, int, int], ...] = ()

    def moved(self, offset: int) -> int:
        """Where the old text's `offset` lies in the new; one inside of what was replaced goes to where that starts."""
        at = bisect_right(self.edits, offset, key=lambda edit: edit[0]) - 1
        if at < 0:
            return offset
        _, end, new_start, new_end = self.edits[at]
        if offset >= end:
            return new_end + offset - end
        return new_start


def replace(text: str, spans: Iterable[Span], shift_days: int | None) -> Replaced:
    """`text` with each span replaced: a date by the date `shift_days` later in the same format (or by [date] where
    there is no shift or no such date, or where it lies 90 years and more before another: a birth that tells an age over
    89), all else by its kind in brackets."""
    spans = sorted(spans, key=lambda span: span.start)
    dates = [text[span.start : span.end] for span in spans if span.kind == "date"]
    day_first = day_comes_first(dates)
    latest = max([0, *map(_year, dates)])
    near = whole_days(dates, day_first=day_first)
    pieces: list[str] = []
    edits: list[tuple[int, int, int, int]] = []
    position = length = 0
    for span in spans:
        old = text[span.start : span.end]
        new = _WORDING.get(span.kind, f"[{span.kind}]")
        if span.kind == "date" and shift_days is not None and not 0 < _year(old) <= latest - 90:
            new = moved_date(old, shift_days, day_first=day_first, near=near) or new
        before = text[position : span.start]
        start = length + len(before)
        edits.append((span.start, span.end, start, start + len(new)))
        pieces += [before, new]
        position, length = span.end, start + len(new)
    return Replaced("".join([*pieces, text[position:]]), tuple(edits))


def _year(written: str) -> int:
    """The year of a date that has it in four digits, or 0."""
    match = re.search(r"(?<!\d)(?:18|19|20|21)\d\d(?!\d)|(?:19|20)\d\d(?=[01]\d[0-3]\d(?!\d))", written)
    return int(match[0]) if match else 0
