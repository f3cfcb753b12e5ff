"""A finding as a filter: "left pleural effusion", "no pneumothorax" → what a study's text must state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches

from assistant.findings.extract import entities, extract_findings
from assistant.findings.vocabulary import vocabulary
from assistant.records import Finding, Status


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


@dataclass(frozen=True, slots=True)
class Contrast:
    """A finding that is wished for or wished away, by its name, and what a text that says `otherwise` states."""

    name: str
    wanted: WantedFinding
    otherwise: WantedFinding


def contrasts(text: str, *, doubtful: bool = False) -> tuple[Contrast, ...]:
    """What words such as "but with a pacemaker and without effusion" ask for; `doubtful` takes what is named in a
    question ("are there similar ones with a pacemaker?") as wished for."""
    found: dict[str, Contrast] = {}
    for finding in extract_findings(text):
        if finding.status == "uncertain" and not doubtful:
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
        known = f"; near it are {', '.join(near)}" if near else ""
        raise ValueError(
            f"finding {text!r}: name one finding, such as 'pleural effusion' or 'no pneumothorax'; "
            f"{'several are named' if found else 'none is known by these words'}{known}"
        )
    return _wanted(found[0])


def _wanted(finding: Finding) -> WantedFinding:
    ancestors = vocabulary().ancestors
    kinds = {name for name, above in ancestors.items() if finding.entity in above}
    side: set[str | None] = set()
    if finding.status == "absent":
        side = {None, "bilateral"} | ({finding.side} if finding.side else set())
        return WantedFinding(ancestors[finding.entity] | {finding.entity}, "absent", frozenset(side))
    if finding.side:
        side = {finding.side, "bilateral"}
    return WantedFinding(frozenset(kinds | {finding.entity}), finding.status, frozenset(side), finding.severity)
