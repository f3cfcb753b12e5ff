"""Sections of a report in which naming a finding states none: questions asked, other studies, other people."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import zip_longest
from typing import Literal

Role = Literal["asked", "left out", "stated"]

_ASKED = (
    r"(?:clinical\s+)?indications?|reasons?\s+for\s+(?:the\s+)?(?:exam(?:ination)?|study|test|referral|this\s+examination)"
    r"|clinical\s+(?:question|information|details|data|indication)|question|request"
)
_LEFT_OUT = r"techniques?|comparisons?|family(?:\s+medical)?\s+history|protocol|references?|allergies|medications?"
_STATED = (
    r"findings?(?:\s+and\s+impressions?)?|impressions?|conclusions?|interpretation|assessment(?:\s+and\s+plan)?|summary"
    r"|(?:clinical\s+|past\s+medical\s+|past\s+surgical\s+|social\s+|present\s+)?history(?:\s+of\s+present\s+illness)?"
    r"|(?:final\s+|discharge\s+)?diagnos[ie]s|(?:brief\s+)?hospital\s+course|review\s+of\s+systems"
    r"|(?:physical\s+)?exam(?:ination)?|chief\s+complaint|(?:gross|microscopic)\s+description|specimen|addendum"
    r"|final\s+report|wet\s+read|opinion|plan|chest"
    r"|[A-Z][A-Z ,/&-]{0,60}(?:RADIOGRAPHS?|X-?RAYS?|FILM|VIEWS?|CT|MRI|CHEST)"
)
_HEADING = re.compile(
    r"(?:^[ \t*_#]*|(?<=[.:?)_]\s)|(?<=\s\s))"
    rf"(?:(?P<asked>{_ASKED})|(?P<out>{_LEFT_OUT})|(?P<stated>{_STATED}))[*_ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_BLANK_LINE = re.compile(r"(?<=\S)[^\S\n]*\n[^\S\n]*\n|_{8,}")
_GROUPS: dict[str, Role] = {"asked": "asked", "out": "left out", "stated": "stated"}


class Sections:
    """Where the sections of `text` begin, by the headings in it; text before the first heading states."""

    def __init__(self, text: str) -> None:
        self._starts: list[int] = []
        self._roles: list[Role] = []
        headings = [*_HEADING.finditer(text)] if ":" in text else []
        for match, following in zip_longest(headings, headings[1:]):
            role = _GROUPS[str(match.lastgroup)]
            self._starts.append(match.end())
            self._roles.append(role)
            gap = _BLANK_LINE.search(text, match.end(), following.start() if following else len(text))
            if gap and role != "stated":  # what comes below without a heading states again
                self._starts.append(gap.end())
                self._roles.append("stated")

    def pieces(self, start: int, end: int) -> Iterator[tuple[int, int, Role]]:
        """The parts of a sentence in each section, headings apart from what they head: (start, end, role)."""
        i = bisect_right(self._starts, start)
        while i < len(self._starts) and self._starts[i] < end:
            if start < self._starts[i]:
                yield start, self._starts[i], self._roles[i - 1] if i else "stated"
            start = self._starts[i]
            i += 1
        yield start, end, self._roles[i - 1] if i else "stated"
