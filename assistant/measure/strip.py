"""A recording made ready for measurement: one sampling rate, no gaps, no wander.

Everything downstream works at 500 Hz, the rate at which the delineation's constants were chosen and the least that
AHA/ACC/HRS recommend for adults (Kligfield et al., Circulation 2007;115:1306).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from assistant.records import STANDARD_LEADS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from assistant.records import Signal

RATE_HZ = 500
BLOCK_S = 60.0  # long recordings are taken in blocks of this length, so memory does not grow with hours
MARGIN_S = 2.0  # seen on either side of a block, so that filters and beats at its border come out as inside

# Channels that monitors store beside the ECG; they have no P, QRS or T to be measured.
NOT_ECG = ("pleth", "ppg", "spo2", "sao2", "resp", "abp", "art", "bp", "cvp", "pap", "icp", "co2", "eeg", "emg", "eog")

_STANDARD = {name.lower(): name for name in STANDARD_LEADS}


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A stretch of the recording at 500 Hz.

    `raw` and `clean` are float64 (n_samples, n_leads) in the recording's unit: `raw` with gaps bridged, `clean` also
    high-passed at 0.5 Hz (zero phase, so that ST and T keep their shape). `start_s` is the time of the first sample,
    `keep` the (first, last) second of the recording for which this block answers; the rest is margin.
    """

    raw: NDArray[np.float64]
    clean: NDArray[np.float64]
    start_s: float
    keep: tuple[float, float]


def is_ecg_lead(name: str) -> bool:
    """False for a channel whose name says that it is a pulse wave, pressure, respiration …"""
    lowered = name.strip().lower()
    return not lowered.startswith(NOT_ECG)


def standard_name(name: str) -> str:
    """ "avr", "Lead aVR" → "aVR"; a name that is not one of the twelve stays as it is."""
    bare = name.strip().lower().removeprefix("lead").strip()
    return _STANDARD.get(bare, name)


def bridge_gaps(samples: NDArray[np.floating]) -> NDArray[np.float64]:
    """Gaps (NaN, infinities) joined by straight lines; a lead with nothing in it becomes zero."""
    filled = np.asarray(samples, dtype=np.float64).copy()
    for column in filled.T:
        good = np.isfinite(column)
        if good.all():
            continue
        if not good.any():
            column[:] = 0.0
            continue
        column[~good] = np.interp(np.flatnonzero(~good), np.flatnonzero(good), column[good])
    return filled


def resample(samples: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """To 500 Hz by polyphase filtering, edges mirrored so that an offset does not ring."""
    from scipy.signal import resample_poly

    ratio = Fraction(RATE_HZ / rate_hz).limit_denominator(500)
    if ratio == 1:
        return samples
    return np.asarray(resample_poly(samples, ratio.numerator, ratio.denominator, axis=0, padtype="line"))


@lru_cache(maxsize=32)
def _sections(edges_hz: tuple[float, ...], kind: str) -> NDArray[np.float64]:
    """Second-order sections of a second-order Butterworth filter at 500 Hz."""
    from scipy.signal import butter

    return np.asarray(butter(2, edges_hz if len(edges_hz) > 1 else edges_hz[0], kind, fs=RATE_HZ, output="sos"))


def _filter(samples: NDArray[np.float64], edges_hz: tuple[float, ...], kind: str) -> NDArray[np.float64]:
    """Forwards and backwards, so that nothing moves in time."""
    from scipy.signal import sosfiltfilt

    pad = max(0, min(len(samples) - 1, RATE_HZ * 2))
    return np.asarray(sosfiltfilt(_sections(edges_hz, kind), samples, axis=0, padtype="odd", padlen=pad))


def high_pass(samples: NDArray[np.float64], edge_hz: float) -> NDArray[np.float64]:
    return _filter(samples, (edge_hz,), "highpass")


def low_pass(samples: NDArray[np.float64], edge_hz: float) -> NDArray[np.float64]:
    return _filter(samples, (edge_hz,), "lowpass")


def band_pass(samples: NDArray[np.float64], low_hz: float, high_hz: float) -> NDArray[np.float64]:
    return _filter(samples, (low_hz, high_hz), "bandpass")


def blocks(signal: Signal, columns: list[int]) -> Iterator[Block]:
    """The chosen leads of a recording as blocks of a minute (a shorter recording is one block)."""
    rate, total = signal.sampling_rate_hz, len(signal.samples)
    duration = total / rate
    count = max(1, round(duration / BLOCK_S))
    edges = np.linspace(0.0, duration, count + 1)
    for begin, end in pairwise(edges):
        first, last = max(0, int((begin - MARGIN_S) * rate)), min(total, int(np.ceil((end + MARGIN_S) * rate)))
        raw = resample(bridge_gaps(signal.samples[first:last][:, columns]), rate)
        yield Block(raw, high_pass(raw, 0.5), first / rate, (float(begin), float(end)))
