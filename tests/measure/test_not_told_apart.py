"""Which rhythms an ECG's measurement leaves open, and that it says so where a reader would take one for excluded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assistant.measure import Measurements, measure_signal, statements
from assistant.verify import check


def reserves(measured: Measurements) -> list[str]:
    return [text for _, text in statements(measured) if "not excluded" in text]


def at_rate(measured: Measurements, bpm: float, **values: float) -> Measurements:
    assert measured.rhythm is not None
    rhythm = replace(measured.rhythm, rr_ms=60_000 / bpm)
    return replace(measured, rhythm=rhythm, values=dict(measured.values) | {"heart_rate_bpm": bpm} | values)


@pytest.fixture(scope="module")
def with_p(drawn) -> Measurements:
    return measure_signal(drawn(np.arange(0.5, 9.5, 0.8)))


@pytest.fixture(scope="module")
def without_p(drawn) -> Measurements:
    return measure_signal(drawn(np.arange(0.5, 9.5, 0.8), p_wave=False, noise_mv=0.01))


@pytest.mark.parametrize(("bpm", "told"), [(60, 0), (110, 0), (116, 1), (150, 1), (174, 1), (180, 0)])
def test_p_waves_at_the_rate_of_a_two_to_one_flutter_may_be_its_waves(with_p, bpm: float, told: int) -> None:
    assert with_p.rhythm is not None and with_p.rhythm.p_wave
    found = reserves(at_rate(with_p, bpm))
    assert len(found) == told
    assert all(text.startswith("Rhythm: atrial flutter with 2:1 conduction is not excluded") for text in found)


def test_a_fast_drawn_ecg_is_told_with_its_reserve(drawn) -> None:
    assert reserves(measure_signal(drawn(np.arange(0.5, 9.5, 60 / 125))))


def test_without_p_waves_the_atrial_rhythm_is_left_open(without_p) -> None:
    assert without_p.rhythm is not None and without_p.rhythm.p_wave is False
    (slow,) = reserves(at_rate(without_p, 75))
    assert "atrial flutter, atrial fibrillation and a junctional rhythm are" in slow
    (narrow,) = reserves(at_rate(without_p, 170, qrs_ms=80.0))
    assert "supraventricular" in narrow and "another supraventricular tachycardia are" in narrow
    (wide,) = reserves(at_rate(without_p, 170, qrs_ms=150.0))
    assert "ventricular tachycardia are not excluded" in wide and ", another supraventricular" in wide


def test_chaotic_beats_leave_flutter_open_only_where_its_waves_are_seen(without_p) -> None:
    assert without_p.rhythm is not None
    chaotic = replace(without_p, rhythm=replace(without_p.rhythm, basic_cv=0.2, step_share=0.2))
    assert not reserves(chaotic)
    assert not reserves(replace(chaotic, values=dict(chaotic.values) | {"atrial_rate_bpm": 410.0}))
    (said,) = reserves(replace(chaotic, values=dict(chaotic.values) | {"atrial_rate_bpm": 290.0}))
    assert "atrial flutter with varying conduction" in said


def test_a_reserve_supports_neither_the_rhythm_nor_its_absence(with_p, without_p) -> None:
    for reserve in reserves(at_rate(with_p, 150)) + reserves(at_rate(without_p, 170, qrs_ms=150.0)):
        assert check(reserve, [reserve]).verdict == "supported"
        assert check("There is atrial flutter.", [reserve]).verdict != "supported"
        assert check("There is no atrial flutter.", [reserve]).verdict != "supported"
