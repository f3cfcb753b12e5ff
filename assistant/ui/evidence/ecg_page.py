"""ECGs drawn on their paper: 25 mm a second and 10 mm a millivolt, or what is chosen.

All coordinates of the drawing are millimetres of paper, so that a caliper laid on it (or on a print of it)
reads true. The usual page has twelve leads in three rows of four, 2.5 s each, with one lead along the bottom as rhythm
strip; other lead sets get one row a lead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Literal

from assistant.measure.per_beat import Beat
from assistant.records import STANDARD_LEADS, Signal, SignalPlace
from assistant.ui.evidence import ecg_ladder
from assistant.ui.evidence.paper import (
    FOOT,
    LEFT,
    RIGHT,
    Scale,
    Strip,
    cut,
    lead_label,
    path_data,
    pulse_path,
    reach,
    row_group,
    sheet,
    trace_path,
)
from assistant.ui.language import say
from assistant.ui.language.figures import number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PAGE_S = 10.0  # seconds on one page
MAX_ROWS = 15  # rows of a page with another lead set; further leads are named below it

Layout = Literal["3x4", "6x2", "rows", "one", "median"]
Trace = tuple["NDArray[np.float64]", "NDArray[np.float64]"]
Beside = Callable[[Strip], "Trace | None"]
"""The other ECG's seconds and millivolts for a strip of this one, aligned; None where it lacks the lead."""

_COLUMNS: dict[str, tuple[tuple[str, ...], ...]] = {
    "3x4": (("I", "II", "III"), ("aVR", "aVL", "aVF"), ("V1", "V2", "V3"), ("V4", "V5", "V6")),
    "6x2": (STANDARD_LEADS[:6], STANDARD_LEADS[6:]),
}


@dataclass(frozen=True, slots=True)
class Page:
    """How a page is drawn. `layout` None is the lead set's usual one, `lead` that of the rhythm strip (or the one
    lead of "one"), `start_s` None the first page, or the one around the cited window."""

    scale: Scale = field(default_factory=Scale)
    layout: Layout | None = None
    lead: str | None = None
    start_s: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """What is drawn besides the traces: the ladder of intervals, its measured beats, the interval that is cited, leads
    in doubt, a second ECG. A ladder without beats keeps their place until they are measured."""

    ladder: bool = False
    beats: tuple[Beat, ...] = ()
    lit: str | None = None
    doubts: Mapping[str, str] = field(default_factory=dict)
    beside: Beside | None = None
    legend: str = ""


def draw_ecg(signal: Signal, window: SignalPlace | None = None, page: Page | None = None,
             marks: Marks | None = None) -> str:  # fmt: skip
    """One page of an ECG as SVG.

    Args:
        signal: samples in millivolts, any lead set, sampling rate and length; NaN where there is a gap.
        window: the stretch to light up. The page holds 10 s: the first, or those around the window.
        page: scale, layout, rhythm lead and first second, where they are chosen.
        marks: calipers of measured beats below the rhythm strip, and a second ECG behind the traces.

    Returns:
        An SVG element whose user unit is one millimetre. Each stretch of a lead is centred on its median, as
        a recorder without DC coupling would draw it.
    """
    page, marks = page or Page(), marks or Marks()
    start = page_start(signal, window, page.start_s)
    rows = _plan(signal, window, page, start)
    measured = _measured_row(rows, page, window)
    body: list[str] = []
    y = 5.0
    for place, row in enumerate(rows):
        drawn = [(strip, cut(signal, strip), marks.beside(strip) if marks.beside else None) for strip in row]
        values = [trace[1] for _, this, other in drawn for trace in (this, other) if trace is not None]
        above, below = reach(values, page.scale)
        baseline = y + above
        body.append(pulse_path(baseline, page.scale))
        for strip, this, other in drawn:
            body.append(_light(strip, window, start, signal, y, above + below, page.scale))
            body.append(_strip(strip, this, other, (y, above + below), baseline, page.scale, marks.doubts))
        y += above + below
        if marks.ladder and place == measured:
            strip = row[0]
            body.append(ecg_ladder.draw_limits(marks.beats, strip, y - above - below, above + below, page.scale))
    if marks.ladder:
        body.append(ecg_ladder.draw_ladder(marks.beats, rows[measured][0], y, page.scale, marks.lit))
        y += ecg_ladder.HEIGHT
    width = LEFT + max(_right_edge(row, page.scale) for row in rows) + RIGHT
    height = y + FOOT + 5.0 * bool(marks.legend)
    name = say("ecg.page_name", leads=len(signal.leads), start=number(start, 1), end=number(_end(signal, start), 1))
    body.append(_foot(signal, rows, start, page.scale, marks, height))
    return sheet("ecg-page", width, height, name, "".join(body), page.scale)


