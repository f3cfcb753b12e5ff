"""A chosen patient's own reports are handed over though a short question shares no word with them."""

import csv
from dataclasses import replace

import pytest

from assistant.assistant import Assistant

REPORTS = [
    ("1", "r1", "FINDINGS: The heart is normal in size. The lungs are grossly clear.\n\n"
                "IMPRESSION: Emphysema without acute disease."),
    ("2", "r2", "FINDINGS: Large left pleural effusion with compressive atelectasis.\n\nIMPRESSION: Pleural effusion."),
    ("3", "r3", "FINDINGS: Cardiomegaly with congested pulmonary vessels.\n\nIMPRESSION: Heart failure."),
    ("3", "r4", "FINDINGS: Comminuted fracture of the distal radius.\n\nIMPRESSION: Fracture of the wrist."),
]  # fmt: skip
CUP = "Who won the 1998 football world cup?"


@pytest.fixture(scope="module")
def assistant(tmp_path_factory):
    workspace = tmp_path_factory.mktemp("reports")
    (workspace / "data").mkdir()
    with (workspace / "data" / "reports.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["patient", "id", "report"])
        writer.writerows(REPORTS)
    recipe = workspace / "indexes" / "reports.toml"
    recipe.parent.mkdir()
    recipe.write_text(
        'name = "reports"\n[[source]]\npath = "../data"\nmanifest = "reports.csv"\ndeidentify = false\n'
        '[source.columns]\nid = "id"\npatient_id = "patient"\ntext = "report"\n[source.defaults]\nmodality = "SR"\n',
        encoding="utf-8",
    )
    Assistant.build(recipe)
    return Assistant.open(workspace)


def kept(result):
    return [(piece.external_id, piece.section) for piece in result.evidence if piece.kept]


def test_a_denial_in_other_words_is_handed_over_and_answers(assistant):
    found = assistant.search("Is there cardiomegaly?", patient="1")
    assert not found.abstained
    assert kept(found) == [("r1", "FINDINGS")]
    assert found.evidence[0].why.startswith("speaks of what is asked")
    answer = assistant.ask("Is there cardiomegaly?", patient="1")
    assert [(claim.text, claim.verdict) for claim in answer.claims] == [("The heart is normal in size.", "supported")]


def test_the_same_question_to_the_whole_archive_is_held_to_the_chance_as_before(assistant):
    found = assistant.search("Is there cardiomegaly?")
    assert [external_id for external_id, _ in kept(found)] == ["r3"]
    assert any(piece.external_id == "r1" and "unlikely to answer" in piece.why for piece in found.evidence)


def test_of_several_reports_those_that_speak_of_it_are_handed_over(assistant):
    found = assistant.search("Is there cardiomegaly?", patient="3")
    assert {external_id for external_id, _ in kept(found)} == {"r3"}
    left = [piece for piece in found.evidence if not piece.kept]
    assert left
    assert all(piece.why.endswith("as other texts of the patient do") for piece in left)


def test_where_none_speaks_of_it_or_nothing_is_named_all_are_and_only_the_patient_s(assistant):
    for question in ("What was the impression?", "Summarise the report.", "Is there a hip prosthesis?"):
        found = assistant.search(question, patient="1")
        assert set(kept(found)) == {("r1", "FINDINGS"), ("r1", "IMPRESSION")}, question
        assert {piece.relation for piece in found.evidence} == {"own"}
    both = assistant.search("What was the impression?", patient="3")
    assert {external_id for external_id, _ in kept(both)} == {"r3", "r4"}


def test_a_general_question_that_points_at_nothing_still_gets_nothing(assistant):
    found = assistant.search(CUP, patient="1")
    assert found.abstained
    assert found.reason == "The records of the chosen patient hold nothing that is near enough to the question."
    assert assistant.search(CUP).reason == "The archive holds nothing that is near enough to the question."


def test_what_leaves_out_its_own_is_judged_as_before(assistant):
    query = assistant.query("Is there cardiomegaly?", patient="1")
    assert assistant.search_batch([query])[0].abstained is False
    assert assistant.search_batch([replace(query, leave_out_own=True)])[0].abstained


def test_an_answer_is_an_abstention_where_the_records_say_nothing_of_it(assistant):
    answer = assistant.ask("Does the patient take warfarin?", patient="2")
    assert answer.abstained and not answer.claims
    assert any(piece.kept for piece in answer.evidence)  # they were looked at


def test_of_chosen_studies_what_speaks_of_it_is_handed_over_and_counted(assistant):
    studies = {piece.external_id: piece.study_id for piece in assistant.search("heart lungs effusion", k=9).evidence}
    two = {studies["r1"], studies["r3"]}
    found = assistant.search("Is there cardiomegaly?", studies=two)
    assert {external_id for external_id, _ in kept(found)} == {"r1", "r3"}
    assert assistant.search("Is there cardiomegaly?", studies={studies["r1"]}).abstained is False
    told = [(claim.text, claim.verdict) for claim in assistant.ask("Is there cardiomegaly?", studies=two).claims]
    assert told[0] == ("1 of the 2 chosen studies mentions cardiomegaly.", "supported")
    assert {verdict for _, verdict in told} == {"supported"}
    assert assistant.search(CUP, studies=two).reason == (
        "The chosen studies hold nothing that is near enough to the question."
    )
