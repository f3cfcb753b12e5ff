"""What the R–R intervals and the P waves say about the rhythm: measurements in words, no diagnosis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Regularity = Literal["regular", "slightly irregular", "irregular"]

EARLY = 0.87  # an interval this short against those around it ends with an early beat
P_REPEATS = 0.6  # beats share a P wave where the median correlation of their P windows reaches this
REGULAR_CV, IRREGULAR_CV = 0.05, 0.10  # variation (SD/mean) of the intervals without early beats and their pauses
CHANCE_CV = 0.08  # variation, and median change from one interval to the next over the mean one, from which on
CHANCE_STEP = 0.08  # intervals without a common P wave are called irregularly irregular (odd-numbered LUDB records)
SLOW_BPM, FAST_BPM = 60.0, 100.0
# Atrial rates of flutter: cycles of 260 to 200 ms are typical (Cosío, Arrhythm Electrophysiol Rev 2017;6:55), textbooks
# go up to 350/min. Half of it is the rate where every second wave is conducted.
FLUTTER_BPM = (230.0, 350.0)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Figures over all R–R intervals of a recording, milliseconds where not said otherwise.

    `basic_cv` is the variation without early beats and the intervals next to them, `step_share` the median absolute
    change from one of those to the next over their mean, `early` the number of early beats, `other_shape` the share
    of beats whose QRS differs from the usual one, `p_share` the share of beats with the recording's P wave and
    `p_alike` how well the beats' P windows agree (median correlation; both NaN if they could not be judged).
    """

    beats: int
    rr_ms: float
    rr_sd_ms: float
    rmssd_ms: float
    basic_cv: float
    step_share: float
    early: int
    other_shape: float
    p_share: float
    p_alike: float

    @property
    def p_wave(self) -> bool | None:
        """Whether the same P wave precedes the QRS complexes; None if that could not be judged."""
        return None if self.p_alike != self.p_alike else self.p_alike >= P_REPEATS

    @property
    def rate_bpm(self) -> float:
        return 60_000.0 / self.rr_ms

    @property
    def regularity(self) -> Regularity:
        if self.basic_cv < REGULAR_CV:
            return "regular"
        return "slightly irregular" if self.basic_cv < IRREGULAR_CV else "irregular"

    @property
    def as_fast_as_two_to_one(self) -> bool:
        """Whether the rate is that of a flutter of which every second wave is conducted."""
        low, high = FLUTTER_BPM
        return low / 2 <= self.rate_bpm <= high / 2

    @property
    def irregularly_irregular(self) -> bool:
        """Intervals that change from beat to beat without pattern, and no P wave that belongs to the QRS."""
        return (
            self.beats >= 6 and self.p_wave is False and self.basic_cv >= CHANCE_CV and self.step_share >= CHANCE_STEP
        )


def judge(
    rr_ms: NDArray[np.float64], joined: NDArray[np.bool_], other: NDArray[np.bool_], p_share: float, p_alike: float
) -> Rhythm:
    """The rhythm of n beats from their n−1 intervals.

    `joined` (n−1,) is False for an interval that spans a gap of the recording and is left out; `other` (n,) marks
    beats of another shape than the usual one.
    """
    usual = np.array([np.median(rr_ms[max(0, i - 5) : i + 6]) for i in range(len(rr_ms))])
    early = (rr_ms < EARLY * usual) & joined
    # Left out of the basic rhythm: an early beat's interval and the pause after it, and either side of another shape.
    basic = joined & ~(other[:-1] | other[1:])
    alone = early & ~np.r_[early[1:], False]  # every second beat early, or a run, is the rhythm and not an exception
    if alone.sum() * 4 <= len(rr_ms):
        pause = np.r_[False, alone[:-1]]
        basic &= ~(alone | pause)
    kept = rr_ms[basic] if basic.sum() >= 3 else rr_ms[joined]
    both = basic[:-1] & basic[1:] if basic.sum() >= 4 else joined[:-1] & joined[1:]
    steps = np.abs(np.diff(rr_ms))[both]
    all_steps = np.diff(rr_ms)[joined[:-1] & joined[1:]]
    used = rr_ms[joined]
    return Rhythm(
        beats=len(rr_ms) + 1,
        rr_ms=float(used.mean()),
        rr_sd_ms=float(used.std(ddof=1)) if len(used) > 1 else float("nan"),
        rmssd_ms=float(np.sqrt((all_steps**2).mean())) if len(all_steps) else float("nan"),
        basic_cv=float(kept.std(ddof=1) / kept.mean()) if len(kept) > 1 else float("nan"),
        step_share=float(np.median(steps) / kept.mean()) if len(steps) else float("nan"),
        early=int(early.sum()),
        other_shape=float(other.mean()),
        p_share=p_share,
        p_alike=p_alike,
    )
