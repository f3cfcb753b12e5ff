"""Which drafts a person should look at first, and why."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture
from pydicom.data import get_testdata_file

from assistant.assistant import Assistant
from assistant.drafting.content import template_for
from assistant.drafting.flags import against_text, by_template
from assistant.ingest import read_file
from assistant.measure import Measurements, measure_signal
from assistant.records import Evidence, Record, Signal
from assistant.settings import IngestSettings
from assistant.studies import StudyRequest

MEASURED = Measurements(
    quality={"overall": "good", "reasons": ""},
    values={"heart_rate_bpm": 50.0, "pr_ms": 160.0, "qrs_ms": 90.0, "qt_ms": 400.0, "axis_deg": 30.0},
    duration_s=10.0,
)


def text(said):
    return [Record("text", "SR", "ecg", text=said)]


@pytest.mark.parametrize(
    "said",
    [
        "Heart rate 52 bpm. PR 170 ms, QRS 88 ms, QT 420 ms. QRS axis 45°.",
        "Sinus bradycardia.",
        "PR interval below 200 ms. 12 leads, 3 beats.",
        "",
    ],
)
def test_a_text_that_agrees_with_what_was_measured_gives_no_reason(said):
    assert list(against_text(MEASURED, text(said))) == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Ventricular rate 75 bpm", "heart rate 50 beats/min measured, the text says 75 bpm"),
        ("PR interval: 240 ms", "PR 160 ms measured, the text says 240 ms"),
        ("QRS Duration: 140 ms", "QRS 90 ms measured, the text says 140 ms"),
        ("QRS axis −60°", "axis 30 ° measured, the text says −60°"),
    ],
)
def test_a_text_that_says_otherwise_is_quoted_beside_the_measurement(said, reason):
    (found,) = against_text(MEASURED, text(said))
    assert found.startswith("measurement against text: ") and reason in found


def test_a_template_made_for_another_kind_of_study_is_a_reason():
    given = "12-lead ECG, 10 s"
    assert list(by_template("draft-ct", "draft-ecg", given)) == [f"template: made for CT, the study is {given}"]
    for fits in ("draft-ecg", "draft", "draft-free", "draft-comparison", "our-own"):
        assert not list(by_template(fits, "draft-ecg", given))


def test_a_rhythm_that_the_recording_does_not_have_is_flagged():
    path = Path(get_testdata_file("waveform_ecg.dcm"))
    records = read_file(path, IngestSettings())
    measured = measure_signal(next(record.signal for record in records if record.signal))
    own = [record for record in records if record.kind == "text"]
    assert "RITMO SINUSALE" in own[0].text
    assert list(against_text(measured, own)) == []  # the cart's own values: PR 161, QRS 75, QT 368 ms, axis 52°
    (reason,) = against_text(measured, text("Atrial fibrillation."))
    assert reason.startswith("measurement against text: the text says “Atrial fibrillation.”, measured: ")


def test_a_picture_unlike_all_others_and_one_that_cannot_be_read_are_flagged(chest_workspace, tmp_path):
    noise = np.random.default_rng(7).integers(0, 255, (200, 200)).astype(np.uint8)
    for name, pixels in (("noise", noise), ("faint", (100 + noise // 20).astype(np.uint8))):
        Picture.fromarray(pixels).save(tmp_path / f"{name}.png")
    requests = [StudyRequest(name, (tmp_path / f"{name}.png",)) for name in ("noise", "faint")]
    noisy, faint = Assistant.open(chest_workspace).draft(requests)
    assert any(flag.startswith("low similarity: ") and "is asked for" in flag for flag in noisy.flags)
    assert any(flag.startswith("poor quality: OT limited, low contrast") for flag in faint.flags)


def test_files_of_two_patients_are_flagged(chest_workspace, tmp_path):
    files = tuple(map(get_testdata_file, ("CT_small.dcm", "MR_small.dcm")))
    (draft,) = Assistant.open(chest_workspace).draft([StudyRequest("two", files, "1CT1")])
    assert "identity: the files name more than one patient" in draft.flags
    assert "identity: a file names another patient than the list does" in draft.flags


def test_the_template_is_the_modality_s():
    def image(modality, **fields):
        return Record("image", modality, "x", fields=fields)

    ecg = Record("signal", "ECG", "x", signal=Signal(np.zeros((10, 1), np.float32), ("II",), 500.0))
    assert template_for([image("CR")]) == "draft-cxr"
    assert template_for([image("DX", body_part="HAND")]) == "draft"
    assert template_for([image("CT"), image("CT")]) == "draft-ct"
    assert template_for([image("US")]) == "draft-us"
    assert template_for([image("US", study_description="Transthoracic echo")]) == "draft-echo"
    assert template_for([image("CR"), ecg]) == "draft-ecg"
    assert template_for([image("CR"), image("CT")]) == "draft"
    assert template_for([image("OP")]) == "draft-free"


def test_a_bare_picture_takes_the_template_of_what_it_is_like(chest_workspace, tmp_path):
    (draft,) = Assistant.open(chest_workspace).draft([StudyRequest("c", (chest_workspace / "data" / "c.png",))])
    assert [section.name for section in draft.sections if section.name == "REPORT"] == []
    similar = [e for e in draft.evidence if isinstance(e, Evidence) and e.relation == "similar" and e.kind == "image"]
    assert similar and {e.modality for e in similar} == {"CR"}
