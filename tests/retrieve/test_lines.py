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


HEADER = """Smoker: no
Number of coronary vessels involved: 1
Infarction date (acute): 29 September 1990

Medication pre admission: Isosorbide dinitrate Digoxin Glibenclamide Metoprolol
Start of lysis (hh.mm): 19:45

Dr. Ann Reed, consultant
Dr. Paul Miller, resident
"""


def test_a_line_with_its_own_label_heads_no_other_and_is_not_joined_to_the_next():
    assert [(line.heading, line.text) for line in lines(HEADER)] == [
        ("Smoker", "Smoker: no"),
        ("Number of coronary vessels involved", "Number of coronary vessels involved: 1"),
        ("Infarction date (acute)", "Infarction date (acute): 29 September 1990"),
        (
            "Medication pre admission",
            "Medication pre admission: Isosorbide dinitrate Digoxin Glibenclamide Metoprolol",
        ),
        ("Start of lysis (hh.mm)", "Start of lysis (hh.mm): 19:45"),
        ("", "Dr. Ann Reed, consultant"),
        ("", "Dr. Paul Miller, resident"),
    ]


def test_a_label_before_the_first_item_of_a_list_heads_the_others():
    text = "Letter\nMedication: Aspirin 100 mg\nRamipril 5 mg\nPlan: We ask for a check."
    assert [(line.heading, line.text) for line in lines(text)] == [
        ("Medication", "Medication: Aspirin 100 mg"),
        ("Medication", "Ramipril 5 mg"),
        ("Plan", "Plan: We ask for a check."),
    ]


def test_a_dated_label_is_of_its_line_alone():
    text = "Letter\n\nImaging\nChest CT 4 May 2023: nodule. No effusion.\nA biopsy was not taken.\n"
    assert [(line.heading, line.text) for line in lines(text)] == [
        ("Chest CT 4 May 2023", "Chest CT 4 May 2023: nodule."),
        ("Chest CT 4 May 2023", "No effusion."),
        ("Imaging", "A biopsy was not taken."),
    ]


def test_a_row_stands_under_the_days_of_its_columns_without_a_year():
    rows = "            4 May    9 August\nSodium (mmol/l)  131  138\nHbA1c (%)  6.1\n"
    text = f"Letter\n\nLaboratory\n{rows}The rest is pending.\n"
    assert [(line.heading, line.text) for line in lines(text)] == [
        ("Laboratory (4 May 9 August)", "Sodium (mmol/l) 131 138"),
        ("Laboratory (4 May 9 August)", "HbA1c (%) 6.1"),
        ("Laboratory", "The rest is pending."),
    ]
