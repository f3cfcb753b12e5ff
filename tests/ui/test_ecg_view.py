"""The ECG viewer's drawings: layouts, scales, calipers of measured beats, median beats, two ECGs over each other."""

import re
from dataclasses import replace

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.errors import WardroundError
from assistant.records import STANDARD_LEADS, Record, Signal, SignalPlace
from assistant.ui.evidence.ecg_compare import aligned
from assistant.ui.evidence.ecg_measured import measure_around
from assistant.ui.evidence.ecg_page import Marks, Page, draw_ecg, layouts
from assistant.ui.evidence.ecg_route import ecg_router
from assistant.ui.evidence.ecg_view import Other, Shown, ecg_element, ecg_fragment
from assistant.ui.evidence.paper import Scale
from assistant.ui.evidence.traces import draw_traces
from assistant.ui.gate import seals
from assistant.ui.gate.visitor import Visitor, entering

GAINS = (0.5, 1.0, 0.5, -0.75, 0.1, 0.75, -0.4, 0.3, 0.6, 1.0, 1.1, 0.9)
HOSTILE = '"><script>alert(1)</script>'


def bump(time_s, centre, width, height):
    x = (time_s - centre) / (width / 2)
    return np.where(np.abs(x) < 1, height * (1 + np.cos(np.pi * x)) / 2, 0.0)


BEATS_AT = np.arange(0.7, 9.6, 0.8)


def heart(beats_at=BEATS_AT, seconds=10.0, rate=500.0, leads=STANDARD_LEADS, st=0.0, noise=0.005):
    """P of 100 ms that begins 160 ms before a QRS of 90 ms, T that ends 380 ms after the QRS began."""
    time_s = np.arange(round(seconds * rate)) / rate
    wave = np.zeros_like(time_s)
    for at in beats_at:
        wave += bump(time_s, at - 0.110, 0.100, 0.12) + bump(time_s, at + 0.045, 0.090, 1.0)
        wave += bump(time_s, at + 0.290, 0.180, 0.25) + st * ((time_s > at + 0.09) & (time_s < at + 0.3))
    noisy = np.random.default_rng(0).normal(0, noise, (len(time_s), len(leads)))
    samples = np.stack([wave * gain for gain in GAINS[: len(leads)]], axis=1) + noisy
    return Signal(samples.astype(np.float32), tuple(leads), rate)


@pytest.fixture(scope="module")
def usual():
    signal = heart()
    return signal, measure_around(signal, 5.0)


def rows(svg):
    """Each drawn strip as (lead, start in s, x, width in mm)."""
    return [
        (lead, *map(float, numbers))
        for lead, *numbers in re.findall(
            r'class="ecg-row" data-lead="([^"]*)"[^>]*? data-start="([-\d.]+)" data-x="([\d.]+)" data-y="[\d.]+" '
            r'data-width="([\d.]+)"',
            svg,
        )
    ]


def points(svg, kind, lead):
    """All points of the traces of one lead, in mm."""
    runs = re.findall(rf'class="{kind}" data-lead="{lead}" [^>]*? d="([^"]*)"', svg)
    return np.array([[float(n) for n in point.split()] for run in runs for point in re.split("[ML]", run) if point])


def test_six_rows_of_two_columns_are_five_seconds_wide():
    drawn = rows(draw_ecg(heart(), None, Page(layout="6x2")))
    assert [row[0] for row in drawn] == [
        name for pair in zip(STANDARD_LEADS[:6], STANDARD_LEADS[6:], strict=True) for name in pair
    ] + ["II"]
    assert drawn[1] == ("V1", 5.0, 140.0, 125.0) and drawn[-1] == ("II", 0.0, 15.0, 250.0)


def test_twelve_rows_stand_in_the_usual_order_whatever_the_files_order():
    signal = heart()
    turned = Signal(signal.samples[:, ::-1], signal.leads[::-1], signal.sampling_rate_hz)
    drawn = rows(draw_ecg(turned, None, Page(layout="rows")))
    assert [row[0] for row in drawn] == list(STANDARD_LEADS) and {row[1:] for row in drawn} == {(0.0, 15.0, 250.0)}


