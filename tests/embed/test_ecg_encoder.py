"""The ECG encoder: alike lies close, what is no ECG lies across, and nothing upsets it."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.embed.ecg import EcgShapeEncoder
from assistant.records import STANDARD_LEADS, Image, Signal


@pytest.fixture(scope="module")
def encoder() -> EcgShapeEncoder:
    return EcgShapeEncoder()


def ecg(rr_s: np.ndarray, p_wave: bool = True, qrs_ms: float = 90.0, seed: int = 0, rate: float = 500.0) -> Signal:
    """Twelve leads of half-cosine waves with the given intervals and 10 µV of noise."""
    t = np.arange(int(10 * rate)) / rate
    rng = np.random.default_rng(seed)
    wave = np.zeros((len(t), 12))
    gains = np.array([0.5, 1.0, 0.5, -0.75, 0.1, 0.75, -0.4, 0.3, 0.6, 1.0, 1.1, 0.9])
    parts = [(0.0, qrs_ms / 1000, 1.0), (0.27, 0.18, 0.25)] + ([(-0.11, 0.1, 0.12)] if p_wave else [])
    for at in 0.4 + np.cumsum(np.r_[0.0, rr_s]):
        for offset, width, height in parts:
            x = (t - at - offset) / (width / 2)
            wave += np.where(np.abs(x) < 1, height * (1 + np.cos(np.pi * x)) / 2, 0.0)[:, None] * gains
    return Signal((wave + rng.normal(0, 0.01, wave.shape)).astype(np.float32), STANDARD_LEADS, rate)


REGULAR = np.full(9, 0.9)
CHAOS = np.array([0.62, 1.01, 0.71, 0.55, 0.93, 0.66, 1.1, 0.58, 0.84, 0.61, 0.97])


def test_unit_vectors_of_one_length(encoder):
    vectors = encoder.encode([ecg(REGULAR), ecg(CHAOS, p_wave=False)])
    assert vectors.shape == (2, encoder.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert encoder.encode([]).shape == (0, encoder.dim)


def test_rhythm_and_shape_decide_who_is_near(encoder):
    query, twin, chaotic, wide = encoder.encode(
        [ecg(REGULAR), ecg(REGULAR * 0.97, seed=1), ecg(CHAOS, p_wave=False, seed=2), ecg(REGULAR, qrs_ms=110, seed=3)]
    )
    assert query @ twin > 0.95
    assert query @ twin > query @ wide > query @ chaotic
    other = encoder.encode([ecg(CHAOS[::-1], p_wave=False, seed=4)])[0]
    assert other @ chaotic > other @ query


@pytest.mark.parametrize("rate", [100.0, 250.0, 1000.0])
def test_the_sampling_rate_hardly_matters(encoder, rate):
    a, b = encoder.encode([ecg(REGULAR), ecg(REGULAR, rate=rate)])
    assert a @ b > 0.9


def test_wrong_units_missing_leads_and_gaps(encoder):
    whole = ecg(REGULAR)
    holes = whole.samples.copy()
    holes[:, 3], holes[:, 7], holes[1000:1200] = 0.0, np.nan, np.nan
    few = Signal(whole.samples[:, 1:2], ("II",), 500.0)
    shuffled = Signal(whole.samples[:, ::-1], STANDARD_LEADS[::-1], 500.0)
    vectors = encoder.encode(
        [
            whole,
            Signal(whole.samples * 1000, STANDARD_LEADS, 500.0),
            Signal(holes, STANDARD_LEADS, 500.0),
            few,
            shuffled,
        ]
    )
    assert np.isfinite(vectors).all()
    against = vectors @ vectors[0]
    assert against[1] == pytest.approx(1.0, abs=1e-4)
    assert against[2] > 0.9
    assert against[3] > 0.5
    assert against[4] == pytest.approx(1.0, abs=1e-4)


def test_what_is_no_ecg_is_like_no_ecg(encoder):
    rng = np.random.default_rng(0)
    empty = [
        Signal(rng.normal(size=(5000, 12)).astype(np.float32), STANDARD_LEADS, 500.0),
        Signal(np.full((5000, 2), np.nan, np.float32), ("I", "II"), 500.0),
        Signal(np.ones((5000, 1), np.float32), ("II",), 500.0),
        Signal(np.zeros((0, 1), np.float32), ("II",), 500.0),
    ]
    vectors = encoder.encode([ecg(REGULAR), *empty])
    assert np.abs(vectors[1:] @ vectors[0]).max() < 1e-6
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_other_kinds_are_refused(encoder):
    with pytest.raises(TypeError, match="not Image"):
        encoder.encode([Image(np.zeros((2, 2), np.uint8))])


def test_the_fingerprint_follows_the_weights(encoder, monkeypatch):
    import assistant.embed.ecg as ecg_module

    assert EcgShapeEncoder().fingerprint == encoder.fingerprint
    monkeypatch.setattr(ecg_module, "QRS_WEIGHT", 2.0)
    assert EcgShapeEncoder().fingerprint != encoder.fingerprint


def test_same_rhythm_is_found_among_real_ecgs(data_dir, encoder):
    """A part of benchmarks/retrieval_likeness.py: 40 LUDB records, fibrillation and flutter among them."""
    import csv

    import wfdb

    folder = data_dir / "ludb_ecg"
    if not folder.exists():
        pytest.skip("needs ludb_ecg below WARDROUND_DATA")
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rows = [r for r in rows if r["rhythm"].startswith("Atrial")] + [r for r in rows if r["rhythm"] == "Sinus rhythm"][
        :29
    ]
    signals = []
    for row in rows:
        record = wfdb.rdrecord(str(folder / "data" / row["record"]))
        signals.append(Signal(record.p_signal.astype(np.float32), tuple(record.sig_name), 500.0))
    vectors = encoder.encode(signals)
    similar = vectors @ vectors.T
    np.fill_diagonal(similar, -1)
    atrial = np.array([r["rhythm"].startswith("Atrial") for r in rows])
    hits = atrial[np.argsort(-similar, axis=1)[:, :5]]
    assert hits[atrial].mean() > 0.7  # chance: 0.26
    assert (~hits[~atrial]).mean() > 0.9
