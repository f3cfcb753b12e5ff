"""A question after a comparison is told first that there is nothing earlier to compare with."""

from dataclasses import replace

import pytest

from assistant.records import Evidence, Record
from assistant.retrieve.earlier import NO_EARLIER, nothing_earlier
from assistant.retrieve.query import Query, Upload

ECG = Upload(Record("signal", "ECG", "a.hea", sha256="a"))
FILM = Upload(Record("image", "DX", "a.dcm", sha256="b", study_id="S-1"))
LETTER = Upload(Record("text", "DOC", "a.txt", sha256="c"))
PAST = Evidence(
    "e1", "r1", "text", "SR", "own", "Sinus rhythm.", None, 1.0, True, "history, 6 weeks before this study",
    study_id="S-0",
)  # fmt: skip
ASKED = [
    "Compare with the previous ECG",
    "any change since last time?",
    "Is it new?",
    "compared to prior",
    "any change?",
]


@pytest.mark.parametrize("question", ASKED)
def test_one_ecg_alone_has_none(question):
    assert nothing_earlier(Query(question, (ECG,)), ()) == NO_EARLIER.format(what="ECG")


@pytest.mark.parametrize("question", ASKED)
def test_a_second_ecg_or_an_earlier_report_is_one(question):
    second = Upload(replace(ECG.record, uri="b.hea", sha256="b"))
    assert nothing_earlier(Query(question, (ECG, second)), ()) == ""
    assert nothing_earlier(Query(question, (ECG,)), [PAST]) == ""


def test_what_is_of_another_kind_or_another_patient_is_none():
    told = NO_EARLIER.format(what="ECG")
    asked = Query("Compare with the previous ECG", (ECG, FILM, LETTER))
    assert nothing_earlier(asked, ()) == told
    assert nothing_earlier(asked, [replace(PAST, modality="DX")]) == told
    assert nothing_earlier(asked, [replace(PAST, relation="similar")]) == told
    assert nothing_earlier(Query("Is the effusion new?", (FILM,)), ()) == NO_EARLIER.format(what="X-ray")


@pytest.mark.parametrize(
    ("question", "uploads"), [("What rhythm is this?", (ECG,)), ("Is the dose still 5 mg?", (LETTER,))]
)
def test_other_questions_are_told_nothing(question, uploads):
    assert nothing_earlier(Query(question, uploads), ()) == ""


def test_of_one_patient_of_the_archive_the_latest_study_is_no_earlier_one():
    chosen = Query("Compare with the previous ECG", patient="100")
    assert nothing_earlier(chosen, [replace(PAST, modality="ECG")]) != ""
    assert nothing_earlier(chosen, [PAST, replace(PAST, study_id="S-9")]) == ""
    assert nothing_earlier(Query("Compare with the previous ECG"), ()) == ""
