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
    (a placeholder that is there already) is cut out, too. Takes time in proportion to the length of the spans."""
    spans, kept = list(spans), list(kept)
    # what each character belongs to: nothing (0), a kind (from 1), a stretch that is kept
    owners = bytearray(max([0, *(span.end for span in spans), *(end for _, end in kept)]))
    for start, end in kept:
        owners[start:end] = bytes([_KEPT]) * (end - start)
    for span in spans:
        code = bytes([KINDS.index(span.kind) + 1])
        owners[span.start : span.end] = owners[span.start : span.end].replace(b"\0", code)
    runs = _RUN.finditer(owners)
    return tuple(Span(run.start(), run.end(), KINDS[run[1][0] - 1]) for run in runs if run[1][0] != _KEPT)


_KEPT = len(KINDS) + 1
_RUN = re.compile(rb"([^\0])\1*", re.DOTALL)


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
