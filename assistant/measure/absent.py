"""Why a quantity was not measured: the reasons behind what is absent from `values`, in words that end a sentence.

No reason holds a number: beside a quantity's name it would be read as its value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from assistant.measure.intervals import FRONTAL_DEG, widths_ms
from assistant.measure.strip import standard_name
from assistant.records import STANDARD_LEADS

if TYPE_CHECKING:
    from assistant.measure.analysis import Analysis
    from assistant.measure.intervals import Limbs
    from assistant.measure.quality import LeadQuality
    from assistant.records import Signal

NO_P_WAVE = "no P wave that precedes the QRS regularly"
CONTRADICTORY = "leads I, II and III contradict one another"
SCALED = "the leads were scaled one by one"
NO_ECG = "the recording holds no ECG lead"
ST_UNLIKELY_MV = 2.0  # beyond this the unit or the lead is in doubt, and no ST level is told
QUANTITIES = (
    "heart_rate_bpm", "rr_ms", "pr_ms", "qrs_ms", "qt_ms", "qtc_bazett_ms", "qtc_fridericia_ms", "axis_deg", "st_mv",
    "amplitudes_mv",
)  # fmt: skip
_LEADS = re.compile(
    r"(?<![\w-])(V[1-6]|aV[RLF]|II|III|(?:(?<=in )|(?<=lead )|(?<=leads )|(?<=, ))(?-i:I))"  # "do I see …" names none
    r"(?:\s*(?:[-–]|to|bis)\s*(V?[1-6]))?(?![\w-])",
    re.IGNORECASE,
)
_NOT_SEEN = {
    "pr_ms": "the P wave does not stand out from the noise in any lead",
    "qrs_ms": "the limits of the QRS do not stand out from the noise in any lead",
    "qt_ms": "the end of the T wave does not stand out from the noise in any lead",
}


def reasons(
    analysis: Analysis,
    values: Mapping[str, float],
    per_lead: Mapping[str, Mapping[str, float]],
    limbs: Limbs | None,
    no_amplitudes: str,
) -> dict[str, str]:
    """By name, as in `values`, why each of QUANTITIES was not measured; what was measured is left out.

    `st_mv` and `amplitudes_mv` stand for what is given by lead. `no_amplitudes` says why amplitudes are withheld ("":
    they are not).
    """
    if analysis.rhythm is None:
        return dict.fromkeys(QUANTITIES, analysis.why_no_beats)
    found = {
        "pr_ms": NO_P_WAVE if analysis.rhythm.p_wave is False else _of_interval("pr_ms", analysis),
        "qrs_ms": _of_interval("qrs_ms", analysis),
        "qt_ms": _of_interval("qt_ms", analysis),
        "qtc_bazett_ms": "the QT interval could not be measured",
        "qtc_fridericia_ms": "the QT interval could not be measured",
        "axis_deg": _of_axis(per_lead, limbs),
    }
    found = {name: reason for name, reason in found.items() if name not in values}
    if no_amplitudes:
        return found | dict.fromkeys(("st_mv", "amplitudes_mv"), _of_amplitudes(no_amplitudes))
    levels = {lead: told["st_mv"] for lead, told in per_lead.items() if "st_mv" in told}
    if not levels:
        return found | dict.fromkeys(("st_mv", "amplitudes_mv"), _NOT_SEEN["qrs_ms"])
    lead, most = max(levels.items(), key=lambda level: abs(level[1]))
    if abs(most) > ST_UNLIKELY_MV:
        found["st_mv"] = f"what lead {lead} shows is more than an ST level can be, so its unit or the lead is in doubt"
    return found


def of_no_ecg() -> dict[str, str]:
    """The reasons for a signal whose channels are no leads of an ECG."""
    return dict.fromkeys(QUANTITIES, NO_ECG)


def leads_without(
    signal: Signal, judged: Mapping[str, LeadQuality], per_lead: Mapping[str, Mapping[str, float]]
) -> dict[str, str]:
    """By lead, why nothing is measured in it: leads that can't be used, and those of the standard twelve not recorded.

    `per_lead` are the values found in each lead.
    """
    names = {standard_name(name): name for name in signal.leads}
    lacking = "not recorded" if names.keys() & set(STANDARD_LEADS) else "no lead of that name was recorded"
    found = {}
    for lead in dict.fromkeys((*STANDARD_LEADS, *names)):
        own = names.get(lead)
        if own is None:
            found[lead] = lacking
        elif not judged[own].usable:
            found[lead] = judged[own].problems[0]
        elif not per_lead.get(own):
            found[lead] = "QRS not told from noise"
    return found


def listed(leads: Iterable[str]) -> str:
    """Leads as they are written, the standard ones in their order and runs of chest leads as "V1–V4"."""
    order = {lead: place for place, lead in enumerate(STANDARD_LEADS)}
    runs: list[list[str]] = []
    for lead in sorted(leads, key=lambda lead: order.get(lead, len(order))):
        before = runs[-1][-1] if runs else ""
        if before.startswith("V") and order.get(lead, -1) == order.get(before, -3) + 1:
            runs[-1].append(lead)
        else:
            runs.append([lead])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(run) for run in runs)


def leads_named(text: str) -> set[str]:
    """The standard leads that a text names, those within "V1–V4" too."""
    found: set[str] = set()
    for first, last in _LEADS.findall(text):
        begin = standard_name(first)
        end = standard_name(last if last[:1] in ("V", "v") else f"V{last}") if last else begin
        if {begin, end} <= set(STANDARD_LEADS):
            found.update(STANDARD_LEADS[STANDARD_LEADS.index(begin) : STANDARD_LEADS.index(end) + 1])
    return found


def _of_interval(name: str, analysis: Analysis) -> str:
    """Why an interval was found in no lead although there are beats."""
    if any(math.isfinite(widths_ms(mark)[name]) for mark in analysis.marks):
        return "what was found is too short or too long to be one"
    return _NOT_SEEN[name]


def _of_amplitudes(doubt: str) -> str:
    if doubt == SCALED:
        return f"{SCALED}, so their size in millivolts is not known"
    return "the samples can't be in millivolts" if any(map(str.isdigit, doubt)) else doubt


def _of_axis(per_lead: Mapping[str, Mapping[str, float]], limbs: Limbs | None) -> str:
    if limbs is not None and not limbs.consistent:
        return CONTRADICTORY
    limb = [lead for name, told in per_lead.items() if (lead := standard_name(name)) in FRONTAL_DEG and "r_mv" in told]
    if len(limb) < 2:
        there = f"only lead {limb[0]} is" if limb else "none is"
        return f"two limb leads are needed, and {there} there to be measured"
    return "the QRS is as much up as down in every limb lead"
