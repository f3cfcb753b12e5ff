"""What is asked of the patient whose file is there is answered from it or not at all."""

from datetime import datetime

import pytest

from assistant.generate import Task, open_answerer
from assistant.generate.papers import states_aim
from assistant.generate.values import asks_at_large, asks_of_whole, of_the_one_meant
from assistant.generate.whole import asks_of_machine
from assistant.ingest.signal.machine import HEADER, MACHINE
from assistant.records import Evidence, Record, SignalPlace, TextPlace, ValuePlace
from assistant.retrieve.composed import Wish
from assistant.retrieve.facts import facts_stated
from assistant.retrieve.own import OF_THE_FILE, STATED_FACT, fact_evidence, of_upload
from assistant.retrieve.question import read_question
from assistant.retrieve.route import asks_of_patient, is_about_upload
from assistant.settings import LlmSettings
from assistant.verify import Verifier

QUOTE = open_answerer(LlmSettings())
WHOLE = SignalPlace("all", 0.0, 10.0)


def own(key, words, place=WHOLE, **more):
    why = more.pop("why", "measured on the upload")
    return Evidence(key, more.pop("record", "r"), "signal", "ECG", "own", words, place, 1.0, True, why, **more)


def text(key, words, relation="knowledge", modality="DOC", **more):
    place = TextPlace(0, len(words))
    return Evidence(key, f"r-{key}", "text", modality, relation, words, place, 1.0, True, more.pop("why", ""), **more)


RATE = own("ehr", "Heart rate 69 beats/min.", ValuePlace("heart_rate_bpm", 69.0, "beats/min"))
QRS = own("eqrs", "QRS duration 94 ms.", ValuePlace("qrs_ms", 94.0, "ms"))
RHYTHM = own("erh", "Rhythm: regular, mean R–R interval 873 ms (variation 2 %).")
ECG = (own("eup", "Uploaded ECG, 10 s at 500 Hz, leads I, II", why="uploaded signal"), RATE, QRS, RHYTHM)
LABELS = text("eh", "T wave abnormality\nsinus rhythm", "own", "SR", title=HEADER, why=OF_THE_FILE)
GOUT = text("eg", "Gout is treated with colchicine or a nonsteroidal drug. Gout is common.")
STENT = text("es", "The stent was implanted in 21 patients after the procedure.")


def said(question, *evidence, **more):
    return [statement.text for statement in QUOTE.answer(Task(question, evidence, **more))]


@pytest.mark.parametrize(
    "question",
    [
        "When was the stent implanted?", "What was the blood pressure?", "Was penicillin given?",
        "Which drugs were stopped?",
        "What is the sex of the patient?", "Should he get anticoagulation?", "Are pacemaker spikes visible?",
        "Does this patient need anticoagulation?", "What is the blood pressure?", "Who reported this ECG?",
        "Which one has the higher heart rate?", "What is the potassium?", "How old is she?", "What did the cart say?",
        "Wann wurde der Stent implantiert?", "What changed between the two?", "When was it recorded?",
    ],
)  # fmt: skip
def test_a_question_about_the_patient_is_told_from_one_about_medicine(question):
    assert asks_of_patient(question)


@pytest.mark.parametrize(
    "question",
    [
        "What is atrial fibrillation?", "How is gout treated?", "How do you treat atrial fibrillation?",
        "What causes gout?",
        "Which drugs prolong the QT?", "What are the symptoms of heart failure?",
        "What was the result of the RE-LY trial?",
        "Why is aspirin given after a stroke?", "When is a heart rate a tachycardia?",
    ],
)  # fmt: skip
def test_medicine_at_large_is_not_about_the_patient(question):
    assert not asks_of_patient(question)


def test_general_knowledge_answers_no_question_about_the_patient_whose_file_is_there():
    assert said("When was the stent implanted?", STENT)  # nobody's file: a search of the literature
    assert said("When was the stent implanted?", STENT, of_patient=True) == []  # a letter none of whose lines was kept
    assert said("When was the stent implanted?", *ECG, STENT) == []


