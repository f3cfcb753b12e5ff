"""JSON replies: what a complete one, a piece of one and a broken one give."""

import json

import pytest

from assistant.generate.replies import UnreadableReply, read_sentences

SECTIONS = ("FINDINGS", "IMPRESSION")
TWO = {"sentences": [{"text": "No effusion.", "evidence": ["E1"]}, {"text": "The heart is large", "evidence": []}]}
REPORT = {
    "sentences": [
        {"section": "FINDINGS", "text": "No effusion. The lungs are clear.", "evidence": ["E1", "E2"]},
        {"section": "IMPRESSION", "text": "Normal.", "evidence": ["E1"]},
    ]
}


class Cut(list):
    """Tokens of a reply that the limit on its length ended."""

    cut = True


@pytest.mark.parametrize("size", [1, 3, 17, 1000])
def test_sentences_are_the_same_whatever_the_tokens(size):
    text = json.dumps(TWO)
    tokens = [text[i : i + size] for i in range(0, len(text), size)]
    assert list(read_sentences(tokens)) == ["No effusion. [E1]\n", "The heart is large\n"]


def test_a_sentence_is_told_before_the_reply_ends():
    text = json.dumps(TWO)
    arrived = []

    def tokens():
        for letter in text:
            arrived.append(letter)
            yield letter

    assert next(read_sentences(tokens())) == "No effusion. [E1]\n"
    assert len(arrived) < len(text) - 20


def test_a_report_s_sections_are_headings_and_each_sentence_keeps_its_citations():
    assert list(read_sentences([json.dumps(REPORT)], SECTIONS)) == [
        "## FINDINGS\n", "No effusion. [E1, E2]\n", "The lungs are clear. [E1, E2]\n", "## IMPRESSION\n",
        "Normal. [E1]\n",
    ]  # fmt: skip


def test_no_sentence_is_an_abstention():
    assert list(read_sentences(['{"sentences": []}'])) == ["ABSTAIN\n"]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("", "Invalid JSON"),
        ("The heart is large. [E1]", "Invalid JSON"),
        ('```json\n{"sentences": []}\n```', "Invalid JSON"),
        ('{"sentences": [{"text": "A.", "evidence": ["E1"]},]}', "Invalid JSON"),
        ("{'sentences': []}", "Invalid JSON"),
        ('{"sentences": []} and more', "Invalid JSON"),
        ('{"answer": "No."}', "sentences: Field required"),
        ('{"sentences": [{"text": "A."}]}', r"sentences.0.evidence: Field required"),
        ('{"sentences": [{"text": "A.", "evidence": [1]}]}', r"sentences.0.evidence.0: Input should be a valid string"),
        ('{"sentences": [{"text": "A.", "evidence": [], "sure": true}]}', r"sentences.0.sure: Extra inputs"),
        ('{"sentences": [{"text": "A.", "evidence": [], "section": "PLAN"}]}', "no section 'PLAN'"),
    ],
)
def test_what_is_not_exactly_what_was_asked_for_is_an_error_and_never_mended(reply, said):
    with pytest.raises(UnreadableReply, match=said):
        list(read_sentences([reply]))


def test_of_a_reply_that_was_cut_the_complete_sentences_count_and_without_one_it_is_unreadable():
    text = json.dumps(TWO)
    assert list(read_sentences(Cut([text[:-20]]))) == ["No effusion. [E1]\n"]
    with pytest.raises(UnreadableReply):
        list(read_sentences([text[:-20]]))
    with pytest.raises(UnreadableReply):
        list(read_sentences(Cut([text[:20]])))
