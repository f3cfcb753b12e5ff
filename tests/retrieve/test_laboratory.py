"""Values of the laboratory by name and by symbol, asked for and as a note writes them."""

import pytest

from assistant.retrieve.laboratory import asks_for_own_value, lab_values
from assistant.retrieve.lines import lines
from assistant.retrieve.route import asks_who
from assistant.retrieve.within import answering, asked_of_document

NOTE = (
    "Ward note. BP 138/82. Vitamin K 10 mg given. K 3.2 mmol/l, Na+ 139. Hb 9.8 g/dl. HbA1c 7.2 %. CRP 12 mg/l. "
    "CA 15-3 22 U/ml. Torasemid 5 mg in the morning. LVEF 35 %. Check creatinine in one week."
)


def answered(question, text=NOTE):
    return [found.line.text for found in answering(asked_of_document(question), lines(text))]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What is the potassium?", "K 3.2 mmol/l, Na+ 139."),
        ("potassium?", "K 3.2 mmol/l, Na+ 139."),
        ("How high is the potassium level?", "K 3.2 mmol/l, Na+ 139."),
        ("K?", "K 3.2 mmol/l, Na+ 139."),
        ("What is the sodium?", "K 3.2 mmol/l, Na+ 139."),
        ("What was the haemoglobin?", "Hb 9.8 g/dl."),
        ("What is the HbA1c?", "HbA1c 7.2 %."),
        ("What is the ejection fraction?", "LVEF 35 %."),
        ("What is the blood pressure?", "BP 138/82."),
    ],
)
def test_a_value_is_found_by_its_name_and_by_its_symbol(question, said):
    assert answered(question) == [said]


@pytest.mark.parametrize("question", ["What is the creatinine?", "What is the calcium?", "What is the magnesium?"])
def test_a_value_that_is_not_given_is_answered_by_no_order_and_no_other_thing_of_that_symbol(question):
    assert answered(question) == []


@pytest.mark.parametrize(
    ("question", "own"),
    [
        ("What is the potassium?", True),
        ("crp?", True),
        ("Is his creatinine raised?", True),
        ("What is potassium?", False),
        ("What is a normal potassium?", False),
        ("What causes low sodium?", False),
        ("What is the heart rate?", False),
    ],
)
def test_somebody_s_value_is_told_from_what_it_is(question, own):
    assert asks_for_own_value(question) == own


def test_a_value_is_named_without_its_number_where_something_else_of_it_is_asked():
    assert answered("How often is the INR checked?", "The INR is checked weekly.") == ["The INR is checked weekly."]


def test_vitamins_and_markers_are_no_electrolytes():
    assert not lab_values("How much vitamin K?") and not lab_values("What is the CA 15-3?")


def test_who_the_patient_is_stands_where_age_and_sex_do_and_the_valve_where_it_leaks():
    letter = "History: 75-year-old woman with chest pain. The patient was admitted. Mild mitral regurgitation."
    assert asks_who("Who is the patient?") and not asks_who("Who was Osler?")
    assert answered("Who is the patient?", letter) == ["History: 75-year-old woman with chest pain."]
    assert answered("How old is the patient?", letter) == ["History: 75-year-old woman with chest pain."]
    assert answered("and the valve?", letter) == ["Mild mitral regurgitation."]
