"""A question for a measured value gets it, or why it is not there, and nothing beside it that was not asked for."""

import pytest

from assistant.generate import Task, open_answerer
from assistant.generate.importance import most_telling
from assistant.generate.values import asks_for_values_alone, bears_on
from assistant.records import Evidence, SignalPlace, TextPlace, ValuePlace
from assistant.retrieve.own import NOT_MEASURED
from assistant.settings import LlmSettings

QUOTE = open_answerer(LlmSettings())
WHOLE = SignalPlace("all", 0.0, 10.0)


def own(key, words, place=WHOLE, why="measured on the upload", modality="ECG"):
    return Evidence(key, f"r-{modality}", "signal", modality, "own", words, place, 1.0, True, why)


def absent(key, words, modality="ECG"):
    return own(key, words, why=NOT_MEASURED, modality=modality)


def text(key, words, relation, modality, **more):
    place = TextPlace(0, len(words))
    return Evidence(key, f"r-{key}", "text", modality, relation, words, place, 1.0, True, "", **more)


RATE = own("ehr", "Heart rate 51 beats/min.", ValuePlace("heart_rate_bpm", 51.0, "beats/min"))
QRS = own("eqrs", "QRS duration 166 ms.", ValuePlace("qrs_ms", 166.0, "ms"))
AXIS = own("eax", "Frontal QRS axis 27°.", ValuePlace("axis_deg", 27.0, "°"))
RHYTHM = own("erh", "Rhythm: regular, mean R–R interval 1187 ms (variation 2 %).")
NO_PR = absent("epr", "PR interval not measured: no P wave that precedes the QRS regularly.")
NO_ST = absent("est", "ST level not measured: the leads were scaled one by one.")
ECG = (
    own("eup", "Uploaded ECG, 10 s at 500 Hz, leads I, II", why="uploaded signal"),
    RATE,
    QRS,
    AXIS,
    RHYTHM,
    NO_PR,
    NO_ST,
)
OTHERS = (
    Evidence(
        "es", "r-s", "signal", "ECG", "similar", "", None, 1.0, True, "", study_id="s", labels={"dx": "ST elevation"}
    ),
    text("et", "Reference diagnosis of this ECG: ST elevation. Heart rate is fast.", "similar", "SR", study_id="s"),
    text("ek", "A heart rate of more than 100 beats per minute is a tachycardia.", "knowledge", "DOC"),
)
HEADER = text("eh", "Rhythm: Sinus bradycardia.\nComplete left bundle branch block.", "own", "SR")


def said(question, *evidence):
    return [(s.about, s.text, s.citations) for s in QUOTE.answer(Task(question, evidence))]


@pytest.mark.parametrize(
    "question",
    [
        "Is there ST elevation?", "any ST depression", "ST?", "Is there ST deviation in this ECG?",
        "How high is the ST segment?", "Gibt es eine ST-Hebung?", "ST-Senkung?",
    ],
)  # fmt: skip
def test_what_could_not_be_measured_is_said_with_its_reason_and_not_what_others_have(question):
    assert said(question, *ECG, *OTHERS) == [("patient", NO_ST.text, ("est",))]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the heart rate?", RATE), ("rate?", RATE), ("Is there tachycardia?", RATE),
        ("Wie hoch ist die Herzfrequenz?", RATE), ("Puls?", RATE), ("Frequenz", RATE),
        ("and the PR interval?", NO_PR), ("PR?", NO_PR), ("PQ-Zeit?", NO_PR), ("Is the PR prolonged?", NO_PR),
        ("Is the QRS wide?", QRS), ("QRS duration", QRS), ("Ist der QRS-Komplex verbreitert?", QRS),
        ("What is the axis?", AXIS), ("What is the QRS axis?", AXIS), ("Lagetyp?", AXIS),
    ],
)  # fmt: skip
def test_a_measured_value_is_answered_with_it_alone(question, answer):
    assert said(question, *ECG, *OTHERS) == [("patient", answer.text, (answer.id,))]


def test_what_the_patient_s_own_records_say_on_the_value_comes_along():
    assert [words for _, words, _ in said("Is the QRS wide?", *ECG, HEADER, *OTHERS)] == [
        QRS.text, "Complete left bundle branch block.",
    ]  # fmt: skip
    assert [words for _, words, _ in said("What is the heart rate?", *ECG, HEADER, *OTHERS)] == [
        RATE.text, "Rhythm: Sinus bradycardia.",
    ]  # fmt: skip
    assert bears_on("Is there ST elevation?", "STEMI: anterior wall.")
    assert not bears_on("What is the heart rate?", "Electric axis of the heart: normal.")


def test_who_asks_for_both_gets_both():
    answer = said("What is the heart rate, and what do similar ECGs show?", *ECG, *OTHERS)
    assert answer[0] == ("patient", RATE.text, ("ehr",))
    assert {about for about, _, _ in answer[1:]} == {"similar"}
    assert any("ST elevation" in words for _, words, _ in answer[1:])


def test_a_diagnosis_that_a_value_bears_on_is_more_than_the_value():
    answer = said("Is there a myocardial infarction with ST elevation?", *ECG, *OTHERS)
    assert answer[0] == ("patient", NO_ST.text, ("est",)) and len(answer) > 1
    assert all(about == "similar" for about, _, _ in answer[1:])


def test_medicine_at_large_is_asked_of_the_articles():
    for question in ("What is a normal heart rate?", "Why is a heart rate fast?", "How is the QT corrected?"):
        assert not asks_for_values_alone(question), question
    assert any(about == "general" for about, _, _ in said("When is a heart rate a tachycardia?", *ECG, *OTHERS))


def test_an_open_question_gets_what_was_measured_and_of_what_was_not_st_alone():
    """Where ST is not spoken of, a reader takes it for normal."""
    words = [words for about, words, _ in said("What does this ECG show?", *ECG, *OTHERS) if about == "patient"]
    assert words == [RATE.text, QRS.text, AXIS.text, RHYTHM.text, NO_ST.text]


def test_ordinary_st_is_told_of_a_recording_as_a_whole_however_little_room_there_is():
    st = own("est", "ST level 60 ms after the end of QRS: within ±0.1 mV in all leads.")
    assert [piece.id for piece in most_telling([AXIS, RHYTHM, st], 2)] == [RHYTHM.id, "est"]
    assert [piece.id for piece in most_telling([AXIS, RHYTHM, NO_ST], 2)] == [RHYTHM.id, NO_ST.id]


def test_without_a_recording_a_value_is_looked_for_elsewhere():
    assert {about for about, _, _ in said("What is the heart rate?", *OTHERS)} != {"patient"}


def test_a_lead_that_is_not_there_is_told_first_and_of_other_leads_nothing():
    st = own("est", "ST level 60 ms after the end of QRS: within ±0.1 mV in leads I, II, III.")
    missing = absent("em", "ST level not measured in aVR, aVL, aVF, V1–V6 (not recorded).")
    assert said("ST elevation in V2?", st, missing)[0] == ("patient", missing.text, ("em",))
    assert said("ST elevation in II?", st, missing) == [("patient", st.text, ("est",))]
    assert [words for _, words, _ in said("ST elevation?", st, missing)] == [st.text, missing.text]


def test_a_pressure_curve_beside_an_ecg_says_nothing_of_its_own_about_the_heart_rate():
    no_ecg = absent("ea", "Heart rate not measured: the recording holds no ECG lead.", modality="HD")
    assert said("What is the heart rate?", *ECG, no_ecg) == [("patient", RATE.text, ("ehr",))]
    assert said("What is the heart rate?", no_ecg) == [("patient", no_ecg.text, ("ea",))]
