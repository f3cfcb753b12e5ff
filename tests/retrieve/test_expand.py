"""What a question is also searched for: abbreviations as they are written, names of one thing, either spelling."""

import pytest

from assistant.retrieve.expand import expand, for_meaning
from assistant.store.words import WordIndex, query_terms


def added(question):
    own = query_terms(question)
    return {term: weight for term, weight in expand(question).terms.items() if term not in own}


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Treatment of MI", ["myocardial", "infarction", "heart", "attack"]),
        ("symptoms of a heart attack", ["myocardial", "infarction"]),
        ("SOB on exertion", ["shortness", "breath", "dyspnea", "dyspnoea"]),
        ("two prior MIs", ["infarction"]),
        ("nephrolithiasis", ["kidney", "stones"]),
        ("paracetamol overdose", ["acetaminophen"]),
        ("pulmonary oedema", ["edema"]),
        ("edema of the ankle", ["oedema"]),
        ("haemoptysis", ["hemoptysis", "coughing", "blood"]),
        ("types of anaemia", ["anemia"]),
        ("atrial fibrillation", ["af"]),
    ],
)
def test_a_question_is_expanded(question, words):
    wanted = query_terms(" ".join(words))
    assert wanted.keys() <= added(question).keys()


@pytest.mark.parametrize(
    "question", ["mi casa es su casa", "the ms of the manuscript", "What binds to miR-25?", "as it is"]
)
def test_what_is_not_written_as_an_abbreviation_is_none(question):
    assert added(question) == {}


def test_a_question_all_in_capitals_has_no_abbreviations():
    assert "rheumatoid" not in added("WHAT IS RA OF THE HAND")


def test_an_abbreviation_of_several_readings_weighs_less():
    certain, one_of_several = added("outlook of MI")["infarct"], added("outlook of MS")
    assert set(one_of_several.values()) == {one_of_several["sclerosi"]}
    assert {"multipl", "mitral"} <= one_of_several.keys()
    assert 0 < one_of_several["sclerosi"] < certain < 1


def test_a_word_of_the_question_keeps_its_own_weight():
    terms = expand("heart attack or MI").terms
    assert terms["heart"] == terms["attack"] == terms["mi"] == 1.0


def test_the_expansion_is_told():
    assert expand("Treatment of MI").told == ("MI: myocardial infarction, heart attack",)
    assert expand("treatment of asthma in a village").told == ()


def test_a_name_is_added_to_the_meaning_only_where_the_index_prefers_it():
    lay = WordIndex.build([1, 2, 3], ["whooping cough in babies", "whooping cough", "a cough that is whooping"])
    learned = WordIndex.build([1, 2, 3], ["pertussis toxin", "pertussis vaccine", "whooping cough"])
    assert for_meaning("pertussis vaccine", lay) == "pertussis vaccine (whooping cough)"
    assert for_meaning("pertussis vaccine", learned) == "pertussis vaccine"
    assert for_meaning("pertussis vaccine", None) == "pertussis vaccine"
    assert for_meaning("whooping cough", learned) == "whooping cough"  # held by one passage, "pertussis" by two
