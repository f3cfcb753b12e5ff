"""Measurements as sentences: what an answer quotes. They say what was measured, not what it means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from assistant.measure.absent import NO_P_WAVE, listed
from assistant.measure.rhythm import FAST_BPM, SLOW_BPM, Rhythm
from assistant.records import STANDARD_LEADS, Place, SignalPlace, ValuePlace

if TYPE_CHECKING:
    from assistant.measure.report import Measurements

# Name in `values`, how the sentence begins, unit.
SENTENCES = (
    ("heart_rate_bpm", "Heart rate", "beats/min"),
    ("pr_ms", "PR interval", "ms"),
    ("qrs_ms", "QRS duration", "ms"),
    ("qt_ms", "QT interval", "ms"),
    ("qtc_bazett_ms", "QTc (Bazett)", "ms"),
    ("qtc_fridericia_ms", "QTc (Fridericia)", "ms"),
    ("axis_deg", "Frontal QRS axis", "°"),
)
# How the sentences on further quantities begin; those of `absent` that are never told apart share one.
OTHER_SENTENCES = (
    ("rr_ms", "R–R intervals"),
    ("qtc_ms", "QTc"),
    ("st_mv", "ST level"),
    ("amplitudes_mv", "Amplitudes"),
    ("rhythm", "Rhythm"),
    ("quality", "Signal quality"),
)
NOT_MEASURED = "not measured"
P_PRESENT = 0.8  # share of beats preceded by the same P wave, from which on it is said without a figure
BAZETT_BPM = (60.0, 100.0)  # outside these rates Bazett's formula overcorrects (Rautaharju 2009)
ST_RAISED_MV = 0.1  # one small square; V2 and V3 are given with the same limit, for the reader to weigh


def statements(measured: Measurements) -> list[tuple[Place, str]]:
    """One sentence for each thing measured, with its place: a value, or the whole recording.

    An image gives the sentence on its quality alone.
    """
    found: list[tuple[Place, str]] = []
    for name, begins, unit in SENTENCES:
        if name in measured.values:
            value = round(measured.values[name])
            shown = str(value).replace("-", "−")
            text = f"{begins} {shown}{unit}" if unit == "°" else f"{begins} {shown} {unit}"
            found.append((ValuePlace(name, float(value), unit), text + "."))
    whole = SignalPlace("all", 0.0, round(measured.duration_s or 0.0, 3))
    if measured.rhythm is not None:
        found.append((whole, rhythm_sentence(measured)))
        shift = st_sentence(measured)
        if shift:
            found.append((whole, shift))
    if measured.duration_s is not None:
        found.append((whole, quality_sentence(measured)))
    return found


def absences(measured: Measurements) -> list[tuple[Place, str]]:
    """One sentence for each quantity that was not measured, with its reason; its place is the whole recording."""
    whole = SignalPlace("all", 0.0, round(measured.duration_s or 0.0, 3))
    begins = {name: begins for name, begins, _ in SENTENCES} | dict(OTHER_SENTENCES)
    begins["qtc_bazett_ms"] = begins["qtc_fridericia_ms"] = begins["qtc_ms"]
    said = [f"{begins[name]} {NOT_MEASURED}: {reason}." for name, reason in measured.absent.items()]
    if "st_mv" not in measured.absent and measured.absent_leads:
        said.append(f"{begins['st_mv']} {NOT_MEASURED} in {leads_with_reasons(measured.absent_leads)}.")
    return [(whole, sentence) for sentence in dict.fromkeys(said)]


def besides_one_qtc(*recordings: Mapping[str, float]) -> frozenset[str]:
    """Of the values QT and QTc (by name, of one recording or of several that are compared) those that need not be told
    since another one is: QTc by Bazett where all rates allow it, else by Fridericia."""
    there = frozenset(recordings[0]).intersection(*recordings[1:])
    corrected = [name for name in ("qtc_bazett_ms", "qtc_fridericia_ms") if name in there]
    if not corrected:
        return frozenset()
    low, high = BAZETT_BPM
    by_bazett = all(low <= values.get("heart_rate_bpm", low) <= high for values in recordings)
    told = corrected[0] if by_bazett else corrected[-1]
    return frozenset({"qt_ms", "qtc_bazett_ms", "qtc_fridericia_ms"}) - {told}


def quantity_of(sentence: str) -> str | None:
    """What a sentence of `statements` or `absences` is on: "heart_rate_bpm", "st_mv", "rhythm"; None for any other."""
    told = [(len(begins), name) for name, begins, *_ in (*SENTENCES, *OTHER_SENTENCES) if sentence.startswith(begins)]
    return max(told)[1] if told else None


def leads_with_reasons(leads: Mapping[str, str]) -> str:
    """ "V2 (flat), V4–V6 (not recorded)"."""
    by_reason: dict[str, list[str]] = {}
    for lead, reason in leads.items():
        by_reason.setdefault(reason, []).append(lead)
    return ", ".join(f"{listed(names)} ({reason})" for reason, names in by_reason.items())


def rhythm_sentence(measured: Measurements) -> str:
    """Rate class, regularity with its figures, early beats, and whether P waves precede the QRS."""
    rhythm = measured.rhythm
    assert rhythm is not None
    if rhythm.irregularly_irregular:
        return (
            f"Rhythm: irregularly irregular, {_intervals(rhythm)}, {NO_P_WAVE}{_atrial(measured)}: "
            "consistent with atrial fibrillation."
        )
    early = f"{rhythm.early} early {'beat' if rhythm.early == 1 else 'beats'}"
    exception = f" apart from {early}" if rhythm.early and rhythm.regularity == "regular" else ""
    parts = [f"Rhythm: {rhythm.regularity}{exception}, {_intervals(rhythm)}"]
    if round(rhythm.rate_bpm) < SLOW_BPM:
        parts.append("rate below 60/min (bradycardia range)")
    elif round(rhythm.rate_bpm) > FAST_BPM:
        parts.append("rate above 100/min (tachycardia range)")
    if rhythm.early and not exception:
        parts.append(early)
    if rhythm.other_shape > 0:
        other = max(1, round(rhythm.other_shape * rhythm.beats))
        parts.append(f"{other} of {rhythm.beats} beats with another QRS shape")
    parts.append(_p_waves(measured, rhythm))
    return ", ".join(part for part in parts if part) + "."


def _intervals(rhythm: Rhythm) -> str:
    return f"mean R–R interval {round(rhythm.rr_ms)} ms (variation {round(100 * rhythm.rr_sd_ms / rhythm.rr_ms)} %)"


def _p_waves(measured: Measurements, rhythm: Rhythm) -> str:
    if rhythm.p_share != rhythm.p_share:  # NaN: too few beats to tell
        return ""
    if rhythm.p_share >= P_PRESENT and "pr_ms" in measured.values:
        seen = [lead for lead, values in measured.per_lead.items() if "pr_ms" in values]
        lead = "II" if "II" in seen else seen[0]
        return f"P waves before the QRS in lead {lead}"
    if rhythm.p_wave is False:
        return NO_P_WAVE + _atrial(measured)
    return f"P waves before {round(100 * rhythm.p_share)} % of the QRS complexes"


def _atrial(measured: Measurements) -> str:
    rate = measured.values.get("atrial_rate_bpm")
    return "" if rate is None else f", atrial waves at about {round(rate, -1):.0f}/min"


def st_sentence(measured: Measurements) -> str:
    """The ST level 60 ms after the QRS against the level before it: leads in which it is a small square or more off.

    "" where it was measured in no lead.
    """
    levels = {lead: values["st_mv"] for lead, values in measured.per_lead.items() if "st_mv" in values}
    if not levels or "st_mv" in measured.absent:
        return ""
    shifted = {lead: level for lead, level in levels.items() if abs(level) >= ST_RAISED_MV}
    parts = [", ".join(f"{lead} {level:+.2f} mV".replace("-", "−") for lead, level in shifted.items())]
    if len(levels) > len(shifted):
        parts.append(f"within ±{ST_RAISED_MV} mV in {'the other leads' if shifted else _all_of(levels)}")
    return f"ST level 60 ms after the end of QRS: {'; '.join(part for part in parts if part)}."


def _all_of(leads: Iterable[str]) -> str:
    found = list(leads)
    if set(STANDARD_LEADS) <= set(found):
        return "all leads"
    return f"lead{'s' if len(found) > 1 else ''} {listed(found)}"


def quality_sentence(measured: Measurements) -> str:
    reasons = str(measured.quality.get("reasons", ""))
    if "amplitudes" in measured.quality:
        reasons = "; ".join(part for part in (reasons, f"amplitudes {measured.quality['amplitudes']}") if part)
    return f"Signal quality: {measured.quality['overall']}{f' ({reasons})' if reasons else ''}."
