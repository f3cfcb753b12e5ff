"""A question on an ECG gets what it asks for first, of the recording and of its file's header, and nothing else."""

from dataclasses import replace

import pytest

from assistant.answering import NOT_ON_RECORDING, abstention
from assistant.generate import Task, open_answerer
from assistant.generate.importance import is_unusual
from assistant.generate.values import asks_at_large
from assistant.ingest.signal.machine import HEADER, MACHINE
from assistant.records import Evidence, SearchResult, SignalPlace, TextPlace, ValuePlace
from assistant.retrieve.own import NOT_MEASURED, OF_THE_FILE
from assistant.settings import LlmSettings, Settings

QUOTE = open_answerer(LlmSettings())
WHOLE = SignalPlace("all", 0.0, 10.0)
AT = "60 ms after the end of QRS"


def measured(key, words, name="", value=0.0, unit="ms"):
    place = ValuePlace(name, value, unit) if name else WHOLE
    return Evidence(key, "r", "signal", "ECG", "own", words, place, 1.0, True, "measured on the upload", study_id="s")


def of_file(key, words, title=HEADER, start=0):
    place = TextPlace(start, start + len(words))
    return Evidence(
        key, "t", "text", "SR", "own", words, place, 1.0, True, OF_THE_FILE, study_id="s", title=title
    )  # fmt: skip


RATE = measured("ehr", "Heart rate 76 beats/min.", "heart_rate_bpm", 76.0, "beats/min")
P = measured("ep", "P wave duration 123 ms, longer than usual (below 120 ms).", "p_ms", 123.0)
PR = measured("epr", "PR interval 150 ms, within the usual range 120–200 ms.", "pr_ms", 150.0)
QRS = measured("eqrs", "QRS duration 140 ms, longer than usual (below 120 ms).", "qrs_ms", 140.0)
QT = measured("eqt", "QT interval 384 ms.", "qt_ms", 384.0)
QTC = measured("eqc", "QTc (Bazett) 411 ms.", "qtc_bazett_ms", 411.0)
AXIS = measured("eax", "Frontal QRS axis −83°, left axis deviation (below −30°).", "axis_deg", -83.0, "°")
RHYTHM = measured(
    "erh", "Rhythm: regular, mean R–R interval 787 ms (variation 2 %), P waves before the QRS in lead II."
)
LOW = measured("esd", f"ST depression in V4–V6, {AT}: V4 0.08 mV, V5 0.08 mV, V6 0.06 mV (at least 0.05 mV).")
NOT_LOW = measured("esd", f"No ST depression, {AT}: nowhere at least 0.05 mV in two contiguous leads.")
HIGH = measured("ese", f"ST elevation in II, III, aVF, {AT}: II 0.23 mV, III 0.21 mV (at least 0.1 mV).")
NOT_HIGH = measured("ese", f"No ST elevation, {AT}: nowhere at least 0.1 mV in two contiguous leads.")
LEVELS = measured("esl", f"ST level {AT}: aVR −0.12 mV; between −0.05 and 0.1 mV in the other leads.")
VOLTAGE = measured("evo", "Sokolow-Lyon voltage of the left ventricle 2.29 mV, below its limit of 3.5 mV.")
ECG = (RATE, P, PR, QRS, QT, QTC, AXIS, RHYTHM, VOLTAGE)
# As in a record of the PTB database, its passages not in their order.
PTB = (
    of_file(
        "e2",
        "Infarction date: 29-Sep-90\nStart lysis therapy (hh.mm): 19:45\nMedication after discharge: ASA Glibenclamide",
        start=400,
    ),
    of_file(
        "e1",
        "Reason for admission: Myocardial infarction\nAcute infarction (localization): infero-latera\n"
        "Former infarction (localization): no\nAdditional diagnoses: Diabetes mellitus\nSmoker: no\n"
        "Right coronary artery stenoses (RCA): No stenoses",
    ),
)


def said(question, *evidence):
    return [s.text for s in QUOTE.answer(Task(question, evidence))]


