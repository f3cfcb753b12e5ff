"""Dates that de-identification moved are told to be moved, wherever they are shown."""

from dataclasses import replace

import pytest

from assistant.assistant import Assistant
from assistant.checking import DATES_MOVED, Checker
from assistant.records import Evidence, Statement, TextPlace, stored_answer
from assistant.settings import Settings

LETTER = """Discharge letter
Patient: Anna Schmidt, born 4 May 1950
Coronary angiography (3 October): 90 % stenosis of the left anterior descending artery, one stent.
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
    assert told and all(claim.dates_moved and "3 October" not in claim.text for claim in told)
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
    assert any("3 October" in claim.text for claim in answer.claims)
    assert not any(claim.dates_moved for claim in answer.claims) and not answer.notice
