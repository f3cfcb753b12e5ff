"""ECG paper: strips of leads on a grid. All coordinates are millimetres, so that a caliper laid on it reads true."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.records import Signal

LEFT = 15.0  # mm at the left of a row, for the calibration pulse
RIGHT = 5.0
FOOT = 10.0
_MOST_MV = 3.0  # that a trace may reach above or below its baseline before its row grows no further


@dataclass(frozen=True, slots=True)
class Scale:
    """How many millimetres of paper a second and a millivolt take."""

    mm_per_s: float = 25.0
    mm_per_mv: float = 10.0


@dataclass(frozen=True, slots=True)
class Strip:
    """One lead from `start_s` to `end_s`, its left edge `x` mm from the row's."""

    lead: str
    x: float
    start_s: float
    end_s: float


def cut(signal: Signal, strip: Strip) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seconds from the strip's start and millivolts about its median, as a recorder without DC coupling draws it."""
    import numpy as np

    rate = signal.sampling_rate_hz
    first, last = max(0, round(strip.start_s * rate)), max(0, round(strip.end_s * rate))
    values = signal.lead(strip.lead)[first:last].astype(np.float64)
    finite = values[np.isfinite(values)]
    if len(finite):
        values = values - np.median(finite)
    return first / rate - strip.start_s + np.arange(len(values)) / rate, values


def reach(values: list[NDArray[np.float64]], scale: Scale, *, pulse: bool = True) -> tuple[float, float]:
    """Millimetres that traces in one row need above and below its baseline, in whole big squares."""
    import numpy as np

    high, low = (1.0 if pulse else 0.3), 0.3
    for trace in values:
        finite = trace[np.isfinite(trace)]
        if len(finite):
            high, low = max(high, float(finite.max())), max(low, -float(finite.min()))
    return _squares(high, scale), _squares(low, scale)


def _squares(millivolts: float, scale: Scale) -> float:
    return min(5.0 * (int((millivolts * scale.mm_per_mv + 1.0) // 5) + 1), _MOST_MV * scale.mm_per_mv)


def path_data(seconds: NDArray[np.float64], values: NDArray[np.float64], at: tuple[float, float], scale: Scale) -> str:
    """A trace as the data of an SVG path whose second 0 and 0 mV lie `at` (x, y) mm; a gap is left open.

    Over 250 Hz the lowest and highest sample of every 8 ms are kept, so no peak is lost.
    """
    import numpy as np

    rate = 1 / (seconds[1] - seconds[0]) if len(seconds) > 1 else 1.0
    finite = np.isfinite(values)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], finite, [False])).astype(np.int8)))
    parts = []
    for first, last in edges.reshape(-1, 2):
        keep = first + _thin(values[first:last], float(rate))
        x = at[0] + seconds[keep] * scale.mm_per_s
        y = at[1] - values[keep] * scale.mm_per_mv
        points = "L".join(f"{a:.2f} {b:.2f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
        parts.append(f"M{points}" if len(keep) > 1 else f"M{points}h0.1")
    return "".join(parts)


def _thin(values: NDArray[np.float64], rate: float) -> NDArray[np.intp]:
    import numpy as np

    size = round(rate / 125)
    if size <= 2 or len(values) < 2 * size:
        return np.arange(len(values))
    whole = len(values) // size * size
    bins = values[:whole].reshape(-1, size)
    starts = np.arange(0, whole, size)
    ends = np.array([0, len(values) - 1])
    return np.unique(np.concatenate((starts + bins.argmin(1), starts + bins.argmax(1), ends)))


def trace_path(strip: Strip, data: str, kind: str = "ecg-trace") -> str:
    """A trace: `kind` is "ecg-trace", or "ecg-other" for the second of two ECGs over each other."""
    look = 'stroke="#1f5fbf" stroke-width="0.3" stroke-dasharray="1.6 0.5"' if kind == "ecg-other" else (
        'stroke="#111" stroke-width="0.28"'
    )  # fmt: skip
    return (
        f'<path class="{kind}" data-lead="{escape(strip.lead)}" data-start="{strip.start_s:.3f}" d="{data}" '
        f'fill="none" {look} stroke-linejoin="round"/>'
    )


def row_group(strip: Strip, box: tuple[float, float, float, float], baseline: float, body: str, label: str) -> str:
    """A strip as a group that says where it lies, for calipers: (x, y, width, height) in mm."""
    x, y, width, height = box
    return (
        f'<g class="ecg-row" data-lead="{escape(label)}" data-start="{strip.start_s:.3f}" data-x="{x:.2f}" '
        f'data-y="{y:.2f}" data-width="{width:.2f}" data-height="{height:.2f}" data-zero="{baseline:.2f}">{body}</g>'
    )


def lead_label(lead: str, x: float, y: float, warning: str = "") -> str:
    """The lead's name; a warning about its quality is a mark with the words in its tooltip."""
    mark = f' <tspan class="ecg-doubt">⚠<title>{escape(warning)}</title></tspan>' if warning else ""
    return (
        f'<text class="ecg-lead" x="{x:.2f}" y="{y:.2f}" font-size="4" font-weight="600" fill="#111">'
        f"{escape(lead)}{mark}</text>"
    )


def pulse_path(baseline: float, scale: Scale) -> str:
    """The calibration pulse: 1 mV high, 0.2 s wide."""
    wide, rest = 0.2 * scale.mm_per_s, (LEFT - 5.0 - 0.2 * scale.mm_per_s) / 2
    rest = max(rest, 0.5)
    return (
        f'<path class="ecg-pulse" d="M{2.5:g} {baseline:.2f}h{rest:g}v-{scale.mm_per_mv:g}h{wide:g}'
        f'v{scale.mm_per_mv:g}h{rest:g}" fill="none" stroke="#111" stroke-width="0.28"/>'
    )


def sheet(kind: str, width: float, height: float, name: str, body: str, scale: Scale, left: float = 0.0) -> str:
    """The whole page as SVG, `width` × `height` mm on its grid; `left` is the x of its left edge."""
    minor = "".join(f"M{x} 0v{height:g}" for x in range(int(width) + 1) if x % 5)
    minor += "".join(f"M0 {y}h{width:g}" for y in range(int(height) + 1) if y % 5)
    major = "".join(f"M{x} 0v{height:g}" for x in range(0, int(width) + 1, 5))
    major += "".join(f"M0 {y}h{width:g}" for y in range(0, int(height) + 1, 5))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{kind}" viewBox="{left:g} 0 {width:g} {height:g}" '
        f'width="{width:g}mm" height="{height:g}mm" data-mm-per-s="{scale.mm_per_s:g}" '
        f'data-mm-per-mv="{scale.mm_per_mv:g}" role="img" aria-label="{escape(name)}" '
        'font-family="system-ui, Arial, sans-serif">'
        f'<rect class="ecg-paper" x="0" y="0" width="{width:g}" height="{height:g}" fill="#fffaf7"/>'
        f'<path class="ecg-minor" d="{minor}" fill="none" stroke="#f3c4bb" stroke-width="0.1"/>'
        f'<path class="ecg-major" d="{major}" fill="none" stroke="#e08f83" stroke-width="0.2"/>'
        f"{body}</svg>"
    )
