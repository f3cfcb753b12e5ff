"""Stretches of a text that identify somebody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["name", "date", "id", "phone", "fax", "address", "institution", "email", "url", "ip", "age"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (exclusive) of a text, and what they are."""

    start: int
    end: int
    kind: Kind


def settle(spans: Iterable[Span], kept: Iterable[tuple[int, int]] = ()) -> tuple[Span, ...]:
    """Spans in order and without overlap: of two that overlap the one named first stands, and the other is cut down
    to what sticks out of it; two that overlap and are of one kind become one. What lies in a stretch of `kept`
    (a placeholder that is there already) is left out."""
    taken: list[Span] = []
    stays = list(kept)
    for span in spans:
        if span.start >= span.end or any(start < span.end and span.start < end for start, end in stays):
            continue
        overlapping = [other for other in taken if other.start < span.end and span.start < other.end]
        if all(other.kind == span.kind for other in overlapping):
            start = min([span.start, *(other.start for other in overlapping)])
            end = max([span.end, *(other.end for other in overlapping)])
            taken = [other for other in taken if other not in overlapping]
            taken.append(Span(start, end, span.kind))
            continue
        position = span.start
        for other in sorted(overlapping, key=lambda s: s.start):
            if position < other.start:
                taken.append(Span(position, other.start, span.kind))
            position = max(position, other.end)
        if position < span.end:
            taken.append(Span(position, span.end, span.kind))
    return tuple(sorted(taken, key=lambda s: s.start))


_WITHIN_NAME = re.compile(r"[ ,^]{1,2}|[ ]?[A-Z]\.?[ ]|-")


def joined(text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """`spans` with the names joined that nothing but a blank, a comma or an initial parts ("Jane" "Q. Doe")."""
    found: list[Span] = []
    for span in spans:
        last = found[-1] if found else None
        if last and last.kind == span.kind == "name" and _WITHIN_NAME.fullmatch(text, last.end, span.start):
            found[-1] = Span(last.start, span.end, "name")
        else:
            found.append(span)
    return tuple(found)
