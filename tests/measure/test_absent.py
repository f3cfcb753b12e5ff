"""What could not be measured is told with its reason, in `absent` and in words that hold no number."""

import json

import numpy as np
import pytest

from assistant.measure import absences, leads_named, measure_signal, quantity_of, statements
from assistant.records import STANDARD_LEADS, Signal

EVERY_SECOND = np.arange(0.5, 9.5, 1.0)
ALL = ("heart_rate_bpm", "rr_ms", "pr_ms", "qrs_ms", "qt_ms", "qtc_bazett_ms", "qtc_fridericia_ms", "axis_deg", "st_mv")


def told(signal):
    return [text for _, text in absences(measure_signal(signal))]


def scaled_one_by_one(drawn):
    """I, II and III = II − I, and then III three times as large, as leads are that were scaled by themselves."""
    first, second = drawn(EVERY_SECOND).lead("II"), 0.7 * drawn(EVERY_SECOND + 0.02, seed=1).lead("II")
    samples = np.stack([first, second, 3 * (second - first)], axis=1)
    return Signal(samples.astype(np.float32), ("I", "II", "III"), 500.0)


def test_of_a_whole_ecg_nothing_is_absent(drawn):
    found = measure_signal(drawn(EVERY_SECOND))
    assert dict(found.absent) == dict(found.absent_leads) == {} and absences(found) == []


def test_leads_scaled_one_by_one_have_no_st_level_and_the_reason_says_so(drawn):
    found = measure_signal(scaled_one_by_one(drawn))
    reason = "the leads were scaled one by one, so their size in millivolts is not known"
    assert dict(found.absent) == {"st_mv": reason, "amplitudes_mv": reason}
    assert absences(found)[0][1] == f"ST level not measured: {reason}."
    assert found.quality["amplitudes"] == "not given: the leads were scaled one by one"
    assert not any(quantity_of(text) == "st_mv" for _, text in statements(found))


def test_without_a_p_wave_there_is_no_pr(drawn):
    signal = drawn(EVERY_SECOND, p_wave=False, noise_mv=0.01, leads=("I", "II", "III", "V2"))
    assert told(signal)[:1] == ["PR interval not measured: no P wave that precedes the QRS regularly."]


def test_without_an_end_of_t_there_is_neither_qt_nor_qtc(drawn):
    signal = drawn(EVERY_SECOND)
    flat = signal.samples.copy()
    for at in EVERY_SECOND:  # the T wave lies 200 to 380 ms after the QRS began
        flat[round((at + 0.12) * 500) : round((at + 0.45) * 500)] = 0.0
    found = measure_signal(Signal(flat, signal.leads, 500.0))
    assert {"qt_ms", "qtc_bazett_ms", "qtc_fridericia_ms"} == set(found.absent) and "qrs_ms" in found.values
    said = [text for _, text in absences(found)]
    assert said[0].startswith("QT interval not measured: ") and said[1:] == [
        "QTc not measured: the QT interval could not be measured."
    ]


@pytest.mark.parametrize(
    ("leads", "there"), [(("V1", "V2"), "none is"), (("II", "V5"), "only lead II is"), (("MLII",), "none is")]
)
def test_the_axis_needs_two_limb_leads(drawn, leads, there):
    found = measure_signal(drawn(EVERY_SECOND, leads=leads))
    assert found.absent["axis_deg"] == f"two limb leads are needed, and {there} there to be measured"


def test_leads_that_are_off_or_were_not_recorded_are_named(drawn):
    limbs = measure_signal(drawn(EVERY_SECOND, leads=("I", "II", "III")))
    assert limbs.absent_leads == dict.fromkeys(
        ("aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"), "not recorded"
    )
    assert [text for _, text in absences(limbs)] == ["ST level not measured in aVR, aVL, aVF, V1–V6 (not recorded)."]
    whole = drawn(EVERY_SECOND)
    samples = whole.samples.copy()
    samples[:, 7] = 0.0
    samples[:, 9] = np.nan
    off = measure_signal(Signal(samples, whole.leads, 500.0))
    assert off.absent_leads == {"V2": "flat", "V4": "missing"}
    assert [text for _, text in absences(off)] == ["ST level not measured in V2 (flat), V4 (missing)."]


