"""Each beat by itself, on an ECG whose intervals were put in."""

import numpy as np
import pytest

from assistant.measure.analysis import analyse
from assistant.measure.per_beat import Beat, beats_apart, measure_beats
from assistant.records import STANDARD_LEADS, Signal

AT = np.arange(0.7, 9.5, 0.8)


def test_each_beat_has_the_intervals_that_were_put_in(drawn):
    beats = measure_beats(analyse(drawn(AT)))
    assert len(beats) == len(AT) and all(beat.usual for beat in beats)
    for beat, at in zip(beats, AT, strict=True):
        first, last = beat.interval("pr_ms")
        assert first == pytest.approx(at - 0.160, abs=0.02) and last == pytest.approx(at, abs=0.012)
        first, last = beat.interval("qt_ms")
        assert last - first == pytest.approx(0.380, abs=0.03)


def test_a_longer_pr_of_one_beat_is_seen_in_that_beat_alone(drawn):
    usual, shifted = drawn(AT, noise_mv=0.0), drawn(AT, noise_mv=0.0, p_wave=False)
    late = (np.arange(len(usual.samples)) / 500 > AT[5] - 0.25) & (np.arange(len(usual.samples)) / 500 < AT[5] - 0.005)
    samples = usual.samples.copy()
    samples[late] = shifted.samples[late]
    wave = usual.samples[:, :] - shifted.samples  # the P waves alone
    moved = np.roll(wave, -20, axis=0)  # 40 ms earlier
    samples[late] += moved[late]
    rng = np.random.default_rng(0).normal(0, 0.004, samples.shape)
    beats = measure_beats(analyse(Signal((samples + rng).astype(np.float32), STANDARD_LEADS, 500.0)))
    pr = [1000 * (last - first) for first, last in (beat.interval("pr_ms") for beat in beats)]
    assert pr[5] - np.median(pr) == pytest.approx(40, abs=10)
    assert np.ptp(np.delete(pr, 5)) < 12


def test_fibrillation_has_beats_without_p_waves(drawn):
    rng = np.random.default_rng(3)
    at = np.cumsum(rng.uniform(0.5, 1.1, 11))
    beats = measure_beats(analyse(drawn(at[at < 9.5], p_wave=False)))
    assert beats and all(beat.interval("p_ms") is None and beat.interval("qrs_ms") for beat in beats)


def test_the_t_wave_before_an_early_beat_is_not_its_p_wave(drawn):
    at = np.array([0.7, 1.5, 2.3, 3.1, 3.9, 4.4, 5.4, 6.2, 7.0, 7.8, 8.6])  # 4.4 comes 0.5 s after the beat before it
    with_p, without = drawn(at, noise_mv=0.0), drawn(at, noise_mv=0.0, p_wave=False)
    time_s = np.arange(len(with_p.samples)) / 500
    early = (time_s > 4.15) & (time_s < 4.395)
    samples = np.where(early[:, None], without.samples, with_p.samples)
    samples = samples + np.random.default_rng(0).normal(0, 0.004, samples.shape)
    beats = measure_beats(analyse(Signal(samples.astype(np.float32), STANDARD_LEADS, 500.0)))
    pr = {round(beat.at_s - 0.05, 1): beat.interval("pr_ms") for beat in beats}
    assert pr[4.4] is None and sum(found is not None for found in pr.values()) >= 9


def test_a_beat_of_another_shape_has_its_time_and_no_limits(drawn):
    signal = drawn(AT)
    samples = signal.samples.copy()
    t = np.arange(len(samples)) / 500
    around = np.abs(t - AT[4] - 0.05) < 0.2
    wide = -1.5 * np.exp(-(((t - AT[4] - 0.08) / 0.05) ** 2))
    samples[around] = 0.0
    samples += (wide * around)[:, None].astype(np.float32) * np.linspace(1, 0.4, 12, dtype=np.float32)
    beats = measure_beats(analyse(Signal(samples, STANDARD_LEADS, 500.0)))
    odd = [beat for beat in beats if not beat.usual]
    assert len(odd) == 1 and abs(odd[0].at_s - AT[4]) < 0.15 and odd[0].interval("qrs_ms") is None


def test_what_the_end_cuts_off_is_left_out(drawn):
    signal = drawn(np.arange(0.7, 10.0, 0.8), seconds=9.7)  # the last T wave (8.7+0.38 s) whole, the beat at 9.5 s cut
    beats = measure_beats(analyse(signal))
    assert beats[-1].at_s > 9.4 and beats[-1].interval("qt_ms") is None


def test_nothing_is_found_where_nothing_beats():
    assert measure_beats(analyse(Signal(np.zeros((5000, 12), np.float32), STANDARD_LEADS, 500.0))) == ()


def of_qt(*lengths_ms):
    return [Beat(at, True, {"qrs_on": at, "t_end": at + ms / 1000}) for at, ms in zip(AT, lengths_ms, strict=False)]


def test_a_beat_whose_interval_lies_apart_from_the_others_is_told():
    beats = of_qt(396, 519, 390, 400, 394, 441, 310)
    assert beats_apart(beats, "qt_ms") == {beats[1].interval("qt_ms"), beats[6].interval("qt_ms")}
    assert beats_apart(beats, "pr_ms") == frozenset()
    assert beats_apart(of_qt(396, 519, 390), "qt_ms") == frozenset()
