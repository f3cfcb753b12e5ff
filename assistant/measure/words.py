"""Measurements as sentences: what an answer quotes. They say what was measured, not what it means."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import TYPE_CHECKING

from assistant.measure.absent import NO_P_WAVE, listed
from assistant.measure.limits import Usual, limits, usual
from assistant.measure.rhythm import FAST_BPM, FLUTTER_BPM, SLOW_BPM, Rhythm
from assistant.measure.st import st_sentences
from assistant.records import Place, SignalPlace, ValuePlace

if TYPE_CHECKING:
    from assistant.measure.report import Measurements

# Name in `values`, how the sentence begins, unit.
SENTENCES = (
    ("heart_rate_bpm", "Heart rate", "beats/min"),
    ("p_ms", "P wave duration", "ms"),
    ("pr_ms", "PR interval", "ms"),
    ("qrs_ms", "QRS duration", "ms"),
    ("qt_ms", "QT interval", "ms"),
    ("qtc_bazett_ms", "QTc (Bazett)", "ms"),
    ("qtc_fridericia_ms", "QTc (Fridericia)", "ms"),
    ("axis_deg", "Frontal QRS axis", "°"),
)
# Which usual values (`limits.usual`) each is compared with.
_MEASURES = {
    "heart_rate_bpm": "heart_rate", "p_ms": "p", "pr_ms": "pr", "qrs_ms": "qrs", "qtc_bazett_ms": "qtc",
    "qtc_fridericia_ms": "qtc", "axis_deg": "axis",
}  # fmt: skip
# How the sentences on further quantities begin; those of `absent` that are never told apart share one.
OTHER_SENTENCES = (
    ("rr_ms", "R–R intervals"),
    ("qtc_ms", "QTc"),
    ("st_mv", "ST level"),
    ("amplitudes_mv", "Amplitudes"),
    ("rhythm", "Rhythm"),
    ("quality", "Signal quality"),
)
# Further beginnings of sentences on a quantity.
_BEGIN_TOO = (
    ("sokolow_lyon_mv", "Sokolow-Lyon voltage"), ("extra_beats", "Extra beats"), ("lead", "Lead "), ("t_mv", "T wave"),
    ("t_mv", "No T wave inversion"), ("st_mv", "ST depression"), ("st_mv", "No ST depression"),
    ("st_mv", "ST elevation"), ("st_mv", "Possible ST elevation"), ("st_mv", "No ST elevation"),
)  # fmt: skip
NOT_MEASURED = "not measured"
ADULT_FROM = 18  # years
P_PRESENT = 0.8  # share of beats preceded by the same P wave, from which on it is said without a figure
WIDE_LEADS = 3  # a single lead's width is often measured wrongly (docs/ecg.md)
BAZETT_BPM = (60.0, 100.0)  # outside these rates Bazett's formula overcorrects (Rautaharju 2009)


def statements(measured: Measurements, *, age: float | None = None, sex: str = "") -> list[tuple[Place, str]]:
    """One sentence for each thing measured, with its place: a value, or the whole recording.

    A value is compared with what is usual in adults, unless the `age` says that the patient is none; the limits of an
    ST elevation are those of age and `sex` ("F", "M", "" where it is not known). An image gives the sentence on its
    quality alone.
    """
    adult = age is None or age >= ADULT_FROM
    found: list[tuple[Place, str]] = []
    for name, begins, unit in SENTENCES:
        if name in measured.values:
            value = round(measured.values[name])
            shown = str(value).replace("-", "−")
            text = f"{begins} {shown}{unit}" if unit == "°" else f"{begins} {shown} {unit}"
            ordinary = usual_for(name, measured.values) if adult else None
            why_not = _why_not_compared(name, measured.values) if adult and ordinary is None else ""
            if name == "qrs_ms" and ordinary and (broad := _broad_beside(value, measured.per_lead)):
                text += f", as the median over the leads, with a QRS duration of {round(median(broad.values()))} ms in "
                text += f"{listed(broad)}; {ordinary.told} over all of them is usual."
            else:
                text += f", {ordinary.compared(value)}." if ordinary else f"{why_not}."
            found.append((ValuePlace(name, float(value), unit), text))
    whole = SignalPlace("all", 0.0, round(measured.duration_s or 0.0, 3))
    if measured.rhythm is not None:
        found.append((whole, rhythm_sentence(measured)))
        if reserve := reserve_sentence(measured):
            found.append((whole, reserve))
        if "st_mv" not in measured.absent:
            wide = _is_qrs_wide(measured.values)
            levels = st_sentences(measured.per_lead, compared=adult, wide_qrs=wide, age=age, sex=sex)
            found += [(whole, sentence) for sentence in levels]
    if measured.duration_s is not None:
        found.append((whole, quality_sentence(measured)))
    return found


def usual_for(name: str, values: Mapping[str, float]) -> Usual | None:
    """What one of a recording's values is compared with.

    None for a QT, for Bazett's QTc at a rate for which it isn't made, and for any QTc of a wide QRS, which prolongs it.
    """
    measure = _MEASURES.get(name)
    if name not in values or measure is None or (name == "qtc_bazett_ms" and not _is_bazetts(values)):
        return None
    if measure == "qtc" and _is_qrs_wide(values):
        return None
    return usual()[measure]


def _broad_beside(value: float, per_lead: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The leads in which the QRS is wide where its median over the leads is not, from `WIDE_LEADS` on: then neither a
    wide QRS nor a narrow one is told."""
    limit = limits()["wide QRS"].low
    seen = {lead: told["qrs_ms"] for lead, told in per_lead.items() if told.get("qrs_ms", 0.0) >= limit}
    return seen if value < limit and len(seen) >= WIDE_LEADS else {}


