"""An ECG drawn from arithmetic, whose intervals are known because they were put in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from assistant.records import STANDARD_LEADS, Signal

# Projections of one heart vector at +60° on the limb leads (cosines), and plausible chest leads.
GAINS = dict(zip(STANDARD_LEADS, (0.5, 1.0, 0.5, -0.75, 0.0, 0.75, -0.4, 0.3, 0.6, 1.0, 1.1, 0.9), strict=True))


def _bump(t: np.ndarray, centre: float, width: float, height: float) -> np.ndarray:
    """A raised cosine that is exactly zero beyond its width: its ends are its onset and end."""
    x = (t - centre) / (width / 2)
    return np.where(np.abs(x) < 1, height * (1 + np.cos(np.pi * x)) / 2, 0.0)


@pytest.fixture(scope="session")
def drawn() -> Callable[..., Signal]:
    """ECG: P of 100 ms that begins 160 ms before a QRS of 90 ms, and T that ends 380 ms after the QRS began."""

    def draw(
        beats_at: np.ndarray, seconds: float = 10.0, rate: float = 500.0, leads: tuple[str, ...] = STANDARD_LEADS,
        p_wave: bool = True, noise_mv: float = 0.005, seed: int = 0,
    ) -> Signal:  # fmt: skip
        t = np.arange(round(seconds * rate)) / rate
        wave = np.zeros_like(t)
        for at in beats_at:
            if p_wave:
                wave += _bump(t, at - 0.160 + 0.050, 0.100, 0.12)
            wave += _bump(t, at + 0.045, 0.090, 1.0)
            wave += _bump(t, at + 0.290, 0.180, 0.25)
        noise = np.random.default_rng(seed).normal(0, noise_mv, (len(t), len(leads)))
        samples = np.stack([wave * (GAINS.get(lead, 1.0) or 0.02) for lead in leads], axis=1) + noise
        return Signal(samples.astype(np.float32), leads, rate)

    return draw
