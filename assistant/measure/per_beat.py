"""Every beat by itself: where its P, QRS and T begin and end.

Against the cardiologists' marks of LUDB each beat's limits, as medians over twelve leads, are as near as those of the
recording's median beat laid on it (`benchmarks/ecg_beats.py`), so they are measured, not copied. A beat of another
shape is too far off in that comparison: it has its time, and no limits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from assistant.measure.beats import cut
from assistant.measure.intervals import PLAUSIBLE_MS
from assistant.measure.limits import TOLERANCES
from assistant.measure.strip import RATE_HZ
from assistant.measure.waves import MARKS, P_ON, beat_noise, delineate_one

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assistant.measure.analysis import Analysis

P_WAVE = ("p_on", "p_peak", "p_end")
_ENDS = {"p_ms": ("p_on", "p_end"), "pr_ms": ("p_on", "qrs_on"), "qrs_ms": ("qrs_on", "qrs_end"),
         "qt_ms": ("qrs_on", "t_end")}  # fmt: skip


LEAST_BEATS = 4  # of an interval, with fewer of which none can be said to lie apart


@dataclass(frozen=True, slots=True)
class Beat:
    """A beat at `at_s` of the recording. `marks` are its waves' limits in seconds of the recording (see waves.MARKS),
    medians over the leads; `usual` is False for a beat of another shape, which has none."""

    at_s: float
    usual: bool = True
    marks: Mapping[str, float] = field(default_factory=dict)

    def interval(self, name: str) -> tuple[float, float] | None:
        """Beginning and end, in seconds, of "p_ms", "pr_ms", "qrs_ms" or "qt_ms"; None where it was not measured or is
        not plausible."""
        first, last = (self.marks.get(mark) for mark in _ENDS[name])
        if first is None or last is None:
            return None
        low, high = PLAUSIBLE_MS[name]
        return (first, last) if low <= 1000 * (last - first) <= high else None


def beats_apart(beats: Sequence[Beat], name: str) -> frozenset[tuple[float, float]]:
    """Where an interval, in one beat, lies farther than its tolerance (`limits.TOLERANCES`) from the median over the
    beats, of at least `LEAST_BEATS`: the beat is another one, or a wave of it was measured wrongly."""
    most = next((ms for value, _, ms, _ in TOLERANCES.values() if value == name), None)
    seen = [ends for beat in beats if (ends := beat.interval(name)) is not None] if most else []
    if most is None or len(seen) < LEAST_BEATS:
        return frozenset()
    middle = float(np.median([last - first for first, last in seen]))
    return frozenset(ends for ends in seen if 1000 * abs(ends[1] - ends[0] - middle) > most)


def measure_beats(analysis: Analysis) -> tuple[Beat, ...]:
    """The beats of the recording's first minute; a wave that the recording's ends cut off is left out."""
    if analysis.rhythm is None or analysis.strip is None:
        return ()
    strip = analysis.strip
    inside = (analysis.beats_s >= strip.start_s) & (analysis.beats_s < strip.start_s + len(strip.clean) / RATE_HZ)
    times, usual = analysis.beats_s[inside], analysis.shape[inside] == 0
    at = np.round((times - strip.start_s) * RATE_HZ).astype(np.int64)
    beats = cut(strip.clean, at, strip.start_s).clean
    alike = beats[usual]
    scatter = beat_noise(alike, analysis.median) * np.sqrt(max(1, len(alike)))
    p_wave = bool(np.isfinite(analysis.marks[:, P_ON]).any())
    rr_ms = float(np.median(analysis.rr_ms))
    last_s = strip.start_s + (len(strip.clean) - 1) / RATE_HZ
    found: list[Beat] = []
    for time_s, beat, is_usual in zip(times.tolist(), beats, usual.tolist(), strict=True):
        marks = _over_leads(delineate_one(beat, scatter, rr_ms, p_wave)) if is_usual else {}
        at_s = {name: time_s + ms / 1000 for name, ms in marks.items()}
        kept = {name: s for name, s in at_s.items() if strip.start_s + 0.02 < s < last_s - 0.02}
        before = found[-1].marks.get("t_end") if found else None
        if before is not None and kept.get("p_on", before) < before:  # an early beat: that was the T wave before it
            kept = {name: s for name, s in kept.items() if name not in P_WAVE}
        found.append(Beat(time_s, is_usual, kept))
    return tuple(found)


def _over_leads(marks: NDArray[np.float64]) -> dict[str, float]:
    """Each mark's median over the leads that have it, where it was seen in at least a third of them."""
    enough = max(1, len(marks) // 3)
    seen = np.isfinite(marks).sum(axis=0) >= enough
    return {name: float(np.nanmedian(marks[:, i])) for i, name in enumerate(MARKS) if seen[i]}
