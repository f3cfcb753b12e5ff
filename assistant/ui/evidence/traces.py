"""Signals that are no ECG drawn as a monitor would: each channel in a row of its own, scaled to its range."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from assistant.records import Signal, SignalPlace
from assistant.ui.language import say
from assistant.ui.language.figures import number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WINDOW_S = 10.0
MAX_CHANNELS = 12  # drawn; further ones are named below

_WIDTH, _ROW, _LABEL = 240.0, 18.0, 42.0  # mm
_ROOM = _ROW - 4


def is_ecg(signal: Signal) -> bool:
    """Whether all channels are ECG leads in millivolts, so that they belong on ECG paper."""
    return signal.is_ecg and signal.in_millivolts


def shown_s(signal: Signal) -> float:
    """Seconds on one page: ten, or the whole of a recording slower than one sample a second."""
    return signal.duration_s if signal.sampling_rate_hz < 1 else min(WINDOW_S, signal.duration_s)


def draw_traces(signal: Signal, start_s: float = 0.0, window: SignalPlace | None = None) -> str:
    """Ten seconds from `start_s` as SVG (user unit 1 mm); each row is scaled to its channel's range, which is given.

    A channel slower than one sample a second is shown over the whole recording. `window` is the stretch to light up.
    """
    slow = signal.sampling_rate_hz < 1
    begin, end = (0.0, signal.duration_s) if slow else (start_s, min(start_s + WINDOW_S, signal.duration_s))
    drawn = list(enumerate(signal.leads))[:MAX_CHANNELS]
    cited = window.lead if window is not None else None
    if cited in signal.leads and cited not in [name for _, name in drawn]:
        drawn[-1] = (signal.leads.index(cited), cited)
    rows = [_row(signal, channel, begin, end, n * _ROW, window) for n, (channel, _) in enumerate(drawn)]
    height = len(drawn) * _ROW + 8
    left_out = [name for channel, name in enumerate(signal.leads) if channel not in dict(drawn)]
    foot = say(
        "ecg.traces_scale", start=number(begin, 1), end=number(end, 1), whole=number(signal.duration_s, 1),
        rate=f"{signal.sampling_rate_hz:g}",
    ) + (" · " + say("ecg.not_drawn", leads=", ".join(left_out)) if left_out else "")  # fmt: skip
    name = say("ecg.traces_name", count=len(signal.leads), start=number(begin, 1), end=number(end, 1))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="traces" viewBox="0 0 {_LABEL + _WIDTH:g} {height:g}" '
        f'width="{_LABEL + _WIDTH:g}mm" height="{height:g}mm" data-mm-per-s="{_WIDTH / max(end - begin, 1e-9):.6g}" '
        f'role="img" aria-label="{escape(name)}" font-family="system-ui, Arial, sans-serif">'
        f'<rect class="traces-sheet" width="{_LABEL + _WIDTH:g}" height="{height:g}" fill="#fdfdfb"/>{"".join(rows)}'
        f'<text class="traces-foot" x="2" y="{height - 2.5:g}" font-size="3.4" fill="#444">{escape(foot)}</text></svg>'
    )


def _row(signal: Signal, channel: int, begin: float, end: float, top: float, window: SignalPlace | None) -> str:
    import numpy as np

    name = signal.leads[channel]
    first, last = (round(at * signal.sampling_rate_hz) for at in (begin, end))
    values = signal.samples[first:last, channel].astype(np.float64)
    unit = signal.units[channel] if signal.units else "mV"
    label = (
        f'<text class="traces-name" x="2" y="{top + 7:g}" font-size="4" font-weight="600" fill="#111">'
        f"{escape(name[:14])}</text>"
    )
    finite = values[np.isfinite(values)]
    if not len(finite):
        told = escape(say("ecg.no_samples"))
        return label + f'<text class="traces-foot" x="2" y="{top + 12:g}" font-size="3" fill="#666">{told}</text>'
    low, high = float(finite.min()), float(finite.max())
    span = f"{low:.4g} … {high:.4g} {unit}"
    label += f'<text class="traces-foot" x="2" y="{top + 12:g}" font-size="3" fill="#666">{escape(span)}</text>'
    path = "".join(_stretches(values, low, high, top))
    per_unit = _ROOM / (high - low) if high > low else 0.0
    return (
        f'<g class="ecg-row" data-lead="{escape(name)}" data-unit="{escape(unit)}" data-start="{begin:.3f}" '
        f'data-x="{_LABEL:g}" data-y="{top:g}" data-width="{_WIDTH:g}" data-height="{_ROW:g}" '
        f'data-zero="{top + 2 + _ROOM + low * per_unit:.6g}" data-mm-per-unit="{per_unit:.6g}">'
        f"{_light(name, begin, end, top, window)}{label}"
        f'<path class="trace" d="{path}" fill="none" stroke="#1b4f72" stroke-width="0.3"/></g>'
    )


def _light(name: str, begin: float, end: float, top: float, window: SignalPlace | None) -> str:
    if window is None or window.lead not in (name, "all") or (window.start_s <= begin and window.end_s >= end - 0.1):
        return ""
    first, last = max(begin, window.start_s), min(end, window.end_s)
    if last <= first:
        return ""
    mm_per_s = _WIDTH / (end - begin)
    return (
        f'<rect class="ecg-lit" data-lead="{escape(name)}" x="{_LABEL + (first - begin) * mm_per_s:.2f}" y="{top:g}" '
        f'width="{(last - first) * mm_per_s:.2f}" height="{_ROW:g}" fill="#ffd84d" fill-opacity="0.45" '
        'stroke="#8a6500" stroke-width="0.3" stroke-dasharray="1.5 1"/>'
    )


def _stretches(values: NDArray[np.float64], low: float, high: float, top: float) -> list[str]:
    """SVG path data of each stretch without a gap; of many samples the lowest and highest of each 0.1 mm are kept."""
    import numpy as np

    step = _WIDTH / max(len(values) - 1, 1)
    keep = _extremes(values, max(1, round(0.2 / step)))
    x = _LABEL + keep * step
    y = top + 2 + _ROOM * (0.5 if high == low else 1 - (values[keep] - low) / (high - low))
    parts, pen_down = [], False
    for a, b in zip(x.tolist(), np.broadcast_to(y, x.shape).tolist(), strict=True):
        if np.isfinite(b):
            parts.append(f"{'L' if pen_down else 'M'}{a:.2f} {b:.2f}")
        pen_down = bool(np.isfinite(b))
    return parts


def _extremes(values: NDArray[np.float64], size: int) -> NDArray[np.intp]:
    """Indices of the lowest and highest of every `size` samples, and of every gap."""
    import numpy as np

    whole = len(values) // size * size
    if size <= 2 or not whole:
        return np.arange(len(values))
    bins = values[:whole].reshape(-1, size)
    filled_low, filled_high = np.where(np.isnan(bins), np.inf, bins), np.where(np.isnan(bins), -np.inf, bins)
    starts = np.arange(0, whole, size)
    gaps = np.flatnonzero(np.isnan(values))
    tail = np.arange(whole, len(values))
    return np.unique(
        np.concatenate((starts + filled_low.argmin(1), starts + filled_high.argmax(1), gaps[::size], tail))
    )
