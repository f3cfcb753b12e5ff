"""What a text says of a change is told to who asks for one, since whenever; what a size is judged by is a finding."""

import pytest

from assistant.generate import Task, open_answerer
from assistant.records import Evidence, TextPlace
from assistant.retrieve.within import asked_of_document
from assistant.settings import LlmSettings

QUOTE = open_answerer(LlmSettings())
CHANGES = [
    "The nodule in the right upper lobe now measures 9 mm, previously 6 mm.",
    "The mediastinal lymph nodes are stable.",
    "There is new consolidation in the left lower lobe.",
]
CT = " ".join([*CHANGES, "There is no pleural effusion.", "The bones are intact."])


def said(question, words):
    piece = Evidence("e1", "r1", "text", "DOC", "own", words, TextPlace(0, len(words)), 1.0, True, "")
    return [statement.text for statement in QUOTE.answer(Task(question, (piece,)))]


@pytest.mark.parametrize(
    "question",
    [
        "What has changed?", "Has anything changed since the prior study?",
        "Has anything changed since the previous CT?",
        "Any change since the last visit?", "Is there any interval change?", "What is new compared to before?",
        "Has anything changed compared with the prior chest X-ray?", "Is there anything new since then?",
    ],
)  # fmt: skip
def test_a_change_is_told_whatever_it_is_compared_with(question):
    assert said(question, CT) == CHANGES


def test_a_change_of_one_thing_is_that_of_the_thing():
    assert said("Has the nodule changed since the prior study?", CT) == CHANGES[:1]
    assert said("Any change in the lymph nodes?", CT) == CHANGES[1:2]
    assert said("Has anything changed since the prior study?", "The bones are intact. There is no effusion.") == []


@pytest.mark.parametrize(
    "words", ["There is cardiomegaly.", "The heart is enlarged.", "Heart size is within normal limits."]
)
@pytest.mark.parametrize(
    "question", ["Is the heart size normal?", "Is the heart normal in size?", "Is the heart enlarged?"]
)
def test_whether_the_size_is_normal_is_answered_by_the_finding(question, words):
    assert said(question, f"The bones are intact. {words}") == [words]


def test_a_size_that_is_asked_for_is_a_figure():
    assert said("What is the heart size?", "There is cardiomegaly.") == []
    assert said("What is the size of the nodule?", CT) == CHANGES[:1]
    assert asked_of_document("What is the size of the nodule?").wants
