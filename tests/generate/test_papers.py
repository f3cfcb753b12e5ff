"""What a paper found is quoted before what it begins with."""

import pytest

from assistant.generate.papers import states_aim, tells_finding
from assistant.generate.sentences import NOT_A_STATEMENT, best_sentences
from assistant.records import Evidence

BEFORE = "Low-dose aspirin is widely used to prevent stroke in adults with diabetes."
METHOD = "Adults with diabetes were randomized to low-dose aspirin or placebo and stroke was recorded."
RESULT = "Stroke occurred in 3.1% with aspirin and in 3.0% with placebo (p = 0.81)."
CONCLUSION = "Low-dose aspirin did not prevent stroke in adults with diabetes."
LABELLED = f"Background: {BEFORE}\n\nMethods: {METHOD}\n\nResults: {RESULT}\n\nConclusions: {CONCLUSION}"
TOGETHER = " ".join((BEFORE, METHOD, RESULT, CONCLUSION))
QUESTION = "Does low-dose aspirin prevent stroke in adults with diabetes?"


def paper(text, name="e1", **fields):
    return Evidence(name, name, "text", "DOC", "knowledge", text, None, 1.0, True, "", **fields)


def worth(text, sentence):
    return tells_finding(sentence, text.index(sentence), paper(text))


def test_the_parts_of_an_abstract_are_told_by_their_labels():
    assert [worth(LABELLED, sentence) for sentence in (BEFORE, METHOD, RESULT, CONCLUSION)] == [0.0, 0.0, 0.6, 1.0]
    in_section = paper(f"{RESULT}\n\nMethods: {METHOD}", section="Results")
    assert tells_finding(RESULT, 0, in_section) == 0.6


def test_without_labels_wording_and_place_tell_them():
    before, method, result, conclusion = (worth(TOGETHER, part) for part in (BEFORE, METHOD, RESULT, CONCLUSION))
    assert before < method < result and before < conclusion


def test_what_is_no_paper_has_no_such_parts():
    letter = "Findings: Small left pleural effusion.\n\nImpression: Heart failure. We recommend a control in 14 days."
    page = "Gout is a form of arthritis. It is treated with colchicine. Diet may help to prevent it."
    assert worth(letter, "Heart failure.") == worth(page, "Diet may help to prevent it.") == 0.0


def test_a_question_is_answered_with_what_was_found():
    for text in (LABELLED, TOGETHER):
        quoted = [sentence.text for sentence in best_sentences(QUESTION, [paper(text)], None)]
        assert any(CONCLUSION in sentence for sentence in quoted)
        assert not any(BEFORE in sentence for sentence in quoted), quoted


def test_a_background_that_alone_answers_is_quoted():
    text = LABELLED.replace(CONCLUSION, "More trials are needed.").replace(RESULT, "The trial ended early.")
    (only,) = best_sentences(QUESTION, [paper(text)], None)
    assert BEFORE in only.text


def test_the_floor_is_no_lower_for_what_was_found():
    assert not best_sentences("Is colchicine used in gout?", [paper(LABELLED)], None)


def test_a_purpose_without_a_main_clause_is_an_aim():
    aim = "To determine whether aspirin prevents stroke in adults with diabetes."
    done = "To determine whether aspirin prevents stroke, we followed 900 adults, and it did not."
    assert states_aim(aim, paper(aim)) and not states_aim(done, paper(done))


@pytest.mark.parametrize(
    "line",
    [
        "BMJ 2012, 344:e2088.",
        "Public Health [name] 2009, 12:2473–2492.",
        "Wolongevicz DM, [name] L, Zhu L: Development of an obesity prevention index.",
        "12. Smith JA. A trial of aspirin.",
        "Lancet 2004;364(9438):937-52.",
    ],
)
def test_a_list_of_references_answers_nothing(line):
    assert NOT_A_STATEMENT.search(line)


@pytest.mark.parametrize(
    "line",
    [
        "Women randomised to receive Lifestyle Advice took part in six sessions.",
        "Follow-up ended in 2012, 344 women had dropped out.",
        "Vitamin D, in 2012 given daily, did not help.",
        "Ramipril 5 mg, 1-0-0",
        "In 2012 the ratio was 1:20.",
    ],
)
def test_a_statement_is_no_reference(line):
    assert not NOT_A_STATEMENT.search(line)
