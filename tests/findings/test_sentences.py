from __future__ import annotations

import time

import pytest

from assistant.findings import sentence_spans, sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The lungs are clear. No effusion.", ["The lungs are clear.", "No effusion."]),
        ("A nodule of 2.3 cm is seen. Stable.", ["A nodule of 2.3 cm is seen.", "Stable."]),
        ("Seen by Dr. Smith at St. Mary. Fine.", ["Seen by Dr. Smith at St. Mary.", "Fine."]),
        ("Drugs, e.g. Warfarin, help. Others don't.", ["Drugs, e.g. Warfarin, help.", "Others don't."]),
        ("1. Cardiomegaly. 2. No effusion.", ["1. Cardiomegaly.", "2. No effusion."]),
        ("1. Cardiomegaly\n2. No effusion", ["1. Cardiomegaly", "2. No effusion"]),
        (
            "FINDINGS:\nThe heart is normal in\nsize. Clear lungs",
            ["FINDINGS:", "The heart is normal in\nsize.", "Clear lungs"],
        ),
        ("lungs are clear.No effusion", ["lungs are clear.", "No effusion"]),
        ("lungs are clear. no effusion.", ["lungs are clear.", "no effusion."]),
        ("He has hepatitis B. The vaccine works.", ["He has hepatitis B.", "The vaccine works."]),
        ("By J. Smith et al. in 2001. Done!", ["By J. Smith et al. in 2001.", "Done!"]),
        (
            "In a similar study: “Clear lungs. No effusion.” Next.",
            ["In a similar study: “Clear lungs. No effusion.”", "Next."],
        ),
        ("See fig. 3 and no. 4. End", ["See fig. 3 and no. 4.", "End"]),
        ("Effusion? No. Pneumothorax? No.", ["Effusion?", "No.", "Pneumothorax?", "No."]),
        ("Kein Erguss. Herz z.B. normal groß.", ["Kein Erguss.", "Herz z.B. normal groß."]),
        ("", []),
        ("   \n ", []),
    ],
)
def test_sentences_as_a_reader_would_cut_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_offsets_reproduce_the_text_and_leave_only_space_between() -> None:
    text = "  1. Clear.\n\nHeart: normal (see fig. 2).  “Quoted text. Twice.” Then 3.5 mm?  Yes.\nEnd of it"
    at = 0
    for start, end in sentence_spans(text):
        assert text[at:start].strip() == ""
        assert not text[start].isspace() and not text[end - 1].isspace()
        at = end
    assert text[at:].strip() == ""


def test_long_text_takes_linear_time() -> None:
    began = time.process_time()
    sentence_spans("No. 1 e.g. “ a. " * 20_000)
    sentence_spans("." * 200_000)
    sentence_spans("\n" * 200_000 + "“" * 100_000)
    assert time.process_time() - began < 20
