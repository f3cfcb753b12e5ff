"""A discharge letter that was handed in, cut into passages and asked: lists are whole, rows have their dates."""

import pytest

from assistant.generate import Task, open_answerer
from assistant.ingest.text.plain import text_record
from assistant.retrieve.own import own_passages
from assistant.retrieve.query import Query, Upload
from assistant.settings import IngestSettings, LlmSettings, Settings
from assistant.verify import Verifier

DRUGS = [
    "Aspirin 100 mg 1-0-0 until 06.07.2024", "Clopidogrel 75 mg 1-0-0", "Apixaban 5 mg 1-0-1", "Bisoprolol 5 mg 1-0-1",
    "Atorvastatin 80 mg 0-0-1", "Empagliflozin 10 mg 1-0-0", "Torasemide 10 mg 1-0-0", "Nitroglycerin spray as needed",
]  # fmt: skip
DIAGNOSES = [
    "NSTEMI, 05.06.2024, culprit lesion proximal LAD", "Paroxysmal atrial fibrillation", "Type 2 diabetes mellitus",
    "Arterial hypertension",
]  # fmt: skip
NUMBERED = "\n".join(f"{n}. {name}" for n, name in enumerate(DIAGNOSES, 1))
LISTED = "\n".join(DRUGS)
COLUMNS = "Laboratory values (Parameter 05.06.2024 14.06.2024 Unit Reference)"
LETTER = f"""Discharge letter

Dear colleague,

we report on the patient, who was in our inpatient care from 05.06.2024 to 14.06.2024.

Diagnoses
{NUMBERED}
Suspected pulmonary embolism was ruled out by CT.

History
The patient presented with retrosternal chest pain for three hours. He stopped smoking in 2010.

Laboratory values
Parameter            05.06.2024   14.06.2024   Unit      Reference
Creatinine           2.1          1.7          mg/dL     0.7-1.2
eGFR                 31           39           mL/min    > 60
Potassium            5.6          4.8          mmol/L    3.5-5.1
HbA1c                8.4          -            %         < 6.5

Chest X-ray 05.06.2024
Small bilateral pleural effusions. No pneumothorax. Heart size normal.

Echocardiography 06.06.2024
LVEF 35 %, akinesia of the apex. No left ventricular thrombus.

Course
Coronary angiography showed a 95 % stenosis of the proximal LAD, which was treated with one drug-eluting stent.
Ramipril was stopped because of hyperkalaemia. Metformin was paused because of the eGFR.

Medication at discharge
{LISTED}

Recommendations
Check potassium in one week. Echocardiography in three months for ICD indication.

Kind regards,
Dr. Example, Consultant
"""


def said(question, text=LETTER, words=60):
    """What `quote` says, in passages of about so many words; each is supported by the passage that it cites."""
    settings = Settings()
    record = text_record(text, IngestSettings(passage_words=words), uri="letter.txt", sha256="0")
    kept = tuple(piece for piece in own_passages(Query(question, (Upload(record),)), settings) if piece.kept)
    by_id = {piece.id: piece for piece in kept}
    told = list(open_answerer(LlmSettings()).answer(Task(question, kept))) if kept else []
    verifier = Verifier(settings.verify)
    for statement in told:
        assert {claim.verdict for claim in verifier.verify(statement, by_id)} == {"supported"}, statement.text
    return [statement.text for statement in told]


@pytest.mark.parametrize("words", [20, 60, 160, 400])
@pytest.mark.parametrize(
    "question",
    ["Which drugs does the patient take at discharge?", "Which drugs does the patient take?", "List all medications"],
)
def test_a_list_is_quoted_whole_wherever_the_text_was_cut(question, words):
    assert said(question, words=words) == [f"Medication at discharge: “{drug}”" for drug in DRUGS]


@pytest.mark.parametrize("words", [20, 60, 160])
def test_a_list_ends_where_the_next_heading_stands(words):
    told = said("What are the diagnoses?", words=words)
    assert told == [
        *(f"Diagnoses: “{name}”" for name in DIAGNOSES),
        "Suspected pulmonary embolism was ruled out by CT.",
    ]


def test_a_list_that_is_too_long_says_that_it_goes_on():
    drugs = [f"Drug{letter}ol {n} mg once daily" for n, letter in enumerate("abcdefghijklmnopqrstuvw", 1)]
    told = said("List all medications", "Letter\n\nMedication\n" + "\n".join(drugs) + "\n\nPlan\nNone.\n")
    assert told == [
        *(f"Medication: “{drug}”" for drug in drugs[:19]),
        f"Medication: “{drugs[19]}” (and 3 more lines)",
    ]


@pytest.mark.parametrize("words", [20, 160])
@pytest.mark.parametrize(
    ("question", "row"),
    [
        ("What was the creatinine at discharge?", "Creatinine 2.1 1.7 mg/dL 0.7-1.2"),
        ("What is the HbA1c?", "HbA1c 8.4 - % < 6.5"),
        ("How did the potassium develop?", "Potassium 5.6 4.8 mmol/L 3.5-5.1"),
    ],
)
def test_of_a_table_the_row_asked_for_is_quoted_with_the_dates_of_its_columns(question, row, words):
    assert said(question, words=words) == [f"{COLUMNS}: “{row}”"]


def test_a_value_of_the_other_end_of_the_stay_is_no_answer():
    note = "Letter\n\nLaboratory\nCRP was 182 mg/l on admission.\n"
    assert said("What was the CRP on admission?", note) == ["CRP was 182 mg/l on admission."]
    assert said("What was the CRP at discharge?", note) == []


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Does the chest X-ray show a pneumothorax?", ["No pneumothorax."]),
        ("Is there cardiomegaly?", ["Heart size normal."]),
        ("Had the patient a thrombus in the left ventricle?", ["No left ventricular thrombus."]),
        ("Is the patient diabetic?", ["Diagnoses: “Type 2 diabetes mellitus”"]),
        ("Is he on a beta blocker?", ["Medication at discharge: “Bisoprolol 5 mg 1-0-1”"]),
        ("Is she anticoagulated?", ["Medication at discharge: “Apixaban 5 mg 1-0-1”"]),
        ("Should metformin be continued?", ["Metformin was paused because of the eGFR."]),
        (
            "What medication was stopped?",
            ["Ramipril was stopped because of hyperkalaemia.", "Metformin was paused because of the eGFR."],
        ),
        ("When is the next echo?", ["Echocardiography in three months for ICD indication."]),
        ("Does the patient have a pacemaker?", []),
        ("Does the patient take warfarin?", []),
        ("Is the patient on a calcium channel blocker?", []),
        ("What was the sodium?", []),
    ],
)
def test_what_a_letter_says_in_other_words_is_found_and_what_it_does_not_is_not(question, told):
    assert said(question) == told


def test_how_a_letter_closes_is_no_recommendation():
    told = said("What follow-up is recommended?")
    assert told == ["Check potassium in one week.", "Echocardiography in three months for ICD indication."]