def test_speed_and_gain_stretch_the_trace_and_the_calibration_pulse():
    svg = draw_ecg(heart(), None, Page(Scale(50, 20), "one", "V5"))
    plain = draw_ecg(heart(), None, Page(layout="one", lead="V5"))
    for axis in (0, 1):
        size, usual = (np.ptp(points(drawn, "ecg-trace", "V5")[:, axis]) for drawn in (svg, plain))
        assert size == pytest.approx(2 * usual, abs=0.1)
    assert "v-20h10v20" in svg and 'data-mm-per-s="50" data-mm-per-mv="20"' in svg
    assert "50 mm/s · 20 mm/mV" in svg


def test_the_rhythm_lead_is_the_chosen_one():
    assert rows(draw_ecg(heart(), SignalPlace("V2", 1, 2), Page(lead="aVF")))[-1][0] == "aVF"


def test_a_layout_that_the_leads_do_not_have_is_their_usual_one():
    single = heart(leads=("I",))
    assert layouts(single) == ("rows", "median")
    assert rows(draw_ecg(single, None, Page(layout="6x2"))) == [("I", 0.0, 15.0, 250.0)]


def test_every_beats_intervals_are_calipers_of_their_length(usual):
    signal, measured = usual
    svg = draw_ecg(signal, None, Page(), Marks(True, measured.beats, "qt_ms"))
    found = re.findall(
        r'<g class="ecg-caliper" data-interval="(\w+)" data-ms="(\d+)">.*?M([\d.]+) [\d.]+h([\d.]+)m', svg
    )
    values = {
        name: [int(ms) for kind, ms, *_ in found if kind == name] for name in ("pr_ms", "qrs_ms", "qt_ms", "rr_ms")
    }
    assert values["pr_ms"] == pytest.approx([160] * 12, abs=20) and values["qt_ms"] == pytest.approx([380] * 12, abs=30)
    assert values["rr_ms"] == pytest.approx([800] * 11, abs=6)
    for _, ms, _, width in found:
        assert float(width) == pytest.approx(int(ms) / 1000 * 25, abs=0.03)
    starts = [float(x) for name, _, x, _ in found if name == "rr_ms"]
    assert (starts[0] - 15) / 25 == pytest.approx(measured.beats[0].at_s, abs=0.01)
    lit = re.findall(r'<g class="ecg-rung" data-interval="(\w+)"><rect class="ecg-rung-lit"', svg)
    assert lit == ["qt_ms"]


def test_an_interval_of_one_beat_that_lies_apart_has_a_question_mark_and_says_why(usual):
    signal, measured = usual
    third = measured.beats[2]
    late = replace(third, marks={**third.marks, "t_end": third.marks["t_end"] + 0.09})
    svg = draw_ecg(signal, None, Page(), Marks(True, (*measured.beats[:2], late, *measured.beats[3:]), "qt_ms"))
    (far,) = re.findall(r'<g class="ecg-caliper ecg-far" data-interval="(\w+)" data-ms="(\d+)"[^>]*>(.*?)</g>', svg)
    assert far[0] == "qt_ms" and int(far[1]) == pytest.approx(470, abs=30)
    assert f">{far[1]}?</text>" in far[2] and "apart from the other beats" in far[2]


def test_the_place_of_the_calipers_is_kept_before_they_are_measured(usual):
    signal, measured = usual
    heights = {
        re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', draw_ecg(signal, None, Page(), Marks(True, beats)))[1]
        for beats in ((), measured.beats)
    }
    assert len(heights) == 1


