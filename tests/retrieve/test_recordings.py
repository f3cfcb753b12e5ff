"""Archived ECGs of the chosen patient, or of chosen studies, are measured for an answer as an uploaded file is."""

import csv

import numpy as np
import pytest
import wfdb

from assistant.assistant import Assistant
from assistant.generate.values import asks_of_recording
from assistant.retrieve import recordings as recordings_module
from assistant.settings import load_settings

RATE = "What is the heart rate?"
# key, patient, day, seconds from beat to beat
ROWS = [
    ("ecg-old", "1", "2020-03-02", 1.0), ("ecg-mid", "1", "2021-03-02", 0.8), ("ecg-new", "1", "2021-04-13", 0.5),
    ("ecg-one", "2", "2021-01-01", 0.75), ("ecg-three", "3", "", 0.9),
]  # fmt: skip


def ecg(path, rr_s):
    """Ten seconds of leads I, II and III on one scale."""
    at = np.arange(2500) / 250 % rr_s
    waves = ((0.1, 0.025, 0.12), (0.26, 0.01, 1.0), (0.29, 0.01, -0.25), (0.46, 0.03, 0.3))
    beat = sum(height * np.exp(-(((at - centre) / width) ** 2)) for centre, width, height in waves)
    samples = np.stack([beat * gain for gain in (0.5, 1.0, 0.5)], axis=1)
    wfdb.wrsamp(
        path.stem, fs=250, units=["mV"] * 3, sig_name=["I", "II", "III"], p_signal=samples, fmt=["16"] * 3,
        write_dir=str(path.parent),
    )  # fmt: skip


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    where = tmp_path_factory.mktemp("ecgs")
    (where / "data").mkdir()
    with (where / "data" / "ecgs.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["key", "patient", "day", "file"])
        for key, patient, day, rr_s in ROWS:
            name = key.replace("-", "_")
            ecg(where / "data" / f"{name}.hea", rr_s)
            writer.writerow([key, patient, day, f"{name}.hea"])
    recipe = where / "indexes" / "ecgs.toml"
    recipe.parent.mkdir()
    recipe.write_text(
        'name = "ecgs"\n[[source]]\npath = "../data"\nmanifest = "ecgs.csv"\n[source.columns]\nid = "key"\n'
        'patient_id = "patient"\ntaken_at = "day"\npath = "{file}"\n',
        encoding="utf-8",
    )
    Assistant.build(recipe)
    return where


@pytest.fixture(scope="module")
def assistant(workspace):
    return Assistant.open(workspace)


def told(answer):
    return [
        (claim.text.replace(", within the usual range 60–100 beats/min", ""), claim.verdict) for claim in answer.claims
    ]


def studies(assistant, *keys):
    return [assistant.study(key)[0].study_id for key in keys]


def test_the_one_archived_ecg_of_the_chosen_patient_answers_as_a_file_does(assistant):
    answer = assistant.ask(RATE, patient="2")
    assert told(answer) == [("Heart rate 80 beats/min.", "supported")]
    cited = {piece.id: piece for piece in answer.evidence}[answer.claims[0].citations[0]]
    assert (cited.relation, cited.external_id, cited.place.name) == ("own", "ecg-one", "heart_rate_bpm")
    assert assistant.record(cited.record_id).signal is not None  # what the citation opens
    assert not assistant.ask("What rhythm is this?", patient="2").abstained
    assert [text for text, _ in told(assistant.ask("How long is the recording?", patient="2"))] == [
        "Archived ECG, 10 s at 250 Hz, leads I, II, III."
    ]


def test_of_several_each_is_named_the_newest_first(assistant):
    answer = assistant.ask("How fast is the heart?", patient="1")
    assert [(text.partition(",")[0], text.rpartition("(")[2], verdict) for text, verdict in told(answer)] == [
        ("Heart rate 120 beats/min", "archived ECG ecg-new, the latest study).", "supported"),
        (
            "Heart rate 75 beats/min (archived ECG ecg-mid",
            "archived ECG ecg-mid, 6 weeks before the latest study).",
            "supported",
        ),
        ("Heart rate 60 beats/min", "archived ECG ecg-old, 13 months before the latest study).", "supported"),
    ]  # fmt: skip
    assert answer.notice == ""


def test_how_many_are_measured_is_bounded_and_said(workspace):
    settings = load_settings(workspace)
    few = settings.model_copy(update={"retrieve": settings.retrieve.model_copy(update={"measured_ecgs": 2})})
    answer = Assistant(workspace, settings=few).ask(RATE, patient="1")
    assert len(answer.claims) == 2 and "ecg-old" not in answer.text
    assert answer.notice == (
        "Of the 3 ECGs that the archive holds of this patient the 2 latest were measured for this answer."
    )


def test_chosen_studies_are_measured_and_stay_studies_that_were_chosen(assistant):
    answer = assistant.ask(RATE, studies=studies(assistant, "ecg-one", "ecg-mid"))
    assert sorted(told(answer)) == [
        ("Heart rate 75 beats/min (chosen ECG ecg-mid).", "supported"),
        ("Heart rate 80 beats/min (chosen ECG ecg-one).", "supported"),
    ]
    assert {claim.about for claim in answer.claims} == {"similar"}
    one = assistant.ask(RATE, studies=studies(assistant, "ecg-three"))
    assert [text.partition(" (")[2] for text, _ in told(one)] == ["chosen ECG ecg-three)."]


def test_a_wrong_rate_of_an_archived_ecg_is_contradicted(assistant):
    from assistant.records import Statement

    evidence = {piece.id: piece for piece in assistant.ask(RATE, patient="1").evidence}
    wrong = Statement(
        "Heart rate 120 beats/min (archived ECG ecg-old, 13 months before the latest study).", (), "patient"
    )
    (claim,) = assistant.checker().verify(wrong, evidence)
    assert (claim.verdict, claim.error_kind) == ("contradicted", "number")


def test_an_uploaded_ecg_is_what_is_asked_about(assistant, tmp_path):
    ecg(tmp_path / "today.hea", 0.6)
    answer = assistant.ask(RATE, patient="1", files=[tmp_path / "today.hea"])
    assert [text.partition(",")[0] for text, _ in told(answer)] == ["Heart rate 100 beats/min"]


def test_another_patient_s_recording_is_never_measured(assistant):
    answer = assistant.ask(RATE, patient="2")
    assert {piece.external_id for piece in answer.evidence if piece.relation == "own"} == {"ecg-one"}
    assert assistant.ask(RATE, patient="4").abstained  # nobody
    assert not [p for p in assistant.ask(RATE).evidence if p.why.startswith("measured")]  # nobody was chosen


def test_what_is_no_question_on_a_recording_measures_none(assistant):
    assert not [p for p in assistant.ask("Is there a pleural effusion?", patient="2").evidence if "measured" in p.why]
    assert asks_of_recording("Wie ist die Herzfrequenz?") and asks_of_recording("What does the ECG show?")
    assert not asks_of_recording("What is atrial fibrillation?")


def test_a_recording_is_measured_once(workspace, monkeypatch):
    calls = []
    measure = recordings_module.measure_signal
    monkeypatch.setattr(recordings_module, "measure_signal", lambda signal: calls.append(1) or measure(signal))
    fresh = Assistant.open(workspace)
    for question in (RATE, "What rhythm is this?"):
        fresh.ask(question, patient="2")
    assert len(calls) == 1


def test_a_file_that_is_gone_is_told(workspace):
    (workspace / "data" / "ecg_three.dat").rename(workspace / "data" / "elsewhere")
    try:
        answer = Assistant.open(workspace).ask(RATE, patient="3")
    finally:
        (workspace / "data" / "elsewhere").rename(workspace / "data" / "ecg_three.dat")
    assert told(answer) == [
        (
            "The archived ECG was not measured: its file is no longer where it was indexed, or has changed.",
            "supported",
        )
    ]
