"""`measure_signal`: an analysis as named values with their units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from assistant.measure.absent import CONTRADICTORY, SCALED, leads_without, of_no_ecg, reasons
from assistant.measure.analysis import Analysis, analyse
from assistant.measure.atrial import atrial_waves
from assistant.measure.intervals import Limbs, corrected_qt, frontal_axis, lead_values, limb_gains, medians
from assistant.measure.quality import LeadQuality, grade, grade_samples, judge_samples
from assistant.measure.waves import MARKS
from assistant.wording import joined, worded

if TYPE_CHECKING:
    from assistant.measure.rhythm import Rhythm
    from assistant.records import Signal

DECIMALS = {
    "heart_rate_bpm": 1,
    "axis_deg": 0,
    "atrial_rate_bpm": 0,
    "p_wave_share": 2,
    "other_shape_share": 2,
    "rr_variation": 3,
}
WAVE_SIZE, WAVE_SHARE = 0.02, 0.15  # of the QRS, and of the power at 1–20 Hz, that makes atrial waves worth telling
SIZE_MV = (0.05, 12.0)  # usual peak-to-peak of a QRS over the leads; outside, the unit is mistaken
PER_LEAD_PROBLEMS = ("flat", "missing", "gaps", "clipped", "noisy", "baseline wander", "no ECG channel")


@dataclass(frozen=True, slots=True)
class Measurements:
    """What was read off a signal or an image.

    `values`: of a signal, intervals in ms as medians over the leads in which they could be measured, rate in
    beats/min, axis in degrees, shares in [0, 1]; what could not be measured is absent. `per_lead`: the same by lead,
    with amplitudes in mV. `quality`: "overall" is good, limited or poor, "reasons" says why in words, and each kind
    of problem names its leads. `absent` says of a signal, by name, why a value is not there (`st_mv` and
    `amplitudes_mv`: in no lead), `absent_leads`, by lead, why nothing is measured in it (leads of the standard twelve
    that were not recorded, too). `beats_s` are the beats' times; `marks` gives, per lead, each wave's limits in ms
    from the beat's time. `rhythm` holds the figures behind the sentence on the rhythm.
    """

    leads: tuple[str, ...] = ()
    sampling_rate_hz: float | None = None
    duration_s: float | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    per_lead: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    quality: Mapping[str, float | str | bool] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    absent_leads: Mapping[str, str] = field(default_factory=dict)
    rhythm: Rhythm | None = None
    beats_s: tuple[float, ...] = ()
    marks: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As `wardround measure` prints it; the caller adds what it knows of the file (modality …)."""
        found: dict[str, Any] = {}
        if self.sampling_rate_hz is not None and self.duration_s is not None:
            found["leads"] = list(self.leads)
            found["sampling_rate_hz"] = round(float(self.sampling_rate_hz), 4)
            found["duration_s"] = round(float(self.duration_s), 3)
        found["values"] = dict(self.values)
        found["per_lead"] = {lead: dict(values) for lead, values in self.per_lead.items()}
        found["quality"] = dict(self.quality)
        if self.duration_s is not None:
            found["absent"] = dict(self.absent)
            found["absent_leads"] = dict(self.absent_leads)
        return found


def measure_signal(signal: Signal) -> Measurements:
    """Rate, intervals, axis, regularity and quality of an ECG of any length with one to twelve or more leads.

    Never fails on a bad signal: what can't be measured is absent and `quality` says why. Of a signal that is no ECG
    nothing but its quality is given.
    """
    if not signal.is_ecg:
        return _of_another_kind(signal)
    return from_analysis(signal, analyse(signal))


def _of_another_kind(signal: Signal) -> Measurements:
    """The quality of a pulse wave, an EEG …: channels that are flat, clipped or have gaps."""
    judged = judge_samples(signal)
    overall, why = grade_samples(judged)
    return Measurements(
        leads=signal.leads,
        sampling_rate_hz=signal.sampling_rate_hz,
        duration_s=signal.duration_s,
        quality=_quality(judged, overall, why),
        absent=of_no_ecg(),
    )


