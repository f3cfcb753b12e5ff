import pytest

from assistant.records import Record
from assistant.retrieve.query import Query, Upload
from assistant.retrieve.question import names_a_patient, of_nobody, read_question
from assistant.retrieve.route import is_about_upload, route

ECG = Upload(Record(kind="signal", modality="ECG", uri="ecg.hea"))
PDF = Upload(Record(kind="text", modality="DOC", uri="a.pdf"))


@pytest.mark.parametrize(
    "question",
    ["", "What rhythm is this?", "Is there an effusion?", "what do similar studies show?", "How long is the QT?",
     "What does this X-ray show?", "Describe the uploaded file."],
)  # fmt: skip
def test_questions_about_the_upload(question):
    assert is_about_upload(question)


@pytest.mark.parametrize(
    "question",
    [
        "What is atrial fibrillation?",
        "What causes pleural effusion?",
        "How is heart failure treated?",
        "Why do people snore?",
    ],
)
def test_questions_about_medicine_at_large(question):
    assert not is_about_upload(question)


def test_a_question_about_an_ecg_is_not_answered_from_the_text_index():
    chosen = route(Query(text="What rhythm is this?", uploads=(ECG,)), ["signal", "text"])
    assert chosen.kinds == {"signal"}
    assert any("not searched" in words for words in chosen.words)


def test_a_general_question_beside_an_ecg_is():
    assert "text" in route(Query(text="What is atrial fibrillation?", uploads=(ECG,)), ["signal", "text"]).kinds


def test_an_uploaded_document_is_ranked_against_the_question():
    chosen = route(Query(text="What is the dose?", uploads=(PDF,)), ["text"])
    assert chosen.own_text
    assert "text" in chosen.kinds


def test_what_the_archive_lacks_is_said():
    chosen = route(Query(text="", uploads=(ECG,)), ["text"])
    assert not chosen.kinds
    assert chosen.words == ("signal: the archive holds no signal",)


def test_knowledge_beside_an_upload_puts_text_before_what_is_alike_and_says_so():
    chosen = route(Query(text="What is atrial fibrillation?", uploads=(ECG,)), ["signal", "text"])
    assert chosen.wants == "knowledge"
    assert chosen.turns.text > chosen.turns.likeness
    assert "weights: likeness to the upload 0.2, text 0.8, in turns" in chosen.words
    assert any("general knowledge goes first" in words for words in chosen.words)


def test_bare_words_beside_an_upload_weigh_both_alike():
    chosen = route(Query(text="pneumothorax", uploads=(ECG,)), ["signal", "text"])
    assert chosen.wants is None
    assert chosen.turns.text == chosen.turns.likeness


def test_a_modality_that_is_named_is_told():
    chosen = route(Query(text="Which chest X-ray reports describe a hydropneumothorax?"), ["text"])
    assert chosen.wants == "cases"
    assert chosen.question.modalities == {"CR", "DX"}
    assert chosen.question.region == "chest"
    assert any(words.startswith("modality: CR, DX (chest)") for words in chosen.words)


def test_a_comparison_with_earlier_studies_of_a_known_patient_looks_up_the_history():
    asked = "Has the effusion changed since the last film?"
    assert route(Query(text=asked, patient="100"), ["text"]).history
    assert not route(Query(text=asked), ["text"]).history  # whose?
    assert not route(Query(text="Is there an effusion?", patient="100"), ["text"]).history


def test_a_finding_of_nobody_in_particular_prefers_nothing():
    assert route(Query(text="Is there a pneumothorax?"), ["text"]).wants is None
    assert route(Query(text="Is there a pneumothorax?", patient="100"), ["text"]).wants == "cases"


@pytest.mark.parametrize(
    "question",
    ["What finding does patient MRN-77287 have?", "Does patient John Smith have an effusion?",
     "Patient no. 48213: rhythm?", "Is Mrs Miller's effusion smaller?"],
)  # fmt: skip
def test_questions_that_name_a_patient(question):
    assert names_a_patient(question)


@pytest.mark.parametrize(
    "question",
    ["What does the patient have?", "Is the patient 65 years old?", "How are patients with asthma treated?",
     "Patient with Wolff Parkinson White: which drug is safe?", "What is Parkinson disease?"],
)  # fmt: skip
def test_questions_that_name_none(question):
    assert not names_a_patient(question)
    assert of_nobody(question) == question


@pytest.mark.parametrize(
    ("question", "searched"),
    [
        ("Did Mr. Gunther Obermeier (MRN 88123457, born 1951-04-02, tel. 0761 270-4432) have a pleural effusion?",
         "Did have a pleural effusion?"),
        ("Is Mrs Miller's effusion smaller?", "Is effusion smaller?"),
        ("Does patient John Smith have an effusion?", "Does have an effusion?"),
        ("Does patient 4711 have a pleural effusion?", "Does have a pleural effusion?"),
    ],
)  # fmt: skip
def test_whom_a_question_names_is_not_searched_for(question, searched):
    assert of_nobody(question) == searched
    read = read_question(question)
    assert (read.subject, read.wants) == (searched, "cases")
