"""One lead, T waves, extra beats and the left ventricle's voltage, told where a question is after them."""

from dataclasses import replace

import numpy as np
import pytest

from assistant.findings import extract_findings
from assistant.generate.quote import QuoteAnswerer
from assistant.generate.task import Task
from assistant.generate.values import asks_for_values_alone, wanted_of
from assistant.measure import Wanted, measure_signal, quantity_of
from assistant.measure.detail import details, not_measured, sokolow_lyon
from assistant.measure.report import Measurements
from assistant.records import STANDARD_LEADS, Record, Signal
from assistant.retrieve.own import upload_evidence
from assistant.verify import Verifier

EVERY_SECOND = [0.5 + n for n in range(10)]


@pytest.fixture(scope="module")
def measured(drawn) -> Measurements:
    return measure_signal(drawn(EVERY_SECOND, noise_mv=0.001))


def made(measured: Measurements, *, early: int = 0, other: float = 0.0, qrs_ms: float = 90.0, **leads) -> Measurements:
    """The measurements with other amplitudes (by lead) and other beats."""
    rhythm = replace(measured.rhythm, beats=10, early=early, other_shape=other)
    return replace(measured, rhythm=rhythm, values={"qrs_ms": qrs_ms}, per_lead=leads)


def test_extra_beats_are_told_from_those_that_come_early_and_those_of_another_shape(measured):
    beats = Wanted(beats=True)
    assert details(made(measured), beats) == [
        "Extra beats: none of 10 in 10 s, all have one QRS shape and none comes early."
    ]
    assert details(made(measured, early=2, other=0.1), beats) == [
        "Extra beats of 10 in 10 s: 2 come early, 1 has another QRS shape."
    ]
    assert details(made(measured, other=0.3), beats) == [
        "Extra beats of 10 in 10 s: none comes early, 3 have another QRS shape."
    ]
    irregular = replace(measured.rhythm, p_alike=0.1, basic_cv=0.2, step_share=0.2)
    assert irregular.irregularly_irregular
    (told,) = details(replace(measured, rhythm=irregular), beats)
    assert told.endswith("with another QRS shape; early ones are not told in this rhythm.")


def test_a_lead_is_told_with_its_waves(measured):
    v1 = {"r_mv": 0.28, "s_mv": -1.1, "st_mv": 0.02, "t_mv": -0.054, "qrs_ms": 96.0}
    wanted = Wanted(leads=frozenset({"V1", "V2"}))
    assert details(made(measured, V1=v1), wanted) == ["Lead V1: R 0.28 mV, S 1.10 mV, ST +0.02 mV, T −0.05 mV."]
    assert details(made(measured, V1={"qrs_ms": 96.0}), wanted) == []  # scaled one by one: no amplitudes


def test_a_t_wave_is_upright_flat_or_inverted(measured):
    signs = made(measured, V1={"t_mv": -0.3}, V4={"t_mv": -0.088}, V5={"t_mv": 0.0}, V6={"t_mv": 0.31})
    asked = Wanted(frozenset({"V1", "V4", "V6"}), t_waves=True)
    assert details(signs, asked) == [
        "T wave in V1 −0.30 mV: inverted.", "T wave in V4 −0.09 mV: flat, within ±0.1 mV.",
        "T wave in V6 +0.31 mV: upright.",
    ]  # fmt: skip
    waves = Wanted(t_waves=True)
    assert details(signs, waves) == [
        "T wave inversion in V1: V1 0.30 mV below the baseline; in V1 alone it can be normal."
    ]
    of_two = made(measured, V4={"t_mv": -0.2}, V5={"t_mv": -0.15}, aVR={"t_mv": -0.3})
    assert details(of_two, waves) == ["T wave inversion in V4, V5: V4 0.20 mV, V5 0.15 mV below the baseline."]
    none = made(measured, **{lead: {"t_mv": -0.3 if lead == "aVR" else 0.2} for lead in STANDARD_LEADS})
    (told,) = details(none, waves)
    assert told.startswith("No T wave inversion: nowhere at least 0.1 mV below the baseline")


