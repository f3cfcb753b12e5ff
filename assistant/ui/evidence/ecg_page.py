"""ECGs drawn on their paper: 25 mm a second, 10 mm a millivolt.

All coordinates of the drawing are millimetres of paper, so that a caliper laid on it (or on a print of it)
reads true. The layout is the usual page: twelve leads in three rows of four, 2.5 s each, with one lead along
the bottom as rhythm strip; other lead sets get one row a lead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

from assistant.records import STANDARD_LEADS, Signal, SignalPlace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MM_PER_S = 25.0
MM_PER_MV = 10.0
PAGE_S = 10.0  # seconds on one page
COLUMN_S = 2.5
MAX_ROWS = 15  # rows of a page with another lead set; further leads are named below it

_LEFT = 15.0  # room for the calibration pulse
_RIGHT = 5.0
_FOOT = 10.0
_MOST = 30.0  # mm that a trace may reach above or below its baseline before its row grows no further
_COLUMNS = (("I", "II", "III"), ("aVR", "aVL", "aVF"), ("V1", "V2", "V3"), ("V4", "V5", "V6"))


@dataclass(frozen=True, slots=True)
class _Strip:
    """One lead from `start_s` to `end_s`, its left edge `x` mm from the page's."""

    lead: str
    x: float
    start_s: float
    end_s: float


def draw_ecg(signal: Signal, window: SignalPlace | None = None) -> str:
    """One page of an ECG as SVG.

    Args:
        signal: samples in millivolts, any lead set, sampling rate and length; NaN where there is a gap.
        window: the stretch to light up. The page holds 10 s: the first, or those around the window.

    Returns:
        An SVG element whose user unit is one millimetre. Each stretch of a lead is centred on its median, as
        a recorder without DC coupling would draw it. Over 250 Hz the trace keeps the lowest and highest
        sample of every 8 ms, so no peak is lost.
    """
    start = _page_start(signal, window)
    rows = _plan(signal, window, start)
    body: list[str] = []
    y = 5.0
    for row in rows:
        above, below = _reach(signal, row)
        baseline = y + above
        body.append(_pulse(baseline))
        for strip in row:
            body.append(_light(strip, window, start, signal, y, above + below))
            body.append(_trace(signal, strip, baseline, y))
        y += above + below
    width = _LEFT + max(_right_edge(row) for row in rows) + _RIGHT
    height = y + _FOOT
    end = min(start + PAGE_S, signal.duration_s)
    drawn = {strip.lead for row in rows for strip in row}
    left_out = [name for name in signal.leads if name not in drawn]
    scale = (
        f"25 mm/s · 10 mm/mV · {signal.sampling_rate_hz:g} Hz · {start:.1f}–{end:.1f} s of {signal.duration_s:.1f} s"
        + (f" · not drawn: {', '.join(left_out)}" if left_out else "")
    )
    body.append(
        f'<text class="ecg-scale" x="5" y="{height - 3.5:.1f}" font-size="3.6" fill="#333">{escape(scale)}</text>'
    )
    name = escape(f"ECG, {len(signal.leads)} lead{'s' * (len(signal.leads) != 1)}, {start:.1f} to {end:.1f} seconds")
    return _svg("ecg-page", width, height, name, "".join(body))


def draw_strip(signal: Signal, seconds: float = 4.0) -> str:
    """The first seconds of lead II (or the first channel) as a small SVG for a card.

    A channel that is not in millivolts is drawn as high as a millivolt.
    """
    lead = "II" if "II" in signal.leads else signal.leads[0]
    if not signal.in_millivolts:
        signal = _one_high(signal, lead, seconds)
    strip = _Strip(lead, 0.0, 0.0, min(seconds, max(signal.duration_s, 0.2)))
    above, below = _reach(signal, [strip], pulse=False)
    trace = _trace(signal, strip, above, 0.0, labelled=False)
    width = (strip.end_s - strip.start_s) * MM_PER_S
    return _svg(
        "ecg-strip", width, above + below, escape(f"ECG, lead {lead}" if signal.is_ecg else lead), trace, offset=0.0
    )


