"""Signals that are no ECG: indexed, found by their study, shown and asked about, and never given an ECG value."""

import json

import numpy as np
import pytest

from assistant.cli import main
from assistant.measure import measure_signal
from assistant.records import Signal

wfdb = pytest.importorskip("wfdb")


def drawn_ecg():
    """Ten seconds at 250 Hz of P, QRS and T waves at 75 beats a minute, in millivolts."""
    time = np.arange(2500) / 250
    wave = np.random.default_rng(0).normal(0, 0.005, 2500)
    for at in np.arange(0.5, 10, 0.8):
        for offset, width, height in ((-0.16, 0.025, 0.12), (-0.02, 0.008, -0.1), (0, 0.01, 1.0), (0.28, 0.05, 0.25)):
            wave += height * np.exp(-0.5 * ((time - at - offset) / width) ** 2)
    return wave


@pytest.fixture(scope="module")
def ward(tmp_path_factory):
    """A workspace with one recording of ECG, pulse and breath, one of pulse alone, and a report."""
    root = tmp_path_factory.mktemp("ward")
    folder = root / "archive"
    folder.mkdir()
    ecg = drawn_ecg()
    time = np.arange(2500) / 250
    pulse, breath = 50 + 10 * np.sin(7 * time), np.sin(1.5 * time)
    for name, leads, columns in (
        ("both", ["II", "PLETH", "RESP"], [ecg, pulse, breath]),
        ("pulse", ["PLETH"], [pulse]),
    ):
        wfdb.wrsamp(
            name, fs=250, units=["mV" if lead == "II" else "NU" for lead in leads], sig_name=leads,
            p_signal=np.stack(columns, axis=1), fmt=["16"] * len(leads), write_dir=str(folder),
        )  # fmt: skip
    (folder / "note.txt").write_text("The patient had palpitations during the night and was seen by a cardiologist.")
    assert main(["index", str(folder), "--workspace", str(root)]) == 0
    return root


def test_only_the_ecg_has_a_vector_and_the_doctor_is_content(ward, capsys):
    assert main(["doctor", "--workspace", str(ward), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "1 vectors for 1 in the catalogue" in json.dumps(told)


def test_a_pulse_wave_is_asked_about_without_an_ecg_value(ward, capsys):
    header = str(ward / "archive" / "pulse.hea")
    for arguments in (
        ["search", "--file", header],
        ["search", "palpitations", "--file", header],
        ["ask", "What is the heart rate?", "--file", header],
    ):
        assert main([*arguments, "--workspace", str(ward), "--json"]) == 0
        told = capsys.readouterr().out
        assert "heart_rate" not in told
        assert "Rhythm" not in told


def test_read_and_measure_say_what_it_is(ward, capsys):
    header = str(ward / "archive" / "pulse.hea")
    assert main(["read", header, "--workspace", str(ward), "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)["records"]
    assert (record["modality"], record["fields"]["channel_types"]) == ("HD", "ppg")
    assert main(["measure", header, "--workspace", str(ward), "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert (measured["modality"], measured["values"]) == ("HD", {})
    assert measured["quality"]["overall"] == "good"


def test_an_eeg_that_looks_like_leads_by_name_is_not_measured_as_an_ecg():
    values = np.random.default_rng(0).standard_normal((2500, 2)).astype(np.float32)
    values[:, 1] = 3.0
    measured = measure_signal(Signal(values, ("Fp1-F3", "C3"), 250.0, ("eeg", "eeg"), ("uV", "uV")))
    assert measured.values == {}
    assert measured.quality["overall"] == "limited"
    assert measured.quality["reasons"] == "channel C3 flat"


def test_the_amplitudes_of_an_ecg_in_unknown_units_are_not_given():
    values = drawn_ecg().astype(np.float32)[:, None]
    measured = measure_signal(Signal(values, ("II",), 250.0, ("ecg",), ("adu",)))
    assert measured.values["heart_rate_bpm"] > 40
    assert "not in millivolts" in measured.quality["amplitudes"]
    assert not any(name.endswith("_mv") for name in measured.per_lead["II"])
