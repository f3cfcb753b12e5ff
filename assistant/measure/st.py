"""The ST level in words: the leads in which it passes the limit of a depression or an elevation, with its values.

The limits are those of `limits.toml`. They are made for the J point and for adults without a bundle branch block; here
the level 60 ms after the end of QRS is held against them, and every sentence says so.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

from assistant.measure.absent import listed
from assistant.measure.strip import standard_name
from assistant.records import STANDARD_LEADS

AT = "60 ms after the end of QRS"
OF_WIDE_QRS = "ST level beside a wide QRS: it follows the QRS, so it is held against no limit."
_CHEST = ("V2", "V3")


@dataclass(frozen=True, slots=True)
class StLimits:
    """From which level on (mV, without sign) two contiguous leads make a depression or an elevation.

    `women`, `men` and `young_men` hold for an elevation in V2 and V3; `contiguous` are rows of leads, neighbours in
    them are contiguous.
    """

    depression: float
    elevation: float
    women: float
    men: float
    young_men: float
    men_from: int
    contiguous: tuple[tuple[str, ...], ...]
    source: str

    def in_chest(self, age: float | None, sex: str) -> tuple[float, float]:
        """The limit in V2 and V3 for a patient: the lowest and the highest that it may be, where it isn't known."""
        if sex == "F":
            return self.women, self.women
        if sex == "M" and age is not None:
            one = self.men if age >= self.men_from else self.young_men
            return one, one
        return (self.men if sex == "M" else self.women), self.young_men

    def worded(self, age: float | None, sex: str) -> str:
        """The limit in those leads as a sentence gives it, with why it is not one number."""
        low, high = self.in_chest(age, sex)
        if low == high:
            whom = "women" if sex == "F" else f"men {'from' if low == self.men else 'below'} {self.men_from}"
            return f"at least {low:g} mV ({whom})"
        of_men = f"at least {self.men:g} mV in men from {self.men_from}, at least {self.young_men:g} mV in younger men"
        if sex == "M":
            return f"{of_men} (no age is stated)"
        return f"at least {self.women:g} mV in women, {of_men} (no sex is stated)"


@lru_cache(maxsize=1)
def st_limits() -> StLimits:
    """The packaged limits."""
    told = tomllib.loads(files("assistant.measure").joinpath("limits.toml").read_text(encoding="utf-8"))["st"]
    rows = tuple(tuple(row) for row in told.pop("contiguous"))
    return StLimits(**told, contiguous=rows)


def st_sentences(
    per_lead: Mapping[str, Mapping[str, float]], *, compared: bool, wide_qrs: bool, age: float | None, sex: str
) -> list[str]:
    """Whether ST is depressed and whether it is elevated, in which leads by how much; then the leads in which it is off
    without making either. Of a wide QRS, and where nothing is to be `compared`, the levels alone."""
    levels = {standard_name(name): round(v["st_mv"], 2) for name, v in per_lead.items() if "st_mv" in v}
    if not levels:
        return []
    if wide_qrs or not compared or not _pairs(levels):
        return [_levels(levels, {}), *([OF_WIDE_QRS] if wide_qrs else [])]
    limit = st_limits()
    low, high = limit.in_chest(age, sex)
    depressed = _contiguous(levels, dict.fromkeys(levels, -limit.depression))
    surely = _contiguous(levels, _elevated_from(levels, high))
    perhaps = _contiguous(levels, _elevated_from(levels, low))
    where = "" if set(STANDARD_LEADS) <= set(levels) else f" in {listed(levels)}"
    found = []
    if depressed:
        found.append(f"ST depression in {_with_values(levels, depressed)} ({_rule(limit.depression)}).")
    else:
        found.append(f"No ST depression{where}, {AT}: nowhere {_rule(limit.depression)}.")
    rule = _rule(limit.elevation)
    if _contiguous(levels, dict.fromkeys(levels, limit.elevation)) != surely:  # where it makes a difference
        rule += f", in the second and third chest lead {limit.worded(age, sex)}"
    if surely:
        found.append(f"ST elevation in {_with_values(levels, surely)} ({rule}).")
    if perhaps - surely:
        found.append(f"Possible ST elevation in {_with_values(levels, perhaps - surely)} ({rule}).")
    if not perhaps:
        found.append(f"No ST elevation{where}, {AT}: nowhere {rule}.")
    told = {lead: levels[lead] for lead in (*depressed, *perhaps)}
    return [*found, *([_levels(levels, told)] if _off(levels).keys() - told.keys() else [])]


def _elevated_from(levels: Iterable[str], in_chest: float) -> dict[str, float]:
    return {lead: in_chest if lead in _CHEST else st_limits().elevation for lead in levels}


def _pairs(levels: Mapping[str, float]) -> list[tuple[str, str]]:
    """The pairs of contiguous leads in which the level was measured."""
    rows = st_limits().contiguous
    return [(a, b) for row in rows for a, b in pairwise(row) if {a, b} <= levels.keys()]


def _contiguous(levels: Mapping[str, float], limits: Mapping[str, float]) -> frozenset[str]:
    """The leads that pass their limit beside a contiguous one that does; a negative limit is passed below."""
    passing = {
        lead for lead, limit in limits.items() if (levels[lead] <= limit if limit < 0 else levels[lead] >= limit)
    }
    return frozenset(lead for pair in _pairs(levels) if set(pair) <= passing for lead in pair)


def _with_values(levels: Mapping[str, float], leads: Iterable[str]) -> str:
    """ "V4–V6, 60 ms after the end of QRS: V4 0.08 mV, V5 0.08 mV, V6 0.06 mV"."""
    ordered = [lead for lead in STANDARD_LEADS if lead in set(leads)]
    values = ", ".join(f"{lead} {abs(levels[lead]):.2f} mV" for lead in ordered)
    return f"{listed(ordered)}, {AT}: {values}"


def _rule(limit: float) -> str:
    return f"at least {limit:g} mV in two contiguous leads"


def _off(levels: Mapping[str, float]) -> dict[str, float]:
    limit = st_limits()
    return {lead: level for lead, level in levels.items() if not -limit.depression < level < limit.elevation}


def _levels(levels: Mapping[str, float], told: Mapping[str, float]) -> str:
    """The leads that are off and not `told` of elsewhere, and within what the others lie."""
    off = {lead: level for lead, level in _off(levels).items() if lead not in told}
    parts = [", ".join(f"{lead} {level:+.2f} mV".replace("-", "−") for lead, level in off.items())]
    if len(levels) > len(off) + len(told):
        limit = st_limits()
        where = "the other leads" if off or told else _all_of(levels)
        parts.append(f"between −{limit.depression:g} and {limit.elevation:g} mV in {where}")
    return f"ST level {AT}: {'; '.join(part for part in parts if part)}."


def _all_of(leads: Iterable[str]) -> str:
    found = list(leads)
    if set(STANDARD_LEADS) <= set(found):
        return "all leads"
    return f"lead{'s' if len(found) > 1 else ''} {listed(found)}"
