"""The default ECG encoder: what a reader compares two ECGs by, as one vector, computed from the signal alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.records import STANDARD_LEADS, Image, Kind, Signal
from assistant.settings import EmbedSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assistant.measure.analysis import Analysis

VERSION = 1  # raise it with any change that moves vectors: it is part of the fingerprint


@dataclass(frozen=True, slots=True)
class Dial:
    """A number laid on an arc: `low` and `high` at the arc's ends, values beyond stay there.

    Two values then have the cosine of the angle between them as their similarity: 1 for equal ones, falling slowly
    at first, and never beyond the arc, so that one odd value can't outweigh the rest. `turn` is the arc's angle in
    half circles; an absent value gives two zeros and takes part in nothing.
    """

    low: float
    high: float
    weight: float
    turn: float = 1.0

    def place(self, value: float) -> tuple[float, float]:
        if not math.isfinite(value):
            return 0.0, 0.0
        share = min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))
        angle = math.pi * self.turn * share
        return self.weight * math.cos(angle), self.weight * math.sin(angle)


DIALS = {
    "rate": Dial(math.log2(30), math.log2(220), 0.6, 2.0),
    "slow": Dial(54, 66, 0.8),
    "irregular": Dial(math.log(0.02), math.log(0.25), 0.4),
    "steps": Dial(math.log(0.01), math.log(0.25), 0.8),
    "p_alike": Dial(0.2, 0.9, 2.0),
    "atrial_size": Dial(math.log(0.005), math.log(0.03), 0.6),
    "atrial_share": Dial(math.log(0.04), math.log(0.2), 0.6),
    "other_shape": Dial(0.0, 0.3, 0.4),
    "pr": Dial(100, 260, 0.4),
    "qrs": Dial(70, 170, 0.8),
    "qtc": Dial(340, 520, 0.8),
}
AXIS_WEIGHT = 0.2
P_WEIGHT, QRS_WEIGHT, ST_T_WEIGHT = 0.4, 1.0, 1.0  # of the median beat's parts, all leads together

P_AT = np.arange(-200.0, 0.0, 20.0)  # ms from the QRS's onset
QRS_AT = np.arange(-60.0, 100.0, 8.0)  # ms from the beat's fiducial point
ST_T_AT = np.linspace(0.0, 1.0, 16)  # of the way from the QRS's end to 20 ms after T's


class EcgShapeEncoder:
    """12-lead (or fewer) ECGs to vectors that lie close when rhythm and shape are alike.

    What goes in, each as coordinates of fixed weight:

    - rate and rhythm: the logarithm of the rate; the variation of the R–R intervals without early beats; the median
      change from one to the next; how well the beats' P waves agree; size and spectral concentration of fibrillation
      or flutter waves in the signal with the beats taken off; the share of beats of another shape;
    - intervals: PR, QRS, QTc (Fridericia) and the frontal axis;
    - the shape of the median beat in each of the twelve standard leads: P, QRS and ST–T parts, each lead scaled to
      its own QRS, ST–T stretched to its own length.

    Amplitudes are relative throughout, so a wrong unit changes nothing. A lead that is missing, flat or empty leaves
    its coordinates at zero, so recordings are compared by what both have. A signal in which no heartbeat is found
    (noise, a pulse curve, nothing at all) gets a vector of its own that is orthogonal to every ECG's. Any sampling
    rate of 50 Hz or more; of long recordings, rhythm is that of the whole and shape that of beats from all of it.
    Weights were chosen on the odd-numbered records of LUDB; benchmarks/retrieval_likeness.py measures them.
    """

    name = "ecg-shape"
    kind: Kind = "signal"

    def __init__(self, settings: EmbedSettings | None = None) -> None:
        from assistant.embed.registry import fingerprint

        weights = {name: [d.low, d.high, d.weight, d.turn] for name, d in DIALS.items()}
        self.fingerprint = fingerprint(self.name, VERSION, weights, AXIS_WEIGHT, P_WEIGHT, QRS_WEIGHT, ST_T_WEIGHT)
        self.dim = len(_nothing())

    def encode(self, items: Sequence[str | Image | Signal]) -> NDArray[np.float32]:
        """Vectors (len(items), dim), float32, each of length 1, never NaN.

        Raises TypeError for an item that is no Signal.
        """
        vectors = np.empty((len(items), self.dim), dtype=np.float32)
        for row, item in enumerate(items):
            if not isinstance(item, Signal):
                raise TypeError(f"{self.name} encodes signals, not {type(item).__name__}")
            vectors[row] = _vector(item)
        return vectors


def _nothing() -> NDArray[np.float64]:
    """The vector of a signal without heartbeats: its own last coordinate."""
    shape = len(P_AT) + len(QRS_AT) + len(ST_T_AT)
    vector = np.zeros(2 * len(DIALS) + 2 + len(STANDARD_LEADS) * shape + 1)
    vector[-1] = 1.0
    return vector


def _vector(signal: Signal) -> NDArray[np.float64]:
    from assistant.measure.analysis import analyse

    if not signal.is_ecg:
        return _nothing()
    analysis = analyse(signal)
    if analysis.rhythm is None:
        return _nothing()
    numbers = _numbers(analysis)
    dials = [coordinate for name, dial in DIALS.items() for coordinate in dial.place(numbers.get(name, math.nan))]
    axis = numbers.get("axis", math.nan)
    if math.isfinite(axis):
        dials += [AXIS_WEIGHT * math.cos(math.radians(axis)), AXIS_WEIGHT * math.sin(math.radians(axis))]
    else:
        dials += [0.0, 0.0]
    vector = np.concatenate([np.array(dials), _shape(analysis), [0.0]])
    norm = float(np.linalg.norm(vector))
    return vector / norm if math.isfinite(norm) and norm > 1e-6 else _nothing()


def _numbers(analysis: Analysis) -> dict[str, float]:
    from assistant.measure.atrial import atrial_waves
    from assistant.measure.intervals import corrected_qt, frontal_axis, lead_values, limb_gains, medians

    rhythm = analysis.rhythm
    assert rhythm is not None
    per_lead = {lead: lead_values(analysis.marks[i], analysis.median[:, i]) for i, lead in enumerate(analysis.leads)}
    intervals = medians(per_lead)
    size, share, _ = atrial_waves(analysis)
    numbers = {
        "rate": math.log2(rhythm.rate_bpm),
        "slow": rhythm.rate_bpm,
        "irregular": math.log(max(rhythm.basic_cv, 1e-3)),
        "steps": math.log(max(rhythm.step_share, 1e-3)),
        "p_alike": rhythm.p_alike,
        "atrial_size": math.log(max(size, 1e-4)),
        "atrial_share": math.log(max(share, 1e-4)),
        "other_shape": rhythm.other_shape,
        "pr": intervals.get("pr_ms", math.nan),
        "qrs": intervals.get("qrs_ms", math.nan),
    }
    if "qt_ms" in intervals:
        numbers["qtc"] = corrected_qt(intervals["qt_ms"], rhythm.rr_ms)["qtc_fridericia_ms"]
    axis = frontal_axis(per_lead, limb_gains(analysis.median, analysis.leads))
    return numbers if axis is None else {**numbers, "axis": axis}


def _shape(analysis: Analysis) -> NDArray[np.float64]:
    """The median beat's P, QRS and ST–T parts in the standard leads, each kind scaled to its weight over all leads.

    Every lead is taken from the level before its QRS and relative to its QRS's size; a missing lead stays zero.
    """
    from assistant.measure.strip import standard_name
    from assistant.measure.waves import QRS_END, QRS_ON, STEP_MS, T_END, ZERO, sample_at

    marks = analysis.marks
    on, end, t_end = (
        float(np.median(column[np.isfinite(column)])) if np.isfinite(column).any() else usual
        for column, usual in ((marks[:, QRS_ON], -40.0), (marks[:, QRS_END], 50.0), (marks[:, T_END], 330.0))
    )
    first, last = sample_at(on), sample_at(end)
    median = analysis.median - np.median(analysis.median[max(0, first - 8) : first], axis=0)
    median = median / np.maximum(np.ptp(median[first : last + 1], axis=0), 1e-9)
    where = {standard_name(lead): i for i, lead in enumerate(analysis.leads)}
    columns = [(row, where[name]) for row, name in enumerate(STANDARD_LEADS) if name in where]
    parts = []
    for at, weight in (
        (on + P_AT, P_WEIGHT),
        (QRS_AT, QRS_WEIGHT),
        (end + ST_T_AT * (t_end + 20.0 - end), ST_T_WEIGHT),
    ):
        block = np.zeros((len(STANDARD_LEADS), len(at)))
        for row, column in columns:
            block[row] = np.interp(at / STEP_MS + ZERO, np.arange(len(median)), median[:, column])
        norm = float(np.linalg.norm(block))
        parts.append(block.ravel() * (weight / norm if norm > 1e-9 else 0.0))
    return np.concatenate(parts)
