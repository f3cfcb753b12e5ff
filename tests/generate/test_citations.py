import pytest

from assistant.generate.citations import has_citation, leading_citations, split_citations

KNOWN = {"E1": "ea1", "E2": "eb2", "E3": "ec3"}


@pytest.mark.parametrize(
    ("written", "text", "cited"),
    [
        ("No effusion [E1].", "No effusion.", ("ea1",)),
        ("No effusion. [E1, E3]", "No effusion.", ("ea1", "ec3")),
        ("No effusion [E2][E2] [E1].", "No effusion.", ("eb2", "ea1")),
        ("No effusion [E1-E3].", "No effusion.", ("ea1", "eb2", "ec3")),
        ("No effusion (E2).", "No effusion.", ("eb2",)),
        ("The heart [E1] and the lungs [E2] are normal.", "The heart and the lungs are normal.", ("ea1", "eb2")),
        ("Heart rate 61 beats/min [E1 and E2].", "Heart rate 61 beats/min.", ("ea1", "eb2")),
        ("Nothing cited here.", "Nothing cited here.", ()),
        ("The range is [1, 2] and QTc (E is energy).", "The range is [1, 2] and QTc (E is energy).", ()),
    ],
)
def test_citations_are_read_and_taken_out(written, text, cited):
    assert split_citations(written, KNOWN) == (text, cited)


def test_an_invented_citation_stays_visible_as_the_model_wrote_it():
    assert split_citations("Mass in the left lung [E9].", KNOWN) == ("Mass in the left lung.", ("E9",))


def test_a_range_that_is_too_long_to_be_meant_is_not_expanded():
    _, cited = split_citations("All clear [E1-E999].", KNOWN)
    assert len(cited) < 5


def test_where_citations_begin_a_sentence():
    assert leading_citations("[E1] [E2, E3] The heart is normal.") == len("[E1] [E2, E3]")
    assert leading_citations("The heart is normal [E1].") == 0
    assert has_citation("Normal (E1).") and not has_citation("Normal (1).")
