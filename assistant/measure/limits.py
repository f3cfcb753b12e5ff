"""Between which values a finding holds by definition, with the guideline that says so; which are usual; and by how much
a text's number may differ from what was measured."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

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


Lies = Literal["within", "near", "below", "above", "outside"]


@dataclass(frozen=True, slots=True)
class Limit:
    """The values of `measure` (beats/min, ms, degrees) between which a finding holds, and where its number comes from.

    `inside` and `outside`: how far within the range a value supports it, and how far beyond it speaks against it.
    `defining`: whether the number alone makes the finding. `beyond` is where it begins, as a sentence gives it.
    """

    entity: str
    measure: str
    low: float
    high: float
    inside: float
    outside: float
    defining: bool
    source: str
    beyond: str = ""

    def holds(self, value: float) -> bool | None:
        """Whether a value makes the finding; None where it lies too near the limit."""
        if self.low + self.inside <= value <= self.high - self.inside:
            return True
        return False if value < self.low - self.outside or value > self.high + self.outside else None


@dataclass(frozen=True, slots=True)
class Usual:
    """The values of a measure that are usual in adults: those of none of the findings `outside`; how a sentence gives
    them, what it says of one that is `open` and of one that is open below them, and what it calls one below and one
    above them."""

    outside: tuple[Limit, ...]
    told: str
    open: str
    open_below: str
    below: str = "shorter"
    above: str = "longer"

    def lies(self, value: float) -> Lies:
        """Where a value lies to them; "near" where it is too near a limit to say."""
        told = [None if value in (limit.low, limit.high) else limit.holds(value) for limit in self.outside]
        if True in told:
            made = self.outside[told.index(True)]
            return "outside" if made.measure == "axis" else "below" if made.low == 0 else "above"
        return "near" if None in told else "within"

    def compared(self, value: float) -> str:
        """The same as a sentence goes on with it: "within the usual range 120–200 ms", "longer than usual (below 120
        ms)", "left axis deviation (below −30°, usual −30 to 90°)"."""
        lies = self.lies(value)
        is_range = not self.told.startswith("below ")
        if lies == "near":
            if self.open_below and any(limit.low == 0 and value < limit.high for limit in self.outside):
                return self.open_below
            limit = f"near the limit of the usual range {self.told}" if is_range else f"near its limit ({self.told})"
            return self.open or limit
        if lies == "within":
            return f"within the usual range {self.told}" if is_range else f"as usual ({self.told})"
        if (finding := self.finding(value)) is not None and lies == "outside":
            return f"{finding.entity} ({finding.beyond}, usual {self.told})"
        return f"{self.below if lies == 'below' else self.above} than usual ({self.told})"

    def finding(self, value: float) -> Limit | None:
        """Which of the findings `outside` a value makes; None where it makes none, or none surely."""
        return next((limit for limit in self.outside if limit.holds(value) is True), None)


@lru_cache(maxsize=1)
def usual() -> dict[str, Usual]:
    """The packaged usual values by measure."""
    return {
        told["measure"]: Usual(
            tuple(limits()[name] for name in told["outside"]),
            **{
                name: words
                for name, words in {"open": "", "open_below": "", **told}.items()
                if name not in ("measure", "outside")
            },
        )
        for told in _packaged()["usual"]
    }


@lru_cache(maxsize=1)
def limits() -> dict[str, Limit]:
    """The packaged limits by entity."""
    found = {}
    for told in _packaged()["limit"]:
        (low, high), (inside, outside) = told["range"], told["margin"]
        found[told["entity"]] = Limit(
            told["entity"],
            told["measure"],
            low,
            high,
            inside,
            outside,
            told.get("defining", True),
            told["source"],
            told.get("beyond", ""),
        )
    return found


def _packaged() -> dict[str, Any]:
    return tomllib.loads(files("assistant.measure").joinpath("limits.toml").read_text(encoding="utf-8"))
