"""How many of the archive's studies show a finding: counted over all of them, and checked; all counts by hand."""

import csv

import pytest

from assistant.acting import Acting
from assistant.assistant import Assistant
from assistant.checking import Checker
from assistant.counting import counted_for
from assistant.findings import extract_findings
from assistant.findings.archive_counts import ArchiveCount, parse_archive_count, state_archive_count, wanted_of
from assistant.generate.followup import stand_alone
from assistant.records import Statement
from assistant.retrieve.census import Asked, asked_of_archive
from assistant.settings import Settings
from assistant.verify import Verifier

REPORTS = [  # id, patient, report
    ("r1", "p1", "FINDINGS: Cardiomegaly. Small left pleural effusion."),
    ("r2", "p1", "FINDINGS: Heart size is normal. No pleural effusion."),
    ("r3", "p2", "FINDINGS: Moderate cardiomegaly. Large right pleural effusion."),
    ("r4", "p3", "FINDINGS: No cardiomegaly."),
    ("r5", "p4", "FINDINGS: Possible cardiomegaly."),
    ("r6", "p5", "FINDINGS: Old rib fractures."),
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    home = tmp_path_factory.mktemp("counted")
    (home / "data").mkdir()
    (home / "indexes").mkdir()
    for name, rows in (("ward", REPORTS), ("other", [("o1", "q1", "FINDINGS: Severe cardiomegaly.")])):
        with (home / "data" / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("id", "patient", "report"), *rows])
        recipe = home / "indexes" / f"{name}.toml"
        recipe.write_text(
            f'name = "{name}"\n[[source]]\npath = "../data"\nmanifest = "{name}.csv"\ndeidentify = false\n'
            '[source.columns]\nid = "id"\npatient_id = "patient"\ntext = "report"\n'
            '[source.defaults]\nmodality = "SR"\n',
            encoding="utf-8",
        )
        Assistant.build(recipe)
    return home


@pytest.fixture(scope="module")
def ward(workspace):
    return Assistant(workspace, ["ward"])


def told(assistant, question, **how):
    answer = assistant.ask(question, **how)
    return [claim.text for claim in answer.claims if parse_archive_count(claim.text)], answer


def test_reports_that_mention_and_that_deny_are_counted_over_all_of_them(ward):
    counts, answer = told(ward, "How many reports mention cardiomegaly?")
    assert counts == [
        "2 of the archive’s 6 reports (index ward) mention cardiomegaly.",
        "2 of the archive’s 6 reports (index ward) state that there is no cardiomegaly.",
    ]
    assert all((claim.verdict, claim.about) == ("supported", "similar") for claim in answer.claims)
    known = {piece.id: piece.external_id for piece in answer.evidence}
    assert {known[id] for id in answer.claims[0].citations} == {"r1", "r3"}
    assert {known[id] for id in answer.claims[1].citations} == {"r2", "r4"}
    assert "Search for the finding “cardiomegaly”" in answer.notice
    assert not any("similar" in claim.text for claim in answer.claims)


@pytest.mark.parametrize(
    ("report", "counted"),
    [
        ("No cardiomegaly.", True),
        ("Heart size is normal.", True),
        ("No acute cardiopulmonary abnormality.", False),  # rules it out, and does not state that there is none
        ("No acute disease.", False),
    ],
)
def test_a_denial_of_all_that_is_acute_states_nothing_on_one_finding(report, counted):
    (wanted,) = wanted_of("cardiomegaly", "state that there is no")
    assert any(map(wanted.fits, extract_findings(report))) is counted


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How many studies show cardiomegaly?", "2 of the archive’s 6 studies with a report (index ward) mention "),
        ("How many patients have cardiomegaly?", "2 of the archive’s 5 patients with a report (index ward) mention "),
        (
            "How many reports mention a left pleural effusion?",
            "1 of the archive’s 6 reports (index ward) mentions left ",
        ),
        ("How many reports mention cardiomegaly and pleural effusion?", "2 of the archive’s 6 reports (index ward) "),
        (
            "How many reports deny pleural effusion?",
            "1 of the archive’s 6 reports (index ward) states that there is no ",
        ),
        ("How many reports mention a hernia?", "None of the archive’s 6 reports (index ward) mentions hernia."),
        ("show me patients with cardiomegaly", "2 of the archive’s 5 patients with a report (index ward) mention "),
    ],
)
def test_what_is_counted_is_what_was_asked_for(ward, question, sentence):
    counts, answer = told(ward, question)
    assert counts[0].startswith(sentence) and not answer.abstained
    assert all(claim.verdict == "supported" for claim in answer.claims)


def test_a_patient_who_states_it_once_and_denies_it_once_mentions_it(ward):
    counts, _ = told(ward, "How many patients have cardiomegaly?")
    assert counts[1] == "1 of the archive’s 5 patients with a report (index ward) states that there is no cardiomegaly."


