"""Drawn ECGs with known intervals, real ones with a cart's or cardiologists' values, and everything that is no ECG."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from assistant.measure import analyse, measure_signal, statements
from assistant.records import STANDARD_LEADS, Signal, SignalPlace, ValuePlace

EVERY_SECOND = np.arange(0.5, 9.5, 1.0)


def texts(signal: Signal) -> list[str]:
    return [text for _, text in statements(measure_signal(signal))]


@pytest.mark.parametrize("rate", [125.0, 257.0, 360.0, 500.0, 1000.0])
def test_known_intervals_at_any_rate(drawn, rate):
    values = measure_signal(drawn(EVERY_SECOND, rate=rate)).values
    assert values["heart_rate_bpm"] == pytest.approx(60.0, abs=0.2)
    assert values["pr_ms"] == pytest.approx(160, abs=15)
    assert values["qrs_ms"] == pytest.approx(90, abs=15)
    assert values["qt_ms"] == pytest.approx(380, abs=25)
    assert values["qtc_bazett_ms"] == pytest.approx(values["qt_ms"], abs=1)  # RR is one second: nothing to correct
    assert values["axis_deg"] == pytest.approx(60, abs=5)


def test_qtc_follows_its_formulas(drawn):
    values = measure_signal(drawn(np.arange(0.5, 9.5, 0.64))).values
    rr_s = values["rr_ms"] / 1000
    assert rr_s == pytest.approx(0.64, abs=0.002)
    assert values["qtc_bazett_ms"] == pytest.approx(values["qt_ms"] / math.sqrt(rr_s), abs=0.2)
    assert values["qtc_fridericia_ms"] == pytest.approx(values["qt_ms"] / rr_s ** (1 / 3), abs=0.2)


@pytest.mark.parametrize("leads", [("II",), ("MLII", "V5"), ("I", "II", "III"), ("Lead II", "avr"), ("ch1",)])
def test_few_leads_and_other_names(drawn, leads):
    found = measure_signal(drawn(EVERY_SECOND, leads=leads))
    assert found.values["heart_rate_bpm"] == pytest.approx(60.0, abs=0.2)
    assert set(found.per_lead) == set(leads)
    assert ("axis_deg" in found.values) == (len(leads) == 3 or "avr" in leads)


def test_a_lead_off_and_a_gap_change_nothing(drawn):
    whole = drawn(EVERY_SECOND)
    samples = whole.samples.copy()
    samples[:, 7] = 0.0
    samples[:, 9] = np.nan
    samples[2000:2200, 3] = np.nan
    found = measure_signal(Signal(samples, whole.leads, 500.0))
    assert found.quality["flat"] == "V2"
    assert found.quality["missing"] == "V4"
    assert found.quality["overall"] == "limited"
    plain = measure_signal(whole)
    for name in ("heart_rate_bpm", "pr_ms", "qrs_ms", "qt_ms"):
        assert found.values[name] == pytest.approx(plain.values[name], abs=4)


def test_beats_are_not_counted_across_a_gap_in_all_leads(drawn):
    whole = drawn(np.arange(0.5, 29.5, 1.0), seconds=30.0)
    samples = whole.samples.copy()
    samples[5000:10000] = np.nan  # ten seconds without any lead
    found = measure_signal(Signal(samples, whole.leads, 500.0))
    assert found.values["heart_rate_bpm"] == pytest.approx(60.0, abs=0.5)
    assert found.values["rr_variation"] < 0.02


@pytest.mark.parametrize(
    ("name", "samples"),
    [
        ("noise", np.random.default_rng(0).normal(size=(5000, 3))),
        ("one-lead noise", np.random.default_rng(1).normal(size=(5000, 1))),
        ("drift", np.random.default_rng(2).normal(size=(5000, 2)).cumsum(axis=0)),
        ("sine", np.sin(np.arange(5000)[:, None] * 2 * np.pi * 1.2 / 500)),
        ("constant", np.ones((5000, 2))),
        ("all gap", np.full((5000, 2), np.nan)),
        ("three samples", np.zeros((3, 1))),
        ("nothing", np.zeros((0, 1))),
    ],
)
def test_no_ecg_gives_no_values_but_a_reason(name, samples):
    signal = Signal(samples.astype(np.float32), STANDARD_LEADS[: samples.shape[1]], 500.0)
    found = measure_signal(signal)
    assert dict(found.values) == {}
    assert found.quality["overall"] == "poor"
    assert found.quality["reasons"]
    assert [text for text in texts(signal) if not text.startswith("Signal quality: poor")] == []


def test_no_p_wave_no_pr(drawn):
    found = measure_signal(drawn(EVERY_SECOND, p_wave=False, noise_mv=0.01))
    assert "pr_ms" not in found.values
    assert "p_ms" not in found.values
    assert found.values["p_wave_share"] <= 0.5
    assert found.values["qrs_ms"] == pytest.approx(90, abs=15)


def test_rhythm_in_words(drawn):
    regular = texts(drawn(EVERY_SECOND))
    assert "Heart rate 60 beats/min, near the limit of the usual range 60–100 beats/min." in regular
    assert any(t.startswith("Rhythm: regular, mean R–R interval 1000 ms (variation 0 %)") for t in regular)
    assert any("P waves before the QRS in lead II" in t for t in regular)
    slow = " ".join(texts(drawn(np.arange(0.5, 9.5, 1.3))))
    assert "bradycardia range" in slow
    fast = " ".join(texts(drawn(np.arange(0.5, 9.5, 0.5))))
    assert "tachycardia range" in fast
    chaotic = np.cumsum([0.5, 0.62, 1.01, 0.71, 0.55, 0.93, 0.66, 1.1, 0.58, 0.84, 0.61, 0.97])
    words = " ".join(texts(drawn(chaotic, p_wave=False, noise_mv=0.01)))
    assert "irregularly irregular" in words
    assert "consistent with atrial fibrillation" in words
    with_p = " ".join(texts(drawn(chaotic)))
    assert "fibrillation" not in with_p
    early = np.array([0.5, 1.5, 2.5, 3.5, 4.1, 5.5, 6.5, 7.5, 8.5])
    assert any(t.startswith("Rhythm: regular apart from 1 early beat") for t in texts(drawn(early)))


def test_statements_carry_their_places(drawn):
    found = statements(measure_signal(drawn(EVERY_SECOND)))
    places = [place for place, _ in found]
    assert ValuePlace("heart_rate_bpm", 60.0, "beats/min") in places
    assert SignalPlace("all", 0.0, 10.0) in places
    assert all(text.endswith(".") for _, text in found)


def test_amplitudes_are_withheld_where_they_mean_nothing(drawn):
    good = drawn(EVERY_SECOND)
    assert measure_signal(good).per_lead["II"]["r_mv"] == pytest.approx(1.0, abs=0.1)
    volts = Signal(good.samples * 1000, good.leads, 500.0)
    found = measure_signal(volts)
    assert "r_mv" not in found.per_lead["II"]
    assert "millivolts" in str(found.quality["amplitudes"])
    assert found.values["qrs_ms"] == measure_signal(good).values["qrs_ms"]


def test_json_is_plain_and_as_the_contract_says(drawn):
    found = json.loads(json.dumps(measure_signal(drawn(EVERY_SECOND)).to_json()))
    assert {"leads", "sampling_rate_hz", "duration_s", "values", "per_lead", "quality"} <= found.keys()
    assert found["leads"] == list(STANDARD_LEADS)
    assert found["duration_s"] == 10.0
    assert {"pr_ms", "qrs_ms", "qt_ms"} <= found["per_lead"]["V5"].keys()


def test_against_an_ecg_cart():
    """pydicom's sample: the cart printed RR 982, PR 161, QRS 75, QT 368 ms."""
    import pydicom
    from pydicom.data import get_testdata_file

    recording = pydicom.dcmread(get_testdata_file("waveform_ecg.dcm"))
    samples = recording.waveform_array(0) / 1000  # stored in microvolts
    values = measure_signal(Signal(samples.astype(np.float32), STANDARD_LEADS, 1000.0)).values
    assert values["rr_ms"] == pytest.approx(982, abs=4)
    assert values["pr_ms"] == pytest.approx(161, abs=15)
    assert values["qrs_ms"] == pytest.approx(75, abs=15)
    assert values["qt_ms"] == pytest.approx(368, abs=20)


