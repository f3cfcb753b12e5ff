"""A finding as a filter: "left pleural effusion", "no pneumothorax" → what a study's text must state."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from assistant.findings.extract import entities, extract_findings
from assistant.findings.vocabulary import vocabulary
from assistant.records import Status


@dataclass(frozen=True, slots=True)
class WantedFinding:
    """A study fits where its text states one of `entities` with `status`, on one of `sides`, of that `severity`.

    Empty `sides`: any side or none. A denial of a degree ("no large effusion") fits nothing.
    """

    entities: frozenset[str]
    status: Status
    sides: frozenset[str | None] = frozenset()
    severity: str | None = None


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
    finding = found[0]
    ancestors = vocabulary().ancestors
    kinds = {name for name, above in ancestors.items() if finding.entity in above}
    side: set[str | None] = set()
    if finding.status == "absent":
        side = {None, "bilateral"} | ({finding.side} if finding.side else set())
        return WantedFinding(ancestors[finding.entity] | {finding.entity}, "absent", frozenset(side))
    if finding.side:
        side = {finding.side, "bilateral"}
    return WantedFinding(frozenset(kinds | {finding.entity}), finding.status, frozenset(side), finding.severity)
