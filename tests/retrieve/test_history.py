"""A patient's history: newest first, with intervals, whole or what is said of one finding."""

import json
from dataclasses import replace

import pytest
from made_archive import REPORTS, Made, upload_of

from assistant.assistant import Assistant
from assistant.cli import main
from assistant.retrieve.history import NO_PATIENT, SEVERAL_PATIENTS, UNKNOWN_PATIENT, interval
from assistant.retrieve.query import Query

STUDIES = [
    Made("ward", "1", "s1", "text", 0, day=0),  # large left effusion
    Made("ward", "1", "s2", "text", 3, day=95),  # right pneumonia, small effusion
    Made("ward", "1", "s3", "text", 2, day=100),  # clear, no pneumothorax
    Made("ward", "1", "s4", "image", 0, day=800),
    Made("ward", "2", "s5", "text", 0, day=99),
    Made("ward", "1", "s6", "text", 1, day=None),
]


def told(result):
    return [(int(e.external_id), e.why) for e in result.evidence if e.why.startswith("history")]


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (1, "1 day"),
        (13, "13 days"),
        (14, "2 weeks"),
        (40, "6 weeks"),
        (92, "3 months"),
        (400, "13 months"),
        (1100, "3 years"),
    ],
)
def test_intervals_as_one_says_them(days, words):
    assert interval(days) == words


def test_newest_first_with_the_interval_to_the_latest_study(made):
    result = made(STUDIES).search([Query(patient="1", history=True, k=20)])[0]
    assert told(result) == [
        (3, "history, the latest study"),
        (2, "history, 23 months before the latest study"),
        (1, "history, 23 months before the latest study"),
        (0, "history, 2 years before the latest study"),
        (5, "history, without a date"),
    ]
    assert {e.relation for e in result.evidence} == {"own"}
    assert not result.abstained
    assert result.route == ("history: 5 studies of the same patient, newest first, whole reports",)


def test_intervals_are_told_from_an_upload_that_names_its_patient(made):
    today = upload_of(Made("ward", "1", "s9", "image", 5, copy=1, day=107), names_patient=True, names_study=True)
    result = made(STUDIES).search([Query(uploads=(today,), history=True, k=20)])[0]
    assert dict(told(result))[2] == "history, 7 days before this study"
    assert dict(told(result))[3] == "history, 23 months after this study"
    drafted = made(STUDIES).search([Query(uploads=(today,), history=True, leave_out_own=True, k=20)])[0]
    assert [number for number, _ in told(drafted)] == [2, 1, 0]  # nothing later, and nothing without a date


def test_of_one_finding_only_the_sentences_on_it(made):
    result = made(STUDIES).search([Query("pneumothorax", patient="1", history=True, k=20)])[0]
    pieces = {int(e.external_id): e for e in result.evidence if e.why.startswith("history")}
    assert pieces[2].text == "No pneumothorax after removal of the right chest tube."
    assert pieces[2].kept and pieces[2].why == "history, 23 months before the latest study: speaks of what is asked"
    assert not pieces[0].kept and "does not speak of what is asked" in pieces[0].why
    place = pieces[2].place
    assert REPORTS[2][place.start : place.end] == pieces[2].text


def test_only_the_latest_studies_are_handed_on(made):
    many = [Made("ward", "1", f"s{n}", "text", n % 4, day=10 * n) for n in range(8)]
    result = made(many).search([Query(patient="1", history=True, k=20)])[0]
    assert [e.kept for e in result.evidence] == [True] * 5 + [False] * 3
    assert "beyond the 5 latest studies" in result.evidence[-1].why


def test_no_patient_two_patients_and_a_stranger_have_no_history(made):
    search = made(STUDIES).search
    assert search([Query("effusion", history=True)])[0].route[-1] == NO_PATIENT
    assert search([Query("effusion", patient="77", history=True)])[0].route[-1] == UNKNOWN_PATIENT
    two = tuple(
        upload_of(replace(made_, copy=1), names_patient=True, names_study=False) for made_ in (STUDIES[3], STUDIES[4])
    )
    assert search([Query("effusion", uploads=two, history=True)])[0].route[-1] == SEVERAL_PATIENTS


def test_a_patient_who_is_excluded_has_none(made):
    result = made(STUDIES).search([Query(patient="1", exclude_patient="1", history=True)])[0]
    assert not result.evidence


def test_through_the_assistant_and_the_command_line(chest_workspace, capsys):
    found = Assistant.open(chest_workspace).history("100", "effusion")
    assert {e.external_id for e in found.evidence} == {"a.png", "b.png"}
    assert {e.relation for e in found.evidence} == {"own"}
    assert all("without a date" in e.why for e in found.evidence)
    assert main(["search", "--patient", "100", "--history", "--workspace", str(chest_workspace), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["evidence"] and {e["relation"] for e in shown["evidence"]} == {"own"}
    assert shown["route"][-1].startswith("history: 2 studies of the same patient")
