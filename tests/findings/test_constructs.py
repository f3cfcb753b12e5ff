"""Each construct of clinical prose that decides what a finding is: one line a case."""

from __future__ import annotations

import gc
import time

import pytest

from assistant import check
from assistant.findings import extract_findings
from assistant.records import Finding


def said(text: str) -> list[str]:
    marks = {"present": "+", "absent": "-", "uncertain": "?"}
    return [f"{marks[finding.status]}{finding.entity}" for finding in extract_findings(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # denials before
        ("No evidence of acute pulmonary embolism.", ["-pulmonary embolism"]),
        ("There is no CT evidence of appendicitis.", ["-appendicitis"]),
        (
            "Lungs without focal consolidation, effusion or pneumothorax.",
            ["-consolidation", "-pleural effusion", "-pneumothorax"],
        ),
        ("Negative for fracture or dislocation.", ["-fracture", "-dislocation"]),
        ("The kidneys are free of hydronephrosis.", ["-hydronephrosis"]),
        (
            "He denies chest pain, shortness of breath, nausea or vomiting.",
            ["-chest pain", "-dyspnea", "-nausea", "-vomiting"],
        ),
        ("Patient denies fever but reports cough.", ["-fever", "+cough"]),
        ("No abnormality The abdomen is distended; fever.", ["-abnormality", "+fever"]),
        # where a device lies is not what is said to be in order
        (
            "Redemonstration of an AICD in the left chest wall with intact stable lead placement.",
            ["+implantable defibrillator"],
        ),
        ("A catheter over the right chest, intact.", ["+central venous catheter"]),
        ("The chest is unremarkable.", ["-cardiopulmonary abnormality"]),
        # denials after
        ("Pneumonia has been ruled out.", ["-pneumonia"]),
        ("Pleural effusion: not present. Pneumothorax: negative.", ["-pleural effusion", "-pneumothorax"]),
        # words that deny what they name
        (
            "Abdomen is soft, nontender, nondistended. Afebrile.",
            ["-tenderness", "-abdominal distension", "-fever"],
        ),
        # what only looks like a denial
        ("No increase in the left pleural effusion.", ["+pleural effusion"]),
        ("No change in cardiomegaly.", ["+cardiomegaly"]),
        ("Not only cardiomegaly but also edema.", ["+cardiomegaly", "+pulmonary edema"]),
        ("Nasogastric tube with the tip not seen.", ["+enteric tube"]),
        ("Chest pain with negative cardiac workup.", ["+chest pain"]),
        # doubt
        ("Opacity may represent pneumonia versus atelectasis.", ["+lung opacity", "?pneumonia", "?atelectasis"]),
        ("Cannot exclude a small pneumothorax.", ["?pneumothorax"]),
        ("Suspicious for malignancy.", ["?malignancy"]),
        ("Pneumonia is in the differential.", ["?pneumonia"]),
        ("Rule out MI. R/o PE.", ["?myocardial infarction", "?pulmonary embolism"]),
        ("If there is a pneumothorax, place a tube.", ["?pneumothorax"]),
        ("Pleural effusion and possible pneumonia.", ["+pleural effusion", "?pneumonia"]),
        # other people
        ("Family history of breast cancer. Mother with diabetes.", []),
        ("His younger brother was diagnosed with Crohn disease.", []),
        # what an indication asks, and other studies
        ("INDICATION: Rule out pneumonia.", []),
        ("INDICATION: Pneumonia.", []),
        ("INDICATION: Cough and fever.", ["+cough", "+fever"]),
        ("COMPARISON: CT for pulmonary embolism.\n\nFINDINGS: Effusion.", ["+pleural effusion"]),
        ("TECHNIQUE: CT without contrast, pulmonary embolism protocol.", []),
        ("INDICATION: Rule out pneumonia.\n\nPneumonia in the right lower lobe.", ["+pneumonia"]),
        # exceptions
        ("Lungs are clear except for a left basilar opacity.", ["-lung opacity", "+lung opacity"]),
        ("No pneumothorax is seen, however a small effusion persists.", ["-pneumothorax", "+pleural effusion"]),
        # the rest of the body
        (
            "Mildly dilated left atrium. Moderate mitral regurgitation.",
            ["+left atrial enlargement", "+mitral regurgitation"],
        ),
        ("Gallbladder wall thickening without gallstones.", ["+gallbladder wall thickening", "-gallstones"]),
        ("There is a 5 mm nonobstructing stone in the left kidney.", ["+kidney stone"]),
        ("No acute intracranial hemorrhage or midline shift.", ["-intracranial hemorrhage", "-midline shift"]),
        (
            "Invasive ductal carcinoma; no lymphovascular invasion.",
            ["+invasive ductal carcinoma", "-lymphovascular invasion"],
        ),
        ("Tear of the medial meniscus with a small joint effusion.", ["+meniscal tear", "+joint effusion"]),
    ],
)  # fmt: skip
def test_what_is_stated(text: str, expected: list[str]) -> None:
    assert said(text) == expected


