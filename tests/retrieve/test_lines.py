"""A document's lines and the headings that they stand under."""

from assistant.retrieve.lines import lines, title_of

LETTER = """Discharge letter
Diagnoses
1. Myocardial infarction of the inferior wall
2. Arterial hypertension
History
He smokes 20 cigarettes a day. There is an allergy to penicillin.
Medication at discharge
Aspirin 100 mg once daily
Ramipril 5 mg once daily
Laboratory: Potassium 4.2 mmol/l.
3 Follow-up
We ask for a check in four weeks.
What else?
"""


def test_lines_stand_under_their_headings_and_items_need_no_full_stop():
    assert [(line.heading, line.text, line.is_sentence) for line in lines(LETTER)] == [
        ("Diagnoses", "Myocardial infarction of the inferior wall", False),
        ("Diagnoses", "Arterial hypertension", False),
        ("History", "He smokes 20 cigarettes a day.", True),
        ("History", "There is an allergy to penicillin.", True),
        ("Medication at discharge", "Aspirin 100 mg once daily", False),
        ("Medication at discharge", "Ramipril 5 mg once daily", False),
        ("Laboratory", "Laboratory: Potassium 4.2 mmol/l.", True),
        ("Follow-up", "We ask for a check in four weeks.", True),
    ]


def test_offsets_point_at_what_is_quoted():
    for line in lines(LETTER):
        assert line.text in " ".join(LETTER[line.start :].split())
        assert line.headed < line.start or line.heading == "Laboratory"


def test_a_text_begins_with_its_title_or_with_a_sentence():
    assert title_of(LETTER) == "Discharge letter"
    assert title_of("There is an effusion. It is small.") == ""


def test_what_a_text_stands_under_is_handed_in():
    assert [line.heading for line in lines("The heart is normal.", "FINDINGS")] == ["FINDINGS"]


def test_a_heading_may_close_with_a_date_and_an_item_too():
    text = """Report

Procedures
CABG 12.03.2019
Pacemaker implantation 14.05.2020
Colonoscopy 2021
The course was good.
Chest X-ray 02.09.2024
No effusion.
Echocardiography (3 September 2024)
LVEF 35 %.
"""
    found = [(line.heading, line.text) for line in lines(text)]
    assert found[:2] == [("Procedures", "CABG 12.03.2019"), ("Procedures", "Pacemaker implantation 14.05.2020")]
    assert found[-2:] == [
        ("Chest X-ray 02.09.2024", "No effusion."),
        ("Echocardiography (3 September 2024)", "LVEF 35 %."),
    ]


def test_a_row_stands_under_the_row_that_names_its_columns():
    text = """Lab
Test            Admission   Discharge   Unit
Sodium          128         136         mmol/L
eGFR            31          39          mL/min
Remarks
The patient was well.
"""
    assert [(line.heading, line.text) for line in lines(text)] == [
        ("Lab (Test Admission Discharge Unit)", "Sodium 128 136 mmol/L"),
        ("Lab (Test Admission Discharge Unit)", "eGFR 31 39 mL/min"),
        ("Remarks", "The patient was well."),
    ]


def test_the_last_item_of_a_numbered_list_is_no_heading_and_a_letter_closes_under_none():
    text = "1. Hypertension\n2. Diabetes\nStroke was ruled out.\nPlan\nRest.\nKind regards,\nDr. Example"
    assert [(line.heading, line.text) for line in lines(text, "Diagnoses", begins=False)] == [
        ("Diagnoses", "Hypertension"),
        ("Diagnoses", "Diabetes"),
        ("Diagnoses", "Stroke was ruled out."),
        ("Plan", "Rest."),
        ("", "Kind regards, Dr. Example"),
    ]


def test_the_first_item_below_a_heading_is_none_and_a_heading_over_a_sentence_is():
    history = lines("Hypertension\nType 2 diabetes\nFormer smoker", "History", begins=False, below=True)
    assert [line.heading for line in history] == ["History"] * 3
    assert [line.heading for line in lines("Scope\nThis is for adults.", "Guide", below=True)] == ["Scope"]
