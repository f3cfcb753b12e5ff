"""The page of `wardround read --html`, and the traces of signals that are no ECG."""

import re

import numpy as np

from assistant.ingest.describe import _described
from assistant.records import STANDARD_LEADS, Image, Passage, Record, Signal
from assistant.ui.evidence.file_page import SHOWN_RECORDS, file_page
from assistant.ui.evidence.traces import draw_traces, is_ecg


def page(*records, **more):
    return file_page(
        {"path": "/x/file.bin", "records": [_described(r) for r in records], "reason": None, **more}, records
    )


def signal(seconds=12.0, rate=100.0, types=("ppg", "resp"), units=("", "a.u.")):
    t = np.arange(int(seconds * rate)) / rate
    samples = np.stack([np.sin(7 * t) * 40 + 500, np.sin(2 * t)], axis=1).astype(np.float32)
    return Signal(samples, ("Pleth", "Resp"), rate, types, units)


def picture():
    return Record(kind="image", modality="CR", uri="a", image=Image(np.arange(6000, dtype=np.uint8).reshape(60, 100)))


def test_a_picture_an_ecg_and_a_text_are_all_shown():
    ecg = Signal(np.zeros((5000, 12), np.float32), STANDARD_LEADS, 500.0)
    text = Record(kind="text", modality="SR", uri="a", text="FINDINGS: clear.", passages=(Passage(0, 16, "FINDINGS"),))
    shown = page(picture(), Record(kind="signal", modality="ECG", uri="a", signal=ecg), text)
    assert shown.count('src="data:image/png;base64,') == 1
    assert shown.count('class="ecg-page"') == 1
    assert "<pre>FINDINGS: clear.</pre>" in shown
    assert "100 × 60 pixels" in shown
    assert "default-src 'none'" in shown


def test_nothing_of_a_file_is_taken_for_html():
    hostile = "<script>alert(1)</script>"
    record = Record(
        kind="text", modality=hostile, uri="a", part=hostile, title=hostile, text=hostile, external_id=hostile,
        labels={hostile: hostile}, fields={hostile: hostile, "quality": hostile},
    )  # fmt: skip
    shown = page(record, set_aside=[{"part": hostile, "reason": hostile}], removed={hostile: 1})
    assert "<script" not in shown
    assert shown.count("&lt;script&gt;") >= 10
    channels = Signal(np.zeros((100, 1), np.float32), (hostile,), 100.0, ("other",), (hostile,))
    assert "<script" not in draw_traces(channels)


def test_reasons_parts_and_what_was_removed_are_said():
    shown = page(picture(), set_aside=[{"part": "frame 3", "reason": "cut off"}], removed={"name": 4})
    assert "frame 3" in shown and "cut off" in shown
    assert re.search(r"<th>name</th><td>4</td>", shown)
    assert "damaged file" in file_page({"path": "x", "records": [], "reason": "damaged file"}, [])


def test_a_large_file_is_shown_in_part_and_says_so():
    records = [Record(kind="text", modality="DOC", uri="a", text=f"number {n}") for n in range(SHOWN_RECORDS + 5)]
    shown = page(*records)
    assert "5 more records are not shown" in shown
    assert "number 0" in shown and f"number {SHOWN_RECORDS}<" not in shown


def test_an_ecg_is_drawn_on_its_paper_and_other_signals_as_traces():
    assert is_ecg(Signal(np.zeros((10, 1), np.float32), ("II",), 100.0))
    assert not is_ecg(signal())
    drawn = draw_traces(signal())
    assert drawn.count('class="trace"') == 2
    assert "460 … 540" in drawn
    assert "0.0–10.0 s of 12.0 s" in drawn


def test_a_peak_between_the_drawn_points_is_not_lost():
    samples = np.zeros((20_000, 1), np.float32)
    samples[7_777] = 5.0
    drawn = draw_traces(Signal(samples, ("ABP",), 2_000.0, ("pressure",), ("mmHg",)))
    heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", drawn)]
    assert min(heights) == 2.0
    assert len(heights) < 6_000


def test_a_gap_breaks_the_line():
    recording = signal()
    recording.samples[300:500] = np.nan
    path = re.search(r'class="trace" d="([^"]+)"', draw_traces(recording))[1]
    assert path.count("M") == 2
    recording.samples[:] = np.nan
    assert draw_traces(recording).count("no samples here") == 2
