"""Which of a mapping's cases a suite takes: a half, and a sample of whole groups, the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from assistant.evaluate.case import Case, Strict

Half = Literal["development", "reported"]


class Sample(Strict):
    """About `n` cases: whole groups are drawn until so many are there. `by` = "case" draws cases instead."""

    n: int = Field(gt=0)
    seed: int = Field(default=0, ge=0)
    by: Literal["group", "case"] = "group"


def is_development(group: str) -> bool:
    """Whether a question, passage, report or patient is of the half on which thresholds are chosen.

    The same split as in the benchmarks that chose them (`benchmarks/verify.py`): by a hash of the group's name.
    """
    return hashlib.sha256(group.encode()).digest()[0] % 2 == 0


def half_of(cases: Sequence[Case], half: Half | None) -> list[Case]:
    """The cases of one half by their group; one without a group stands by its own id."""
    wanted = half == "development"
    return [case for case in cases if half is None or is_development(_group(case)) == wanted]


def sample_cases(cases: Sequence[Case], sample: Sample | None) -> list[Case]:
    """The cases of the groups drawn, in the set's own order; all of them without a sample, or where n is more."""
    if sample is None or sample.n >= len(cases):
        return list(cases)
    units: dict[str, int] = {}
    for case in cases:
        unit = case.id if sample.by == "case" else _group(case)
        units[unit] = units.get(unit, 0) + 1
    taken: set[str] = set()
    count = 0
    for unit in sorted(units, key=lambda name: hashlib.sha256(f"{sample.seed}:{name}".encode()).digest()):
        if count >= sample.n:
            break
        taken.add(unit)
        count += units[unit]
    return [case for case in cases if (case.id if sample.by == "case" else _group(case)) in taken]


def _group(case: Case) -> str:
    return case.group if case.group is not None else case.id
