"""What a recording's own file says of it comes first, as what it is, and with what was measured where both disagree."""

from dataclasses import replace

import numpy as np
import pytest

from assistant.generate import Task, open_answerer
from assistant.ingest.signal.machine import CONFIRMED, HEADER, MACHINE, MEASURED_BY_MACHINE
from assistant.records import Evidence, Record, Signal, SignalPlace, Statement, TextPlace, ValuePlace
from assistant.retrieve.own import NOT_MEASURED, OF_THE_FILE, of_upload, upload_evidence
from assistant.settings import LlmSettings
from assistant.verify import Verifier

QUOTE = open_answerer(LlmSettings())
WHOLE = SignalPlace("all", 0.0, 10.0)


def measured(key, words, name="", value=0.0, unit="ms"):
    place = ValuePlace(name, value, unit) if name else WHOLE
    return Evidence(key, "r", "signal", "ECG", "own", words, place, 1.0, True, "measured on the upload", study_id="s")


def of_file(key, words, title, section=None):
    return Evidence(
        key, "t", "text", "SR", "own", words, TextPlace(0, len(words)), 1.0, True, OF_THE_FILE, study_id="s",
        title=title, section=section,
    )  # fmt: skip


RATE = measured("ehr", "Heart rate 41 beats/min.", "heart_rate_bpm", 41.0, "beats/min")
PR = measured("epr", "PR interval 153 ms.", "pr_ms", 153.0)
QRS = measured("eqrs", "QRS duration 89 ms.", "qrs_ms", 89.0)
QT = measured("eqt", "QT interval 461 ms.", "qt_ms", 461.0)
BAZETT = measured("eqb", "QTc (Bazett) 379 ms.", "qtc_bazett_ms", 379.0)
FRIDERICIA = measured("eqf", "QTc (Fridericia) 405 ms.", "qtc_fridericia_ms", 405.0)
AXIS = measured("eax", "Frontal QRS axis 27°.", "axis_deg", 27.0, "°")
RHYTHM = measured("erh", "Rhythm: regular, mean R–R interval 1478 ms (variation 0 %).")
ST = measured(
    "est", "ST level 60 ms after the end of QRS: II +0.23 mV, III +0.21 mV; within ±0.1 mV in the other leads."
)
QUALITY = measured("equ", "Signal quality: good.")
ECG = (RATE, PR, QRS, QT, BAZETT, FRIDERICIA, AXIS, RHYTHM, ST, QUALITY)
RECORDER = of_file(
    "em", "ABNORMAL ECG\nSinus bradycardia (rate< 50)\nInferior infarct, acute (LCx)\n>>> Acute MI <<<", MACHINE,
    "Statements of the recorder",
)  # fmt: skip
NUMBERS = of_file("en", "Heart rate: 41 bpm\nQRS duration: 135 ms\nST axis: 72 degrees", MACHINE, MEASURED_BY_MACHINE)
LUDB_10 = of_file(
    "eh", "Rhythm: Sinus rhythm.\nComplete right bundle branch block.\nScar formation: inferior wall.", HEADER
)
OTHERS = tuple(
    Evidence(f"es{n}", f"s{n}", kind, "ECG", "similar", words, None, 1.0, True, "", study_id=f"s{n}", labels=labels)
    for n in range(3)
    for kind, words, labels in (("signal", "", {"dx": "sinus rhythm"}), ("text", "Sinus rhythm.", {}))
)
MACHINE_SAYS = "The recorder's own statement, not confirmed by a person: "
HEADER_SAYS = "The file's header says: "


def said(question, *evidence):
    return [s.text for s in QUOTE.answer(Task(question, evidence))]


def test_the_recorder_s_infarct_comes_before_measured_values_and_others_reassure_of_nothing():
    assert said("Is there an infarct?", *ECG, RECORDER, *OTHERS) == [
        MACHINE_SAYS + "“Inferior infarct, acute (LCx)”, “>>> Acute MI <<<”.",
        ST.text,
    ]


@pytest.mark.parametrize("question", ["is this normal?", "interpretation?", "What are the main findings?"])
def test_a_recording_as_a_whole_gets_what_its_file_says_the_critical_first_then_what_is_unusual(question):
    answer = said(question, *ECG, RECORDER, *OTHERS)
    assert answer[0] == (
        MACHINE_SAYS
        + "“Inferior infarct, acute (LCx)”, “>>> Acute MI <<<”, “ABNORMAL ECG”, “Sinus bradycardia (rate< 50)”."
    )
    assert answer[1:3] == [RATE.text, ST.text]  # bradycardia and a raised ST before what is as it should be
    assert FRIDERICIA.text in answer and BAZETT.text not in answer and QT.text not in answer  # at 41/min
    assert len(answer) == 8 and not any("similar" in sentence for sentence in answer)


def test_a_statement_on_something_else_is_not_quoted_beside_the_value():
    assert said("Is there ST elevation?", ST, LUDB_10) == [ST.text]
    assert said("What is the heart rate?", RATE, LUDB_10) == [RATE.text]


