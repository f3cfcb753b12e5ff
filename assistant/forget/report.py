"""What was removed of a patient, and what could not be."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class ForgetReport:
    """What was removed. `not_cleaned` names what could not be, with the reason: it must be looked at by a person."""

    patient: str
    indexes: list[dict[str, Any]] = field(default_factory=list)  # index, generation, records, studies
    conversations: int = 0
    turns: int = 0
    feedback: int = 0
    drafts: list[dict[str, Any]] = field(default_factory=list)  # file, lines
    draft_edits: int = 0
    evaluation_runs: list[str] = field(default_factory=list)
    probes: list[dict[str, Any]] = field(default_factory=list)  # file, cases
    scorecards: list[str] = field(default_factory=list)  # published ones that were removed
    access_log_entries_unlinked: int = 0
    not_cleaned: list[dict[str, str]] = field(default_factory=list)  # path, reason
    dry_run: bool = False

    @property
    def found_nothing(self) -> bool:
        """Whether nothing was there to be removed."""
        counts = (
            self.conversations, self.turns, self.feedback, self.draft_edits, self.access_log_entries_unlinked
        )  # fmt: skip
        lists = (self.indexes, self.drafts, self.evaluation_runs, self.probes, self.scorecards)
        return not any((*lists, *counts))

    def leave(self, path: Path | str, reason: object) -> None:
        """Note what could not be cleaned, and why."""
        self.not_cleaned.append({"path": str(path), "reason": str(reason)})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
