"""Signals that are no ECG drawn as a monitor would: each channel in a row of its own, scaled to its range."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from assistant.records import Signal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WINDOW_S = 10.0
MAX_CHANNELS = 12  # drawn; further ones are named below

_WIDTH, _ROW, _LABEL = 240.0, 18.0, 42.0  # mm


def is_ecg(signal: Signal) -> bool:
    """Whether all channels are ECG leads in millivolts, so that they belong on ECG paper."""
    return signal.is_ecg and signal.in_millivolts


def draw_traces(signal: Signal, start_s: float = 0.0) -> str:
    """Ten seconds from `start_s` as SVG (user unit 1 mm); each row is scaled to its channel's range, which is given.

    A channel slower than one sample a second is shown over the whole recording.
    """
    slow = signal.sampling_rate_hz < 1
    begin, end = (0.0, signal.duration_s) if slow else (start_s, min(start_s + WINDOW_S, signal.duration_s))
    first, last = (round(at * signal.sampling_rate_hz) for at in (begin, end))
    drawn = list(enumerate(signal.leads))[:MAX_CHANNELS]
    rows = [_row(signal, channel, name, first, last, n * _ROW) for n, (channel, name) in enumerate(drawn)]
    height = len(drawn) * _ROW + 8
    left_out = signal.leads[MAX_CHANNELS:]
    foot = (
        f"{begin:.1f}–{end:.1f} s of {signal.duration_s:.1f} s · {signal.sampling_rate_hz:g} Hz · "
        "each row scaled to its own range" + (f" · not drawn: {', '.join(left_out)}" if left_out else "")
    )
    name = f"{len(signal.leads)} channel{'s' * (len(signal.leads) != 1)}, {begin:.1f} to {end:.1f} seconds"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="traces" viewBox="0 0 {_LABEL + _WIDTH:g} {height:g}" '
        f'width="{_LABEL + _WIDTH:g}mm" height="{height:g}mm" role="img" aria-label="{escape(name)}" '
        'font-family="system-ui, Arial, sans-serif">'
        f'<rect width="{_LABEL + _WIDTH:g}" height="{height:g}" fill="#fdfdfb"/>{"".join(rows)}'
        f'<text x="2" y="{height - 2.5:g}" font-size="3.4" fill="#444">{escape(foot)}</text></svg>'
    )


def _row(signal: Signal, channel: int, name: str, first: int, last: int, top: float) -> str:
    import numpy as np

    values = signal.samples[first:last, channel].astype(np.float64)
    unit = signal.units[channel] if signal.units else "mV"
    label = f'<text x="2" y="{top + 7:g}" font-size="4" font-weight="600" fill="#111">{escape(name[:14])}</text>'
    finite = values[np.isfinite(values)]
    if not len(finite):
        return label + f'<text x="2" y="{top + 12:g}" font-size="3" fill="#666">no samples here</text>'
    low, high = float(finite.min()), float(finite.max())
    span = f"{low:.4g} … {high:.4g} {unit}"
    label += f'<text x="2" y="{top + 12:g}" font-size="3" fill="#666">{escape(span)}</text>'
    path = "".join(_stretches(values, low, high, top))
    return label + f'<path class="trace" d="{path}" fill="none" stroke="#1b4f72" stroke-width="0.3"/>'


def _stretches(values: NDArray[np.float64], low: float, high: float, top: float) -> list[str]:
    """SVG path data of each stretch without a gap; of many samples the lowest and highest of each 0.1 mm are kept."""
    import numpy as np

    step = _WIDTH / max(len(values) - 1, 1)
    keep = _extremes(values, max(1, round(0.2 / step)))
    x = _LABEL + keep * step
    room = _ROW - 4
    y = top + 2 + room * (0.5 if high == low else 1 - (values[keep] - low) / (high - low))
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