def test_the_voltage_of_the_left_ventricle_is_held_against_sokolow_and_lyon(measured):
    voltage = Wanted(voltage=True)
    v1, v5, v6 = {"s_mv": -1.5, "r_mv": 0.2}, {"r_mv": 1.9, "s_mv": -0.1}, {"r_mv": 2.0, "s_mv": 0.0}
    assert sokolow_lyon().limit == 3.5
    high = made(measured, V1=v1, V5=v5, V6=v6)
    begins = "Sokolow-Lyon voltage of the left ventricle 3.50 mV (S in V1 1.50 mV, R in V6 2.00 mV)"
    assert details(high, voltage) == [f"{begins}, not below its limit of 3.5 mV, as in many young or slim people."]
    assert details(high, voltage, adult=False) == [f"{begins}."]
    (low,) = details(made(measured, V1=v1, V5=v5), voltage)
    assert low.endswith("below its limit of 3.5 mV, which excludes nothing: voltage criteria are insensitive.")
    (wide,) = details(made(measured, qrs_ms=160.0, V1=v1, V5=v5), voltage)
    assert wide.endswith("not compared with its limit since the QRS is wide.")
    assert not [finding for text in (low, *details(high, voltage)) for finding in extract_findings(text)]
    without = made(measured, V1=v1)
    assert details(without, voltage) == []
    assert not_measured(without, voltage) == [
        "Sokolow-Lyon voltage not measured: it takes the S of the first chest lead and the R of the fifth or sixth."
    ]
    assert not_measured(replace(without, absent={"amplitudes_mv": "scaled"}), voltage) == []


@pytest.mark.parametrize(
    ("question", "quantity", "begins"),
    [
        ("Are there premature ventricular contractions?", "extra_beats", "Extra beats"),
        ("Any extrasystoles?", "extra_beats", "Extra beats"), ("Is there ectopy?", "extra_beats", "Extra beats"),
        ("Gibt es Extrasystolen?", "extra_beats", "Extra beats"), ("PVCs?", "extra_beats", "Extra beats"),
        ("Is the P wave broad?", "p_ms", "P wave duration"), ("How long is the P wave?", "p_ms", "P wave duration"),
        ("Is the T wave inverted in V6?", "t_mv", "T wave in V6"),
        ("T wave inversion?", "t_mv", "T wave inversion in V1:"),
        ("What does V1 show?", "lead", "Lead V1:"), ("LVH?", "sokolow_lyon_mv", "Sokolow-Lyon voltage"),
        ("Does this ECG show left ventricular hypertrophy?", "sokolow_lyon_mv", "Sokolow-Lyon voltage"),
    ],
)  # fmt: skip
def test_a_question_is_answered_from_the_recording_and_the_answer_holds(drawn, question, quantity, begins):
    record = Record("signal", "ECG", "a.hea", record_id="r", signal=drawn(EVERY_SECOND, noise_mv=0.001))
    evidence = tuple(upload_evidence(record, wanted=wanted_of(question)))
    said = list(QuoteAnswerer().answer(Task(question, evidence, of_patient=True)))
    assert said and quantity_of(said[0].text) == quantity and said[0].text.startswith(begins)
    claims = [c for s in said for c in Verifier().verify(s, {piece.id: piece for piece in evidence})]
    assert {claim.verdict for claim in claims} == {"supported"}


def test_nothing_more_is_told_where_nobody_asks(drawn):
    record = Record("signal", "ECG", "a.hea", record_id="r", signal=drawn(EVERY_SECOND, noise_mv=0.001))
    usual = {quantity_of(piece.text) for piece in upload_evidence(record)}
    assert usual.isdisjoint({"extra_beats", "t_mv", "lead", "sokolow_lyon_mv"})
    assert wanted_of("What is LVH?") == wanted_of("What is the heart rate?") == Wanted()
    assert asks_for_values_alone("Are there premature ventricular contractions?")
    assert not asks_for_values_alone("Are there premature ventricular contractions in similar ECGs?")


def test_without_beats_nothing_is_told():
    flat = measure_signal(Signal(np.zeros((5000, 12), np.float32), STANDARD_LEADS, 500.0))
    assert details(flat, Wanted(frozenset({"V1"}), True, True, True)) == []
    assert not_measured(flat, Wanted(voltage=True)) == []