def _one_high(signal: Signal, lead: str, seconds: float) -> Signal:
    """The beginning of one channel, scaled so that it spans 1."""
    import numpy as np

    values = signal.lead(lead)[: max(1, round(seconds * signal.sampling_rate_hz))]
    finite = values[np.isfinite(values)]
    span = float(np.ptp(finite)) if len(finite) else 0.0
    scaled = (values / (span or 1.0)).astype(np.float32)[:, None]
    return replace(signal, samples=scaled, leads=(lead,), types=signal.types[:1], units=("",))


def _page_start(signal: Signal, window: SignalPlace | None) -> float:
    if window is None or window.end_s <= PAGE_S or signal.duration_s <= PAGE_S:
        return 0.0
    middle = (window.start_s + min(window.end_s, window.start_s + PAGE_S)) / 2
    start = min(max(0.0, middle - PAGE_S / 2), signal.duration_s - PAGE_S)
    return round(start, 1)


def _plan(signal: Signal, window: SignalPlace | None, start: float) -> list[list[_Strip]]:
    end = min(start + PAGE_S, signal.duration_s)
    cited = window.lead if window is not None and window.lead in signal.leads else None
    if all(name in signal.leads for name in STANDARD_LEADS):
        running = end - start >= PAGE_S - 0.01  # shorter: every lead from the start, not one after the other
        rows = []
        for leads in zip(*_COLUMNS, strict=True):
            row = []
            for column, lead in enumerate(leads):
                at = start + column * COLUMN_S if running else start
                row.append(_Strip(lead, column * COLUMN_S * MM_PER_S, at, min(at + COLUMN_S, end)))
            rows.append(row)
        return [*rows, [_Strip(cited or "II", 0.0, start, end)]]
    shown = list(signal.leads[:MAX_ROWS])
    if cited and cited not in shown:
        shown[-1] = cited
    return [[_Strip(lead, 0.0, start, end)] for lead in shown]


def _right_edge(row: list[_Strip]) -> float:
    return max(strip.x + max(strip.end_s - strip.start_s, COLUMN_S) * MM_PER_S for strip in row)


def _cut(signal: Signal, strip: _Strip) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seconds from the strip's start and millivolts about its median."""
    import numpy as np

    rate = signal.sampling_rate_hz
    first, last = round(strip.start_s * rate), round(strip.end_s * rate)
    values = signal.lead(strip.lead)[first:last].astype(np.float64)
    finite = values[np.isfinite(values)]
    if len(finite):
        values = values - np.median(finite)
    return np.arange(len(values)) / rate, values


def _reach(signal: Signal, row: list[_Strip], *, pulse: bool = True) -> tuple[float, float]:
    """Millimetres a row needs above and below its baseline, in whole big squares."""
    import numpy as np

    high, low = (1.0 if pulse else 0.3), 0.3
    for strip in row:
        values = _cut(signal, strip)[1]
        finite = values[np.isfinite(values)]
        if len(finite):
            high, low = max(high, float(finite.max())), max(low, -float(finite.min()))
    return _squares(high), _squares(low)


