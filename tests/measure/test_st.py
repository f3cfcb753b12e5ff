"""ST is told by the limits of the Fourth Universal Definition of MI, and what is claimed of it is judged by that."""

import pytest

from assistant import check
from assistant.measure.report import Measurements
from assistant.measure.st import OF_WIDE_QRS, st_sentences
from assistant.measure.words import quantity_of, statements
from assistant.records import STANDARD_LEADS, Evidence, SignalPlace, Statement
from assistant.retrieve.own import MEASURED
from assistant.verify import Verifier

AT = "60 ms after the end of QRS"
NO_DEPRESSION = f"No ST depression, {AT}: nowhere at least 0.05 mV in two contiguous leads."
NO_ELEVATION = f"No ST elevation, {AT}: nowhere at least 0.1 mV in two contiguous leads."


def told(*, leads=STANDARD_LEADS, age=None, sex="", wide_qrs=False, compared=True, **levels):
    per_lead = {lead: {"st_mv": levels.get(lead, 0.0)} for lead in leads}
    return st_sentences(per_lead, compared=compared, wide_qrs=wide_qrs, age=age, sex=sex)


def test_a_depression_counts_from_half_a_small_square_in_two_contiguous_leads():
    assert told(V4=-0.080, V5=-0.081, V6=-0.063) == [
        f"ST depression in V4–V6, {AT}: V4 0.08 mV, V5 0.08 mV, V6 0.06 mV (at least 0.05 mV in two contiguous leads).",
        NO_ELEVATION,
    ]
    assert told(V4=-0.04, V5=-0.044) == [NO_DEPRESSION, NO_ELEVATION]
    assert told(V4=-0.09, V6=-0.08)[0] == NO_DEPRESSION  # no neighbours
    assert (
        told(V4=-0.09, V6=-0.08)[2]
        == f"ST level {AT}: V4 −0.09 mV, V6 −0.08 mV; between −0.05 and 0.1 mV in the other leads."
    )
    assert told(II=-0.06, III=-0.05)[0].startswith("ST depression in II, III,")
    assert told(I=-0.06, II=-0.06)[0] == NO_DEPRESSION


@pytest.mark.parametrize(
    ("whose", "level", "begins"),
    [
        ({"sex": "F", "age": 60}, 0.15, "ST elevation in V2, V3"),
        ({"sex": "F"}, 0.14, "No ST elevation"),
        ({"sex": "M", "age": 40}, 0.2, "ST elevation in V2, V3"),
        ({"sex": "M", "age": 40}, 0.19, "No ST elevation"),
        ({"sex": "M", "age": 29}, 0.23, "No ST elevation"),
        ({"sex": "M", "age": 29}, 0.25, "ST elevation in V2, V3"),
        ({"sex": "M"}, 0.23, "Possible ST elevation in V2, V3"),
        ({}, 0.16, "Possible ST elevation in V2, V3"),
        ({}, 0.14, "No ST elevation"),
        ({}, 0.25, "ST elevation in V2, V3"),
    ],
)
def test_in_v2_and_v3_the_limit_is_that_of_age_and_sex(whose, level, begins):
    (_, sentence, *_) = told(V2=level, V3=level, **whose)
    assert sentence.startswith(begins)
    unknown = begins.startswith("Possible")
    assert ("is stated)" in sentence) == (unknown or (not whose and begins.startswith("No")))


def test_elsewhere_a_small_square_is_an_elevation():
    assert told(II=0.23, III=0.21, aVF=0.2)[1] == (
        f"ST elevation in II, III, aVF, {AT}: II 0.23 mV, III 0.21 mV, aVF 0.20 mV "
        "(at least 0.1 mV in two contiguous leads)."
    )
    assert told(aVR=0.14)[1:] == [
        NO_ELEVATION,
        f"ST level {AT}: aVR +0.14 mV; between −0.05 and 0.1 mV in the other leads.",
    ]
    assert told(V3=0.2, V4=0.1, sex="M", age=50)[1].startswith("ST elevation in V3, V4,")


def test_a_wide_qrs_and_a_child_are_given_the_levels_alone():
    levels = f"ST level {AT}: V1 −0.14 mV, V2 −0.13 mV; between −0.05 and 0.1 mV in the other leads"
    wide = told(V1=-0.14, V2=-0.13, wide_qrs=True)
    assert wide == [f"{levels}.", OF_WIDE_QRS]
    assert {check("ST depression in V1.", wide).verdict, check("No ST depression.", wide).verdict} == {"unsupported"}
    assert told(V1=-0.14, V2=-0.13, compared=False) == [f"{levels}."]
    measured = Measurements(values={"qrs_ms": 160.0}, per_lead={"V1": {"st_mv": -0.2}, "V2": {"st_mv": 0.0}})
    assert not [text for _, text in statements(measured, age=9) if "ST depression" in text]


def test_what_is_denied_holds_for_the_leads_that_there_are():
    assert told(leads=("I", "II", "III"))[0].startswith("No ST depression in I, II, III,")
    assert told(leads=("MLII",), MLII=0.2) == [f"ST level {AT}: MLII +0.20 mV."]
    assert told(leads=()) == []


def test_each_of_these_sentences_is_on_st():
    shown = [*told(V2=0.16, V3=0.16), *told(V4=-0.1, V5=-0.1), *told(II=0.2, III=0.2), *told(aVR=0.2)]
    assert {quantity_of(text) for text in shown} == {"st_mv"}


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("ST depression in V4–V6.", "supported"), ("ST depression in V5 and V6.", "supported"),
        ("ST depression of 0.08 mV in V5.", "supported"), ("There is ST depression.", "supported"),
        ("ST depression in V1–V3.", "contradicted"), ("ST depression in II, III and aVF.", "contradicted"),
        ("ST depression of 0.05 mV in V5.", "contradicted"), ("No ST depression.", "contradicted"),
        ("ST segments are normal.", "contradicted"),
        ("No ST elevation.", "supported"), ("No ST elevation in V1–V4.", "supported"),
        ("ST elevation in V2 to V4 of 0.3 mV.", "contradicted"), ("ST elevation of 0.1 mV.", "contradicted"),
    ],
)  # fmt: skip
def test_claims_on_st_are_judged_by_what_was_measured(claim, verdict):
    assert check(claim, told(V4=-0.08, V5=-0.081, V6=-0.063)).verdict == verdict


def test_an_elevation_that_age_and_sex_would_settle_supports_neither():
    evidence = told(V2=0.18, V3=0.2)
    assert check("ST elevation in V2 and V3.", evidence).verdict == "unsupported"
    assert check("No ST elevation.", evidence).verdict == "unsupported"


@pytest.mark.parametrize(
    "levels",
    [
        {"V1": -0.14, "V2": -0.13, "wide_qrs": True},
        {"V4": -0.08, "V5": -0.08},
        {"aVR": 0.14},
        {"V2": 0.18, "V3": 0.2},
        {},
    ],
    ids=str,
)
def test_what_is_told_holds_when_it_is_checked(levels):
    """As it is shown: cut into claims, each against all that was measured."""
    whole = SignalPlace("all", 0.0, 10.0)
    evidence = {
        f"e{n}": Evidence(f"e{n}", "r", "signal", "ECG", "own", text, whole, 1.0, True, MEASURED)
        for n, text in enumerate(told(**levels))
    }
    said = [Statement(piece.text, (piece.id,), "patient") for piece in evidence.values()]
    claims = [claim for statement in said for claim in Verifier().verify(statement, evidence)]
    assert [(claim.text, claim.verdict) for claim in claims] == [(s.text, "supported") for s in said]
