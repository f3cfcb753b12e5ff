"""Two recordings of one patient: what differs between them, each number to be checked by hand."""

from dataclasses import replace
from datetime import datetime

import pytest

from assistant.records import Evidence, Statement, ValuePlace
from assistant.retrieve.difference import ON_BOTH, differences, unrepeated
from assistant.settings import Settings
from assistant.verify import Verifier

BEGINS = {
    "heart_rate_bpm": ("Heart rate", " beats/min"),
    "qrs_ms": ("QRS duration", " ms"),
    "axis_deg": ("Frontal QRS axis", "°"),
    "qt_ms": ("QT interval", " ms"),
    "qtc_bazett_ms": ("QTc (Bazett)", " ms"),
    "qtc_fridericia_ms": ("QTc (Fridericia)", " ms"),
}


def measured(record, name, value, called="", taken=None):
    begins, unit = BEGINS[name]
    text = f"{begins} {str(value).replace('-', '−')}{unit}{called and f' (upload {called})'}."
    return Evidence(
        f"{record}-{name}", record, "signal", "ECG", "own", text, ValuePlace(name, value, unit.strip()), 1.0, True,
        "measured on the upload", taken_at=taken,
    )  # fmt: skip


def texts(*pieces):
    return [piece.text for piece in differences(*pieces)]


def test_the_second_upload_is_told_beside_the_first():
    first = [measured("u1", "heart_rate_bpm", 72, "a.hea"), measured("u1", "qrs_ms", 92, "a.hea")]
    second = [measured("u2", "heart_rate_bpm", 88, "b.hea"), measured("u2", "qrs_ms", 92, "b.hea")]
    assert texts([*first, *second]) == [
        "Heart rate 88 beats/min (upload b.hea), 16 beats/min more than the 72 beats/min of upload a.hea.",
        "QRS duration 92 ms (upload b.hea), the same as the 92 ms of upload a.hea.",
    ]


def test_dates_say_which_is_the_later():
    late = measured("u1", "heart_rate_bpm", 72, "a.hea", datetime(2021, 5, 1))
    early = measured("u2", "heart_rate_bpm", 88, "b.hea", datetime(2020, 5, 1))
    assert texts([late, early]) == [
        "Heart rate 72 beats/min (upload a.hea), 16 beats/min less than the 88 beats/min of upload b.hea."
    ]


def test_an_angle_goes_the_shorter_way_round():
    pair = [measured("u1", "axis_deg", 170, "a.hea"), measured("u2", "axis_deg", -170, "b.hea")]
    assert texts(pair) == ["Frontal QRS axis −170° (upload b.hea), 20° more than the 170° of upload a.hea."]


def test_a_recording_of_the_archive_is_named_by_how_long_ago_it_was():
    prior = replace(measured("r1", "heart_rate_bpm", 60), why="history, 6 weeks before this study: recording")
    assert texts([measured("u1", "heart_rate_bpm", 75)], [prior]) == [
        "Heart rate 75 beats/min, 15 beats/min more than the 60 beats/min of the recording 6 weeks before this study."
    ]


def test_one_recording_or_three_or_no_value_in_common_give_none():
    one, two, three = (measured(f"u{n}", "heart_rate_bpm", 70 + n, f"{n}.hea") for n in (1, 2, 3))
    assert not differences([one]) and not differences([one, two, three])
    assert not differences([one, measured("u2", "qrs_ms", 90, "2.hea")])


def test_what_a_difference_tells_is_not_told_again():
    pieces = [measured("u1", "heart_rate_bpm", 72, "a.hea"), measured("u2", "heart_rate_bpm", 88, "b.hea")]
    (told,) = differences(pieces)
    rhythm = replace(pieces[0], id="e9", place=None, text="Rhythm: regular.")
    assert told.why == ON_BOTH and unrepeated([*pieces, rhythm, told]) == [told, rhythm]
    assert unrepeated(pieces) == pieces


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (
            "Heart rate 88 beats/min (upload b.hea), 16 beats/min more than the 72 beats/min of upload a.hea.",
            "supported",
        ),
        ("Heart rate 88 beats/min (upload b.hea), 26 beats/min more than the 72 beats/min of upload a.hea.", None),
    ],
)
def test_a_difference_is_checked_as_any_sentence(said, verdict):
    (piece,) = differences(
        [measured("u1", "heart_rate_bpm", 72, "a.hea"), measured("u2", "heart_rate_bpm", 88, "b.hea")]
    )
    (claim,) = Verifier(Settings().verify).verify(Statement(said, (piece.id,), "patient"), {piece.id: piece})
    assert (claim.verdict == "supported") == (verdict == "supported")


@pytest.mark.parametrize(
    ("rates", "formula"), [((72, 88), "Bazett"), ((41, 124), "Fridericia"), ((72, 124), "Fridericia")]
)
def test_one_qtc_is_compared_by_the_formula_that_both_rates_allow(rates, formula):
    """Between 41 and 124 beats/min Bazett's formula alone makes a difference of 68 ms where Fridericia's makes 5."""
    pieces = [
        measured(record, name, value, f"{record}.hea")
        for record, rate, values in (("u1", rates[0], (436, 360, 384)), ("u2", rates[1], (298, 428, 379)))
        for name, value in zip(
            ("heart_rate_bpm", "qt_ms", "qtc_bazett_ms", "qtc_fridericia_ms"), (rate, *values), strict=True
        )
    ]
    told = [text for text in texts(pieces) if text.startswith("QT")]
    assert len(told) == 1 and told[0].startswith(f"QTc ({formula})")
    assert ("68 ms more" if formula == "Bazett" else "5 ms less") in told[0]
