"""Between which values a finding holds by definition, with the guideline that says so; and by how much a text's number
may differ from what was measured."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

# What a text may differ from our own measurement before somebody should look. On LUDB nine of ten recordings lie within
# 1.3/min, 13 (PR), 19 (QRS) and 19 ms (QT) of the cardiologists' marks (benchmarks/ecg_measure.py); the recorder that
# wrote the text errs as well. LUDB has no angles: 30° is the width of a sector between two limb leads.
TOLERANCES = {  # what a text's number measures: the value's name, how it is called, the tolerance, the unit
    "heart_rate": ("heart_rate_bpm", "heart rate", 5.0, "beats/min"),
    "pr": ("pr_ms", "PR", 30.0, "ms"),
    "qrs": ("qrs_ms", "QRS", 30.0, "ms"),
    "qt": ("qt_ms", "QT", 50.0, "ms"),
    "axis": ("axis_deg", "axis", 30.0, "°"),
}


@dataclass(frozen=True, slots=True)
class Limit:
    """The values of `measure` (beats/min, ms, degrees) between which a finding holds, and where its number comes from.

    `inside` and `outside`: how far within the range a value supports it, and how far beyond it speaks against it.
    `defining`: whether the number alone makes the finding.
    """

    entity: str
    measure: str
    low: float
    high: float
    inside: float
    outside: float
    defining: bool
    source: str

    def holds(self, value: float) -> bool | None:
        """Whether a value makes the finding; None where it lies too near the limit."""
        if self.low + self.inside <= value <= self.high - self.inside:
            return True
        return False if value < self.low - self.outside or value > self.high + self.outside else None


@lru_cache(maxsize=1)
def limits() -> dict[str, Limit]:
    """The packaged limits by entity."""
    raw = tomllib.loads(files("assistant.measure").joinpath("limits.toml").read_text(encoding="utf-8"))
    found = {}
    for told in raw["limit"]:
        (low, high), (inside, outside) = told["range"], told["margin"]
        found[told["entity"]] = Limit(
            told["entity"], told["measure"], low, high, inside, outside, told.get("defining", True), told["source"]
        )
    return found
