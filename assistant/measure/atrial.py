"""Atrial activity that takes no notice of the QRS: fibrillation and flutter waves.

The usual beat is taken off wherever a beat was found (average beat subtraction: Slocum et al., J Electrocardiol
1992;25:1; Bollmann et al., Europace 2006;8:911); what is left between 4 and 9.5 Hz is where those waves lie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assistant.measure.intervals import qrs_size
from assistant.measure.strip import RATE_HZ
from assistant.measure.waves import LENGTH, ZERO

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assistant.measure.analysis import Analysis

BAND_HZ = (4.0, 9.5)
AROUND_HZ = (1.0, 20.0)


def without_beats(analysis: Analysis) -> NDArray[np.float64]:
    """The first minute with the usual beat taken off at every beat, (n_samples, n_leads) at 500 Hz.

    Each beat owns 40 % of the interval before it and 60 % of the one after, at most 250 and 450 ms. A beat of another
    shape is replaced by zero: taking the usual one off it would leave more than it takes.
    """
    assert analysis.strip is not None
    left = analysis.strip.clean.copy()
    at = np.round((analysis.beats_s - analysis.strip.start_s) * RATE_HZ).astype(np.int64)
    inside = (at >= 0) & (at < len(left))
    at, shape = at[inside], analysis.shape[inside]
    for i, beat in enumerate(at):
        first, last = max(0, beat - 125), min(len(left), beat + 225)
        if i:
            first = max(first, int(beat - 0.4 * (beat - at[i - 1])))
        if i + 1 < len(at):
            last = min(last, int(beat + 0.6 * (at[i + 1] - beat)))
        if shape[i]:
            left[first:last] = 0.0
        else:
            left[first:last] -= analysis.median[ZERO + first - beat : ZERO + last - beat]
    return left


def atrial_waves(analysis: Analysis) -> tuple[float, float, float]:
    """How large they are against the QRS, how regular, and how fast.

    Returns (size, concentration, frequency): the root mean square between 4 and 9.5 Hz over the peak-to-peak QRS,
    median over leads; the share of the 1–20 Hz power that lies in the strongest bin between 4 and 9.5 Hz, the mean of
    the two leads with the most; that bin's frequency in hertz in the lead with the most. NaN without beats.
    """
    from scipy.signal import welch

    if analysis.rhythm is None or analysis.strip is None or len(analysis.strip.clean) < LENGTH * 2:
        return float("nan"), float("nan"), float("nan")
    left = without_beats(analysis)
    frequency, power = welch(left, RATE_HZ, nperseg=min(1024, len(left)), axis=0)
    band = (frequency >= BAND_HZ[0]) & (frequency <= BAND_HZ[1])
    around = (frequency > AROUND_HZ[0]) & (frequency < AROUND_HZ[1])
    size = np.sqrt(power[band].sum(axis=0) * frequency[1]) / np.maximum(qrs_size(analysis.median), 1e-9)
    share = power[band].max(axis=0) / np.maximum(power[around].sum(axis=0), 1e-20)
    best = np.argsort(-share)[:2]
    return float(np.median(size)), float(share[best].mean()), float(frequency[band][power[band][:, best[0]].argmax()])
