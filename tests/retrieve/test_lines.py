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