def from_analysis(signal: Signal, analysis: Analysis) -> Measurements:
    """The measurements of an analysis that was already made of this signal."""
    overall, why = grade(analysis.quality, len(analysis.beats_s), signal.duration_s)
    limbs = None
    values: dict[str, float] = {}
    per_lead: dict[str, dict[str, float]] = {}
    if analysis.rhythm is not None:
        for i, lead in enumerate(analysis.leads):
            per_lead[lead] = lead_values(analysis.marks[i], analysis.median[:, i])
        limbs = limb_gains(analysis.median, analysis.leads)
        values = _values(analysis.rhythm, per_lead, frontal_axis(per_lead, limbs))
        values |= _atrial_rate(analysis)
    doubt = _amplitude_doubt(limbs, per_lead) if signal.in_millivolts else "the samples are not in millivolts"
    absent = reasons(analysis, values, per_lead, limbs, doubt)
    absent_leads = leads_without(signal, analysis.quality, per_lead) if analysis.rhythm is not None else {}
    quality = _quality(analysis.quality, overall, why)
    if doubt:
        given = "and axis not given: {doubt}" if doubt == CONTRADICTORY else "not given: {doubt}"
        quality["amplitudes"] = worded(given, doubt=doubt)
        per_lead = {k: {n: v for n, v in found.items() if not n.endswith("_mv")} for k, found in per_lead.items()}
    for lead, judged in analysis.quality.items():
        per_lead.setdefault(lead, {}).update(judged.figures)
    return Measurements(
        leads=signal.leads,
        sampling_rate_hz=signal.sampling_rate_hz,
        duration_s=signal.duration_s,
        values=_rounded(values),
        per_lead={lead: _rounded(per_lead[lead]) for lead in signal.leads if per_lead.get(lead)},
        quality=quality,
        absent=absent,
        absent_leads=absent_leads,
        rhythm=analysis.rhythm,
        beats_s=tuple(round(float(t), 3) for t in analysis.beats_s),
        marks={
            lead: {name: float(v) for name, v in zip(MARKS, analysis.marks[i], strict=True) if math.isfinite(v)}
            for i, lead in enumerate(analysis.leads)
        },
    )


def _atrial_rate(analysis: Analysis) -> dict[str, float]:
    """`atrial_rate_bpm` where no P wave belongs to the QRS and large waves of one frequency are there instead."""
    if analysis.rhythm is None or analysis.rhythm.p_wave is not False:
        return {}
    size, share, frequency = atrial_waves(analysis)
    return {"atrial_rate_bpm": 60 * frequency} if size >= WAVE_SIZE and share >= WAVE_SHARE else {}


def _amplitude_doubt(limbs: Limbs | None, per_lead: Mapping[str, Mapping[str, float]]) -> str:
    """Why no amplitudes are given, or "": leads on scales of their own, or numbers that can't be millivolts."""
    if limbs is not None and not limbs.consistent:
        return CONTRADICTORY
    if limbs is not None and not limbs.one_scale:
        return SCALED
    sizes = [v["r_mv"] - v["s_mv"] for v in per_lead.values() if "r_mv" in v]
    if sizes and not SIZE_MV[0] <= float(median(sizes)) <= SIZE_MV[1]:
        return worded("a QRS of {size:.3g} can't be in millivolts", size=median(sizes))
    return ""


def _values(rhythm: Rhythm, per_lead: Mapping[str, Mapping[str, float]], axis: float | None) -> dict[str, float]:
    values = {"heart_rate_bpm": rhythm.rate_bpm, "rr_ms": rhythm.rr_ms}
    values |= {"rr_sd_ms": rhythm.rr_sd_ms, "rmssd_ms": rhythm.rmssd_ms, "rr_variation": rhythm.rr_sd_ms / rhythm.rr_ms}
    values |= medians(per_lead)
    if "qt_ms" in values:
        values |= corrected_qt(values["qt_ms"], rhythm.rr_ms)
    if axis is not None:
        values["axis_deg"] = axis
    values |= {"beats": float(rhythm.beats), "early_beats": float(rhythm.early)}
    values |= {"other_shape_share": rhythm.other_shape, "p_wave_share": rhythm.p_share}
    return {name: value for name, value in values.items() if math.isfinite(value)}


def _quality(leads: Mapping[str, LeadQuality], overall: str, reasons: tuple[str, ...]) -> dict[str, float | str | bool]:
    found: dict[str, float | str | bool] = {"overall": overall, "reasons": joined(reasons)}
    for problem in PER_LEAD_PROBLEMS:
        names = [name for name, lead in leads.items() if problem in lead.problems]
        if names:
            found[problem.replace(" ", "_")] = ", ".join(names)
    return found


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(float(v), DECIMALS.get(name, _decimals(name))) for name, v in values.items()}


def _decimals(name: str) -> int:
    return 1 if name.endswith("_ms") else 3
