"""Studies that were picked by hand are called the chosen ones, and what is said of them is checked as before."""

from dataclasses import replace

import pytest

from assistant.findings import Count, parse_count, state_count
from assistant.generate.quote import QuoteAnswerer
from assistant.generate.task import Task
from assistant.records import Evidence, Statement
from assistant.verify.verifier import Verifier

REPORTS = (
    "There is a small left pleural effusion with overlying atelectasis.",
    "A moderate pleural effusion is seen on the right side.",
    "No pleural effusion. The size of the heart is normal.",
)


def pieces(chosen):
    one = Evidence("e0", "r0", "text", "SR", "similar", "", None, 0.5, True, "", chosen=chosen)
    reports = tuple(
        replace(one, id=f"e{n}", record_id=f"r{n}", text=text, study_id=f"s{n}", patient_id=f"p{n}")
        for n, text in enumerate(REPORTS)
    )
    return (replace(reports[0], id="film", record_id="film", kind="image", modality="CR", text=""), *reports)


def told(chosen, number=4, among=0):
    evidence = pieces(chosen)[:number]
    task = Task("Is there a pleural effusion in similar studies?", evidence, chosen=among)
    statements = list(QuoteAnswerer().answer(task))
    claims = [c for s in statements for c in Verifier().verify(s, {piece.id: piece for piece in evidence})]
    assert claims and all((claim.about, claim.verdict) == ("similar", "supported") for claim in claims)
    return [claim.text for claim in claims]


def test_chosen_studies_are_not_called_similar():
    said = told(chosen=True)
    assert "2 of the 3 chosen studies mention pleural effusion." in said
    assert "1 of the 3 chosen studies states that there is no pleural effusion." in said
    assert any(sentence.startswith("In one of the chosen studies: “") for sentence in said)
    assert not any("similar" in sentence for sentence in said)
    assert "2 of the 3 most similar studies mention pleural effusion." in told(chosen=False)


def test_of_one_chosen_study_it_is_said_in_the_singular():
    said = told(chosen=True, number=2)
    assert said[0] == "The chosen study mentions pleural effusion."
    assert said[-1].startswith("In the chosen study: “")


def test_where_more_were_chosen_than_are_told_of_none_is_called_the_chosen_one():
    said = told(chosen=True, number=2, among=2)
    assert said[0] == "One of the chosen studies mentions pleural effusion."
    assert said[-1].startswith("In one of the chosen studies: “")
    said = told(chosen=True, among=5)
    assert "2 of 3 of the chosen studies mention pleural effusion." in said
    assert told(chosen=True, among=3) == told(chosen=True)


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (Count(1, 1, "ECGs", "are labelled", "edema"), "One of the chosen ECGs is labelled edema."),
        (Count(0, 1, "studies", "mention", "edema"), "One of the chosen studies does not mention edema."),
        (Count(2, 2, "studies", "mention", "edema"), "2 of 2 of the chosen studies mention edema."),
        (Count(1, 3, "studies", "mention", "edema"), "1 of 3 of the chosen studies mentions edema."),
        (Count(0, 3, "reports", "mention", "edema"), "None of 3 of the chosen reports mentions edema."),
    ],
)
def test_a_count_of_some_of_the_chosen_studies_is_written_and_read_back(count, sentence):
    written = state_count(count.n, count.m, count.noun, count.verb, count.finding, chosen=True, others=True)
    assert written == sentence and parse_count(sentence) == count


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (Count(2, 3, "studies", "mention", "edema"), "2 of the 3 chosen studies mention edema."),
        (Count(3, 3, "ECGs", "are labelled", "sinus rhythm"), "All 3 chosen ECGs are labelled sinus rhythm."),
        (Count(0, 1, "X-rays", "mention", "edema"), "The chosen X-ray does not mention edema."),
        (Count(0, 4, "reports", "mention", "edema"), "None of the 4 chosen reports mentions edema."),
    ],
)
def test_a_count_of_chosen_studies_is_written_and_read_back(count, sentence):
    assert state_count(count.n, count.m, count.noun, count.verb, count.finding, chosen=True) == sentence
    assert parse_count(sentence) == count


def test_a_wrong_count_of_chosen_studies_is_contradicted():
    evidence = {piece.id: piece for piece in pieces(chosen=True)}
    wrong = Statement("All 3 chosen studies mention pleural effusion.", tuple(evidence), "similar")
    (claim,) = Verifier().verify(wrong, evidence)
    assert (claim.verdict, claim.error_kind, claim.about) == ("contradicted", "number", "similar")


def test_why_a_chosen_study_was_made_is_quoted_for_no_finding():
    why = replace(pieces(True)[1], text="History of pleural effusion, follow-up.", section="INDICATION")
    seen = replace(why, id="f", text="The pleural effusion is smaller.", section="IMPRESSION")
    said = [statement.text for statement in QuoteAnswerer().answer(Task("Is there a pleural effusion?", (why, seen)))]
    assert any("The pleural effusion is smaller." in text for text in said)
    assert not any("History of" in text for text in said)