@pytest.mark.parametrize(
    ("question", "st", "answer"),
    [
        ("ST elevation?", (LOW, NOT_HIGH), [NOT_HIGH, LOW]),
        ("ST depression?", (LOW, NOT_HIGH), [LOW]),
        ("Is there an ST elevation?", (NOT_LOW, HIGH, LEVELS), [HIGH, LEVELS]),
        ("Gibt es eine ST-Hebung?", (NOT_LOW, HIGH), [HIGH]),
        ("Any ST depression?", (NOT_LOW, NOT_HIGH), [NOT_LOW]),
        ("Is there an infarct?", (NOT_LOW, HIGH, LEVELS), [HIGH, LEVELS, NOT_LOW]),
        ("ST?", (NOT_LOW, NOT_HIGH), [NOT_LOW, NOT_HIGH]),
    ],
)
def test_the_st_change_that_is_asked_for_comes_first_and_that_there_is_no_other_is_not_told(question, st, answer):
    assert said(question, *ECG, *st) == [piece.text for piece in answer]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Is the P wave broad?", [P]), ("Is there a wide P wave?", [P]), ("Is there a P wave?", [RHYTHM, P]),
        ("QTc?", [QTC, QT]), ("Any AV block?", [PR, RHYTHM]), ("Gibt es einen AV-Block?", [PR, RHYTHM]),
        ("PR?", [PR]), ("Is there a bundle branch block?", [QRS]), ("Is there asystole?", [RATE, RHYTHM]),
        ("Any SA block?", [RHYTHM]), ("Is there a hemiblock?", [AXIS, QRS]),
        ("Is there a fascicular block?", [AXIS, QRS]),
    ],
)  # fmt: skip
def test_a_value_is_told_and_no_other_that_shares_a_word_with_it(question, answer):
    assert sorted(said(question, *ECG)) == sorted(piece.text for piece in answer)


def test_of_a_file_the_lines_on_what_is_asked_for_are_quoted_and_not_those_of_a_like_name():
    header = of_file("eh", "Incomplete right bundle branch block\nI degree AV block\nsinus rhythm")
    long = measured("epr", "PR interval 228 ms, longer than usual (120–200 ms).", "pr_ms", 228.0)
    assert said("Any AV block?", long, header) == ["The file's header says: “I degree AV block”.", long.text]
    assert said("Is the P wave broad?", P, header) == [P.text]
    like = of_file("eh", "Left anterior hemiblock\nSinoatrial blockade, undefined\nLeft atrial hypertrophy\nLVH")
    assert said("Any SA block?", like) == ["The file's header says: “Sinoatrial blockade, undefined”."]
    assert said("Is there a fascicular block?", like) == ["The file's header says: “Left anterior hemiblock”."]
    assert said("Is there LVH?", like)[0] == "The file's header says: “LVH”."
    assert said("ST elevation?", NOT_HIGH, *PTB) == [NOT_HIGH.text]  # of an infarct of years ago it tells nothing


def test_a_pacemaker_is_told_by_its_rhythm_and_not_by_a_wandering_one():
    paced = of_file("eh", "Rhythm: Sinus rhythm.\nUNIpolar ventricular pacing.")
    assert said("Is there a pacemaker?", *ECG, paced) == ["The file's header says: “UNIpolar ventricular pacing”."]
    wandering = of_file("eh", "Wandering atrial pacemaker.\nLeft atrial hypertrophy.")
    assert said("Is there a pacemaker?", *ECG, wandering) == []


def test_an_alarm_is_not_quoted_without_that_it_was_false():
    alarm = of_file("eh", "Asystole\nFalse alarm")
    assert said("Is this asystole?", RATE, alarm) == ["The file's header says: “Asystole”, “False alarm”.", RATE.text]
    assert said("ST elevation?", NOT_HIGH, alarm) == [NOT_HIGH.text]


def test_a_header_that_is_asked_for_is_quoted_whole_in_its_own_order():
    told = " ".join(said("What does the header say?", *ECG, *PTB))
    lines = [line for piece in sorted(PTB, key=lambda p: p.place.start) for line in piece.text.splitlines()]
    assert [told.find(f"“{line}”") for line in lines] == sorted(told.find(f"“{line}”") for line in lines)
    assert -1 not in [told.find(f"“{line}”") for line in lines]


def test_a_diagnosis_is_no_date_no_denial_and_no_habit():
    assert said("What is the diagnosis?", *PTB) == [
        "The file's header says: “Reason for admission: Myocardial infarction”, “Acute infarction (localization): "
        "infero-latera”, “Additional diagnoses: Diabetes mellitus”."
    ]
    assert "Smoker" not in " ".join(said("Is this normal?", *ECG, *PTB))
    assert said("Was she a smoker?", *PTB) == ["The file's header says: “Smoker: no”."]


