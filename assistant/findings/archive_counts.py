"""Sentences that count over a whole archive: "137 of the archive’s 1,711 reports (index demo) mention cardiomegaly."

One grammar for whoever writes such a sentence and for whoever checks it: `parse_archive_count(state_archive_count(…))`
gives back what went in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from assistant.findings.wanted import WantedFinding, contrasts

CHOSEN_PATIENT = "the chosen patient"  # of a scope: then the sentence is about the patient
Unit = Literal["reports", "studies", "patients"]
CountVerb = Literal["mention", "state that there is no", "are labelled"]

_NOUNS: dict[tuple[Unit, bool], str] = {  # by whether labels are counted
    ("reports", False): "reports",
    ("studies", False): "studies with a report",
    ("patients", False): "patients with a report",
    ("studies", True): "labelled studies",
    ("patients", True): "labelled patients",
}
_UNITS = {noun: unit for (unit, _), noun in _NOUNS.items()}
_ONE: dict[CountVerb, str] = {
    "mention": "mentions",
    "state that there is no": "states that there is no",
    "are labelled": "is labelled",
}
_VERBS: dict[str, CountVerb] = {form: verb for verb, one in _ONE.items() for form in (verb, one)}
_NUMBER = r"\d{1,3}(?:,\d{3})+|\d+"
_SENTENCE = re.compile(
    rf"(?P<n>none|no|{_NUMBER})\s+of\s+the\s+archive['’]s\s+(?P<m>{_NUMBER})\s+(?P<noun>{'|'.join(_UNITS)})"
    rf"(?:\s+\((?P<scope>[^()]*)\))?\s+(?P<verb>{'|'.join(sorted(_VERBS, key=len, reverse=True))})"
    r"\s+(?P<finding>\S.{0,200}?)\.?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ArchiveCount:
    """`n` of the archive's `m` units `verb` `finding`; `scope` says, in words, of which part of it ("index demo")."""

    n: int
    m: int
    unit: Unit
    verb: CountVerb
    finding: str
    scope: str = ""

    @property
    def wanted(self) -> tuple[WantedFinding, ...]:
        """What a unit must state for all that is counted; empty where the finding's words are not understood."""
        return wanted_of(self.finding, self.verb)


def wanted_of(finding: str, verb: CountVerb) -> tuple[WantedFinding, ...]:
    """What words for findings ("cardiomegaly and left pleural effusion") ask a report or label for.

    Who writes "no cardiopulmonary abnormality" rules cardiomegaly out, but does not state that there is none: of
    denials those of the finding by itself are counted, a search takes the wider ones too.
    """
    denied = verb == "state that there is no"
    found = contrasts(f"no {finding}" if denied else finding)
    status = "absent" if denied else "present"
    if any(contrast.wanted.status != status for contrast in found) or (denied and len(found) > 1):
        return ()
    if denied:
        return tuple(replace(contrast.wanted, entities=frozenset({contrast.name})) for contrast in found)
    return tuple(contrast.wanted for contrast in found)


def state_archive_count(count: ArchiveCount) -> str:
    """The sentence. Raises ValueError where reports are said to be labelled, or more are counted than there are."""
    noun = _NOUNS.get((count.unit, count.verb == "are labelled"))
    if noun is None or not 0 <= count.n <= count.m:
        raise ValueError(f"{count.n} of {count.m} {count.unit} that {count.verb}: can't be counted")
    scope = f" ({count.scope})" if count.scope else ""
    verb = count.verb if count.n > 1 else _ONE[count.verb]
    number = f"{count.n:,}" if count.n else "None"
    return f"{number} of the archive’s {count.m:,} {noun}{scope} {verb} {count.finding}."


def parse_archive_count(sentence: str) -> ArchiveCount | None:
    """What such a sentence counts; None if it is none."""
    match = _SENTENCE.fullmatch(" ".join(sentence.split()))
    if match is None:
        return None
    verb = _VERBS[match["verb"].lower()]
    unit = _UNITS[match["noun"].lower()]
    if (unit, verb == "are labelled") not in _NOUNS or _NOUNS[unit, verb == "are labelled"] != match["noun"].lower():
        return None
    n = 0 if match["n"].lower() in ("none", "no") else _number(match["n"])
    return ArchiveCount(n, _number(match["m"]), unit, verb, match["finding"], match["scope"] or "")


def _number(written: str) -> int:
    return int(written.replace(",", ""))
