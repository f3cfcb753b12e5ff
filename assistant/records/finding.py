"""Clinical statements in normal form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["present", "absent", "uncertain"]
CodeSystem = Literal["ICD-10-CM", "SNOMED CT"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A clinical statement in normal form. `start` and `end` are offsets into the text it was read from.

    `time` are the text's own words ("for 2 weeks", "since 2019", "history of"), `change` is the course as stated.
    `code` names the entity, whatever its status, in `code_system`. `spans` are the offsets of the words behind
    `status` (a denial or doubt), `side`, `severity`, `location`, `change`, `value` and `time`, where any are said.
    """

    entity: str  # canonical name, lower case: "pleural effusion"
    status: Status
    side: Literal["left", "right", "bilateral"] | None = None
    severity: Literal["minimal", "mild", "moderate", "severe"] | None = None
    location: str | None = None  # "lower lobe", "apex", "inferior wall" …
    value: float | None = None
    unit: str | None = None
    start: int = 0
    end: int = 0
    time: str | None = None
    change: Literal["new", "worse", "better", "stable", "resolved"] | None = None
    code: str | None = None
    code_system: CodeSystem | None = None
    spans: tuple[tuple[str, int, int], ...] = ()
