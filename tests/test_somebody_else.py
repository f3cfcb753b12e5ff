"""A question that names somebody else is not answered from this case."""

import pytest

from assistant.assistant import ANOTHER_PATIENT, NAMED_PATIENT, NOT_COMPARED, Assistant
from assistant.errors import OtherPatient
from assistant.retrieve.called import of_the_case, persons_named

LETTER = """Discharge letter
Patient: Anna Schmidt, born 4 May 1950
Diagnosis: pneumonia of the left lower lobe.
Reviewed by Dr. Robert Stone.
"""


@pytest.fixture
def assistant(chest_workspace):
    return Assistant.open(chest_workspace)


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text(LETTER, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("What was the diagnosis of Mr Meyer?", ("Meyer",)),
        ("what was the diagnosis of mrs meyer?", ("meyer",)),
        ("What did John Smith's ECG show?", ("John Smith",)),
        ("Patient Anna Schmidt: is there an infarct?", ("Anna Schmidt",)),
        ("Was war die Diagnose von Herrn Meyer?", ("Meyer",)),
        ("Is Meyer's loop hurt?", ()),
        ("Is it Wolff-Parkinson-White, Parkinson or Crohn?", ()),
        ("Is it Rocky Mountain Spotted Fever?", ()),
        ("What did Dr Stone recommend?", ()),
        ("Who is the patient?", ()),
        ("", ()),
    ],
)
def test_persons_are_told_from_what_is_called_after_them(question, named):
    assert persons_named(question) == named


@pytest.mark.parametrize("who", ["Mr Meyer", "John Smith", "Frau Meyer"])
def test_somebody_whom_no_file_names_gets_no_answer_from_the_case(assistant, letter, who):
    answer = assistant.ask(f"What was the diagnosis of {who}?", files=[letter])
    assert answer.abstained and not answer.claims and not answer.evidence
    assert answer.reason == ANOTHER_PATIENT.format(case="this case")
    assert "Meyer" not in str(answer.to_json()) and "Smith" not in str(answer.to_json())
    with pytest.raises(OtherPatient) as refused:
        assistant.converse(files=[letter]).ask(f"What was the diagnosis of {who}?")
    assert refused.value.named in who


@pytest.mark.parametrize("who", ["Mrs Schmidt", "Anna Schmidt", "the patient"])
def test_whom_the_file_names_is_answered_for(assistant, letter, who):
    answer = assistant.converse(files=[letter]).ask(f"What was the diagnosis of {who}?")
    assert any("pneumonia" in claim.text for claim in answer.claims)


def test_an_id_of_another_patient_is_refused_outside_of_a_conversation_too(assistant):
    own = assistant.people().known("100")
    answer = assistant.ask("Does patient 400 have a fracture?", patient="100")
    assert answer.reason == ANOTHER_PATIENT.format(case=f"this case ({own})")
    assert not assistant.ask("Does patient 100 have an effusion?", patient="100").abstained


def test_without_a_case_nobody_answers_for_a_named_person(assistant):
    assert assistant.ask("Does mr meyer have an effusion?").reason == NAMED_PATIENT
    assert assistant.ask("What did John Smith's film show?").reason == NAMED_PATIENT


def test_a_file_without_a_name_is_answered_with_a_word_that_none_was_compared(assistant, tmp_path):
    path = tmp_path / "report.txt"
    path.write_text("FINDINGS: Small left pleural effusion.", encoding="utf-8")
    answer = assistant.ask("Does Mr Meyer have an effusion?", files=[path])
    assert any("effusion" in claim.text for claim in answer.claims) and NOT_COMPARED in answer.notice
    assert NOT_COMPARED not in assistant.ask("Is there an effusion?", files=[path]).notice


def test_the_cases_own_patient_is_asked_about_without_the_name():
    assert of_the_case("Does Mrs. Schmidt have pneumonia?") == "Does the patient have pneumonia?"
    assert of_the_case("What is Anna Schmidt's potassium?") == "What is the patient's potassium?"
    assert of_the_case("What did Dr Stone advise?") == "What did Dr Stone advise?"
