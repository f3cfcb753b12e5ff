"""Measured values beside those that are usual in adults."""

from dataclasses import replace

import numpy as np
import pytest

from assistant import check
from assistant.measure import Measurements, statements
from assistant.measure.limits import usual
from assistant.records import Record, Signal
from assistant.retrieve.own import upload_evidence

EVERY_SECOND = np.arange(0.5, 9.5, 1.0)


@pytest.mark.parametrize(
    ("measure", "value", "lies"),
    [
        ("heart_rate", 75, "within"), ("heart_rate", 52, "below"), ("heart_rate", 130, "above"),
        ("heart_rate", 60, "near"), ("pr", 162, "within"), ("pr", 240, "above"), ("pr", 195, "near"),
        ("pr", 200, "near"), ("pr", 90, "below"), ("qrs", 80, "within"), ("qrs", 94, "near"), ("qrs", 150, "above"),
        ("qtc", 411, "within"), ("qtc", 455, "near"), ("qtc", 490, "above"), ("qtc", 350, "below"),
        ("qtc", 382, "near"), ("qtc", 395, "near"), ("qtc", 361, "near"),
        ("axis", 23, "within"), ("axis", -25, "near"), ("axis", -45, "outside"), ("axis", 120, "outside"),
        ("axis", -120, "outside"),
    ],
)  # fmt: skip
def test_where_a_value_lies(measure: str, value: float, lies: str) -> None:
    assert usual()[measure].lies(value) == lies


def sentences(**values: float) -> dict[str, str]:
    return {place.name: text for place, text in statements(Measurements(values=values))}


def test_a_sentence_compares_its_value_with_what_is_usual() -> None:
    told = sentences(heart_rate_bpm=71.6, pr_ms=240, qrs_ms=94, qt_ms=380, qtc_bazett_ms=415, axis_deg=-45)
    assert told["heart_rate_bpm"] == "Heart rate 72 beats/min, within the usual range 60–100 beats/min."
    assert told["pr_ms"] == "PR interval 240 ms, longer than usual (120–200 ms)."
    assert told["qrs_ms"].startswith("QRS duration 94 ms, as the median over the leads;")
    assert told["qt_ms"] == "QT interval 380 ms."
    assert told["axis_deg"] == "Frontal QRS axis −45°, left axis deviation (below −30°, usual −30 to 90°)."


@pytest.mark.parametrize(
    ("name", "value", "ends"),
    [
        ("qrs_ms", 160, "longer than usual (below 120 ms)."), ("qrs_ms", 80, "as usual (below 120 ms)."),
        ("p_ms", 123, "longer than usual (below 120 ms)."), ("p_ms", 110, "near its limit (below 120 ms)."),
        ("pr_ms", 90, "shorter than usual (120–200 ms)."),
        ("heart_rate_bpm", 145, "faster than usual (60–100 beats/min)."),
        ("heart_rate_bpm", 40, "slower than usual (60–100 beats/min)."),
        ("qtc_fridericia_ms", 490, "longer than usual (390–450 ms, women up to 460 ms)."),
        ("qtc_bazett_ms", 350, "shorter than usual (390–450 ms, women up to 460 ms)."),
        ("qtc_bazett_ms", 381,
         "a little below the usual range 390–450 ms, women up to 460 ms; suspect from 360 ms down."),
        ("qtc_bazett_ms", 395, "near the limit of the usual range 390–450 ms, women up to 460 ms."),
        ("axis_deg", 120, "right axis deviation (above 90°, usual −30 to 90°)."),
        ("axis_deg", -120, "extreme axis deviation (below −90°, usual −30 to 90°)."),
        ("axis_deg", -25, "near the limit of the usual range −30 to 90°."),
    ],
)  # fmt: skip
def test_a_value_outside_is_called_what_it_is(name: str, value: float, ends: str) -> None:
    (text,) = sentences(**{name: value}).values()
    assert text.endswith(f", {ends}")


