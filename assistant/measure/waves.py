"""Where P, QRS and T begin and end, read off the median beat of each lead.

A median over beats of one shape keeps what repeats and drops noise and stray beats, as carts do (Kligfield et al.,
Circulation 2007;115:1306). QRS and P are bounded where the slope dies down (after Laguna et al., Comput Biomed Res
1994;27:45), the end of T where the area under it stops growing (Zhang et al., Comput Cardiol 2006;33:405). The
constants were chosen on the odd-numbered records of LUDB; docs/ecg.md reports the errors on the even-numbered ones.

Times are in milliseconds from the beat's fiducial point; NaN is "could not be measured".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assistant.measure.beats import AFTER_MS, BEFORE_MS
from assistant.measure.rhythm import P_REPEATS
from assistant.measure.strip import RATE_HZ, low_pass

if TYPE_CHECKING:
    from numpy.typing import NDArray

MARKS = ("p_on", "p_peak", "p_end", "qrs_on", "qrs_end", "t_peak", "t_end")
P_ON, P_PEAK, P_END, QRS_ON, QRS_END, T_PEAK, T_END = range(7)
STEP_MS = 1000 / RATE_HZ
ZERO = round(BEFORE_MS / STEP_MS)  # the fiducial point's sample in a median beat
LENGTH = round((BEFORE_MS + AFTER_MS) / STEP_MS)

QRS_ON_SHARE, QRS_END_SHARE = 0.03, 0.04  # of the lead's steepest slope
P_ON_SHARE, P_END_SHARE = 0.40, 0.45  # of the P wave's steepest slope on that side
T_AREA_MS, T_LEVEL_MS = 128, 32  # Zhang's windows: the area's, and the mean level's around its end
P_ALIKE = 0.5  # a beat has the P wave if it correlates with the other beats' mean by this much, over all leads
SEEN = 4.0  # a wave is measured in a lead where it is this many times as large as the median beat's noise


def slope(x: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Absolute central difference over `reach` samples on either side, per second."""
    steep = np.zeros_like(x)
    steep[reach:-reach] = np.abs(x[2 * reach :] - x[: -2 * reach]) * (RATE_HZ / (2 * reach))
    return steep


def at_ms(sample: float) -> float:
    return (sample - ZERO) * STEP_MS


def sample_at(ms: float) -> int:
    return int(np.clip(round(ms / STEP_MS) + ZERO, 0, LENGTH - 1))


def beat_noise(beats: NDArray[np.float64], median: NDArray[np.float64]) -> NDArray[np.float64]:
    """Noise left in each lead's median beat (n_leads,): the beats' scatter about it over the root of their number."""
    scatter = 1.48 * np.median(np.abs(beats - median), axis=(0, 1))
    return np.asarray(scatter / np.sqrt(max(1, len(beats))))