def _why_not_compared(name: str, values: Mapping[str, float]) -> str:
    """How the sentence on a value goes on that `usual_for` compares with nothing although others of its kind are."""
    if name not in _MEASURES:
        return ""
    why = "since the QRS adds to it" if _is_qrs_wide(values) else "at this rate"
    return f", not compared with the usual range {why}"


def _is_qrs_wide(values: Mapping[str, float]) -> bool:
    return limits()["wide QRS"].holds(values.get("qrs_ms", 0.0)) is True


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
    told = corrected[0] if all(map(_is_bazetts, recordings)) else corrected[-1]
    return frozenset({"qt_ms", "qtc_bazett_ms", "qtc_fridericia_ms"}) - {told}


def _is_bazetts(values: Mapping[str, float]) -> bool:
    low, high = BAZETT_BPM
    return low <= values.get("heart_rate_bpm", low) <= high


def quantity_of(sentence: str) -> str | None:
    """What a sentence of `statements` or `absences` is on: "heart_rate_bpm", "st_mv", "rhythm"; None for any other."""
    told = [
        (len(begins), name)
        for name, begins, *_ in (*SENTENCES, *OTHER_SENTENCES, *_BEGIN_TOO)
        if sentence.startswith(begins)
    ]
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


def reserve_sentence(measured: Measurements) -> str:
    """Which rhythms the measurement does not tell apart from what it found; "" where nothing gives reason to say so.

    Flutter is not told from the signal: two recordings that a cardiologist calls so are too few to measure a detector.
    """
    rhythm = measured.rhythm
    assert rhythm is not None
    low, high = FLUTTER_BPM
    if rhythm.irregularly_irregular:
        if not low <= measured.values.get("atrial_rate_bpm", 0.0) <= high:
            return ""
        open_ = "atrial flutter with varying conduction is"
        why = "its waves and those of fibrillation are not told apart"
    elif rhythm.p_wave is False:
        open_, why = f"{_without_p_waves(measured)} are", "the atrial rhythm is not told where no P wave is found"
    elif rhythm.as_fast_as_two_to_one:
        open_ = "atrial flutter with 2:1 conduction is"
        why = "at this rate a flutter wave before each QRS can look like a P wave"
    else:
        return ""
    return f"Rhythm: {open_} not excluded: {why}."


def _without_p_waves(measured: Measurements) -> str:
    """The rhythms that may be one without P waves: a ventricular one only where the QRS is not surely narrow."""
    rhythm = measured.rhythm
    assert rhythm is not None
    if round(rhythm.rate_bpm) <= FAST_BPM:
        return "atrial flutter, atrial fibrillation and a junctional rhythm"
    wide = limits()["wide QRS"].holds(measured.values["qrs_ms"]) if "qrs_ms" in measured.values else None
    if wide is False:
        return "atrial flutter and another supraventricular tachycardia"
    return "atrial flutter, another supraventricular tachycardia and ventricular tachycardia"


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


def quality_sentence(measured: Measurements) -> str:
    reasons = str(measured.quality.get("reasons", ""))
    if "amplitudes" in measured.quality:
        reasons = "; ".join(part for part in (reasons, f"amplitudes {measured.quality['amplitudes']}") if part)
    return f"Signal quality: {measured.quality['overall']}{f' ({reasons})' if reasons else ''}."
