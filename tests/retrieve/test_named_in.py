"""Whom a question names by an id or a pseudonym, wherever it stands."""

import pytest

from assistant.pseudonyms import Pseudonyms
from assistant.retrieve.whose import People


@pytest.fixture
def people(tmp_path):
    return People((), Pseudonyms.of(tmp_path))


@pytest.mark.parametrize("pseudonym", ["P-7Q2MK5XHDA4T", "P-ABCDEFGHIJKL"])  # digits are chance: 26 of 32 letters
@pytest.mark.parametrize("question", ["Compare with {}.", "{}", "Is it as in {}, or worse?", "({})"])
def test_a_pseudonym_is_known_with_and_without_digits(people, question, pseudonym):
    assert people.named_in(question.format(pseudonym)) == {pseudonym: frozenset({pseudonym})}


@pytest.mark.parametrize(
    "word", ["P-ABCDEFGHIJKLM", "P-abcdefghijkl", "XP-ABCDEFGHIJKL", "P-wave", "LP-ABCDEFGHIJKL-X"]
)
def test_what_only_looks_like_one_is_none(people, word):
    assert people.named_in(f"What does {word} show?") == {}