def _squares(millivolts: float) -> float:
    return min(5.0 * (int((millivolts * MM_PER_MV + 1.0) // 5) + 1), _MOST)


def _trace(signal: Signal, strip: _Strip, baseline: float, top: float, *, labelled: bool = True) -> str:
    import numpy as np

    offset = _LEFT if labelled else 0.0
    seconds, values = _cut(signal, strip)
    finite = np.isfinite(values)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], finite, [False])).astype(np.int8)))
    parts = []
    for first, last in edges.reshape(-1, 2):
        keep = first + _thin(values[first:last], signal.sampling_rate_hz)
        x = offset + strip.x + seconds[keep] * MM_PER_S
        y = baseline - values[keep] * MM_PER_MV
        points = "L".join(f"{a:.2f} {b:.2f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
        parts.append(f"M{points}" if len(keep) > 1 else f"M{points}h0.1")
    path = (
        f'<path class="ecg-trace" data-lead="{escape(strip.lead)}" data-start="{strip.start_s:.3f}" '
        f'd="{"".join(parts)}" '
        'fill="none" stroke="#111" stroke-width="0.28" stroke-linejoin="round"/>'
    )
    if not labelled:
        return path
    x, y = offset + strip.x, top + 4.5
    bar = (
        f'<path class="ecg-bar" d="M{x:.2f} {baseline - 3:.2f}v6" stroke="#111" stroke-width="0.28"/>'
        if strip.x
        else ""
    )
    label = (
        f'<text class="ecg-lead" x="{x + 1.2:.2f}" y="{y:.2f}" font-size="4" font-weight="600" fill="#111">'
        f"{escape(strip.lead)}</text>"
    )
    return bar + path + label


def _thin(values: NDArray[np.float64], rate: float) -> NDArray[np.intp]:
    """Indices of the samples to draw: all up to 250 Hz, beyond it the lowest and highest of every 8 ms."""
    import numpy as np

    size = round(rate / 125)
    if size <= 2 or len(values) < 2 * size:
        return np.arange(len(values))
    whole = len(values) // size * size
    bins = values[:whole].reshape(-1, size)
    starts = np.arange(0, whole, size)
    ends = np.array([0, len(values) - 1])
    return np.unique(np.concatenate((starts + bins.argmin(1), starts + bins.argmax(1), ends)))


def _pulse(baseline: float) -> str:
    """The calibration pulse: 1 mV high, 0.2 s wide."""
    return (
        f'<path class="ecg-pulse" d="M2.5 {baseline:.2f}h2.5v-{MM_PER_MV:g}h5v{MM_PER_MV:g}h2.5" '
        'fill="none" stroke="#111" stroke-width="0.28"/>'
    )


def _light(strip: _Strip, window: SignalPlace | None, start: float, signal: Signal, top: float, height: float) -> str:
    """The cited window behind the trace; nothing where it is the whole page of every lead."""
    if window is None or window.lead not in (strip.lead, "all"):
        return ""
    if (
        window.lead == "all"
        and window.start_s <= start
        and window.end_s >= min(start + PAGE_S, signal.duration_s) - 0.1
    ):
        return ""
    first, last = max(strip.start_s, window.start_s), min(strip.end_s, window.end_s)
    if last <= first:
        return ""
    x = _LEFT + strip.x + (first - strip.start_s) * MM_PER_S
    return (
        f'<rect class="ecg-lit" data-lead="{escape(strip.lead)}" x="{x:.2f}" y="{top:.2f}" '
        f'width="{(last - first) * MM_PER_S:.2f}" height="{height:.2f}" fill="#ffd84d" fill-opacity="0.45" '
        'stroke="#8a6500" stroke-width="0.3" stroke-dasharray="1.5 1"/>'
    )


def _svg(kind: str, width: float, height: float, name: str, body: str, offset: float = 0.0) -> str:
    minor = "".join(f"M{x} 0v{height:g}" for x in range(int(width) + 1) if x % 5)
    minor += "".join(f"M0 {y}h{width:g}" for y in range(int(height) + 1) if y % 5)
    major = "".join(f"M{x} 0v{height:g}" for x in range(0, int(width) + 1, 5))
    major += "".join(f"M0 {y}h{width:g}" for y in range(0, int(height) + 1, 5))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{kind}" viewBox="{offset:g} 0 {width:g} {height:g}" '
        f'width="{width:g}mm" height="{height:g}mm" role="img" aria-label="{name}" '
        'font-family="system-ui, Arial, sans-serif">'
        f'<rect class="ecg-paper" x="0" y="0" width="{width:g}" height="{height:g}" fill="#fffaf7"/>'
        f'<path class="ecg-minor" d="{minor}" fill="none" stroke="#f3c4bb" stroke-width="0.1"/>'
        f'<path class="ecg-major" d="{major}" fill="none" stroke="#e08f83" stroke-width="0.2"/>'
        f"{body}</svg>"
    )