def draw_strip(signal: Signal, seconds: float = 4.0) -> str:
    """The first seconds of lead II (or the first channel) as a small SVG for a card.

    A channel that is not in millivolts is drawn as high as a millivolt.
    """
    lead = "II" if "II" in signal.leads else signal.leads[0]
    if not signal.in_millivolts:
        signal = _one_high(signal, lead, seconds)
    strip = Strip(lead, 0.0, 0.0, min(seconds, max(signal.duration_s, 0.2)))
    scale = Scale()
    time_s, values = cut(signal, strip)
    above, below = reach([values], scale, pulse=False)
    trace = trace_path(strip, path_data(time_s, values, (0.0, above), scale))
    width = (strip.end_s - strip.start_s) * scale.mm_per_s
    return sheet("ecg-strip", width, above + below, f"ECG, lead {lead}" if signal.is_ecg else lead, trace, scale)


def _one_high(signal: Signal, lead: str, seconds: float) -> Signal:
    """The beginning of one channel, scaled so that it spans 1."""
    import numpy as np

    values = signal.lead(lead)[: max(1, round(seconds * signal.sampling_rate_hz))]
    finite = values[np.isfinite(values)]
    span = float(np.ptp(finite)) if len(finite) else 0.0
    scaled = (values / (span or 1.0)).astype(np.float32)[:, None]
    return replace(signal, samples=scaled, leads=(lead,), types=signal.types[:1], units=("",))


def page_start(signal: Signal, window: SignalPlace | None, chosen: float | None = None) -> float:
    """The page's first second: the chosen one, else that which puts the cited window in the page's middle."""
    last = max(0.0, signal.duration_s - PAGE_S)
    if chosen is not None:
        return round(min(max(0.0, chosen), last), 1)
    if window is None or window.end_s <= PAGE_S or not last:
        return 0.0
    middle = (window.start_s + min(window.end_s, window.start_s + PAGE_S)) / 2
    return round(min(max(0.0, middle - PAGE_S / 2), last), 1)


def layouts(signal: Signal) -> tuple[Layout, ...]:
    """The layouts that a lead set has, the usual one first."""
    twelve: tuple[Layout, ...] = ("3x4", "6x2") if has_twelve(signal) else ()
    return (*twelve, "rows", *(("one",) if len(signal.leads) > 1 else ()), "median")


def has_twelve(signal: Signal) -> bool:
    return all(name in signal.leads for name in STANDARD_LEADS)


def rhythm_lead(signal: Signal, window: SignalPlace | None, chosen: str | None) -> str:
    """The lead along the bottom: the chosen one, else the cited one, else II, else the first."""
    cited = window.lead if window is not None else None
    return next((name for name in (chosen, cited, "II") if name and name in signal.leads), signal.leads[0])


def _end(signal: Signal, start: float) -> float:
    return min(start + PAGE_S, signal.duration_s)


def _plan(signal: Signal, window: SignalPlace | None, page: Page, start: float) -> list[list[Strip]]:
    end = _end(signal, start)
    lead = rhythm_lead(signal, window, page.lead)
    layout = page.layout if page.layout in layouts(signal) else layouts(signal)[0]
    if columns := _COLUMNS.get(layout):
        column_s = PAGE_S / len(columns)
        running = end - start >= PAGE_S - 0.01  # shorter: every lead from the start, not one after the other
        rows = []
        for leads in zip(*columns, strict=True):
            row = []
            for column, name in enumerate(leads):
                at = start + column * column_s if running else start
                row.append(Strip(name, column * column_s * page.scale.mm_per_s, at, min(at + column_s, end)))
            rows.append(row)
        return [*rows, [Strip(lead, 0.0, start, end)]]
    if layout == "one":
        return [[Strip(lead, 0.0, start, end)]]
    ordered = sorted(signal.leads, key=_place) if has_twelve(signal) else list(signal.leads)
    shown = ordered[:MAX_ROWS]
    if lead not in shown:
        shown[-1] = lead
    return [[Strip(name, 0.0, start, end)] for name in shown]