def test_beside_a_patient_s_file_general_knowledge_says_what_it_is_and_checks_as_quoted():
    statements = list(QUOTE.answer(Task("How is gout treated?", (*ECG, GOUT))))
    assert [s.text for s in statements] == [
        "In the archive's literature: “Gout is treated with colchicine or a nonsteroidal drug.”"
    ]
    (claim,) = Verifier().verify(statements[0], {piece.id: piece for piece in (*ECG, GOUT)})
    assert (claim.verdict, claim.about, claim.why) == ("supported", "general", "quoted word for word")
    assert said("How is gout treated?", GOUT) == ["Gout is treated with colchicine or a nonsteroidal drug."]


@pytest.mark.parametrize(
    "question", ["Is gout treated with colchicine?", "Does colchicine treat gout?", "Is colchicine used for gout?"]
)
def test_what_a_disease_is_treated_with_whoever_has_it_is_asked_of_the_literature(question):
    letter = text("el", "Diagnosis: Gout. Allopurinol 100 mg once daily.", "own")
    told = ["In the archive's literature: “Gout is treated with colchicine or a nonsteroidal drug.”"]
    assert said(question, letter, GOUT, of_patient=True) == told
    assert not is_about_upload(question) and not asks_of_patient(question)
    own = text("eo", "Gout is treated with colchicine since May.", "own")
    assert said("Is gout treated with colchicine?", own, GOUT, of_patient=True)[0] == own.text


@pytest.mark.parametrize(
    "question",
    [
        "Is her gout treated with colchicine?", "Is the gout treated with colchicine?", "Is colchicine given?",
        "Was gout treated with colchicine?", "Is she treated with colchicine?", "Is gout treated with colchicine here?",
    ],
)  # fmt: skip
def test_what_somebody_is_treated_with_is_asked_of_the_patient(question):
    assert asks_of_patient(question)
    assert said(question, text("el", "Diagnosis: Gout.", "own"), GOUT, of_patient=True) == []


def test_a_case_in_an_article_is_not_told_beside_a_patient_s_file():
    case = text("ec", "Gout is treated and this patient had his gout treated with colchicine.")
    assert said("How is gout treated?", *ECG, case) == []


@pytest.mark.parametrize(
    "question",
    [
        "Is this ECG normal?", "What does it show?", "Interpret this ECG", "any abnormality?",
        "What is wrong with this?",
        "Ist das EKG normal?", "Summarise the recording please", "Is anything worrying here?", "interpretation", "",
        "is everything ok", "Is there anything I should worry about?", "What are the measurements?",
        "give me an overview",
        "Anything dangerous in this tracing?", "What changed between the two?", "Compare the two ECGs",
    ],
)  # fmt: skip
def test_a_recording_as_a_whole(question):
    assert asks_of_whole(question)


NOT_THE_WHOLE = [
    "Does this patient need anticoagulation?", "How old is the patient?", "Who reported this ECG?", "Show lead V3",
    "Are there any pathological Q waves?", "When was it recorded?", "Is there a delta wave?",
    "Are pacemaker spikes visible?",
    "Is there left ventricular hypertrophy?", "What medication does the patient take?",
]  # fmt: skip


@pytest.mark.parametrize("question", NOT_THE_WHOLE)
def test_one_thing_that_is_neither_measured_nor_stated_is_not_answered_with_all_that_is(question):
    assert not asks_of_whole(question)
    assert said(question, *ECG, LABELS) == []


def test_statements_on_what_is_asked_are_found_whatever_small_words_are_around_it():
    says = "The file's header says: “T wave abnormality”."
    assert said("anything going on with the T waves?", *ECG, LABELS) == [says]
    assert said("does he have a block of some kind", *ECG, LABELS) == [QRS.text]
    machine = text("em", "NORMAL ECG", "own", "SR", title=MACHINE, why=OF_THE_FILE)
    (line,) = said("What does the cart say?", *ECG, machine)
    assert line.endswith("“NORMAL ECG”.")
    assert asks_of_machine("the machine's statements?") and not asks_of_machine("Does the machine say flutter?")


def test_what_a_finding_is_has_no_answer_in_what_was_measured():
    assert asks_at_large("What is atrial fibrillation?") and not asks_at_large("What is the heart rate?")
    assert asks_at_large("What are the causes of QT prolongation?")
    assert not asks_at_large("What are the causes of the ST elevation in this ECG?")
    assert said("What is atrial fibrillation?", *ECG, LABELS) == []


