from __future__ import annotations

import time

import pytest

from assistant.findings import entities, extract_findings, implies, sentence_spans
from assistant.records import Finding


def said(text: str) -> list[tuple[str, str]]:
    return [(finding.entity, finding.status) for finding in extract_findings(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No pleural effusion or pneumothorax.", [("pleural effusion", "absent"), ("pneumothorax", "absent")]),
        ("The cardiac silhouette is mildly enlarged.", [("cardiomegaly", "present")]),
        ("Enlarged heart.", [("cardiomegaly", "present")]),
        ("The heart size is normal.", [("cardiomegaly", "absent")]),
        ("The heart is not enlarged.", [("cardiomegaly", "absent")]),
        ("The lungs are clear.", [("lung opacity", "absent")]),
        ("Heart size is normal and lungs are clear.", [("cardiomegaly", "absent"), ("lung opacity", "absent")]),
        (
            "Normal heart size and mediastinal contours.",
            [("cardiomegaly", "absent"), ("mediastinal widening", "absent")],
        ),
        ("No change in the left effusion.", [("pleural effusion", "present")]),
        ("Small effusion without significant interval change.", [("pleural effusion", "present")]),
        ("Pneumonia cannot be excluded.", [("pneumonia", "uncertain")]),
        ("We cannot exclude pneumonia.", [("pneumonia", "uncertain")]),
        ("Rule out pneumonia.", [("pneumonia", "uncertain")]),
        ("The effusion has resolved.", [("pleural effusion", "absent")]),
        ("The pneumothorax is no longer seen.", [("pneumothorax", "absent")]),
        ("There is no absence of effusion.", [("pleural effusion", "present")]),
        (
            "Not only an effusion but also a pneumothorax.",
            [("pleural effusion", "present"), ("pneumothorax", "present")],
        ),
        ("No effusion and the heart is enlarged.", [("pleural effusion", "absent"), ("cardiomegaly", "present")]),
        ("No pneumothorax, mild cardiomegaly.", [("pneumothorax", "absent"), ("cardiomegaly", "present")]),
        (
            "Cardiomegaly is present and effusion is not seen.",
            [("cardiomegaly", "present"), ("pleural effusion", "absent")],
        ),
        ("No opacity to suggest pneumonia.", [("lung opacity", "absent"), ("pneumonia", "absent")]),
        ("Effusion: none.", [("pleural effusion", "absent")]),
        ("Bronchitis does not turn into pneumonia.", [("bronchitis", "present"), ("pneumonia", "present")]),
        ("The film does not show pneumonia.", [("pneumonia", "absent")]),
        ("Heart size at the upper limits of normal.", [("cardiomegaly", "uncertain")]),
        ("Pulmonary oedema.", [("pulmonary edema", "present")]),
        ("Myocardial ischaemia; old MI.", [("myocardial ischemia", "present"), ("myocardial infarction", "present")]),
        ("AF with RBBB.", [("atrial fibrillation", "present"), ("right bundle branch block", "present")]),
        ("Increasing SOB and known CHF.", [("dyspnea", "present"), ("heart failure", "present")]),
        ("Family history of diabetes.", []),
        ("The cat sat on the mat.", []),
        ("", []),
        ("ICD in place.", [("implantable defibrillator", "present")]),
        ("No pacemaker; an ICD is in place.", [("pacemaker", "absent"), ("implantable defibrillator", "present")]),
        ("Heart failure (ICD-10 I50.9, ICD code I50).", [("heart failure", "present")]),  # a code, no device
        ("Wandering atrial pacemaker.", [("wandering atrial pacemaker", "present")]),  # a rhythm, no device
    ],
)
def test_what_a_sentence_says(text: str, expected: list[tuple[str, str]]) -> None:
    assert said(text) == expected


def one(text: str) -> Finding:
    (finding,) = extract_findings(text)
    return finding


def test_side_severity_and_place() -> None:
    effusion = one("There is a small left pleural effusion.")
    assert (effusion.side, effusion.severity) == ("left", "mild")
    pneumonia = one("RLL pneumonia.")
    assert (pneumonia.side, pneumonia.location) == ("right", "lower lobe")
    assert one("In the right upper lobe, there is a nodule.").location == "upper lobe"
    assert one("Bibasilar atelectasis, left greater than right.").side == "bilateral"
    assert one("The cardiac silhouette is mildly enlarged.").severity == "mild"
    assert one("The effusion is not large.").severity is None
    assert one("Left bundle branch block.").side is None


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("Atelectasis in both lungs.", "bilateral"),
        ("Atelectasis in both lower lobes.", "bilateral"),
        ("Pneumonia affects both men and women.", None),
        ("Pneumonia is both a cause and a result of atelectasis.", None),
        ("Both are causes of pneumonia.", None),
    ],
)
def test_both_names_sides_only_before_what_has_them(text: str, side: str | None) -> None:
    assert {f.side for f in extract_findings(text)} == {side}


def test_both_sides_with_their_own_degree_are_two_findings() -> None:
    both = extract_findings("Moderate right and small left pleural effusions.")
    assert [(f.side, f.severity) for f in both] == [("right", "moderate"), ("left", "mild")]


def test_numbers_and_units() -> None:
    assert [(f.entity, f.value, f.unit) for f in extract_findings("QRS 92 ms and heart rate 61 bpm.")] == [
        ("QRS duration", 92.0, "ms"),
        ("heart rate", 61.0, "bpm"),
    ]
    assert (one("A 2.3 cm nodule.").value, one("A 2.3 cm nodule.").unit) == (23.0, "mm")
    assert extract_findings("Ejection fraction 35 %.")[0].value == 35.0


def test_offsets_point_at_the_words() -> None:
    text = "No change.\nThe heart is enlarged. There is “no” pleural   effusion."
    for finding in extract_findings(text):
        shown = text[finding.start : finding.end]
        assert shown in ("heart is enlarged", "pleural   effusion")


def test_what_a_finding_implies() -> None:
    assert implies(one("The lungs are clear."), "consolidation") == "absent"
    assert implies(one("Pneumonia."), "lung opacity") == "present"
    assert implies(one("Opacity."), "pneumonia") is None
    assert implies(one("No large effusion."), "pleural effusion") is None
    assert implies(one("No acute cardiopulmonary abnormality."), "pneumothorax") == "absent"
    assert implies(one("No acute cardiopulmonary abnormality."), "scoliosis") is None


def test_the_vocabulary_is_consistent() -> None:
    names = entities()
    assert len(names) == len(set(names)) > 150


@pytest.mark.parametrize(
    "text", ["Kein Pleuraerguss. Herz normal groß, Lunge frei.", "“„’‚»…", "\x00\ud7ff 🫀", "…" * 50]
)
def test_other_languages_and_odd_marks_pass(text: str) -> None:
    extract_findings(text)
    sentence_spans(text)


def test_long_text_is_read_in_bounded_time() -> None:
    began = time.process_time()
    extract_findings("no effusion, and not pneumonia or " * 300)
    assert time.process_time() - began < 5
