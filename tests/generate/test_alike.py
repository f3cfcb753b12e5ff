"""Similar means alike: studies are counted where likeness chose them, and quoted where words did."""

from dataclasses import replace

import pytest

from assistant.generate.counts import count_findings
from assistant.generate.found import asks_generally
from assistant.generate.quote import QuoteAnswerer
from assistant.generate.task import Task
from assistant.records import Evidence, Statement, countable
from assistant.records.stored import stored_evidence
from assistant.retrieve.composed import Wish
from assistant.verify.verifier import Verifier

UPLOAD = Evidence("u", "u", "image", "DX", "own", "Uploaded DX image", None, 1.0, True, "uploaded picture")
TEXTS = {"s1": "There is a hernia.", "s2": "Small hernia.", "s3": "The lungs are clear."}


def study(name, found_by):
    one = Evidence(
        f"t-{name}", f"t-{name}", "text", "SR", "similar", TEXTS[name], None, 0.5, True, "",
        study_id=name, patient_id=name, found_by=found_by,
    )  # fmt: skip
    return replace(one, id=f"i-{name}", record_id=f"i-{name}", kind="image", modality="DX", text=""), one


def said(question, *pieces):
    given = {piece.id: piece for piece in pieces}
    statements = QuoteAnswerer().answer(Task(question, tuple(pieces)))
    return [claim for statement in statements for claim in Verifier().verify(statement, given)]


def test_what_likeness_chose_is_counted_and_what_words_found_is_left_out():
    pieces = (UPLOAD, *study("s1", "likeness"), *study("s3", "likeness"), *study("s2", "words"))
    first = said("hernia?", *pieces)[0]
    assert (first.text, first.verdict) == ("1 of the 2 most similar studies mentions hernia.", "supported")
    assert set(first.citations) == {"t-s1", "t-s3"}


def test_studies_that_words_found_are_quoted_as_such_and_counted_never():
    claims = said("hernia?", *(study(name, "words")[1] for name in ("s1", "s2", "s3")))
    assert [claim.text for claim in claims] == [
        "In a study found for these words: “There is a hernia.”",
        "In a study found for these words: “Small hernia.”",
    ]
    assert all((claim.about, claim.verdict) == ("similar", "supported") for claim in claims)


@pytest.mark.parametrize("found_by", ["words", "both"])
def test_a_count_over_what_words_found_is_not_supported_whoever_writes_it(found_by):
    evidence = {piece.id: piece for name in ("s1", "s2") for piece in study(name, found_by)}
    for text in ("Both most similar studies mention hernia.", "All 2 studies mention hernia."):
        (claim,) = Verifier().verify(Statement(text, tuple(evidence), "similar"), evidence)
        assert (claim.verdict, claim.error_kind) == ("unsupported", "number")
        assert "found by the words of the question" in claim.why


def test_without_anything_to_be_like_there_is_no_similar_study():
    assert said("Is there a hernia in similar studies?", *study("s1", "words")) == []


@pytest.mark.parametrize("question", ["digoxin and hernia", "hernia after digoxin"])
def test_half_of_what_is_named_is_no_answer(question):
    assert said(question, *study("s1", "words")) == []


def test_a_study_counts_with_all_that_is_there_of_it():
    picture, report = study("s1", "likeness")
    assert countable([picture, replace(report, found_by="words")]) == [picture, replace(report, found_by="words")]
    assert countable([replace(report, found_by="words")]) == []
    assert countable([replace(report, found_by="words", chosen=True)]) != []


def test_how_it_was_found_is_kept():
    piece = study("s1", "both")[1]
    assert stored_evidence(piece.to_json()).found_by == "both"


def test_two_are_both_and_one_is_another_patient_s():
    two = (UPLOAD, *study("s1", "likeness"), *study("s2", "likeness"))
    assert said("hernia?", *two)[0].text == "Both most similar studies mention hernia."
    one = said("hernia?", UPLOAD, *study("s1", "likeness"))[0]
    assert one.text == "The most similar study, another patient’s, mentions hernia."
    assert one.verdict == "supported" and len(one.citations) == 1


@pytest.mark.parametrize(
    ("question", "generally"),
    [
        ("findings?", True),
        ("What do similar X-rays show?", True),
        ("What is wrong here?", True),
        ("What is the slice thickness?", False),
        ("What contrast agent was used in this scan?", False),
        ("digoxin", False),
    ],
)
def test_what_asks_for_something_of_its_own_is_not_answered_by_what_similar_studies_show(question, generally):
    assert asks_generally(question) is generally


@pytest.mark.parametrize(
    ("question", "wishes"),
    [
        ("Is there cardiomegaly in similar studies?", False),
        ("How many of the most similar studies mention an effusion?", False),
        ("Do similar ones have a pacemaker?", False),
        ("like this one but with a pacemaker", True),
        ("Are there similar ones with a pacemaker?", True),
        ("find similar studies with an effusion", True),
    ],
)
def test_what_is_asked_of_similar_studies_does_not_choose_them(question, wishes):
    assert bool(Wish.of(question)) is wishes


NO_AXIS, NO_LEFT = "No axis deviation.", "No left axis deviation."


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ((NO_AXIS + " " + NO_LEFT,) * 2, ["Both most similar studies state that there is no axis deviation."]),
        (
            (NO_AXIS, NO_AXIS, NO_LEFT),
            [
                "All 3 most similar studies state that there is no left axis deviation.",
                "2 of the 3 most similar studies state that there is no axis deviation.",
            ],
        ),
    ],
)
def test_a_denial_tells_of_the_narrower_ones_that_are_denied_as_often(texts, told):
    text = study("s1", "likeness")[1]
    pieces = [replace(text, id=f"t{n}", record_id=f"t{n}", study_id=f"s{n}", text=own) for n, own in enumerate(texts)]
    assert [statement.text for statement in count_findings(pieces)] == told