def test_what_the_recording_is_is_told_where_it_is_asked_for():
    for question in ("How long is the recording?", "What is the sampling rate?", "Which leads were recorded?"):
        assert said(question, *ECG, LABELS) == [f"{ECG[0].text}."]
    assert said("How long is the QRS?", *ECG) == [QRS.text]


def test_one_of_several_recordings_is_told_by_its_place():
    one, two = (
        of_upload(RATE, "a.hea"),
        of_upload(own("e2", "Heart rate 41 beats/min.", RATE.place, record="s"), "b.hea"),
    )
    assert said("What is the heart rate in the second one?", one, two) == [two.text]
    assert said("What is the heart rate in the first ECG?", one, two) == [one.text]
    assert of_the_one_meant("Is there a first degree AV block?", (one, two)) == (one, two)
    assert of_the_one_meant("Compare the first one and the second one", (one, two)) == (one, two)
    assert of_the_one_meant("What is the rate in the third one?", (one, two)) == (one, two)


def test_age_sex_and_day_are_what_the_file_states():
    record = Record(
        record_id="r", kind="signal", modality="ECG", uri="a.dcm", sha256="0", fields={"age": 59, "sex": "F"},
        taken_at=datetime(2012, 6, 7, 10, 59), dates_moved=True,
    )  # fmt: skip
    assert facts_stated(record, "How old is the patient?") == ["Age 59 years, as the file states."]
    assert facts_stated(record, "Is the patient male or female?") == ["Sex female, as the file states."]
    assert facts_stated(record, "When was it recorded?") == ["Recorded on 2012-06-07 10:59, as the file states."]
    assert facts_stated(record, "How old is this ECG?") == facts_stated(record, "When was it recorded?")
    assert facts_stated(record, "When was the stent implanted?") == facts_stated(record, "Is it normal?") == []
    (piece,) = fact_evidence(record, "When was it recorded?")
    assert piece.why == STATED_FACT and piece.dates_moved
    (statement,) = QUOTE.answer(Task("When was it recorded?", (*ECG, LABELS, piece)))
    (claim,) = Verifier().verify(statement, {piece.id: piece})
    assert (claim.verdict, claim.about) == ("supported", "patient")


def test_what_a_study_set_out_to_find_is_no_answer():
    aim = "Objective: To evaluate the treatment of gout with colchicine."
    found = "Conclusions: Gout is treated well with colchicine."
    assert said("How is gout treated?", text("e1", f"{aim} {found}")) == [found]
    assert said("How is gout treated?", text("e1", aim)) == []
    for sentence in (
        "Aims: To compare two drugs.",
        "We aimed to find a treatment.",
        "Importance: It is unclear who is treated.",
    ):
        assert states_aim(sentence, text("e1", sentence))
    assert not states_aim(found, text("e1", found)) and states_aim(
        "To treat gout.", text("e1", "", section="OBJECTIVE")
    )
    assert said("What was the aim of the study on gout treatment?", text("e1", aim)) == [aim]


def test_why_a_study_was_made_says_nothing_of_what_is_there():
    indication = text("e1", "Followup of pulmonary nodule.", "own", "SR", section="INDICATION")
    findings = text("e2", "No pulmonary nodule is seen.", "own", "SR", section="FINDINGS")
    assert said("Is there a nodule?", indication, findings) == ["No pulmonary nodule is seen."]
    assert said("Is there a nodule?", indication) == []
    other = text("e3", "Followup of pulmonary nodule.", "similar", "SR", section="INDICATION", found_by="words")
    assert said("Is there a nodule?", other) == []


def test_similar_ones_that_are_asked_for_are_counted_and_two_recordings_compared():
    assert not Wish.of("Which similar ECGs are there?") and not Wish.of("compare with similar ECGs in the archive")
    for question in ("What changed between the two?", "What are the differences between both ECGs?"):
        assert read_question(question).kind == "comparison"
    assert read_question("What is the difference between the two drugs?").kind == "knowledge"
