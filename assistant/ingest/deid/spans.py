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
    (a placeholder that is there already) is cut out, too."""
    taken: list[Span] = []
    stays = sorted(kept)
    for span in spans:
        for start, end in _outside(span.start, span.end, stays):
            overlapping = sorted((s for s in taken if s.start < end and start < s.end), key=lambda s: s.start)
            if overlapping and all(other.kind == span.kind for other in overlapping):
                taken = [other for other in taken if other not in overlapping]
                taken.append(Span(min(start, overlapping[0].start), max(end, overlapping[-1].end), span.kind))
            else:
                rest = _outside(start, end, [(other.start, other.end) for other in overlapping])
                taken += [Span(*piece, span.kind) for piece in rest]
    return tuple(sorted(taken, key=lambda s: s.start))


def _outside(start: int, end: int, stretches: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """What of `start` to `end` lies outside of the stretches, which are in order."""
    pieces = []
    for first, last in stretches:
        if first < end and start < last:
            if start < first:
                pieces.append((start, first))
            start = max(start, last)
    return [*pieces, (start, end)] if start < end else pieces


def trimmed(text: str, spans: Iterable[Span]) -> list[Span]:
    """`spans` without blanks at their ends, and without those that hold neither letter nor digit."""
    found = []
    for span in spans:
        piece = text[span.start : span.end]
        if any(c.isalnum() for c in piece):
            start = span.start + len(piece) - len(piece.lstrip())
            found.append(Span(start, start + len(piece.strip()), span.kind))
    return found


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
