"""ST levels of leads as numbers: "V2 0.12 mV" of an ST depression is −0.12 mV in V2."""

from __future__ import annotations

import re
from dataclasses import dataclass

MM_PER_MV = 10.0
_ST = re.compile(
    r"\bST\b(?![\s-]*T\b)(?:[\s-]+segments?)?[\s-]+(?:(?P<below>depress\w+)|elevat\w+|levels?|deviations?|shifts?|is\b|are\b)"
    r"|(?P<below_too>depress\w+)\s+of\s+(?:the\s+)?ST\b|elevat\w+\s+of\s+(?:the\s+)?ST\b",
    re.IGNORECASE,
)
_LEAD = r"\b(?P<lead>I{1,3}|aV[RLF]|V[1-6])\b"
_BEFORE = re.compile(rf"{_LEAD}[:,]?\s+(?:(?:is|was|of|by|at|about|shows?)\s+)*\+?$")
_AFTER = re.compile(rf"\s+(?:(?:of\s+)?ST\s+\w+\s+)?in\s+(?:leads?\s+)?{_LEAD}")
_OF_ST = re.compile(r"\s+(?:of\s+)?$")  # between a number and the ST word that it is of
_OTHER = re.compile(r"\b(?:waves?|amplitudes?|voltages?)\b", re.IGNORECASE)
_REACH = 40  # characters before or after a number in which its lead may be named


@dataclass(frozen=True, slots=True)
class StLead:
    """The lead that a number of an ST sentence is of, and whether the sentence tells how far ST lies below."""

    lead: str
    below: bool


def st_lead(text: str, start: int, end: int) -> StLead | None:
    """Which lead's ST level the number from `start` to `end` of a sentence is; None where it is none."""
    told = _told_of(text, start, end)
    if told is None:
        return None
    named = _BEFORE.search(text[max(0, start - _REACH) : start]) or _AFTER.match(text[end : end + _REACH])
    return StLead(named["lead"], bool(told["below"] or told["below_too"])) if named else None


def _told_of(text: str, start: int, end: int) -> re.Match[str] | None:
    """The words on ST that a number belongs to: those before it, unless a wave is named since, or right behind it."""
    before = None
    for found in _ST.finditer(text):
        if found.start() >= end:
            return found if _OF_ST.fullmatch(text[end : found.start()]) else before
        before = found if not _OTHER.search(text[found.end() : start]) else None
    return before