def delineate(beats: NDArray[np.float64], rr_ms: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The marks of every lead and how far each beat carries the P wave.

    `beats` is (n_beats, 550, n_leads), one QRS shape; `rr_ms` their usual interval. Returns (n_leads, 7) in the order
    of MARKS and (n_beats,) correlations of the P window with the other beats' mean.
    """
    median = np.median(beats, axis=0)
    noise = beat_noise(beats, median)
    marks = np.full((median.shape[1], len(MARKS)), np.nan)
    _mark_qrs(marks, low_pass(median, 40.0), noise)
    if np.isnan(marks[:, QRS_ON]).all():
        return marks, np.zeros(len(beats))
    first, last = p_window(float(np.nanmedian(marks[:, QRS_ON])), rr_ms)
    alike = p_alike(smooth_windows(beats, first, last)) if last - first > 40 else np.zeros(len(beats))
    if len(beats) > 1 and np.median(alike) >= P_REPEATS:
        _mark_p(marks, low_pass(median, 25.0), noise, first, last)
    _mark_t(marks, low_pass(median, 30.0), noise, rr_ms)
    return marks, alike


def delineate_one(
    beat: NDArray[np.float64], scatter: NDArray[np.float64], rr_ms: float, p_wave: bool
) -> NDArray[np.float64]:
    """The marks of every lead of a single beat, (n_leads, 7).

    `beat` is (550, n_leads), `scatter` (n_leads,) the noise of one beat. The P wave is sought only where the recording
    has one (`p_wave`). A wave counts in a lead from half of SEEN on: one beat has nothing to be averaged with, and the
    median over the leads makes up for it.
    """
    marks = np.full((beat.shape[1], len(MARKS)), np.nan)
    noise = scatter / 2
    _mark_qrs(marks, low_pass(beat, 40.0), noise)
    if np.isnan(marks[:, QRS_ON]).all():
        return marks
    first, last = p_window(float(np.nanmedian(marks[:, QRS_ON])), rr_ms)
    if p_wave and last - first > 40:
        _mark_p(marks, low_pass(beat, 25.0), noise, first, last)
    _mark_t(marks, low_pass(beat, 30.0), noise, rr_ms)
    return marks


def smooth_windows(beats: NDArray[np.float64], first: int, last: int) -> NDArray[np.float64]:
    """Samples [first, last) of every beat, low-passed at 25 Hz together with a margin."""
    begin = max(0, first - 40)
    around = np.moveaxis(beats[:, begin : last + 40], 1, 0)
    return np.moveaxis(low_pass(around, 25.0), 0, 1)[:, first - begin : last - begin]


def _mark_qrs(marks: NDArray[np.float64], median: NDArray[np.float64], noise: NDArray[np.float64]) -> None:
    begin, end, run = ZERO - 70, ZERO + 90, 4
    steep = slope(median, 2)
    for lead in range(median.shape[1]):
        v = steep[:, lead]
        top = float(v[begin:end].max())
        if np.ptp(median[begin:end, lead]) < max(2 * SEEN * noise[lead], 1e-9):
            continue
        rest = float(np.median(v))
        active = begin + np.flatnonzero(v[begin:end] > 0.25 * top)
        on, off = int(active[0]), int(active[-1])
        quiet = max(QRS_ON_SHARE * top, rest)
        while on > begin and (v[on - run : on] >= quiet).any():
            on -= 1
        quiet = max(QRS_END_SHARE * top, rest)
        while off < end and (v[off + 1 : off + 1 + run] >= quiet).any():
            off += 1
        marks[lead, QRS_ON], marks[lead, QRS_END] = at_ms(on), at_ms(off)


def p_window(qrs_on_ms: float, rr_ms: float) -> tuple[int, int]:
    """Samples between which the P wave may lie: at most 320 ms, and 42 % of the interval, before the QRS."""
    onset = sample_at(qrs_on_ms)
    return max(8, onset - round(min(320.0, 0.42 * rr_ms) / STEP_MS)), onset - 6


def detrended(pieces: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, n_samples, n_leads) with the line from each piece's beginning to its end taken off."""
    ramp = np.linspace(0.0, 1.0, pieces.shape[1])[None, :, None]
    begin, end = pieces[:, :5].mean(axis=1, keepdims=True), pieces[:, -4:].mean(axis=1, keepdims=True)
    return np.asarray(pieces - (begin * (1 - ramp) + end * ramp))


def p_alike(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation, over all leads, of every beat's P window with the mean of the other beats'.

    Near 1 where the same atrial wave precedes each QRS; about 0 in fibrillation, whose waves take no notice of the QRS.
    """
    if len(windows) < 2:
        return np.zeros(len(windows))
    pieces = detrended(windows)
    others = pieces.sum(axis=0, keepdims=True) - pieces
    norm = np.sqrt((pieces**2).sum(axis=(1, 2)) * (others**2).sum(axis=(1, 2)))
    return np.asarray((pieces * others).sum(axis=(1, 2)) / np.maximum(norm, 1e-12))


def _mark_p(
    marks: NDArray[np.float64], median: NDArray[np.float64], noise: NDArray[np.float64], first: int, last: int
) -> None:
    from scipy.ndimage import uniform_filter1d

    wave = detrended(median[None, first:last])[0]
    steep = slope(median, 3)[first:last]
    centre = int(np.argmax((uniform_filter1d(wave, 9, axis=0) ** 2).sum(axis=1)))
    for lead in range(median.shape[1]):
        if np.isnan(marks[lead, QRS_ON]):
            continue
        near = slice(max(0, centre - 20), centre + 20)
        peak = near.start + int(np.argmax(np.abs(wave[near, lead])))
        v = steep[:, lead]
        left, right = v[max(0, peak - 35) : peak], v[peak + 1 : peak + 36]
        if abs(wave[peak, lead]) < SEEN * noise[lead] or min(len(left), len(right)) < 6:
            continue
        on = max(0, peak - 35) + int(np.argmax(left))
        quiet = P_ON_SHARE * v[on]
        while on > 0 and v[on] > quiet:
            on -= 1
        off = peak + 1 + int(np.argmax(right))
        quiet = P_END_SHARE * v[off]
        while off < len(v) - 1 and v[off] > quiet:
            off += 1
        marks[lead, P_ON], marks[lead, P_PEAK], marks[lead, P_END] = (at_ms(first + s) for s in (on, peak, off))


def _mark_t(marks: NDArray[np.float64], median: NDArray[np.float64], noise: NDArray[np.float64], rr_ms: float) -> None:
    from scipy.ndimage import uniform_filter1d

    qrs_end, qrs_on = float(np.nanmedian(marks[:, QRS_END])), float(np.nanmedian(marks[:, QRS_ON]))
    p_on = marks[:, P_ON]
    before_next = 20.0 - np.nanmedian(p_on) if np.isfinite(p_on).any() else 60.0 - qrs_on  # the next P wave, or QRS
    limit = sample_at(min(AFTER_MS - 10.0, rr_ms - float(before_next)))
    first, last = sample_at(qrs_end + 60.0), min(limit, sample_at(qrs_end + 420.0))
    if last - first < 30:
        return
    width, level = round(T_AREA_MS / STEP_MS), round(T_LEVEL_MS / STEP_MS / 2)
    for lead in range(median.shape[1]):
        if np.isnan(marks[lead, QRS_ON]):
            continue
        v = median[:, lead]
        part = v[first:last]
        chord = np.linspace(part[:5].mean(), part[-10:].mean(), len(part))
        bulge = uniform_filter1d(v, 15)[first:last] - chord
        peak = first + int(np.argmax(np.abs(bulge)))
        ends = np.arange(peak + 10, limit)
        if abs(bulge[peak - first]) < SEEN * noise[lead] or len(ends) < 5:
            continue
        total = np.concatenate([[0.0], np.cumsum(v)])
        upper = np.minimum(ends + level, LENGTH - 1) + 1
        around = (total[upper] - total[ends - level]) / (upper - ends + level)
        area = total[ends + 1] - total[ends + 1 - width] - width * around
        marks[lead, T_PEAK] = at_ms(peak)
        marks[lead, T_END] = at_ms(int(ends[np.argmax(area * np.sign(v[peak] - chord[peak - first]))]))
