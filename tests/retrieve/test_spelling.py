"""Misspelt medical words are read as what they nearly are, and nothing else is."""

import pytest

from assistant.retrieve.spelling import correct, steps_between


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("any extrasistoles?", "any extrasystoles?"),
        ("Is there a pnuemothorax?", "Is there a pneumothorax?"),
        ("any efusion on the left", "any effusion on the left"),
        ("cardiomegally", "cardiomegaly"),
        ("atrial fibrilation", "atrial fibrillation"),
    ],
)
def test_a_misspelt_word_of_the_vocabulary(asked, meant):
    assert correct(asked) == meant


@pytest.mark.parametrize(
    "asked",
    [
        "Is there a pneumothorax, an oedema or an infarct?",  # known, in either spelling
        "What is akinesia?",  # another form of akinesis, no misspelling
        "Is mysositis inherited?",  # nearer to myositis, which names no finding of the vocabulary
        "Was ramiprilat given to Efusion?",  # two more letters, and a name
        "Gibt es einen verkalkten Lymphknoten?",
        "see x-efusion.dcm or efusion@ward.org",
    ],
)
def test_what_is_left_as_it_is(asked):
    assert correct(asked) == asked


@pytest.mark.parametrize(
    ("one", "other", "steps"),
    [("efusion", "effusion", 1), ("pnuemo", "pneumo", 1), ("cat", "cut", 1), ("cat", "cat", 0), ("cat", "dogs", 4)],
)
def test_steps_between_words(one, other, steps):
    assert steps_between(one, other) == steps == steps_between(other, one)
