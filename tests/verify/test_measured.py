"""Words about an ECG against its measured values, with the limits that `limits.toml` cites."""

from __future__ import annotations

import pytest

from assistant.measure.limits import limits
from assistant.records import Evidence, SignalPlace, Statement, ValuePlace
from assistant.verify import Verifier, check


@pytest.mark.parametrize(
    ("claim", "evidence", "verdict", "kind"),
    [
        ("Bradycardia.", "Heart rate 52 beats/min.", "supported", None),
        ("Bradycardia.", "Heart rate 75 beats/min.", "contradicted", "number"),
        ("Bradycardia.", "Heart rate 60 beats/min.", "unsupported", "number"),
        ("Tachycardia.", "Heart rate 130 beats/min.", "supported", None),
        ("No tachycardia.", "Heart rate 130 beats/min.", "contradicted", "number"),
        ("The heart rate is normal.", "Heart rate 75 beats/min.", "supported", None),
        ("The heart rate is normal.", "Heart rate 45 beats/min.", "contradicted", "number"),
        ("Sinus tachycardia.", "Heart rate 75 beats/min.", "contradicted", "number"),
        ("Sinus tachycardia.", "Heart rate 130 beats/min.", "unsupported", "fabrication"),
        ("The PR interval is prolonged.", "PR interval 220 ms.", "supported", None),
        ("First degree AV block.", "PR interval 160 ms.", "contradicted", "number"),
        ("The PR interval is short.", "PR interval 90 ms.", "supported", None),
        ("The QRS is wide.", "QRS duration 150 ms.", "supported", None),
        ("The QRS is wide.", "QRS duration 80 ms.", "contradicted", "number"),
        ("The QRS is wide.", "QRS duration 112 ms.", "unsupported", "number"),
        ("Left bundle branch block.", "QRS duration 60 ms.", "contradicted", "number"),
        ("Left bundle branch block.", "QRS duration 150 ms.", "unsupported", "fabrication"),
        ("Left axis deviation.", "Frontal QRS axis −45°.", "supported", None),
        ("Left axis deviation.", "Frontal QRS axis 40°.", "contradicted", "number"),
        ("Normal axis.", "Frontal QRS axis 40°.", "supported", None),
        ("Normal axis.", "Frontal QRS axis 120°.", "contradicted", "number"),
        ("Axis deviation.", "Frontal QRS axis 60°.", "contradicted", "number"),
        ("Axis deviation.", "Frontal QRS axis 85°.", "unsupported", "number"),
        ("The QTc is prolonged.", "QTc (Bazett) 490 ms.", "supported", None),
        ("The QTc is prolonged.", "QTc (Bazett) 455 ms.", "unsupported", "number"),
        ("No QT prolongation.", "QTc (Fridericia) 410 ms.", "supported", None),
        ("The QTc is prolonged.", "QTc (Bazett) 480 ms. QTc (Fridericia) 430 ms.", "unsupported", "number"),
        ("The rhythm is regular.", "Rhythm: regular, mean R–R interval 980 ms (variation 2 %).", "supported", None),
        ("Irregular rhythm.", "Rhythm: regular, mean R–R interval 980 ms (variation 2 %).", "contradicted", "negation"),
    ],
)
def test_words_against_values(claim: str, evidence: str, verdict: str, kind: str | None) -> None:
    judgement = check(claim, evidence)
    assert (judgement.verdict, judgement.error_kind) == (verdict, kind), judgement.why


@pytest.mark.parametrize(
    ("claim", "evidence", "verdict"),
    [
        ("PR interval 200 ms.", "PR interval 162 ms, within the usual range 120–200 ms.", "contradicted"),
        ("PR interval 162 ms.", "PR interval 162 ms, within the usual range 120–200 ms.", "supported"),
        ("The PR interval is prolonged.", "PR interval 240 ms, above the usual range 120–200 ms.", "supported"),
        (
            "Heart rate 60 beats/min.",
            "Heart rate 75 beats/min, within the usual range 60–100 beats/min.",
            "contradicted",
        ),
        ("QTc 460 ms.", "QTc (Bazett) 411 ms, within the usual range 390–450 ms (women up to 460 ms).", "contradicted"),
        ("QRS 120 ms.", "QRS duration 94 ms, as the median; below 120 ms over all leads is usual.", "contradicted"),
        ("Axis 90°.", "Frontal QRS axis 23°, within the usual range −30 to 90°.", "contradicted"),
        ("The rate is 60/min.", "The rate is below 60/min.", "contradicted"),
    ],
)
def test_a_limit_is_no_value_that_was_measured(claim: str, evidence: str, verdict: str) -> None:
    assert check(claim, evidence).verdict == verdict


@pytest.mark.parametrize("evidence", ["Normal heart rates are 60 to 100 beats/min.", "The heart rate is below 60."])
def test_ranges_and_bounds_are_no_measured_values(evidence: str) -> None:
    assert check("Tachycardia.", evidence).error_kind != "number"


def test_every_limit_says_where_it_comes_from() -> None:
    assert all(limit.source and limit.low < limit.high for limit in limits().values())


def _value(name: str, value: float, unit: str, text: str) -> Evidence:
    place = ValuePlace(name, value, unit)
    return Evidence(name, "r1", "signal", "ECG", "own", text, place, 1.0, True, "", study_id="s")


def test_a_measured_value_outweighs_what_a_model_says_of_the_recording() -> None:
    given = {
        "heart_rate_bpm": _value("heart_rate_bpm", 52, "beats/min", "Heart rate 52 beats/min."),
        "pr_ms": _value("pr_ms", 150, "ms", "PR interval 150 ms."),
        "rhythm": Evidence(
            "rhythm", "r1", "signal", "ECG", "own", "Rhythm: regular.", SignalPlace("all", 0, 10), 1.0, True, "",
            study_id="s",
        ),
    }  # fmt: skip
    verify = Verifier().verify
    (slow,) = verify(Statement("Bradycardia.", ("rhythm",), "patient"), given)
    assert (slow.verdict, slow.citations) == ("supported", ("heart_rate_bpm",))
    (block,) = verify(Statement("First degree AV block.", ("rhythm",), "patient"), given)
    assert (block.verdict, block.error_kind, block.citations) == ("contradicted", "number", ("pr_ms",))
    (uncited,) = verify(Statement("The PR interval is prolonged.", (), "patient"), given)
    assert (uncited.verdict, uncited.error_kind) == ("contradicted", "number")


def test_a_value_near_its_limit_is_told_where_nothing_speaks_of_the_finding() -> None:
    qrs = _own("e1", ValuePlace("qrs_ms", 81, "ms"), "QRS duration 81 ms, within the usual range below 120 ms.")
    given = {"e1": qrs, "e2": _own("e2", ValuePlace("qt_ms", 326, "ms"), "QT interval 326 ms.")}
    (claim,) = Verifier().verify(Statement("Complete left bundle branch block.", (), "patient"), given)
    assert (claim.verdict, claim.error_kind, claim.citations) == ("unsupported", "number", ("e1",))
    assert "81 ms" in claim.why and "near the limit" in claim.why
    (claim,) = Verifier().verify(Statement("Left ventricular hypertrophy.", (), "patient"), given)
    assert (claim.verdict, claim.error_kind, claim.citations) == ("unsupported", "fabrication", ())


def _own(id: str, place: ValuePlace, text: str) -> Evidence:
    return Evidence(id, "r", "signal", "ECG", "own", text, place, 1.0, True, "measured on the upload")