def one(text: str) -> Finding:
    (finding,) = extract_findings(text)
    return finding


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("Cough for 3 days.", "for 3 days"),
        ("Chest pain for the last two days.", "for the last two days"),
        ("Hypertension since 2019.", "since 2019"),
        ("Stroke two years ago.", "two years ago"),
        ("Headache since yesterday.", "since yesterday"),
        ("A 6-month history of dyspnea.", "6-month history"),
        ("History of heart failure.", "History of"),
        ("Prior stroke.", "Prior"),
        ("Pneumonia in March 2018.", "in March 2018"),
        ("Fever, on 3/4/2020.", "on 3/4/2020"),
        ("No history of stroke.", None),
        ("Compared with the study of 2 weeks ago, effusion.", None),
        ("Effusion.", None),
    ],
)
def test_when(text: str, when: str | None) -> None:
    assert one(text).time == when


def test_times_go_to_their_own_findings() -> None:
    found = extract_findings("Atrial fibrillation since 2019 and diabetes since 2004.")
    assert [(f.entity, f.time) for f in found] == [
        ("atrial fibrillation", "since 2019"),
        ("diabetes mellitus", "since 2004"),
    ]
    found = extract_findings("A 3-week history of cough and a history of asthma.")
    assert [(f.entity, f.time) for f in found] == [("cough", "3-week history"), ("asthma", "history of")]


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("New left effusion.", "new"),
        ("Worsening effusion.", "worse"),
        ("The effusion has decreased.", "better"),
        ("Unchanged effusion.", "stable"),
        ("No change in the effusion.", "stable"),
        ("The effusion has resolved.", "resolved"),
        ("No effusion.", None),
    ],
)
def test_course(text: str, change: str | None) -> None:
    assert one(text).change == change


def test_every_attribute_says_where_it_stands() -> None:
    text = "Heart normal. New small left pleural effusion of 12 mm in the lower lobe since 2019. No pneumothorax."
    effusion = next(f for f in extract_findings(text) if f.entity == "pleural effusion")
    assert {what: text[start:end] for what, start, end in effusion.spans} == {
        "change": "New",
        "severity": "small",
        "side": "left",
        "value": "12 mm",
        "location": "lower lobe",
        "time": "since 2019",
    }
    pneumothorax = extract_findings(text)[-1]
    assert [(what, text[start:end]) for what, start, end in pneumothorax.spans] == [("status", "No")]
    assert text[effusion.start : effusion.end] == "pleural effusion"


def test_laboratory_values() -> None:
    found = extract_findings("Creatinine 1.4 mg/dL, sodium 139 mEq/L, C-reactive protein 5 mg/L.")
    assert [(f.entity, f.value, f.unit) for f in found] == [
        ("creatinine", 1.4, "mg/dL"),
        ("sodium", 139.0, "mEq/L"),
        ("C-reactive protein", 0.5, "mg/dL"),
    ]


@pytest.mark.parametrize(
    "text",
    ["a" * 1_000_000, "(" * 1_000_000, "no " * 100_000, "no effusion " * 100_000, "history of " * 100_000,
     "for 3 days " * 90_000, "FINDINGS: " * 100_000, "INDICATION: " * 100_000, "\n \n" * 300_000, "_" * 1_000_000],
    ids=["letters", "brackets", "denials", "denied", "histories", "days", "headings", "questions", "lines", "rules"],
)  # fmt: skip
def test_hostile_text_is_read_in_two_seconds_or_in_proportion_to_its_length(text: str) -> None:
    def taken(text: str) -> float:
        gc.disable()  # as timeit does: what other tests have left takes as long to look through as they have left much
        try:
            began = time.process_time()
            extract_findings(text)
            return time.process_time() - began
        finally:
            gc.enable()

    if (whole := taken(text)) < 2:
        return
    eighth = max(taken(text[: len(text) // 8]) for _ in range(3))
    assert min(whole, taken(text)) < 24 * eighth  # the square would be 64 times: a machine under load is slower at both


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("Soft tissues unremarkable.", "soft tissue abnormality"),
        ("The upper abdomen is normal.", "abdominal abnormality"),
        ("No acute intraabdominal abnormality.", "acute abdominal abnormality"),
    ],
)
def test_a_part_that_is_normal_denies_what_belongs_to_it_alone(text, entity):
    """Of soft tissues that are unremarkable nothing follows for the heart."""
    assert [(finding.entity, finding.status) for finding in extract_findings(text)] == [(entity, "absent")]
    assert check("There is cardiomegaly.", text).verdict == "unsupported"


@pytest.mark.parametrize(
    ("text", "entity", "status"),
    [
        ("Former infarction (localization): no", "myocardial infarction", "absent"),
        ("Pericardial effusion: no.", "pericardial effusion", "absent"),
        ("Aortic stenosis: no", "aortic stenosis", "absent"),
        ("Hypertension: yes", "hypertension", "present"),
        ("Effusion: No change since yesterday.", "pleural effusion", "present"),
    ],
)
def test_a_form_s_question_that_is_answered_no_denies_it(text, entity, status):
    assert (entity, status) in [(finding.entity, finding.status) for finding in extract_findings(text)]


def test_a_denial_in_a_form_supports_no_claim_of_it():
    assert check("There is a former myocardial infarction.", "Myocardial infarction: no").verdict == "contradicted"