@pytest.mark.parametrize(
    ("claim", "name", "value", "verdict"),
    [
        ("The PR interval is prolonged.", "pr_ms", 240, "supported"), ("Wide QRS.", "qrs_ms", 160, "supported"),
        ("QRS duration of 120 ms.", "qrs_ms", 160, "contradicted"),
        ("Left axis deviation.", "axis_deg", -45, "supported"),
        ("Normal axis.", "axis_deg", -45, "contradicted"), ("Right axis deviation.", "axis_deg", -45, "contradicted"),
        ("Axis −30°.", "axis_deg", -45, "contradicted"), ("Bradycardia.", "heart_rate_bpm", 40, "supported"),
        ("Left axis deviation.", "axis_deg", 23, "contradicted"),
        ("Short QT.", "qtc_bazett_ms", 350, "supported"), ("Short QT.", "qtc_bazett_ms", 381, "unsupported"),
        ("Short QT.", "qtc_bazett_ms", 430, "contradicted"), ("Normal QTc.", "qtc_bazett_ms", 381, "unsupported"),
    ],
)  # fmt: skip
def test_these_sentences_support_and_contradict_as_the_values_do(claim, name, value, verdict) -> None:
    assert check(claim, list(sentences(**{name: value}).values())).verdict == verdict


def test_a_qtc_is_not_compared_where_its_formula_or_a_wide_qrs_forbids_it() -> None:
    fast = sentences(heart_rate_bpm=130, qrs_ms=80, qtc_bazett_ms=480, qtc_fridericia_ms=430)
    assert fast["qtc_bazett_ms"] == "QTc (Bazett) 480 ms, not compared with the usual range at this rate."
    assert fast["qtc_fridericia_ms"].startswith("QTc (Fridericia) 430 ms, within the usual range")
    wide = sentences(heart_rate_bpm=70, qrs_ms=160, qtc_bazett_ms=480, qtc_fridericia_ms=470)
    why = "not compared with the usual range since the QRS adds to it."
    assert wide["qtc_bazett_ms"] == f"QTc (Bazett) 480 ms, {why}"
    assert wide["qtc_fridericia_ms"] == f"QTc (Fridericia) 470 ms, {why}"


def test_a_childs_values_are_not_compared_with_an_adults(drawn) -> None:
    signal: Signal = drawn(EVERY_SECOND)
    record = Record(kind="signal", modality="ECG", uri="a.hea", record_id="r", signal=signal)
    assert any("usual range" in piece.text for piece in upload_evidence(record))
    assert any("usual range" in piece.text for piece in upload_evidence(replace(record, fields={"age": 18})))
    assert not any("usual range" in piece.text for piece in upload_evidence(replace(record, fields={"age": 9})))


BROAD = {"I": 138.0, "V5": 132.0, "V6": 142.0, "II": 84.0, "aVF": 86.0, "V1": 92.0, "V2": 80.0}


@pytest.mark.parametrize(
    ("leads", "told"),
    [
        (BROAD, ", as the median over the leads, with a QRS duration of 138 ms in I, V5, V6; below 120 ms over all "
                "of them is usual."),
        (BROAD | {"I": 88.0}, ", as usual (below 120 ms)."),
    ],
)  # fmt: skip
def test_a_qrs_that_is_wide_in_some_leads_alone_is_not_called_usual(leads: dict[str, float], told: str) -> None:
    measured = Measurements(
        values={"qrs_ms": 89.0}, per_lead={lead: {"qrs_ms": value} for lead, value in leads.items()}
    )
    (sentence,) = [text for _, text in statements(measured) if text.startswith("QRS duration")]
    assert sentence == f"QRS duration 89 ms{told}"
    for claim in ("There is a right bundle branch block.", "The QRS is wide.", "The QRS is narrow."):
        if "with a" in told:
            assert check(claim, evidence=[sentence]).verdict == "unsupported"
    assert check(sentence, evidence=[sentence]).verdict == "supported"