def test_what_a_file_says_of_another_side_is_told_to_be_that():
    header = of_file("eo", "Right ventricular hypertrophy\nsinus rhythm", HEADER)
    no_amplitudes = replace(
        measured("ea", "Amplitudes not measured: the leads were scaled one by one."), why=NOT_MEASURED
    )
    article = replace(
        of_file("ek", "Left ventricular hypertrophy increased in the patients who were not treated.", None),
        relation="knowledge", modality="DOC", why="",
    )  # fmt: skip
    assert said("LVH?", *ECG, no_amplitudes, header, article) == [
        no_amplitudes.text,
        "Of another side or chamber, the file's header says: “Right ventricular hypertrophy”.",
    ]
    assert said("RVH?", *ECG, header)[0] == HEADER_SAYS + "“Right ventricular hypertrophy”."
    branch = of_file("eb", "Right bundle branch block", HEADER)
    assert said("Is there a left bundle branch block?", QRS, branch)[-1].startswith("Of another side or chamber, ")
    assert said("Is there a bundle branch block?", QRS, branch)[0].startswith(HEADER_SAYS)


def test_a_finding_that_its_definition_does_not_allow_is_told_to_disagree_with_the_measured_value():
    answer = said("Is there a bundle branch block?", *ECG, LUDB_10)
    assert answer == [
        HEADER_SAYS + "“Complete right bundle branch block”.",
        "Measured here “QRS duration 89 ms” and in the file “Complete right bundle branch block” do not agree: "
        "QRS of 120 ms or more (Surawicz 2009).",
        QRS.text,
    ]
    wide = measured("eqrs", "QRS duration 130 ms.", "qrs_ms", 130.0)
    assert not any("do not agree" in sentence for sentence in said("Is there a bundle branch block?", wide, LUDB_10))


@pytest.mark.parametrize("rhythm", ["Atrial flutter, typical.", "Atrial fibrillation."])
def test_a_measured_pr_does_not_agree_with_flutter_or_fibrillation(rhythm):
    flutter = of_file("eh", f"Rhythm: {rhythm}", HEADER)
    told = [s for s in said("Is this normal?", *ECG, flutter) if "do not agree" in s]
    assert told == [
        f"Measured here “PR interval 153 ms” and in the file “Rhythm: {rhythm[:-1]}” do not agree: "
        "atrial activity of that kind has no PR interval."
    ]
    denied = of_file("eh", "No atrial fibrillation.", HEADER)
    assert not any("do not agree" in s for s in said("Is this normal?", *ECG, denied))
    (claim,) = Verifier().verify(Statement(told[0], ("epr", "eh"), "patient"), {"epr": PR, "eh": flutter})
    assert claim.verdict == "supported"


def test_a_recorder_s_value_far_from_the_measured_one_is_told_and_a_near_one_is_not():
    answer = said("How long is the QRS?", *ECG, NUMBERS)
    assert answer == [
        QRS.text,
        "Measured here “QRS duration 89 ms” and in the file “QRS duration: 135 ms” do not agree.",
    ]
    assert said("What is the axis?", *ECG, NUMBERS) == [AXIS.text]  # of the ST it is another
    near = of_file("en", "QRS duration: 118 ms", MACHINE, MEASURED_BY_MACHINE)  # 29 ms apart: both may err
    assert said("How long is the QRS?", *ECG, near) == [QRS.text]


def test_each_quotation_says_whose_it_is_and_of_which_of_several_uploads():
    confirmed = of_file("ec", "Old anterior infarct.", CONFIRMED)
    named = [of_upload(confirmed, "before.xml"), of_upload(LUDB_10, "7.hea")]
    assert said("Is there an infarct?", *named) == [
        "The file's interpretation, confirmed by a person: “Old anterior infarct” (upload before.xml).",
    ]
    assert named[0].text == "Old anterior infarct."  # word for word
    two = (of_upload(QRS, "7.hea"), of_upload(LUDB_10, "7.hea"), of_upload(NUMBERS, "8.xml"))
    assert said("How long is the QRS?", *two)[-1] == (
        "Measured here “QRS duration 89 ms” and in the file “Complete right bundle branch block” do not agree: "
        "QRS of 120 ms or more (Surawicz 2009) (upload 7.hea)."
    )
    evidence = {piece.id: piece for piece in two}
    for statement in QUOTE.answer(Task("How long is the QRS?", two)):
        assert {claim.verdict for claim in Verifier().verify(statement, evidence)} == {"supported"}


def test_a_statement_that_holds_the_question_s_words_is_on_it_though_no_finding_is_called_so():
    header = of_file("eh", "Atrial extrasystole, type: single PAC.\nLeft atrial hypertrophy.", HEADER)
    assert said("any extrasystoles", header) == [HEADER_SAYS + "“Atrial extrasystole, type: single PAC”."]


@pytest.mark.parametrize("question", ["is this normal?", "Is there an infarct?", "Is there a bundle branch block?"])
def test_the_verifier_holds_each_line_to_the_file_word_for_word(question):
    evidence = {piece.id: piece for piece in (*ECG, RECORDER, NUMBERS, LUDB_10)}
    for statement in QUOTE.answer(Task(question, tuple(evidence.values()))):
        for claim in Verifier().verify(statement, evidence):
            assert claim.verdict == "supported", (claim.text, claim.why)
    other = Statement(MACHINE_SAYS + "“Inferior infarct, old (LCx)”.", ("em",), "patient")
    assert Verifier().verify(other, evidence)[0].verdict == "unsupported"


def test_a_label_that_says_nothing_by_itself_has_its_name():
    signal = Signal(np.zeros((500, 1), np.float32), ("II",), 500.0)
    labels = {"diagnosis": "atrial fibrillation | left axis deviation", "age": "81", "sex": "female"}
    record = Record("signal", "ECG", "a.hea", record_id="r", signal=signal, labels=labels)
    (stated,) = [piece for piece in upload_evidence(record) if piece.why == OF_THE_FILE]
    assert stated.text.splitlines() == ["atrial fibrillation", "left axis deviation", "age: 81", "sex: female"]