def test_of_a_long_recording_the_minute_around_the_page_is_measured():
    signal = heart(np.arange(0.7, 299, 0.8), seconds=300.0, leads=("I", "II"))
    measured = measure_around(signal, 205.0)
    assert (measured.from_s, measured.to_s) == (175.0, 235.0)
    assert all(175 <= beat.at_s <= 235 for beat in measured.beats) and len(measured.beats) in (74, 75)
    offsets = [(beat.at_s - 0.7) % 0.8 for beat in measured.beats]
    assert np.ptp(offsets) < 0.01  # the recording's own times
    html = ecg_fragment(signal, Shown(Page(start_s=200.0)))
    assert 'data-start="200.0"' in html and "200.0–210.0 s of 300.0 s" in html
    assert html.count('data-interval="qrs_ms" data-ms') in (12, 13)


def test_median_beats_carry_their_limits_and_figures(usual):
    signal, _ = usual
    html = ecg_fragment(signal, Shown(Page(layout="median"), value="qtc_bazett_ms"))
    assert [row[0] for row in rows(html)] == [
        "I", "aVR", "V1", "V4", "II", "aVL", "V2", "V5", "III", "aVF", "V3", "V6",
    ]  # fmt: skip
    pr, qrs, qt = map(int, re.search(r"PR (\d+) · QRS (\d+) · QT (\d+)", html).groups())
    assert (pr, qt) == (pytest.approx(160, abs=20), pytest.approx(380, abs=30)) and 60 < qrs < 110
    width = float(re.search(r'class="ecg-lit" data-lead="II" x="[\d.]+" y="[\d.]+" width="([\d.]+)"', html)[1])
    assert width == pytest.approx(0.380 * 50, abs=1.5)  # at twice the page's 25 mm/s


def test_a_lead_whose_interval_lies_apart_is_marked_with_the_reason(usual):
    signal, measured = usual
    plain = ecg_fragment(signal, Shown(Page(layout="median")))
    assert "ecg-apart" not in plain  # all leads are one wave at several heights
    samples = signal.samples.copy()
    late = signal.leads.index("V5")
    for at in BEATS_AT:  # a hump after the T wave of one lead, which is taken for its end
        samples[:, late] += 0.25 * bump(np.arange(len(samples)) / 500, at + 0.40, 0.22, 1.0).astype(np.float32)
    shown = ecg_fragment(replace(signal, samples=samples), Shown(Page(layout="median")))
    (marked,) = re.findall(r'<tspan class="ecg-apart"[^>]*>⚠ QT (\d+)</tspan>', shown)
    assert int(marked) > measured.found.values["qt_ms"] + 50
    assert "50 ms (QT) from the median over the leads" in shown
    hidden = ecg_fragment(replace(signal, samples=samples), Shown(Page(layout="median"), calipers=False))
    assert "ecg-apart" not in hidden


def test_what_a_value_of_all_beats_and_one_of_each_are_is_told(usual):
    signal, measured = usual
    table = ecg_fragment(signal, Shown(Page()))
    row = re.search(r'<tr data-value="pr_ms">(.*?)</tr>', table)[1]
    stated, _, by_beat = re.findall(r"<td>(.*?)</td>", row)
    found = [beat.interval("pr_ms") for beat in measured.beats]
    spans = [1000 * (last - first) for first, last in filter(None, found)]
    assert stated == f"{measured.found.values['pr_ms']:.0f} ms"
    assert by_beat == f"{min(spans):.0f}–{max(spans):.0f}, median {np.median(spans):.0f} ({len(spans)})"
    assert "All beats: 0.0 to 10.0 s" in table and "Noise moves a single beat" in table


def test_median_beats_over_each_other_give_their_difference(usual):
    signal, _ = usual
    same = ecg_fragment(signal, Shown(Page(layout="median"), other=Other(signal, "the same")))
    assert same.count('class="ecg-difference"') == 12 and same.count("difference, most 0.00 mV · ST +0.00 mV") == 12
    raised = heart(np.arange(0.5, 9.6, 0.9), st=0.3)
    html = ecg_fragment(raised, Shown(Page(layout="median"), other=Other(signal, "the first")))
    change = float(re.search(r'ecg-difference" data-lead="V4">.*?ST \+([\d.]+) mV', html)[1])
    assert change == pytest.approx(0.3, abs=0.06)
    assert "the first" in html and "Change" in html


