"""A finding as a filter: "left pleural effusion", "no pneumothorax" → what a study's text must state."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal

from assistant.findings.extract import entities, extract_findings
from assistant.findings.vocabulary import vocabulary
from assistant.records import Finding, Status
from assistant.wording import joined, worded


@dataclass(frozen=True, slots=True)
class WantedFinding:
    """A study fits where its text states one of `entities` with `status`, on one of `sides`, of that `severity`.

    Empty `sides`: any side or none. A denial of a degree ("no large effusion") fits nothing.
    """

    entities: frozenset[str]
    status: Status
    sides: frozenset[str | None] = frozenset()
    severity: str | None = None

    def fits(self, finding: Finding) -> bool:
        """Whether a stated finding is the one that is wanted."""
        if finding.entity not in self.entities or finding.status != self.status:
            return False
        if self.sides and finding.side not in self.sides:
            return False
        if self.severity:
            return finding.severity == self.severity
        return self.status != "absent" or finding.severity is None  # "no large effusion" leaves room for a small one


_SIDES = re.compile(r"\b(?:left|right)\b")
_NO_SIDE = "its study states {name} without a side"
_OTHER_DEGREE = "its study states {name}, but not in that degree"
_OTHER = {"left": "right", "right": "left"}

Grant = Literal["as wished", "silent", "otherwise"]


@dataclass(frozen=True, slots=True)
class Contrast:
    """A finding that is wished for or wished away, by its name, and what a text that says `otherwise` states; one that
    is `asked` for, whether it is there, is granted by its denial as well."""

    name: str
    wanted: WantedFinding
    otherwise: WantedFinding
    asked: bool = False

    def granted(self, stated: Iterable[Finding]) -> tuple[Grant, str]:
        """How what a study states grants the wish, and in words what that is.

        What is wished away must not be left in doubt. A finding that is wished for on one side and stated on the other
        alone is stated otherwise; so is its mirror image ("left bundle branch block"), where that is all that is
        stated. What is stated on both sides, one by one, is bilateral.
        """
        found = tuple(stated)
        reverse = any(map(self.otherwise.fits, found))
        if self.wanted.status != "present":
            if reverse:
                return "otherwise", worded("its study states {name}", name=self.name)
            if any(map(replace(self.otherwise, status="uncertain").fits, found)):
                return "otherwise", worded("its study does not rule out {name}", name=self.name)
            fits = any(map(self.wanted.fits, found))
            return ("as wished", worded("its study denies {name}", name=self.name)) if fits else self._silent
        if any(map(self.wanted.fits, found)) or self._is_on_both(found):
            return "as wished", worded("its study states {name}", name=self.name)
        if other := self._other_side(found):
            return "otherwise", worded("other side: {side}", side=other)
        if reverse:
            return "as wished" if self.asked else "otherwise", worded("its study denies {name}", name=self.name)
        if self._is_stated(found):
            sided = not self.wanted.sides or self._sides_of(found)
            return "silent", worded(_OTHER_DEGREE if sided else _NO_SIDE, name=self.name)
        return self._silent

    @property
    def _silent(self) -> tuple[Grant, str]:
        return "silent", worded("its study does not mention {name}", name=self.name)

    def _is_stated(self, stated: Iterable[Finding]) -> bool:
        """Whether it is stated at all: without its side, or in another degree."""
        return any(map(replace(self.wanted, sides=frozenset(), severity=None).fits, stated))

    def _sides_of(self, stated: Iterable[Finding]) -> set[str]:
        """The sides on which the finding is stated, whatever its degree."""
        anywhere = replace(self.wanted, sides=frozenset(), severity=None)
        return {finding.side for finding in stated if finding.side and anywhere.fits(finding)}

    def _is_on_both(self, stated: tuple[Finding, ...]) -> bool:
        bilateral = self.wanted.sides == {"bilateral"} and not self.wanted.severity
        return bilateral and self._sides_of(stated) >= {"left", "right"}

    def _other_side(self, stated: tuple[Finding, ...]) -> str:
        """Where the finding is stated instead; "" where it is not, or where one can't tell."""
        if self.wanted.sides:
            sides = self._sides_of(stated)
            return "" if sides & self.wanted.sides else ", ".join(sorted(sides))
        mirrored = _SIDES.sub(lambda side: _OTHER[side[0]], self.name)
        if mirrored == self.name or mirrored not in vocabulary().ancestors:
            return ""
        return mirrored if any(map(WantedFinding(_kinds(mirrored), "present").fits, stated)) else ""


def contrasts(text: str, *, doubtful: bool = False) -> tuple[Contrast, ...]:
    """What words such as "but with a pacemaker and without effusion" ask for; `doubtful` takes what is named in a
    question ("are there similar ones with a pacemaker?") as wished for. A measured value has no opposite."""
    found: dict[str, Contrast] = {}
    for finding in extract_findings(text):
        if finding.entity not in vocabulary().ancestors or (finding.status == "uncertain" and not doubtful):
            continue
        wish = replace(finding, status="absent" if finding.status == "absent" else "present")
        flipped = replace(wish, status="present" if wish.status == "absent" else "absent", severity=None)
        found[finding.entity] = Contrast(finding.entity, _wanted(wish), _wanted(flipped))
    return tuple(found.values())


def wanted_finding(text: str) -> WantedFinding:
    """What a filter's words ask for, read as a report would be.

    "lung opacity" takes every kind of it (a consolidation, a pneumonia); "no consolidation" takes the denial of what
    it is a kind of, too ("the lungs are clear"). "Left" takes what is bilateral, "no left effusion" also "no effusion".
    Raises ValueError where the words name no finding, or several.
    """
    found = extract_findings(text)
    if len({finding.entity for finding in found}) != 1:
        near = get_close_matches(" ".join(text.lower().split()), entities(), 3, 0.6)
        what = "several are named" if found else "none is known by these words"
        told = "finding {text!r}: name one finding, such as 'pleural effusion' or 'no pneumothorax'; {what}"
        known = worded("near it are {near}", near=", ".join(near)) if near else ""
        raise ValueError(joined([worded(told, text=text, what=what), known]))
    return _wanted(found[0])


def _wanted(finding: Finding) -> WantedFinding:
    side: set[str | None] = set()
    if finding.status == "absent":
        side = {None, "bilateral"} | ({finding.side} if finding.side else set())
        above = vocabulary().ancestors.get(finding.entity, frozenset())
        return WantedFinding(above | {finding.entity}, "absent", frozenset(side))
    if finding.side:
        side = {finding.side, "bilateral"}
    return WantedFinding(_kinds(finding.entity), finding.status, frozenset(side), finding.severity)


def _kinds(entity: str) -> frozenset[str]:
    """A finding and all that are a kind of it."""
    return frozenset({entity, *(name for name, above in vocabulary().ancestors.items() if entity in above)})
