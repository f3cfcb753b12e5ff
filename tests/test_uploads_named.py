"""Of several recordings each measured sentence says of which upload it speaks, without telling who the patient is."""

import numpy as np
import pytest

from assistant.assistant import Assistant

WITHIN = ", within the usual range 60–100 beats/min"
NEAR = ", near the limit of the usual range 60–100 beats/min"


def ecg(path, rr_s):
    """A drawn recording of ten seconds with a beat every `rr_s` seconds, leads I, II and III on one scale."""
    import wfdb

    at = np.arange(2500) / 250 % rr_s
    waves = ((0.2, 0.025, 0.12), (0.36, 0.01, 1.0), (0.39, 0.01, -0.25), (0.6, 0.05, 0.3))
    beat = sum(height * np.exp(-(((at - centre) / width) ** 2)) for centre, width, height in waves)
    samples = np.stack([beat * gain for gain in (0.5, 1.0, 0.5)], axis=1)
    path.parent.mkdir(exist_ok=True)
    wfdb.wrsamp(
        path.stem.replace(" ", "_"), fs=250, units=["mV"] * 3, sig_name=["I", "II", "III"], p_signal=samples,
        fmt=["16"] * 3, write_dir=str(path.parent),
    )  # fmt: skip
    written = path.parent / f"{path.stem.replace(' ', '_')}.hea"
    return written.rename(path.with_suffix(".hea"))


@pytest.fixture(scope="module")
def assistant(chest_workspace):
    return Assistant.open(chest_workspace)


def own(assistant, question, *files):
    answer = assistant.ask(question, files=files)
    return [(claim.text, claim.verdict) for claim in answer.claims if claim.about == "patient"]


def test_one_recording_needs_no_name(assistant, tmp_path):
    assert own(assistant, "What is the heart rate?", ecg(tmp_path / "before.hea", 1.0)) == [
        (f"Heart rate 60 beats/min{NEAR}.", "supported")
    ]


def test_two_recordings_give_two_rates_each_with_its_file(assistant, tmp_path):
    before, after = ecg(tmp_path / "before.hea", 1.0), ecg(tmp_path / "after.hea", 0.75)
    assert own(assistant, "What is the heart rate?", before, after) == [
        (f"Heart rate 60 beats/min{NEAR} (upload before.hea).", "supported"),
        (f"Heart rate 80 beats/min{WITHIN} (upload after.hea).", "supported"),
    ]
    rhythm = own(assistant, "What rhythm is this?", before, after)
    assert {verdict for _, verdict in rhythm} == {"supported"}
    assert sum("(upload after.hea)" in text for text, _ in rhythm) >= 2


def test_a_name_that_could_be_the_patient_s_is_replaced_by_the_upload_s_number(assistant, tmp_path):
    files = ecg(tmp_path / "after.hea", 0.75), ecg(tmp_path / "Gunther Obermeier.hea", 1.0)
    assert own(assistant, "What is the heart rate?", *files) == [
        (f"Heart rate 80 beats/min{WITHIN} (upload after.hea).", "supported"),
        (f"Heart rate 60 beats/min{NEAR} (upload 2).", "supported"),
    ]


def test_two_files_of_one_name_are_told_apart(assistant, tmp_path):
    files = ecg(tmp_path / "one" / "ecg.hea", 0.75), ecg(tmp_path / "two" / "ecg.hea", 1.0)
    assert [text for text, _ in own(assistant, "rate?", *files)] == [
        f"Heart rate 80 beats/min{WITHIN} (upload 1).", f"Heart rate 60 beats/min{NEAR} (upload 2).",
    ]  # fmt: skip


def test_what_is_asked_of_a_lead_that_was_not_recorded_is_answered_with_that(assistant, tmp_path):
    ((text, verdict), *_) = own(assistant, "Is there ST elevation in V2?", ecg(tmp_path / "limbs.hea", 1.0))
    assert (text, verdict) == ("ST level not measured in aVR, aVL, aVF, V1–V6 (not recorded).", "supported")


def test_a_comparison_of_two_recordings_says_what_differs(assistant, tmp_path):
    before, after = ecg(tmp_path / "before.hea", 1.0), ecg(tmp_path / "after.hea", 0.75)
    told = own(assistant, "Compare with the previous ECG", before, after)
    apart = "20 beats/min more than the 60 beats/min of upload before.hea"
    difference = f"Heart rate 80 beats/min (upload after.hea), {apart}."
    assert (difference, "supported") in told
    assert not [text for text, _ in told if text.startswith("Heart rate") and text != difference]


def test_of_several_texts_each_sentence_says_which_it_is_of(assistant, tmp_path):
    first, second, alone = (tmp_path / name for name in ("first.txt", "second.txt", "alone.txt"))
    first.write_text("Discharge letter\n\nLaboratory\nCreatinine 2.1 mg/dL\n\nThere is a small pleural effusion.\n")
    second.write_text("Outpatient letter\n\nThe creatinine was 1.7 mg/dL.\n\nThere is no pleural effusion.\n")
    alone.write_text(first.read_text())
    said = assistant.ask("What is the creatinine?", files=[first, second]).claims
    assert any("2.1 mg/dL” (upload first.txt)" in claim.text for claim in said)
    assert any("1.7 mg/dL (upload second.txt)." in claim.text for claim in said)
    assert {claim.verdict for claim in said} == {"supported"}
    said = assistant.ask("Is there a pleural effusion?", files=[first, second]).claims
    own = [claim for claim in said if claim.about != "similar" and "(upload" in claim.text]
    assert len(own) == 2 and {claim.verdict for claim in own} == {"supported"}
    assert not any("(upload" in claim.text for claim in assistant.ask("What is the creatinine?", files=[alone]).claims)
