"""A report that is asked for: its impression, or the section named, of the newest study or of the upload."""

import csv
from dataclasses import replace
from datetime import datetime

import pytest

from assistant.assistant import Assistant
from assistant.generate import Task, open_answerer
from assistant.records import Evidence, TextPlace
from assistant.retrieve.question import is_section, read_question
from assistant.settings import LlmSettings

OLD = (
    "INDICATION: Shortness of breath.\n\nFINDINGS: Cardiomegaly with congested pulmonary vessels.\n\n"
    "IMPRESSION: Heart failure."
)
NEW = (
    "INDICATION: Pneumonia?\n\nCOMPARISON: None.\n\nTECHNIQUE: Two views.\n\nFINDINGS: The heart is normal in size. "
    "The lungs are clear.\n\nIMPRESSION:\n1. No acute disease\n2. Old granuloma"
)
WRIST = "INDICATION: Fall from a ladder.\n\nFINDINGS: Comminuted fracture.\n\nIMPRESSION: Fracture of the wrist."
REPORTS = [
    ("1", "r1", "2020-01-02", OLD),
    ("1", "r2", "2021-05-06", NEW),
    ("2", "r3", "2021-05-06", "Large right pleural effusion. The heart is enlarged."),
    ("3", "r4", "2021-05-06", OLD),
    ("3", "r5", "2020-01-02", WRIST),
]


@pytest.fixture(scope="module")
def assistant(tmp_path_factory):
    workspace = tmp_path_factory.mktemp("asked")
    (workspace / "data").mkdir()
    with (workspace / "data" / "reports.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("patient", "id", "taken", "report"), *REPORTS])
    recipe = workspace / "indexes" / "reports.toml"
    recipe.parent.mkdir()
    recipe.write_text(
        'name = "reports"\n[[source]]\npath = "../data"\nmanifest = "reports.csv"\ndeidentify = false\n'
        '[source.columns]\nid = "id"\npatient_id = "patient"\ntext = "report"\ntaken_at = "taken"\n'
        '[source.defaults]\nmodality = "SR"\n',
        encoding="utf-8",
    )
    Assistant.build(recipe)
    (workspace / "up.txt").write_text(WRIST, encoding="utf-8")
    return Assistant.open(workspace)


def told(assistant, question, **more):
    answer = assistant.ask(question, **more)
    by_id = {piece.id: piece for piece in answer.evidence}
    assert all(claim.verdict == "supported" and claim.about == "patient" for claim in answer.claims)
    return [(claim.text, *{by_id[key].external_id for key in claim.citations}) for claim in answer.claims]


IMPRESSION = [("Impression: “No acute disease”", "r2"), ("Impression: “Old granuloma”", "r2")]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What was the impression?", IMPRESSION),
        ("Summarise the report.", IMPRESSION),
        ("What does the report say?", IMPRESSION),
        ("What is the conclusion of the last chest X-ray?", IMPRESSION),
        (
            "What were the findings?",
            [("Findings: “The heart is normal in size.”", "r2"), ("Findings: “The lungs are clear.”", "r2")],
        ),
        ("What was the indication?", [("Indication: “Pneumonia?”", "r2")]),
        ("Why was the study done?", [("Indication: “Pneumonia?”", "r2")]),
        ("What was it compared with?", [("Comparison: “None.”", "r2")]),
        ("Read me the technique section.", [("Technique: “Two views.”", "r2")]),
    ],
)
def test_the_section_asked_for_of_the_newest_report_is_quoted(assistant, question, said):
    assert told(assistant, question, patient="1") == said


def test_a_report_without_sections_is_told_by_all_it_says(assistant):
    said = [("Report: “Large right pleural effusion.”", "r3"), ("Report: “The heart is enlarged.”", "r3")]
    assert told(assistant, "What was the impression?", patient="2") == said
    assert told(assistant, "What was the indication?", patient="2") == []


def test_the_report_that_speaks_of_the_part_named_is_taken_though_it_is_older(assistant):
    assert told(assistant, "What was the impression?", patient="3") == [("Impression: “Heart failure.”", "r4")]
    asked = "What was the impression of the wrist fracture report?"
    assert told(assistant, asked, patient="3") == [("Impression: “Fracture of the wrist.”", "r5")]


def test_an_uploaded_report_goes_before_the_archive(assistant):
    upload = assistant.workspace / "up.txt"
    for question, said in (
        ("What was the impression?", "Impression: “Fracture of the wrist.”"),
        ("Please summarise the uploaded report.", "Impression: “Fracture of the wrist.”"),
        ("What was the indication?", "Indication: “Fall from a ladder.”"),
    ):
        assert told(assistant, question, files=[upload]) == [(said, None)]
        assert told(assistant, question, files=[upload], patient="1") == [(said, None)]


def test_without_a_patient_nobody_s_report_is_quoted(assistant):
    assert [text for text, *_ in told(assistant, "What was the impression?") if not text.startswith("In ")] == []


@pytest.mark.parametrize(
    "question",
    [
        "What are the indications for warfarin?", "What is the diagnosis of gout?", "What does the ECG show?",
        "What are the findings of similar studies?", "Summarise the treatment of gout.",
        "What does the report say about the heart?", "What are the recommendations for asthma?",
    ],
)  # fmt: skip
def test_other_questions_ask_for_no_section(question):
    assert read_question(question).section == ""


@pytest.mark.parametrize(
    ("heading", "section", "is_one"),
    [
        ("IMPRESSION", "impression", True), ("FINAL DIAGNOSIS", "impression", True),
        ("FINDINGS AND IMPRESSION", "impression", True), ("FINDINGS/IMPRESSION", "findings", True),
        ("CLINICAL HISTORY", "indication", True), ("FAMILY HISTORY", "indication", False),
        ("FINDINGS", "impression", False), (None, "impression", False), ("IMPRESSION", "report", False),
    ],
)  # fmt: skip
def test_headings_name_their_section(heading, section, is_one):
    assert is_section(heading, section) is is_one


def passage(key, section, words, record="r", day=1):
    place = TextPlace(0, len(words))
    taken = datetime(2020, 1, day)
    return Evidence(
        key, record, "text", "SR", "own", words, place, 1.0, True, "", section=section, taken_at=taken, study_id=record
    )


def test_a_whole_report_without_an_impression_is_told_by_its_findings_and_a_missing_section_by_none():
    quote = open_answerer(LlmSettings())
    older = passage("e1", "IMPRESSION", "Old pneumonia.", "r1", 1)
    newer = passage("e2", "FINDINGS", "Clear lungs.", "r2", 2)

    def said(question, *evidence):
        return [(s.text, s.citations) for s in quote.answer(Task(question, evidence))]

    assert said("Summarise the report.", older, newer) == [("Findings: “Clear lungs.”", ("e2",))]
    assert said("What was the impression?", older, newer) == []
    undated = replace(newer, taken_at=None)
    assert said("Summarise the report.", undated, older) == [("Impression: “Old pneumonia.”", ("e1",))]
