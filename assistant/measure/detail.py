"""What is told of a recording where it is asked for: one lead, T waves, extra beats, the left ventricle's voltage."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from assistant.measure.absent import listed
from assistant.measure.limits import limits
from assistant.measure.strip import standard_name
from assistant.records import STANDARD_LEADS

if TYPE_CHECKING:
    from assistant.measure.report import Measurements

INVERTED_MV = 0.1  # a T wave within this is flat (Rautaharju 2009, Circulation 119:e241)
_USUAL_NEGATIVE = "aVR"
_MAY_BE_NEGATIVE = frozenset({"III", "aVL", "V1"})  # of a healthy adult
_WAVES = (("r_mv", "R"), ("s_mv", "S"), ("st_mv", "ST"), ("t_mv", "T"))
_CHEST = ("V5", "V6")  # of which the taller R counts


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a question is after: these leads, the T waves, extra beats, the voltage of the left ventricle."""

    leads: frozenset[str] = frozenset()
    t_waves: bool = False
    beats: bool = False
    voltage: bool = False


@dataclass(frozen=True, slots=True)
class SokolowLyon:
    """The limit (mV) of S in V1 and R in V5 or V6 together, and where it is from."""

    limit: float
    source: str


@lru_cache(maxsize=1)
def sokolow_lyon() -> SokolowLyon:
    """The packaged limit."""
    raw = files("assistant.measure").joinpath("limits.toml").read_text(encoding="utf-8")
    return SokolowLyon(**tomllib.loads(raw)["sokolow_lyon"])


def details(measured: Measurements, wanted: Wanted, *, adult: bool = True) -> list[str]:
    """A sentence for each thing that is wanted and was measured."""
    if measured.rhythm is None:
        return []
    leads = {standard_name(lead): values for lead, values in measured.per_lead.items()}
    found = list(_beats(measured)) if wanted.beats else []
    if wanted.voltage:
        found += _voltage(leads, measured, adult)
    if wanted.t_waves:
        return [*found, *_t_waves(leads, wanted.leads)]
    asked = (_lead(lead, leads[lead]) for lead in STANDARD_LEADS if lead in wanted.leads & leads.keys())
    return [*found, *filter(None, asked)]


def not_measured(measured: Measurements, wanted: Wanted) -> list[str]:
    """A sentence for what is wanted and could not be measured for want of a lead."""
    if measured.rhythm is None or not wanted.voltage or "amplitudes_mv" in measured.absent:
        return []
    leads = {standard_name(lead): values for lead, values in measured.per_lead.items()}
    if _sum(leads) is not None:
        return []
    return [
        "Sokolow-Lyon voltage not measured: it takes the S of the first chest lead and the R of the fifth or sixth."
    ]


def _beats(measured: Measurements) -> Iterator[str]:
    rhythm = measured.rhythm
    assert rhythm is not None
    span = f"of {rhythm.beats} in {measured.duration_s or 0:.0f} s"
    other = round(rhythm.other_shape * rhythm.beats) if rhythm.other_shape == rhythm.other_shape else 0
    other = max(1, other) if rhythm.other_shape > 0 else 0
    if rhythm.irregularly_irregular:  # none can come early where no beat is expected
        yield f"Extra beats: {other or 'none'} {span} with another QRS shape; early ones are not told in this rhythm."
    elif not rhythm.early and not other:
        yield f"Extra beats: none {span}, all have one QRS shape and none comes early."
    else:
        early = (
            f"{rhythm.early} {'comes' if rhythm.early == 1 else 'come'} early" if rhythm.early else "none comes early"
        )
        has = f"{other} {'has' if other == 1 else 'have'} another QRS shape" if other else "none has another QRS shape"
        yield f"Extra beats {span}: {early}, {has}."


def _sum(leads: Mapping[str, Mapping[str, float]]) -> tuple[float, float, str] | None:
    """S in V1 and the taller R of V5 and V6 in millivolts, and which; None where one of both was not measured."""
    tall = [(leads[lead]["r_mv"], lead) for lead in _CHEST if "r_mv" in leads.get(lead, {})]
    if "s_mv" not in leads.get("V1", {}) or not tall:
        return None
    return abs(leads["V1"]["s_mv"]), *max(tall)


def _voltage(leads: Mapping[str, Mapping[str, float]], measured: Measurements, adult: bool) -> list[str]:
    """Told without a word that states a hypertrophy: voltage alone neither makes nor excludes one."""
    if (told := _sum(leads)) is None:
        return []
    s, r, lead = told
    text = f"Sokolow-Lyon voltage of the left ventricle {s + r:.2f} mV (S in V1 {s:.2f} mV, R in {lead} {r:.2f} mV)"
    limit = sokolow_lyon().limit
    if limits()["wide QRS"].holds(measured.values.get("qrs_ms", 0.0)):
        return [f"{text}, not compared with its limit since the QRS is wide."]
    if not adult:
        return [f"{text}."]
    if round(s + r, 2) >= limit:
        return [f"{text}, not below its limit of {limit:g} mV, as in many young or slim people."]
    return [f"{text}, below its limit of {limit:g} mV, which excludes nothing: voltage criteria are insensitive."]


def _t_waves(leads: Mapping[str, Mapping[str, float]], asked: frozenset[str]) -> list[str]:
    peaks = {lead: round(leads[lead]["t_mv"], 2) for lead in STANDARD_LEADS if "t_mv" in leads.get(lead, {})}
    if of_these := [lead for lead in peaks if lead in asked]:
        return [f"T wave in {lead} {_signed(peaks[lead])} mV: {_direction(peaks[lead])}." for lead in of_these]
    if not peaks or asked:
        return []
    inverted = [lead for lead, peak in peaks.items() if peak <= -INVERTED_MV and lead != _USUAL_NEGATIVE]
    if not inverted:
        where = "" if set(STANDARD_LEADS) <= peaks.keys() else f" in {listed(peaks)}"
        below = f"nowhere at least {INVERTED_MV:g} mV below the baseline, the right arm's lead apart"
        return [f"No T wave inversion{where}: {below}."]
    values = ", ".join(f"{lead} {abs(peaks[lead]):.2f} mV" for lead in inverted)
    text = f"T wave inversion in {listed(inverted)}: {values} below the baseline"
    usual = [lead for lead in inverted if lead in _MAY_BE_NEGATIVE]
    return [f"{text}; in {' and '.join(usual)} alone it can be normal." if usual else f"{text}."]


def _direction(peak: float) -> str:
    if abs(peak) < INVERTED_MV:
        return f"flat, within ±{INVERTED_MV:g} mV"
    return "upright" if peak > 0 else "inverted"


def _lead(lead: str, values: Mapping[str, float]) -> str:
    """ "Lead V1: R 0.28 mV, S 1.10 mV, ST +0.02 mV, T −0.05 mV."; "" without amplitudes.

    Its intervals are left to the viewer: beside the medians over the leads they would read as other values of these.
    """
    parts = [
        f"{wave} {_signed(values[name]) if wave in ('ST', 'T') else f'{abs(values[name]):.2f}'} mV"
        for name, wave in _WAVES
        if name in values
    ]
    return f"Lead {lead}: {', '.join(parts)}." if parts else ""


def _signed(level: float) -> str:
    return f"{round(level, 2):+.2f}".replace("-", "−").replace("+0.00", "0.00").replace("−0.00", "0.00")