def test_half_an_hour_of_two_leads_against_its_annotations(data_dir):
    """MIT-BIH record 100: every annotated beat within 150 ms, and no others."""
    import wfdb

    folder = data_dir / "wfdb_samples"
    if not (folder / "100.hea").exists():
        pytest.skip("needs wfdb_samples/100 below WARDROUND_DATA")
    record, marks = wfdb.rdrecord(str(folder / "100")), wfdb.rdann(str(folder / "100"), "atr")
    truth = np.array([s for s, kind in zip(marks.sample, marks.symbol, strict=True) if kind in "NAVLRaJSFejE/fQ"]) / 360
    found = measure_signal(Signal(record.p_signal.astype(np.float32), tuple(record.sig_name), 360.0))
    at = np.array(found.beats_s)
    assert np.mean([np.abs(at - t).min() < 0.15 for t in truth]) > 0.999
    assert np.mean([np.abs(truth - t).min() < 0.15 for t in at]) > 0.999


def test_pulse_and_breath_are_no_ecg(data_dir):
    import wfdb

    folder = data_dir / "wfdb_samples"
    if not (folder / "03700181.hea").exists():
        pytest.skip("needs wfdb_samples/03700181 below WARDROUND_DATA")
    record = wfdb.rdrecord(str(folder / "03700181"))
    for column, name in enumerate(record.sig_name):
        lead = record.p_signal[: 60 * 125, [column]].astype(np.float32)
        assert ("heart_rate_bpm" in measure_signal(Signal(lead, ("II",), 125.0)).values) == (name == "MCL1")


