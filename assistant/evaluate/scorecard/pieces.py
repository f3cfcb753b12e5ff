"""Small pieces of the page: chips, bars with whiskers, clipped texts. All text is escaped here."""

from __future__ import annotations

from html import escape
from typing import Literal

from assistant.evaluate.bootstrap import Interval
from assistant.evaluate.metric import Metric
from assistant.evaluate.scorecard.words import number_with_interval

Colour = Literal["", "good", "warn", "bad"]
_TRACK = '<rect class="track" x="0" y="6" width="100" height="8" rx="1"/>'
CLIPPED = 600  # characters of one text that are shown; the log has all of it


def chip(text: str, colour: Colour = "") -> str:
    return f'<span class="chip {colour}">{escape(text)}</span>'


def clipped(text: str, length: int = CLIPPED) -> str:
    """A text, escaped, its end left out where it is long."""
    words = text.strip()
    return escape(words if len(words) <= length else words[: length - 1].rstrip() + "…")


def bar(interval: Interval, bounds: tuple[float, float] | None, colour: str = "bar") -> str:
    """A bar over a track that spans the metric's bounds, with its interval as a whisker; "" without bounds."""
    if bounds is None:
        return ""
    low, high = bounds
    label = number_with_interval(interval)
    inside = _TRACK
    if interval.value is not None and interval.low is not None and interval.high is not None:
        zero = _place(max(low, min(0.0, high)), low, high)
        end = _place(interval.value, low, high)
        start, width = min(zero, end), abs(end - zero)
        inside += f'<rect class="{colour}" x="{start:.2f}" y="6" width="{width:.2f}" height="8" rx="1"/>'
        inside += _whisker(_place(interval.low, low, high), _place(interval.high, low, high))
    return _strip(label, inside)


def difference_bar(known: Metric, interval: Interval) -> str:
    """A bar from the middle (no difference) to the largest possible one; green for better, red for worse."""
    if interval.value is None or interval.low is None or interval.high is None or known.bounds is None:
        return ""
    span = known.bounds[1] - known.bounds[0]
    start, end = sorted((50.0, _place(interval.value, -span, span)))
    colour = judged_change(known, interval) or "bar"
    inside = (
        f'{_TRACK}<rect class="{colour}" x="{start:.2f}" y="6" width="{end - start:.2f}" height="8"/>'
        '<line class="zero" x1="50" y1="0" x2="50" y2="20"/>'
        + _whisker(_place(interval.low, -span, span), _place(interval.high, -span, span))
    )
    return _strip(number_with_interval(interval, signed=True), inside)


def judged_change(known: Metric, interval: Interval) -> Colour:
    """good or bad where the whole interval lies on one side of 0 and the metric has a better side; else ""."""
    if known.better is None or interval.low is None or interval.high is None or interval.low <= 0 <= interval.high:
        return ""
    return "good" if (interval.low > 0) == (known.better == "high") else "bad"


def _strip(label: str, inside: str) -> str:
    opening = '<svg class="strip" viewBox="0 0 100 20" preserveAspectRatio="none" role="img"'
    return f'{opening} aria-label="{label}">{inside}</svg>'


def _place(value: float, low: float, high: float) -> float:
    return min(max(100 * (value - low) / (high - low), 0.0), 100.0)


def _whisker(x0: float, x1: float) -> str:
    x0, x1 = min(max(x0, 0.4), 99.6), min(max(x1, 0.4), 99.6)
    return "".join(
        f'<line class="whisker" x1="{a:.2f}" y1="{b}" x2="{c:.2f}" y2="{d}"/>'
        for a, b, c, d in ((x0, 10, x1, 10), (x0, 5, x0, 15), (x1, 5, x1, 15))
    )
