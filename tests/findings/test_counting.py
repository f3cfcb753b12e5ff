from __future__ import annotations

import itertools

import pytest

from assistant.findings import Count, parse_count, state_count


def test_the_sentences_of_the_house() -> None:
    assert state_count(4, 5, "studies", "mention", "pleural effusion") == (
        "4 of the 5 most similar studies mention pleural effusion."
    )
    assert state_count(1, 5, "studies", "mention", "pleural effusion") == (
        "1 of the 5 most similar studies mentions pleural effusion."
    )
    assert state_count(3, 5, "ECGs", "are labelled", "atrial fibrillation") == (
        "3 of the 5 most similar ECGs are labelled atrial fibrillation."
    )
    assert state_count(5, 5, "X-rays", "are labelled", "pneumonia").startswith("All 5 most similar X-rays are labelled")


@pytest.mark.parametrize("noun", ["studies", "X-rays", "ECGs", "images", "reports"])
@pytest.mark.parametrize("verb", ["mention", "are labelled", "state that there is no", "show"])
def test_what_is_stated_is_parsed_back(noun: str, verb: str) -> None:
    for m, n in itertools.product(range(1, 7), range(7)):
        if n <= m:
            assert parse_count(state_count(n, m, noun, verb, "pleural effusion")) == Count(
                n, m, noun, verb, "pleural effusion"
            )


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Two of the five similar X-rays show a pneumothorax.", Count(2, 5, "X-rays", "show", "pneumothorax")),
        ("All 5 of the most similar studies mention edema.", Count(5, 5, "studies", "mention", "edema")),
        ("4 of 5 studies mention no effusion.", Count(4, 5, "studies", "state that there is no", "effusion")),
        ("3 out of 4 ECGs are labeled LBBB", Count(3, 4, "ECGs", "are labelled", "LBBB")),
        ("None of the 5 most similar studies mentions effusion.", Count(0, 5, "studies", "mention", "effusion")),
        ("2 of the 5 studies do not mention effusion.", Count(3, 5, "studies", "mention", "effusion")),
    ],
)
def test_common_variants(sentence: str, expected: Count) -> None:
    assert parse_count(sentence) == expected


@pytest.mark.parametrize("sentence", ["", "No effusion.", "4 of the 5 lobes are clear.", "All is well.", "x" * 10_000])
def test_other_sentences_are_not_counts(sentence: str) -> None:
    assert parse_count(sentence) is None


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="6 of 5"):
        state_count(6, 5, "studies", "mention", "effusion")
    with pytest.raises(ValueError, match="dance"):
        state_count(1, 5, "studies", "dance", "effusion")