@pytest.mark.parametrize(
    ("samples", "rate", "reason"),
    [
        (np.random.default_rng(0).normal(size=(700, 12)), 500.0, "the recording is too short"),
        (np.random.default_rng(0).normal(size=(700, 12)), 40.0, "the sampling rate is too low"),
        (np.ones((5000, 12)), 500.0, "no usable ECG lead"),
        (np.full((5000, 12), np.nan), 500.0, "no usable ECG lead"),
        (np.random.default_rng(0).normal(size=(5000, 12)), 500.0, "fewer than two whole heartbeats of one shape found"),
    ],
)
def test_where_no_beat_was_found_all_is_absent_for_that_reason(samples, rate, reason):
    found = measure_signal(Signal(samples.astype(np.float32), STANDARD_LEADS, rate))
    assert dict(found.values) == {} and set(ALL) <= set(found.absent)
    assert set(found.absent.values()) == {reason}
    assert absences(found)[0][1] == f"Heart rate not measured: {reason}."


def test_a_pressure_curve_has_no_heart_rate_of_an_ecg():
    pressure = Signal(np.zeros((5000, 1), np.float32), ("ABP",), 500.0, types=("pressure",), units=("mmHg",))
    assert set(measure_signal(pressure).absent.values()) == {"the recording holds no ECG lead"}


def test_an_st_level_that_none_can_be_is_not_told(drawn):
    whole = drawn(EVERY_SECOND, leads=("V1", "V2"))
    samples = whole.samples.copy()
    for at in EVERY_SECOND:
        samples[round((at + 0.1) * 500) : round((at + 0.3) * 500), 1] += 5.0
    found = measure_signal(Signal(samples, whole.leads, 500.0))
    assert found.absent["st_mv"].startswith("what lead V2 shows is more than an ST level can be")
    assert not any(quantity_of(text) == "st_mv" for _, text in statements(found))


def test_st_that_is_as_it_should_be_is_told(drawn):
    whole = [text for _, text in statements(measure_signal(drawn(EVERY_SECOND, noise_mv=0.001)))]
    assert [text.partition(",")[0] for text in whole if quantity_of(text) == "st_mv"] == [
        "No ST depression",
        "No ST elevation",
    ]


def test_no_reason_holds_a_number_that_would_be_read_as_the_value(drawn):
    signals = [
        drawn(EVERY_SECOND, seconds=1.2), drawn(EVERY_SECOND, p_wave=False, noise_mv=0.005),
        scaled_one_by_one(drawn), drawn(EVERY_SECOND, leads=("MLII",)),
        Signal(drawn(EVERY_SECOND).samples * 1000, STANDARD_LEADS, 500.0),
    ]  # fmt: skip
    assert all(not any(map(str.isdigit, text.replace("V1–V6", ""))) for signal in signals for text in told(signal))


def test_what_a_sentence_is_on_is_read_off_it(drawn):
    found = measure_signal(drawn(EVERY_SECOND, p_wave=False, noise_mv=0.005))
    names = [quantity_of(text) for _, text in (*statements(found), *absences(found))]
    assert names == [
        "heart_rate_bpm", "qrs_ms", "qt_ms", "qtc_bazett_ms", "qtc_fridericia_ms", "axis_deg", "rhythm", "st_mv",
        "st_mv", "quality", "pr_ms",
    ]  # fmt: skip
    assert quantity_of("Sinus rhythm.") is None


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("ST elevation in V2?", {"V2"}),
        ("V1-V3 and aVF", {"V1", "V2", "V3", "aVF"}),
        ("leads I, II and III", {"I", "II", "III"}),
        ("V1 to V2", {"V1", "V2"}),
        ("Do I see ST elevation?", set()),
        ("Is there ST elevation?", set()),
    ],
)
def test_leads_that_a_text_names(text, leads):
    assert leads_named(text) == leads


def test_the_reasons_are_in_the_json(drawn):
    found = json.loads(json.dumps(measure_signal(drawn(EVERY_SECOND, leads=("II",))).to_json()))
    assert set(found["absent"]) == {"axis_deg"} and found["absent_leads"]["V1"] == "not recorded"