def test_the_r_peaks_of_two_ecgs_lie_on_each_other(usual):
    signal, measured = usual
    late = heart(np.arange(0.95, 9.6, 0.8))
    svg = draw_ecg(signal, None, Page(), Marks(beside=aligned(measured, late, measure_around(late, 0.0), 0.0)))
    for lead, start in (("V1", 5.0), ("V4", 7.5)):
        x0 = next(row[2] for row in rows(svg) if row[0] == lead and row[1] == start)
        peaks = []
        for kind in ("ecg-trace", "ecg-other"):
            drawn = points(svg, kind, lead)
            middle = np.median(drawn[:, 1])
            away = np.abs(drawn[:, 1] - middle)
            peaks.append(drawn[away > 0.9 * away.max(), 0].min() - x0)
        assert peaks[0] == pytest.approx(peaks[1], abs=0.5)  # 20 ms of paper


def test_two_ecgs_of_other_leads_and_rates_lie_over_each_other(usual):
    signal, _ = usual
    html = ecg_fragment(signal, Shown(other=Other(heart(rate=100.0, leads=("I", "II")), HOSTILE)))
    others = re.findall(r'class="ecg-other" data-lead="([^"]+)"', html)
    assert set(others) == {"I", "II"}
    assert HOSTILE not in html and "&lt;script&gt;" in html


def test_noise_and_interchanged_electrodes_are_told():
    signal = heart()
    samples = signal.samples.copy()
    samples[:, 8] += np.random.default_rng(1).normal(0, 0.4, len(samples)).astype(np.float32)
    html = ecg_fragment(replace(signal, samples=samples), Shown())
    assert re.search(r"V3 <tspan class=\"ecg-doubt\">⚠<title>[^<]*noisy", html)
    assert re.search(r'wr-warning">⚠ Limited quality: .*V3 noisy', html)


def test_without_a_heartbeat_nothing_is_measured_and_it_is_said():
    noise = np.random.default_rng(0).normal(0, 0.05, (5000, 12)).astype(np.float32)
    for samples in (noise, np.full((5000, 12), np.nan, np.float32), np.zeros((3, 12), np.float32)):
        for layout in ("3x4", "median"):
            html = ecg_fragment(Signal(samples, STANDARD_LEADS, 500.0), Shown(Page(layout=layout)))
            assert "Nothing could be measured" in html and "ecg-caliper" not in html
            assert "nan" not in html and "inf" not in html


def test_traces_say_where_a_value_lies_and_light_the_cited_window():
    samples = np.stack([np.linspace(60, 120, 1250), np.full(1250, 5.0)], axis=1).astype(np.float32)
    signal = Signal(samples, ("ABP", HOSTILE), 125.0, ("pressure", "other"), ("mmHg", "x"))
    svg = draw_traces(signal, 0.0, SignalPlace("ABP", 2.0, 4.0))
    zero, per_unit = map(
        float, re.search(r'data-unit="mmHg".*?data-zero="([-\d.]+)" data-mm-per-unit="([\d.]+)"', svg).groups()
    )
    assert zero - 120 * per_unit == pytest.approx(2.0, abs=0.01) and zero - 60 * per_unit == pytest.approx(
        16.0, abs=0.01
    )
    assert re.search(r'ecg-lit" data-lead="ABP" x="90.00" y="0" width="48.00"', svg)  # 42 + 2 s × 24 mm
    assert "<script" not in svg
    html = ecg_fragment(signal, Shown())
    assert 'class="traces"' in html and "ecg-measured" not in html