def _place(lead: str) -> int:
    return STANDARD_LEADS.index(lead) if lead in STANDARD_LEADS else len(STANDARD_LEADS)


def _measured_row(rows: list[list[Strip]], page: Page, window: SignalPlace | None) -> int:
    """The row whose strip carries the calipers: that of the rhythm lead."""
    leads = [row[0].lead for row in rows]
    if page.layout in _COLUMNS or len(rows[0]) > 1:
        return len(rows) - 1
    wanted = (page.lead, window.lead if window else None, "II")
    return next((leads.index(lead) for lead in wanted if lead in leads), 0)


def _right_edge(row: list[Strip], scale: Scale) -> float:
    return max(strip.x + max(strip.end_s - strip.start_s, 2.5) * scale.mm_per_s for strip in row)


def _strip(
    strip: Strip, this: Trace, other: Trace | None, span: tuple[float, float], baseline: float,
    scale: Scale, doubts: Mapping[str, str],
) -> str:  # fmt: skip
    top, height = span
    x = LEFT + strip.x
    bar = (
        f'<path class="ecg-bar" d="M{x:.2f} {baseline - 3:.2f}v6" stroke="#111" stroke-width="0.28"/>'
        if strip.x
        else ""
    )
    behind = trace_path(strip, path_data(*other, (x, baseline), scale), "ecg-other") if other else ""
    trace = trace_path(strip, path_data(*this, (x, baseline), scale))
    label = lead_label(strip.lead, x + 1.2, top + 4.5, doubts.get(strip.lead, ""))
    width = (strip.end_s - strip.start_s) * scale.mm_per_s
    return row_group(strip, (x, top, width, height), baseline, bar + behind + trace + label, strip.lead)


def _light(
    strip: Strip, window: SignalPlace | None, start: float, signal: Signal, top: float, height: float, scale: Scale
) -> str:
    """The cited window behind the trace; nothing where it is the whole page of every lead."""
    if window is None or window.lead not in (strip.lead, "all"):
        return ""
    if window.lead == "all" and window.start_s <= start and window.end_s >= _end(signal, start) - 0.1:
        return ""
    first, last = max(strip.start_s, window.start_s), min(strip.end_s, window.end_s)
    if last <= first:
        return ""
    x = LEFT + strip.x + (first - strip.start_s) * scale.mm_per_s
    return (
        f'<rect class="ecg-lit" data-lead="{escape(strip.lead)}" x="{x:.2f}" y="{top:.2f}" '
        f'width="{(last - first) * scale.mm_per_s:.2f}" height="{height:.2f}" fill="#ffd84d" fill-opacity="0.45" '
        'stroke="#8a6500" stroke-width="0.3" stroke-dasharray="1.5 1"/>'
    )


def _foot(signal: Signal, rows: list[list[Strip]], start: float, scale: Scale, marks: Marks, height: float) -> str:
    """Scale, rate and stretch, the leads not drawn, and which of two ECGs is which."""
    drawn = {strip.lead for row in rows for strip in row}
    left_out = [name for name in signal.leads if name not in drawn] if len(rows) > 1 else []
    told = say(
        "ecg.scale", speed=f"{scale.mm_per_s:g}", gain=f"{scale.mm_per_mv:g}", rate=f"{signal.sampling_rate_hz:g}",
        start=number(start, 1), end=number(_end(signal, start), 1), whole=number(signal.duration_s, 1),
    ) + (" · " + say("ecg.not_drawn", leads=", ".join(left_out)) if left_out else "")  # fmt: skip
    text = f'<text class="ecg-scale" x="5" y="{height - 3.5:.1f}" font-size="3.6" fill="#333">{escape(told)}</text>'
    return text + legend(marks.legend, height - 8.5) if marks.legend else text


def legend(told: str, y: float) -> str:
    """Which of two ECGs over each other is drawn how."""
    return (
        f'<path d="M5 {y - 1.2:.1f}h8" class="ecg-other" fill="none" stroke="#1f5fbf" stroke-width="0.4" '
        f'stroke-dasharray="1.6 0.5"/><text class="ecg-scale ecg-legend" x="15" y="{y:.1f}" font-size="3.6" '
        'fill="#333">'
        f"{escape(told)}</text>"
    )