def test_when_an_infarct_was_is_told_to_who_asks_when():
    assert said("When was the infarct?", LEVELS, *PTB) == ["The file's header says: “Infarction date: 29-Sep-90”."]
    assert "29-Sep-90" not in " ".join(said("Is there an infarct? Where?", LEVELS, *PTB))


def test_who_asks_for_a_previous_infarct_is_told_of_it_first():
    first, *_ = said("Is there a previous infarct?", LEVELS, *PTB)
    assert first.startswith("The file's header says: “Former infarction (localization): no”, ")


@pytest.mark.parametrize(
    "question",
    [
        "Can hypertension cause LVH?", "Does diabetes cause myocardial infarction?", "Does digoxin shorten the QT?",
        "Is LVH associated with hypertension?", "Could hyperkalemia lead to ventricular fibrillation?",
    ],
)  # fmt: skip
def test_what_a_disease_or_a_drug_does_is_not_answered_with_the_patient_s_own_values(question):
    article = replace(
        of_file("ek", "Arterial hypertension causes left ventricular hypertrophy in many patients.", None),
        relation="knowledge", modality="DOC", why="",
    )  # fmt: skip
    assert asks_at_large(question)
    answer = said(question, *ECG, LEVELS, *PTB, article)
    assert all(text.startswith("In the archive's literature: ") for text in answer)
    if question == "Can hypertension cause LVH?":
        assert len(answer) == 1


@pytest.mark.parametrize(
    "question",
    [
        "Could this hypertension cause the LVH?",
        "Can digoxin cause the ST depression?",
        "Is there LVH?",
        "Any AV block?",
    ],
)
def test_of_the_patient_s_own_finding_it_is(question):
    assert not asks_at_large(question)


def test_an_abstention_on_medicine_at_large_does_not_speak_of_the_recording():
    found = SearchResult("", (), (PR,), False, "", {})
    assert abstention("Is there a murmur?", found, (), Settings()) == (True, NOT_ON_RECORDING)
    abstained, why = abstention("Can hypertension cause LVH?", found, (), Settings())
    assert abstained and "recording" not in why


def test_of_the_rhythm_similar_studies_tell_the_rhythm_alone():
    def similar(name):
        return [
            Evidence(f"es{n}", f"s{n}", "signal", "ECG", "similar", "", None, 1.0, True, "", study_id=f"s{n}",
                     labels={"dx": name})
            for n in range(3)
        ]  # fmt: skip

    assert said("What is the rhythm?", RHYTHM, *similar("right bundle branch block")) == [RHYTHM.text]
    assert len(said("What is the rhythm?", RHYTHM, *similar("sinus rhythm"))) == 2
    assert said("Compare with the similar ones", RHYTHM, *similar("right bundle branch block")) != []


def test_of_extra_beats_a_number_is_no_question_for_the_literature():
    beats = measured("eb", "Extra beats of 2272 in 1806 s: 34 come early, 1 has another QRS shape.")
    article = replace(
        of_file("ek", "We studied 240 premature beats.", None), relation="knowledge", modality="DOC", why=""
    )
    assert said("How many premature beats?", beats, article) == [beats.text]


def test_early_repolarization_is_of_st_and_not_of_the_qt():
    assert said("Early repolarization?", QT, QTC, NOT_LOW, HIGH) == [HIGH.text, NOT_LOW.text]


def test_a_value_that_its_sentence_calls_unusual_counts_as_that():
    assert is_unusual(QRS) and is_unusual(AXIS) and not is_unusual(PR)
    near = measured(
        "eax", "Frontal QRS axis −27°, near the limit of the usual range −30 to 90°.", "axis_deg", -27.0, "°"
    )
    assert not is_unusual(near)


def test_a_statement_of_the_recorder_on_st_answers_for_st():
    recorder = of_file("em", "Inferior infarct, acute (ST>0.10mV, II III aVF)\n>>> Acute MI <<<", MACHINE)
    first, *_ = said("ST elevation?", HIGH, recorder)
    assert "ST>0.10mV" in first and "Acute MI" not in first


def test_why_st_was_not_measured_is_told_whichever_change_is_asked_for():
    none = replace(measured("e", "ST level not measured: the leads were scaled one by one."), why=NOT_MEASURED)
    assert said("ST elevation?", RATE, none) == said("ST depression?", RATE, none) == [none.text]
