"""Dates that de-identification moved are told to be moved, wherever they are shown."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from assistant.assistant import Assistant
from assistant.checking import DATES_MOVED, Checker
from assistant.records import Evidence, Statement, TextPlace, stored_answer
from assistant.settings import Settings

LETTER = """Discharge letter
Patient: Anna Schmidt, born 4 May 1950
Coronary angiography (13 October): 90 % stenosis of the left anterior descending artery, one stent.
Echocardiography: ejection fraction 45 %, no pericardial effusion.
"""


@pytest.fixture
def assistant(chest_workspace):
    return Assistant.open(chest_workspace)


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text(LETTER, encoding="utf-8")
    return path


def test_a_sentence_with_a_moved_date_says_so(assistant, letter):
    answer = assistant.ask("What did the coronary angiography show?", files=[letter])
    told = [claim for claim in answer.claims if "angiography" in claim.text]
    assert told and all(claim.dates_moved and "13 October" not in claim.text for claim in told)
    assert answer.notice == DATES_MOVED
    assert all(piece.dates_moved for piece in answer.evidence if piece.relation == "own")
    kept = answer.to_json()
    assert kept["claims"][0]["dates_moved"] and kept["notice"] == DATES_MOVED
    assert stored_answer(kept).claims == answer.claims


def test_a_sentence_without_a_date_says_nothing_of_dates(assistant, letter):
    answer = assistant.ask("What is the ejection fraction?", files=[letter])
    assert any("45 %" in claim.text for claim in answer.claims)
    assert not any(claim.dates_moved for claim in answer.claims) and not answer.notice


def test_only_evidence_whose_dates_were_moved_makes_a_claims_date_a_moved_one(tmp_path):
    stays = Evidence("e1", "r1", "text", "DOC", "own", "Seen on 3 March 2021.", TextPlace(0, 21), 1.0, True, "passage")
    said = Statement("Seen on 3 March 2021.", ("e1",), "patient")
    for piece, told in ((stays, False), (replace(stays, dates_moved=True), True)):
        checker = Checker(Settings(), tmp_path)
        claims = checker.verify(said, {"e1": piece})
        assert [claim.dates_moved for claim in claims] == [told]
        assert checker.notice == (DATES_MOVED if told else "")


def test_dates_that_are_kept_are_not_told_to_be_moved(chest_workspace, letter):
    assistant = Assistant(chest_workspace, settings=Settings(deid={"dates": "keep"}))
    answer = assistant.ask("What did the coronary angiography show?", files=[letter])
    assert any("13 October" in claim.text for claim in answer.claims)
    assert not any(claim.dates_moved for claim in answer.claims) and not answer.notice


def test_files_of_one_case_without_a_patient_are_moved_by_the_same_days(assistant, tmp_path):
    for name, text in (
        ("first.txt", "Patient: Anna Schmidt\nAdmitted on 2023-10-02.\n"),
        ("second.txt", "Patient: Anna Schmidt\nSeen in the clinic on 2023-11-03.\n"),
    ):
        for case in ("one", "two"):
            (tmp_path / case).mkdir(exist_ok=True)
            (tmp_path / case / name).write_text(text, encoding="utf-8")

    def dates(case):
        read = assistant.uploads.read([tmp_path / case / "first.txt", tmp_path / case / "second.txt"])
        return [date.fromisoformat(re.search(r"\d{4}-\d\d-\d\d", upload.record.text)[0]) for upload in read]

    one, two = dates("one"), dates("two")
    assert one[1] - one[0] == two[1] - two[0] == timedelta(days=32)
    assert one[0] != date(2023, 10, 2)
    keys = [assistant.uploads.read([tmp_path / case / "first.txt"])[0].record.record_id for case in ("one", "two")]
    assert [assistant.uploads.find(key).text for key in keys] == [
        assistant.uploads.read([tmp_path / case / "first.txt"])[0].record.text for case in ("one", "two")
    ]
