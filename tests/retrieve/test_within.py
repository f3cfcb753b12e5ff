"""Which lines of a document answer a question, and that none does where the document does not hold it."""

import pytest

from assistant.records import Passage, Record
from assistant.retrieve.lines import lines, title_of
from assistant.retrieve.passaged import passages_answering
from assistant.retrieve.within import answering, asked_of_document, names_a_document

GUIDELINE = """Oral anticoagulation

Intensity
For atrial fibrillation we recommend a target INR of 2.0 to 3.0.
Patients with a mechanical mitral valve are kept between 2.5 and 3.5.

Starting warfarin
Begin with 5 mg once daily in most adults. The INR is checked on day 3.

Management of bleeding
Stop the anticoagulant. Tranexamic acid may be considered.

Before surgery
Warfarin is stopped five days before elective surgery.
"""
TARGET = "For atrial fibrillation we recommend a target INR of 2.0 to 3.0."
BEGIN = "Begin with 5 mg once daily in most adults."
BLEEDING = ["Stop the anticoagulant.", "Tranexamic acid may be considered."]


def told(question, text=GUIDELINE):
    return [found.line.text for found in answering(asked_of_document(question), lines(text), title_of(text))]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Which INR is the target?", [TARGET]),
        ("What does this document say about treatment of bleeding?", BLEEDING),
        ("How is bleeding treated?", BLEEDING),
        ("According to the guideline, which dose of warfarin do you start with?", [BEGIN]),
        ("How often is the INR checked?", ["The INR is checked on day 3."]),
        ("When is warfarin stopped before surgery?", ["Warfarin is stopped five days before elective surgery."]),
    ],
)  # fmt: skip
def test_a_line_answers_that_holds_what_is_named_and_gives_what_is_wanted(question, said):
    assert [line for line in told(question) if line in said] == said


@pytest.mark.parametrize(
    "question",
    [
        "Which dose of digoxin is recommended?",  # a dose stands there, no digoxin
        "Which haemoglobin is the target?",
        "What does this document say about pregnancy?",
        "How is gout treated?",
        "What is the dose of tranexamic acid?",  # named without a dose
        "Who wrote this guideline?",
    ],
)
def test_what_a_document_does_not_hold_is_answered_by_no_line(question):
    assert told(question) == []


@pytest.mark.parametrize(
    "question",
    ["When is the follow-up?", "When is the next appointment?", "When should he be seen again?",
     "What follow-up is planned?"],
)  # fmt: skip
def test_a_day_answers_when_something_is_planned(question):
    letter = "Aspirin 100 mg daily. Follow-up in the clinic in November 2024. No chest pain since admission."
    assert told(question, letter) == ["Follow-up in the clinic in November 2024."]


def test_a_code_is_no_device():
    letter = "Diagnoses (ICD-10): I50.9, I48.0. Permanent pacemaker implanted in 2019. No pneumothorax is seen."
    assert told("Is there an ICD?", letter) == []
    assert told("Which ICD-10 codes are given?", letter) == ["Diagnoses (ICD-10): I50.9, I48.0."]


def test_an_effusion_of_another_cavity_is_no_answer():
    assert told("Is there a pleural effusion?", "No pericardial effusion.") == []
    assert told("Is there a pericardial effusion?", "No pericardial effusion.") == ["No pericardial effusion."]


def test_what_is_normal_answers_how_a_thing_is_judged():
    report = "The heart is normal. Potassium was 4.2 mmol/l. The aortic valve is normal."
    assert told("Is the heart enlarged?", report) == ["The heart is normal."]
    assert told("Was the potassium normal?", report) == ["Potassium was 4.2 mmol/l."]
    assert told("Is the pulmonary valve insufficient?", report) == []
    assert told("Is the spleen enlarged?", report) == []


@pytest.mark.parametrize("said", ["There is cardiomegaly.", "The cardiac silhouette is enlarged.", "Heart is normal."])
@pytest.mark.parametrize("question", ["Is the heart enlarged?", "Is there cardiomegaly?"])
def test_a_finding_answers_by_whichever_name(question, said):
    document = lines(f"Chest X-ray\n\nThe lungs are clear. {said}\n")
    assert [found.line.text for found in answering(asked_of_document(question), document)] == [said]


def test_a_document_as_a_whole_is_told_by_its_conclusion_else_by_how_its_sections_begin():
    article = "A trial of fluids\n\nMethods\nWe assigned 412 adults.\n\nConclusion\nFluids did not matter.\n"
    assert told("Summarise this article.", article) == ["Fluids did not matter."]
    assert told("What does this document say?", article) == ["Fluids did not matter."]
    assert told("Give me an overview of the guideline.")[0] == TARGET


def test_the_passage_with_the_answer_is_told_with_the_heading_that_it_goes_on_under():
    start = GUIDELINE.index("Tranexamic")
    record = Record(
        kind="text", modality="DOC", uri="g.txt", sha256="0", text=GUIDELINE,
        passages=(Passage(0, start - 1), Passage(start, len(GUIDELINE))),
    )  # fmt: skip
    found = passages_answering(record, "How is bleeding treated?")
    assert found.shares == (1.0, 1.0) and found.headings == (None, "Management of bleeding")
    assert passages_answering(record, "Which dose of digoxin is recommended?").shares == (0.0, 0.0)


def test_a_question_that_speaks_of_a_text_is_told():
    assert names_a_document("What does the discharge letter say about rehabilitation?")
    assert not names_a_document("What is the dose of warfarin?")