def test_the_element_holds_the_page_and_escapes_what_files_say():
    signal = replace(heart(), leads=(HOSTILE, *STANDARD_LEADS[1:]))
    record = Record("signal", "ECG", "x", record_id="r1", signal=signal)
    html = str(ecg_element(record, SignalPlace("V2", 2.0, 3.0), "qt_ms", [("r2", HOSTILE)]))
    assert "<script" not in html and html.count("<noscript>") == 1
    assert 'data-src="/wr/view/r1/' in html and "lit_lead=V2&amp;lit_start=2.0" in html and "value=qt_ms" in html
    assert f'value="{seals.sealed("r2")}"' in html


class Archive:
    """Two ECGs and a text; notes what the access log is told."""

    def __init__(self):
        self.logged = []
        self.records = {
            "ra": Record("signal", "ECG", "a", record_id="ra", signal=heart()),
            "rb": Record("signal", "ECG", "b", record_id="rb", title="the other", signal=heart(np.arange(0.5, 9, 1.0))),
            "rt": Record("text", "SR", "t", record_id="rt", text="words"),
        }

    def record(self, record_id, *, logged=True):
        if record_id not in self.records:
            raise WardroundError(f"record {record_id!r}: not in it")
        if logged:
            self.logged.append(record_id)
        return self.records[record_id]


@pytest.fixture
def archive():
    return Archive()


@pytest.fixture
def client(archive):
    app = FastAPI()
    app.include_router(ecg_router(archive))
    return TestClient(app)


def test_the_page_is_drawn_anew_as_it_is_asked_for(client, archive):
    found = client.get(seals.address("ra", "ecg", layout="rows", speed=50, gain=5, lead="V1", value="pr_ms"))
    assert found.status_code == 200 and "50 mm/s · 5 mm/mV" in found.text and found.text.count("ecg-row") == 12
    assert 'data-interval="pr_ms"><rect class="ecg-rung-lit"' in found.text
    assert "ecg-caliper" not in client.get(seals.address("ra", "ecg", calipers="false")).text
    assert not archive.logged  # opening its view was


def test_a_second_ecg_is_admitted_by_its_own_seal_and_told_to_the_log(client, archive):
    found = client.get(seals.address("ra", "ecg", other=seals.sealed("rb")))
    assert "ecg-other" in found.text and "the other" in found.text and archive.logged == ["rb"]
    for forged in ("rb/0", "rb", seals.sealed("ra").replace("ra/", "rb/"), "../rb/x", "/"):
        assert client.get(seals.address("ra", "ecg", other=forged)).status_code == 404
    assert archive.logged == ["rb"]


def test_an_address_is_its_visitors_alone(client):
    with entering(Visitor("anne")):
        hers = seals.address("ra", "ecg")
    assert client.get(hers).status_code == 404
    assert client.get(seals.address("rb", "ecg").replace("/rb/", "/ra/")).status_code == 404
    assert client.get(seals.address("rt", "ecg")).status_code == 404
    assert client.get(seals.address("gone", "ecg")).status_code == 404


@pytest.mark.parametrize(
    "odd",
    [
        {"speed": 26},
        {"speed": "nan"},
        {"gain": -1},
        {"layout": "9x9"},
        {"start": "nan"},
        {"start": -5},
        {"lit_end": "inf"},
    ],
)
def test_odd_choices_are_refused(client, odd):
    assert client.get(seals.address("ra", "ecg", **odd)).status_code == 422


def test_a_page_beyond_the_end_is_the_last_one(client):
    assert 'data-start="0.0"' in client.get(seals.address("ra", "ecg", start=1e6)).text
    assert "V1" in client.get(seals.address("ra", "ecg", lead="none such")).text


def test_a_long_recording_has_its_paging_and_a_page_of_ten_seconds_has_none():
    def element(seconds):
        signal = heart(np.arange(0.7, seconds - 1, 0.8), seconds=seconds, leads=("I", "II"))
        return str(ecg_element(Record("signal", "ECG", "x", record_id="r1", signal=signal), None, None))

    assert 'data-ecg="start" min="0" max="50.0" step="0.1" value="0.0"' in element(60.0)
    assert 'data-ecg="start"' not in element(10.0)