def test_filters_and_the_wall_hold_for_a_count(ward, workspace):
    question = "How many reports mention cardiomegaly?"
    assert told(ward, question, exclude_patient="p2")[0][0] == (
        "1 of the archive’s 5 reports (index ward; one patient left out) mentions cardiomegaly."
    )
    counts, answer = told(ward, question, patient="p1")
    assert counts[0] == "1 of the archive’s 2 reports (index ward; the chosen patient) mentions cardiomegaly."
    assert answer.claims[0].about == "patient" and answer.claims[0].verdict == "supported"
    study = next(p.study_id for p in ward.search("effusion").evidence if p.external_id == "r3")
    assert told(ward, question, studies=[study])[0][0] == (
        "1 of the archive’s 1 reports (index ward; the chosen studies) mentions cardiomegaly."
    )
    both = Assistant(workspace)
    assert told(both, question)[0][0] == "3 of the archive’s 7 reports (indexes other, ward) mention cardiomegaly."
    both.act_for(lambda: Acting("ann", frozenset({"ward"})))
    assert told(both, question)[0][0] == "2 of the archive’s 6 reports (index ward) mention cardiomegaly."


@pytest.mark.parametrize(
    ("wrong", "verdict", "kind"),
    [
        ("3 of the archive’s 6 reports (index ward) mention cardiomegaly.", "contradicted", "number"),
        ("2 of the archive’s 7 reports (index ward) mention cardiomegaly.", "contradicted", "number"),
        ("2 of the archive’s 6 reports mention cardiomegaly.", "unsupported", "fabrication"),
        ("2 of the archive’s 6 reports (index ward) mention gobbledygook.", "unsupported", "unverifiable"),
        ("2 of the archive’s 6 reports (index ward) mention cardiomegaly.", "supported", None),
    ],
)
def test_a_count_is_counted_again_by_whoever_checks_it(ward, wrong, verdict, kind):
    counting = counted_for(ward._open_indexes(), ward.query("How many reports mention cardiomegaly?"), ward.settings)
    (claim,) = Checker(Settings(), ward.workspace).verify(Statement(wrong, (), "similar"), {}, counting.census.count)
    assert (claim.verdict, claim.error_kind) == (verdict, kind)


def test_without_an_archive_no_such_count_is_believed():
    (claim,) = Verifier().verify(Statement("5 of the archive’s 9 reports mention edema.", (), "general"), {})
    assert (claim.verdict, claim.error_kind, claim.about) == ("unsupported", "unverifiable", "similar")


@pytest.mark.parametrize(
    "question",
    [
        "How often do chest X-ray reports mention cardiomegaly?",
        "How often is cardiomegaly mentioned in the reports?",
        "How common is cardiomegaly in our reports?",
        "How rare is cardiomegaly among the chest X-ray reports?",
        "In how many reports is cardiomegaly mentioned?",
        "What share of chest X-ray reports show cardiomegaly?",
        "In what percentage of the reports is cardiomegaly noted?",
    ],
)
def test_how_often_is_how_many_of_how_many(ward, question):
    counts, answer = told(ward, question)
    assert counts[0].startswith("2 of the archive’s 6 reports (index ward") and not answer.abstained
    assert counts[0].endswith(") mention cardiomegaly.")


def test_a_follow_up_of_a_count_is_counted():
    alone = stand_alone("And pleural effusion?", ["How often do chest X-ray reports mention cardiomegaly?"])
    assert asked_of_archive(alone.text) == Asked("pleural effusion", False, "reports")


@pytest.mark.parametrize(
    "question",
    [
        "How many women over 60 have cardiomegaly?",
        "How common is cardiomegaly?",
        "How common is atrial fibrillation after stroke?",
        "How often do ECGs show ST elevation after cardiac arrest?",
        "How often does this ECG show PVCs?",
        "How many reports from 2019 mention edema?",
        "How many patients with cardiomegaly died?",
        "list studies with cardiomegaly or effusion",
        "How many similar studies mention effusion?",
        "What is cardiomegaly?",
        "How many reports are there?",
        "Is there cardiomegaly?",
    ],
)
def test_what_is_more_or_else_than_findings_is_not_counted(question):
    assert asked_of_archive(question) is None


@pytest.mark.parametrize(
    "count",
    [
        ArchiveCount(137, 1711, "reports", "mention", "cardiomegaly", "index demo"),
        ArchiveCount(1, 4, "patients", "state that there is no", "left pleural effusion"),
        ArchiveCount(0, 5, "studies", "are labelled", "sinus rhythm", "indexes a, b; by ECG, or not told by what"),
        ArchiveCount(1200, 12345, "studies", "mention", "cardiomegaly and pleural effusion", "index x"),
    ],
)
def test_what_is_stated_is_read_back(count):
    assert parse_archive_count(state_archive_count(count)) == count


def test_the_sentence_reads_as_people_write():
    count = ArchiveCount(1137, 1711, "studies", "mention", "cardiomegaly", "index demo")
    assert state_archive_count(count) == (
        "1,137 of the archive’s 1,711 studies with a report (index demo) mention cardiomegaly."
    )


def test_labels_are_counted_where_pictures_bear_them(chest_workspace):
    # small_archive.py: two of five pictures are labelled Effusion, both of patient 100, whose two notes speak of one
    counts, _ = told(Assistant.open(chest_workspace), "How many studies show a pleural effusion?")
    assert counts == [
        "2 of the archive’s 4 studies with a report (index chest) mention pleural effusion.",
        "2 of the archive’s 5 labelled studies (index chest) are labelled pleural effusion.",
    ]
    counts, _ = told(Assistant.open(chest_workspace), "How many patients have a pleural effusion?")
    assert counts == [
        "1 of the archive’s 3 patients with a report (index chest) mentions pleural effusion.",
        "1 of the archive’s 4 labelled patients (index chest) is labelled pleural effusion.",
    ]
