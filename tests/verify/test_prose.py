"""General prose: what the signs tell, and that the packaged rule weighs them as their meaning says."""

from __future__ import annotations

import pytest

from assistant.records import Evidence, Statement
from assistant.settings import VerifySettings
from assistant.verify import Verifier, check
from assistant.verify.evidence import read_evidence
from assistant.verify.prose import SIGNS, Signs, read_signs, rule
from assistant.verify.wording import read_wording

LEAFLET = (
    "Respiratory infections are common in winter. Most respiratory infections are caused by viruses. "
    "Respiratory infections spread from person to person by coughing. Rest and fluids help."
)


def signs(claim: str, evidence: str) -> Signs:
    read = read_evidence((evidence,))
    return read_signs(read_wording(claim), read.pieces, read.words, number=False)


def test_words_of_the_topic_count_less_than_the_news() -> None:
    said = signs("Respiratory infections are caused by viruses.", LEAFLET)
    unsaid = signs("Respiratory infections are caused by fungi.", LEAFLET)
    assert said.told == pytest.approx(1.0)
    assert unsaid.told < unsaid.words < 1.0
    assert said.sentence.startswith("Most respiratory infections")


def test_errors_count_as_far_as_the_evidence_speaks_of_the_thing() -> None:
    near = signs("Rest and fluids never help.", LEAFLET)
    far = signs("Concrete never rusts.", LEAFLET)
    assert near.denial > 0.5
    assert far.denial == far.words == 0.0


TRIAL = (
    "The drug was given to 120 patients with heart failure. There was no significant difference in mortality between "
    "the drug and placebo. Hospital stay may be shorter with the drug."
)


def test_what_a_claim_stresses_doubts_not_or_finds_against_the_evidence() -> None:
    assert signs("The drug is essential in heart failure.", TRIAL).emphasis > 0.3
    assert signs("The drug was given to patients with heart failure.", TRIAL).emphasis == 0.0
    assert signs("Hospital stay is shorter with the drug.", TRIAL).doubt > 0.5
    assert signs("Hospital stay may be shorter with the drug.", TRIAL).doubt == 0.0
    assert signs("The drug lowers mortality against placebo.", TRIAL).no_effect > 0.3
    assert signs("There was no difference in mortality against placebo.", TRIAL).no_effect == 0.0


def test_the_weakest_part_is_the_one_that_nothing_tells() -> None:
    whole = signs("Rest and fluids help.", LEAFLET)
    added = signs("Rest and fluids help, because enzymes dissolve toxins.", LEAFLET)
    assert (whole.weakest, added.weakest) == (1.0, 0.0)
    assert added.words > 0.3


def test_an_invented_effect_made_of_the_passage_s_own_words_is_not_supported() -> None:
    invented = "The drug significantly lowers mortality in patients with heart failure against placebo."
    assert check(invented, TRIAL).verdict != "supported"
    assert check("There was no significant difference in mortality between drug and placebo.", TRIAL).verdict == (
        "supported"
    )


def test_an_announcement_says_nothing_of_its_own() -> None:
    told = "Here is a concise summary of the passage:\n\nRespiratory infections are caused by viruses."
    assert check(told, LEAFLET).verdict == "supported"
    assert check("Here is a concise summary of the passage:", LEAFLET).error_kind == "unverifiable"
    assert check("The text names a pneumothorax:", LEAFLET).error_kind == "fabrication"
    told = "The article proves that aspirin cures migraine:\n\nRespiratory infections are caused by viruses."
    assert check(told, LEAFLET).verdict == "unsupported"
    assert check("Here is the answer: fungi cause most of them.", LEAFLET).verdict == "unsupported"


def test_each_coefficient_has_the_sign_of_its_meaning() -> None:
    raises = {"told", "told_near", "scattered", "weakest"}
    for name, coefficient in zip(SIGNS, rule().coefficients, strict=True):
        assert coefficient >= 0 if name in raises else coefficient <= 0, name
    assert 0 < rule().supported_from < 1


@pytest.mark.parametrize(
    ("claim", "evidence", "verdict"),
    [
        ("Loratadine does not make people drowsy.", "Claritin does not make people drowsy by day.", "supported"),
        ("Loratadine makes people drowsy.", "Benadryl makes people drowsy.", "unsupported"),
        ("Warfarin is used to prevent blood clots.", "Apixaban is used to prevent blood clots.", "unsupported"),
        ("Acetaminophen lowers a fever in children.", "Paracetamol lowers fever in children.", "supported"),
        ("Respiratory infections are caused by viruses.", LEAFLET, "supported"),
        ("Respiratory infections are treated with surgery of the sinuses.", LEAFLET, "unsupported"),
        ("Heart is small.", "Heart is large.", "contradicted"),
        ("The drug lowers mortality.", "The aim was to determine whether the drug lowers mortality.", "unsupported"),
        ("Take 500 mg of paracetamol every 6 hours.", "Take 1000 mg of paracetamol every 6 hours.", "contradicted"),
    ],
)  # fmt: skip
def test_prose_is_judged_by_what_the_evidence_says_of_it(claim: str, evidence: str, verdict: str) -> None:
    judgement = check(claim, evidence)
    assert judgement.verdict == verdict, judgement.why


def test_the_score_of_what_is_supported_lies_above_that_of_what_is_not() -> None:
    supported = check("Most respiratory infections are due to viruses.", LEAFLET)
    other = check("Antibiotics and sinus surgery cure most infections within a week.", LEAFLET)
    assert supported.score >= rule().supported_from > other.score


def test_a_house_may_ask_for_more_before_prose_counts_as_supported() -> None:
    claim, given = "Most infections of this sort are caused by a virus.", Evidence(
        "k", "r", "text", "DOC", "knowledge", LEAFLET, None, 1.0, True, "best"
    )  # fmt: skip
    learned = check(claim, LEAFLET)
    assert learned.verdict == "supported"
    assert check(claim, LEAFLET, supported_from=learned.score + 0.01).verdict == "unsupported"
    assert check("Rest and fluids help.", LEAFLET, supported_from=1.0).verdict == "supported"  # a quotation
    for strictest, verdict in ((None, "supported"), (0.99, "unsupported")):
        verifier = Verifier(VerifySettings(prose_supported_from=strictest))
        (made,) = verifier.verify(Statement(claim, ("k",), "general"), {"k": given})
        assert made.verdict == verdict
