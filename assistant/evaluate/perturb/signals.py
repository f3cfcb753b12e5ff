"""ECGs as they come from a hurried ward: leads missing, noise on them, electrodes interchanged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assistant.records import Signal

Noise = Literal["wander", "muscle", "mains"]
BANDS_HZ: dict[Noise, tuple[float, float]] = {"wander": (0.05, 0.5), "muscle": (20.0, 150.0), "mains": (49.8, 50.2)}
"""Where each noise has its power: breathing and movement, muscles (Moody, Muldrow and Mark 1984), the power line."""


def keep_leads(signal: Signal, wanted: Sequence[str]) -> Signal | None:
    """The signal with the wanted leads alone, in its own order; None where it has none of them or no other."""
    kept = [place for place, name in enumerate(signal.leads) if name in wanted]
    if not kept or len(kept) == len(signal.leads):
        return None
    return replace(
        signal,
        samples=signal.samples[:, kept],
        leads=tuple(signal.leads[place] for place in kept),
        types=tuple(signal.types[place] for place in kept) if signal.types else (),
        units=tuple(signal.units[place] for place in kept) if signal.units else (),
    )


def add_noise(signal: Signal, kind: Noise, snr_db: float, seed: int) -> Signal:
    """Noise of a kind on every lead, each its own, at a signal-to-noise ratio in decibels.

    The ratio is of the variance of a lead (gaps left out) to that of the noise. Noise is Gaussian within the band, up
    to half the sampling rate. The same seed gives the same noise.
    """
    rng = np.random.default_rng(seed)
    noisy = signal.samples.astype(np.float64)
    for place in range(noisy.shape[1]):
        lead = noisy[:, place]
        power = float(np.nanvar(lead)) if np.isfinite(lead).any() else 0.0
        wave = _band_noise(rng, len(lead), signal.sampling_rate_hz, BANDS_HZ[kind])
        noisy[:, place] = lead + wave * np.sqrt(power / 10 ** (snr_db / 10))
    return replace(signal, samples=noisy.astype(np.float32))


def swap_arms(signal: Signal) -> Signal | None:
    """As recorded with the arm electrodes interchanged: I turned over, II and III, aVR and aVL exchanged.

    None without leads I, II and III.
    """
    if not {"I", "II", "III"} <= set(signal.leads):
        return None
    other = {"II": "III", "III": "II", "aVR": "aVL", "aVL": "aVR"}
    source = [signal.leads.index(other.get(name, name)) if other.get(name, name) in signal.leads else place
              for place, name in enumerate(signal.leads)]  # fmt: skip
    samples = signal.samples[:, source].copy()
    samples[:, signal.leads.index("I")] *= -1
    return replace(signal, samples=samples)


def _band_noise(rng: np.random.Generator, count: int, rate_hz: float, band: tuple[float, float]) -> NDArray[np.float64]:
    """Gaussian noise of variance 1 whose power lies in a band, shape (count,); zeros where the rate is too low for it.

    At least one frequency is taken, so that a strip of a few seconds can wander too.
    """
    spectrum = np.fft.rfft(rng.standard_normal(count))
    frequencies = np.fft.rfftfreq(count, 1 / rate_hz)
    inside = (frequencies >= band[0]) & (frequencies <= band[1])
    if not inside.any() and band[1] < rate_hz / 2:
        inside[1 + int(np.argmin(np.abs(frequencies[1:] - band[1])))] = True
    wave = np.fft.irfft(np.where(inside, spectrum, 0), count)
    size = wave.std()
    return wave / size if size > 0 else wave
