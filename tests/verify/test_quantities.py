"""Measured values: the formula and the chamber belong to a quantity's name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assistant.findings.quantities import quantities
from assistant.ingest import read_file
from assistant.measure import measure_signal, statements
from assistant.records import Evidence, Statement, evidence_id
from assistant.settings import IngestSettings
from assistant.verify import Verifier, check


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("QTc (Bazett) 409 ms.", "qtc bazett", 409),
        ("QTc 403 ms (Fridericia)", "qtc fridericia", 403),
        ("QTcF 403 ms", "qtc fridericia", 403),
        ("The QTc interval by Bazett's formula is 409 ms.", "qtc bazett", 409),
        ("QTc 409 ms", "qtc", 409),
        ("QT interval 378 ms", "qt", 378),
        ("mean R–R interval 982 ms", "rr", 982),
        ("R-R interval 982 ms", "rr", 982),
        ("longest R–R interval 1.4 s", "longest_rr", 1400),
        ("atrial waves at about 300/min", "atrial_rate", 300),
        ("ventricular rate 75 bpm", "heart_rate", 75),
        ("respiratory rate 16/min", "respiratory_rate", 16),
        ("Frontal QRS axis 50°", "axis", 50),
        ("P axis 60°", "other_axis", 60),
        ("aspirin 75 μg", None, 0.075),  # a Greek mu, not the micro sign
    ],
)
def test_what_a_number_measures(text: str, name: str | None, value: float) -> None:
    (quantity,) = quantities(text)
    assert (quantity.name, quantity.value) == (name, pytest.approx(value))


@pytest.mark.parametrize(
    ("claim", "evidence", "verdict"),
    [
        ("QTc (Bazett) 409 ms.", "QTc (Fridericia) 403 ms.", "unsupported"),
        ("QTc (Fridericia) 403 ms.", "QTc (Bazett) 409 ms.", "unsupported"),
        ("QTc (Bazett) 409 ms.", "QTc (Bazett) 450 ms.", "contradicted"),
        ("The QTc is 409 ms.", "QTc (Bazett) 409 ms.", "supported"),
        ("The QTc is 403 ms.", "QTc (Bazett) 409 ms. QTc (Fridericia) 403 ms.", "supported"),
        ("The QTc is 470 ms.", "QTc (Bazett) 409 ms. QTc (Fridericia) 403 ms.", "contradicted"),
        ("The QTc (Bazett) is 409 ms.", "QTc 409 ms.", "unsupported"),
        ("QT interval 378 ms.", "QTc (Bazett) 381 ms.", "unsupported"),
        ("The atrial rate is 300/min.", "The ventricular rate is 75/min.", "unsupported"),
        ("The heart rate is 75 bpm.", "Atrial rate 300/min, ventricular rate 75/min.", "supported"),
        ("The heart rate is 300 bpm.", "Atrial rate 300/min, ventricular rate 75/min.", "contradicted"),
        ("PR interval 152 ms.", "mean R–R interval 982 ms", "unsupported"),
        ("Heart rate 57 beats/min.", "Rate below 60/min.", "unsupported"),
        ("Heart rate 63 beats/min.", "Rate below 60/min.", "contradicted"),
        ("The rate is below 60/min.", "Heart rate 57 beats/min.", "supported"),
        (
            "ST level 60 ms after the end of QRS: I −0.10 mV, V4 −0.15 mV, V5 −0.13 mV, V6 −0.12 mV.",
            "Uploaded ECG, 10 s at 500 Hz, leads I, II, III, aVR, aVL, aVF, V1, V2, V3, V4, V5, V6",
            "unsupported",
        ),
    ],
)
def test_another_quantity_neither_supports_nor_contradicts(claim: str, evidence: str, verdict: str) -> None:
    assert check(claim, evidence).verdict == verdict


def recordings() -> list[Path]:
    from pydicom.data import get_testdata_file

    found = [Path(str(get_testdata_file("waveform_ecg.dcm")))]
    if data := os.environ.get("WARDROUND_DATA"):
        found += sorted(Path(data, "ludb_ecg/data").glob("*.hea"))[:3]
    return found


def test_a_measured_value_stands_beside_what_the_recorder_says() -> None:
    signal, words = read_file(recordings()[0], IngestSettings())
    assert signal.signal is not None
    study = signal.study_id
    given = {"cart": Evidence("cart", "t", "text", "SR", "own", words.text, None, 1.0, True, "", study_id=study)}
    for n, (place, text) in enumerate(statements(measure_signal(signal.signal))):
        key = f"m{n}"
        given[key] = Evidence(key, "r", "signal", "ECG", "own", text, place, 1.0, True, "", study_id=study)
    assert "QT Interval: 368 ms" in words.text  # the reader's own number is another
    for key, piece in given.items():
        if key != "cart":
            for claim in Verifier().verify(Statement(piece.text, (key,), "patient"), given):
                assert (claim.verdict, claim.citations) == ("supported", (key,)), claim
    qt = next(key for key, piece in given.items() if piece.text == "QT interval 378 ms.")
    for citations in ((qt,), (qt, "cart")):
        (claim,) = Verifier().verify(Statement("QT interval 378 ms.", citations, "patient"), given)
        assert (claim.verdict, claim.citations) == ("supported", (qt,))
        assert "the recorder's own statement says 368 ms" in claim.why
    for text in ("QT interval 390 ms.", "QT interval 379 ms."):
        (claim,) = Verifier().verify(Statement(text, (qt,), "patient"), given)
        assert (claim.verdict, claim.error_kind) == ("contradicted", "number")


def test_every_measured_sentence_stands_beside_the_others() -> None:
    checked = 0
    for path in recordings():
        for record in read_file(path, IngestSettings()):
            if record.signal is None:
                continue
            given = {}
            for place, text in statements(measure_signal(record.signal)):
                key = evidence_id("r", place, text)
                given[key] = Evidence(key, "r", "signal", "ECG", "own", text, place, 1.0, True, "", study_id="s")
            for key, piece in given.items():
                for claim in Verifier().verify(Statement(piece.text, (key,), "patient"), given):
                    assert (claim.verdict, claim.citations) == ("supported", (key,)), (path.name, claim)
                    checked += 1
                others = {other: e for other, e in given.items() if other != key}
                for claim in Verifier().verify(Statement(piece.text, tuple(others), "patient"), others):
                    assert claim.verdict != "contradicted", (path.name, claim)
    assert checked >= 10


@pytest.mark.parametrize(
    ("claim", "evidence", "verdict", "kind"),
    [
        ("A stent was placed in 2019.", "A stent was placed on March 12, 2019.", "supported", None),
        ("A stent was placed in March 2019.", "A stent was placed on 2019-03-12.", "supported", None),
        ("A stent was placed on 3/12/2019.", "A stent was placed on 12 March 2019.", "supported", None),
        ("A stent was placed on 4/12/2019.", "A stent was placed on 12 March 2019.", "contradicted", "time"),
        ("A stent was placed in 2018.", "A stent was placed in March 2019.", "contradicted", "time"),
        ("A stent was placed in March 2019.", "A stent was placed in 2019.", "unsupported", "time"),
        ("He was on dialysis (2007-2011).", "He was on dialysis ( 2007 -- 11 ).", "supported", None),
        ("He was on dialysis (2007-2012).", "He was on dialysis ( 2007 -- 11 ).", "contradicted", "time"),
        ("Beckford, 17, fell from a horse.", "The 17-year-old Beckford fell from a horse.", "supported", None),
    ],
)
def test_a_date_is_supported_by_one_within_it(claim: str, evidence: str, verdict: str, kind: str | None) -> None:
    judgement = check(claim, evidence)
    assert (judgement.verdict, judgement.error_kind) == (verdict, kind), judgement.why


def test_a_size_after_a_year_is_no_range_of_years() -> None:
    assert [q.text for q in quantities("compared to 2015 - 16 mm nodule") if q.is_time] == ["2015"]
    assert [q.text for q in quantities("from 2015 - 16") if q.is_time] == ["2015", "2016"]


ST = (
    "ST depression in II, V2–V4, 60 ms after the end of QRS: II 0.13 mV, V2 0.12 mV, V3 0.12 mV, V4 0.15 mV (at least "
    "0.05 mV in two contiguous leads).",
    "No ST elevation, 60 ms after the end of QRS: nowhere at least 0.1 mV in two contiguous leads.",
    "ST level 60 ms after the end of QRS: I −0.10 mV, aVR +0.14 mV; within ±0.05 mV in the other leads.",
)


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        (ST[0], {"st II": -0.13, "st V2": -0.12, "st V3": -0.12, "st V4": -0.15}),
        (ST[1], {}),
        (ST[2], {"st I": -0.10, "st aVR": 0.14}),
        ("ST elevation in V2 to V4 of 0.3 mV.", {"st V4": 0.3}),
        ("There is 2 mm ST elevation in III.", {"st III": 0.2}),
        ("ST depression of 1 mm in V5", {"st V5": -0.1}),
        ("R wave in V5 2.1 mV, ST depressed in V6 by 0.1 mV", {"st V6": -0.1}),
        ("ST segments are normal, the R wave is V5 2.1 mV", {}),
        ("ST-T changes, V2 0.1 mV", {}),
        ("T wave in V2 0.4 mV", {}),
    ],
)
def test_an_st_level_is_its_leads_and_has_its_sign(text: str, levels: dict[str, float]) -> None:
    found = {q.name: q.value for q in quantities(text) if q.dimension == "voltage" and q.name}
    assert found == pytest.approx(levels)


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("The ST level in V2 is 0.3 mV.", "contradicted"),
        ("The ST level in V2 is 0.12 mV.", "contradicted"),  # measured below
        ("ST depression of 0.15 mV in V4.", "supported"),
        ("ST depression of 0.15 mV in V2.", "contradicted"),  # another lead's
        ("ST elevation in V2 to V4 of 0.3 mV.", "contradicted"),
        ("ST elevation in V2, V3 and V4.", "contradicted"),
        ("ST depression in V2.", "supported"),
        ("ST elevation in aVR of 0.3 mV.", "contradicted"),
    ],
)
def test_what_is_said_of_st_is_held_against_the_level_of_that_lead(claim: str, verdict: str) -> None:
    judged = check(claim, ST)
    assert judged.verdict == verdict
    if "level" in claim and verdict == "contradicted":
        assert "V2 −0.12 mV" in judged.why
