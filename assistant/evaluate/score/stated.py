"""Whether a text states a finding of the reference, compared in clinical normal form."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from assistant.findings import extract_findings, implies
from assistant.records import Finding

State = Literal["stated", "contradicted", "silent"]


@lru_cache(maxsize=4096)
def read(text: str) -> tuple[Finding, ...]:
    """The findings of a text; measured values, which other metrics compare, are left out."""
    return tuple(finding for finding in extract_findings(text) if not _is_measurement(finding))


def states(text: str, reference: str) -> tuple[State, ...]:
    """What a text says of each finding of a reference sentence; () where the sentence has no finding."""
    said = read(text)
    return tuple(state_of(wanted, said) for wanted in read(reference))


def state_of(wanted: Finding, said: tuple[Finding, ...]) -> State:
    """Whether findings state another one, with its negation.

    They do where one of them has the same entity and status, or implies it ("lungs are clear" denies a consolidation);
    they contradict it where one says or implies the opposite and none states it. A doubt neither states nor
    contradicts what is certain, and nothing contradicts a doubt. Side, degree and place are not compared.
    """
    told = {_on(finding, wanted.entity) for finding in said}
    if wanted.status in told:
        return "stated"
    opposite = {"present": "absent", "absent": "present"}.get(wanted.status)
    return "contradicted" if opposite is not None and opposite in told else "silent"


def _on(finding: Finding, entity: str) -> str | None:
    """What a finding says of an entity: present, absent, uncertain, or nothing."""
    return finding.status if finding.entity == entity else implies(finding, entity)


def _is_measurement(finding: Finding) -> bool:
    """Whether it is a named number ("QRS 92 ms"), not a finding with a size ("2.3 cm nodule")."""
    return finding.value is not None and (finding.start, finding.end) in {
        (start, end) for what, start, end in finding.spans if what == "value"
    }