def test_ten_ludb_records_against_cardiologists(data_dir):
    """A tenth of benchmarks/ecg_measure.py: medians over leads, even-numbered records."""
    folder = data_dir / "ludb_ecg" / "data"
    if not folder.exists():
        pytest.skip("needs ludb_ecg below WARDROUND_DATA")
    import importlib.util
    from pathlib import Path

    path = Path(__file__).parents[2] / "benchmarks" / "ecg_measure.py"
    spec = importlib.util.spec_from_file_location("ecg_measure", path)
    assert spec and spec.loader
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    off: dict[str, list[float]] = {}
    for name in ("2", "4", "6", "10", "12", "16", "18", "22", "24", "26"):
        truth, found = bench.marked(folder / name), measure_signal(bench.signal(folder / name)).values
        for key in truth.keys() & found.keys():
            off.setdefault(key, []).append(abs(found[key] - truth[key]))
    limits = {"heart_rate_bpm": 1.0, "pr_ms": 12.0, "qrs_ms": 10.0, "qt_ms": 20.0}
    assert {key: len(off[key]) for key in limits} == dict.fromkeys(limits, 10)
    for key, limit in limits.items():
        assert np.median(off[key]) <= limit, key


@pytest.mark.parametrize("end_s", [0.005, 0.02, 0.04])
def test_a_beat_that_a_constant_end_cuts_off_is_no_other_shape(drawn, end_s):
    """The samples after the middle of the last QRS are filled up with their last value, as some files end."""
    signal = drawn(EVERY_SECOND)
    last = analyse(signal).beats_s[-1]
    samples = signal.samples.copy()
    cut = round((last + end_s) * signal.sampling_rate_hz)
    samples[cut:] = samples[cut]
    short = replace(signal, samples=samples[: cut + round(0.08 * signal.sampling_rate_hz)])
    found = analyse(short)
    assert not found.shape.any()
    assert len(found.beats_s) >= len(analyse(signal).beats_s) - 2
