"""Numbers of an ECG, stated and measured."""

import numpy as np
import pytest

from assistant.evaluate.case import Case, Reference
from assistant.evaluate.dataset import Suite
from assistant.evaluate.judge import VerifierJudge
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench
from assistant.evaluate.score.values import MEASURED, STATED, distance, median
from assistant.records import Answer, Claim, Draft, Evidence, Section, SignalPlace, ValuePlace
from assistant.settings import Settings

BENCH = Bench(Suite(name="x", cases="x.jsonl"), VerifierJudge(Settings()), Settings())
TEXTS = {
    "heart_rate_bpm": (66.0, "Heart rate 66 beats/min."),
    "qrs_ms": (92.0, "QRS duration 92 ms."),
    "qtc_bazett_ms": (409.0, "QTc (Bazett) 409 ms."),
    "qtc_fridericia_ms": (403.0, "QTc (Fridericia) 403 ms."),
    "axis_deg": (-170.0, "Frontal QRS axis −170°."),
}
EVIDENCE = tuple(
    Evidence(name, "r", "signal", "ECG", "own", text, ValuePlace(name, value, ""), 1.0, True, "measured")
    for name, (value, text) in TEXTS.items()
)
RHYTHM = Evidence(
    "rhythm", "r", "signal", "ECG", "own", "Rhythm: regular, RR interval 910 ms (median).",
    SignalPlace("all", 0.0, 10.0), 1.0, True, "measured",
)  # fmt: skip
SAID = (
    "Heart rate 66 beats/min.",
    "The QRS lasts 100 ms, with a QTc of 404 ms.",
    "The QRS axis is 170°.",
    "The PR interval is 160 ms.",
)


def claims(*texts: str, about="patient") -> tuple[Claim, ...]:
    return tuple(Claim(text, about, "supported") for text in texts)


def stated(given: tuple[Claim, ...], evidence=EVIDENCE, **values: float):
    answer = Answer("?", given, evidence, not given, "", "test", None)
    case = Case(id="x", question="?", reference=Reference(values=values))
    return dict(STATED.mark(case, Sample("x", answer=answer), BENCH).scores)


def test_each_number_is_held_against_the_measurement_of_its_name():
    """Rate right, QRS 8 ms off, QTc 1 ms from the nearer formula, axis 20° the short way, PR not measured."""
    assert stated(claims(*SAID)) == {
        "stated_wrong_rate": (3, 4),
        "stated_unmeasured_rate": (1, 5),
        "stated_error.heart_rate_bpm": (0, 1),
        "stated_error.qrs_ms": (8, 1),
        "stated_error.qtc_fridericia_ms": (1, 1),
        "stated_error.axis_deg": (20, 1),
    }


def test_the_rhythms_intervals_were_measured_too():
    scores = stated(claims("The RR interval is 950 ms."), evidence=(*EVIDENCE, RHYTHM))
    assert scores["stated_error.rr_ms"] == (40, 1)
    assert scores["stated_wrong_rate"] == (1, 1)


def test_and_against_what_people_measured():
    scores = stated(claims(*SAID), heart_rate_bpm=64.0, pr_ms=150.0)
    assert scores["people_error.heart_rate_bpm"] == (2, 1)
    assert scores["people_error.pr_ms"] == (10, 1)
    alone = stated(claims(*SAID), evidence=(), qrs_ms=100.0)
    assert alone == {"people_error.qrs_ms": (0, 1)}


def test_limits_ranges_and_other_peoples_numbers_are_no_numbers_of_the_patient():
    limits = claims("The QRS is below 120 ms.", "The PR interval is 120 to 200 ms.")
    assert stated((*limits, *claims("Heart rate 90 beats/min.", about="similar"))) == {}
    assert stated(()) == {}
    assert stated(claims(*SAID), evidence=()) == {}


def test_of_a_draft_the_comparison_with_an_earlier_study_is_left_out():
    sections = (Section("FINDINGS", claims(SAID[0])), Section("COMPARISON", claims("Heart rate 90 beats/min.")))
    sample = Sample("x", draft=Draft("s", sections, EVIDENCE))
    found = STATED.mark(Case(id="x", task="draft", study="s"), sample, BENCH).scores
    assert found["stated_wrong_rate"] == (0, 1)


def measured(values, **people: float):
    case = Case(id="x", task="measure", files=("a",), reference=Reference(values=people))
    return MEASURED.mark(case, Sample("x", measured=values), BENCH)


def test_measured_values_against_peoples():
    found = measured({"pr_ms": 160.0, "qt_ms": 400.0}, pr_ms=150.0, qrs_ms=90.0)
    assert found.scores == {"measured_share": (1, 2)}
    assert found.observations == {"measured.pr_ms": ((10.0,),)}
    assert measured({"pr_ms": 160.0}).scores == {}
    assert measured(None, pr_ms=150.0).scores == {}


def test_the_median_counts_a_row_as_often_as_it_was_drawn():
    rows = np.array([[1.0], [5.0], [9.0]])
    assert median(rows, np.ones(3)) == 5.0
    assert median(rows, np.array([2, 1, 0])) == 1.0
    assert median(rows, np.array([1, 1, 0])) == 3.0
    assert median(rows, np.zeros(3)) is None


def test_axes_are_apart_the_short_way_round():
    assert distance("axis_deg", -170, 170) == 20
    assert distance("axis_deg", -90, 90) == 180
    assert distance("pr_ms", -170, 170) == pytest.approx(340)
