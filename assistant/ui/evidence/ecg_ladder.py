"""Measured intervals as calipers: below a strip a ladder with a rung for each interval and a value for each beat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

from assistant.measure.per_beat import Beat, beats_apart
from assistant.ui.evidence.paper import LEFT, Scale, Strip
from assistant.ui.language import say

RUNGS = (("p_ms", "P"), ("pr_ms", "PR"), ("qrs_ms", "QRS"), ("qt_ms", "QT"), ("rr_ms", "RR"))
RUNG = 4.8  # mm
HEIGHT = RUNG * len(RUNGS) + 1.5
LIMITS = ("p_on", "p_end", "qrs_on", "qrs_end", "t_end")
_ENDED = frozenset(("p_ms", "pr_ms", "qrs_ms", "qt_ms"))  # between a beat's own waves
_FAR_COLOURS = ' fill="#8a1c12" stroke="#8a1c12"'
_WIDE = 1.5  # mm of a figure's digit, so that neighbours in one rung do not run into each other


def rung_of(value: str | None) -> str | None:
    """The rung that carries a measured value ("qtc_bazett_ms" and "qt_ms": "qt_ms"); None for other values."""
    if value is None:
        return None
    if value.startswith("qtc_"):
        return "qt_ms"
    if value in ("heart_rate_bpm", "rr_sd_ms", "rmssd_ms", "rr_variation"):
        return "rr_ms"
    return value if value in dict(RUNGS) else None


def intervals(beats: Sequence[Beat], name: str) -> Iterator[tuple[float, float]]:
    """Beginning and end, in seconds of the recording, of one interval of every beat that has it."""
    if name == "rr_ms":
        yield from ((one.at_s, next_.at_s) for one, next_ in pairwise(beats))
        return
    for beat in beats:
        if (found := beat.interval(name)) is not None:
            yield found


def draw_ladder(beats: Sequence[Beat], strip: Strip, top: float, scale: Scale, lit: str | None = None) -> str:
    """The rungs below a strip whose bottom is at `top`; the rung of a cited value is lit."""
    lines = [_rung(beats, strip, name, label, top + 1.0 + n * RUNG, scale, name == lit)
             for n, (name, label) in enumerate(RUNGS)]  # fmt: skip
    return f'<g class="ecg-ladder" fill="#0a5f6b" stroke="#0a5f6b" font-size="2.7">{"".join(lines)}</g>'


def _rung(beats: Sequence[Beat], strip: Strip, name: str, label: str, y: float, scale: Scale, lit: bool) -> str:
    body, free = [], 0.0
    far = beats_apart(beats, name) if name in _ENDED else frozenset()
    for first, last in intervals(beats, name):
        if first < strip.start_s or last > strip.end_s:
            continue
        x, width = LEFT + strip.x + (first - strip.start_s) * scale.mm_per_s, (last - first) * scale.mm_per_s
        value, is_far = f"{1000 * (last - first):.0f}", (first, last) in far
        caliper = (
            f'<path d="M{x:.2f} {y:.2f}v1.6M{x:.2f} {y + 0.8:.2f}h{width:.2f}m0 -0.8v1.6" '
            'fill="none" stroke-width="0.25"/>'
        )
        shown = f"{value}?" if is_far else value
        middle, half = x + width / 2, _WIDE * len(shown) / 2
        if middle - half >= free:
            free = middle + half + 0.4
            caliper += f'<text x="{middle:.2f}" y="{y + 4.0:.2f}" text-anchor="middle" stroke="none">{shown}</text>'
        title = f"{label} {value} ms, {first:.3f}–{last:.3f} s" + (f": {say('ecg.beat_apart')}" if is_far else "")
        body.append(
            f'<g class="ecg-caliper{" ecg-far" if is_far else ""}" data-interval="{name}" data-ms="{value}"'
            f"{_FAR_COLOURS if is_far else ''}>"
            f"<title>{escape(title)}</title>{caliper}</g>"
        )
    back = (
        f'<rect class="ecg-rung-lit" x="0.5" y="{y - 0.5:.2f}" '
        f'width="{LEFT + strip.x + (strip.end_s - strip.start_s) * scale.mm_per_s:.2f}" height="{RUNG:g}" '
        'fill="#ffd84d" fill-opacity="0.45" stroke="none"/>'
        if lit
        else ""
    )
    heading = (
        f'<text x="{LEFT - 1.5:.2f}" y="{y + 2.4:.2f}" text-anchor="end" stroke="none" font-weight="600">'
        f'{label} <tspan font-weight="400">ms</tspan></text>'
    )
    return f'<g class="ecg-rung" data-interval="{name}">{back}{heading}{"".join(body)}</g>'


def draw_limits(beats: Sequence[Beat], strip: Strip, top: float, height: float, scale: Scale) -> str:
    """Where P, QRS and T begin and end, as thin lines across a strip; a beat of another shape has a mark above it."""
    parts = []
    left = LEFT + strip.x - strip.start_s * scale.mm_per_s  # where the recording's second 0 would lie
    for beat in beats:
        if not strip.start_s <= beat.at_s < strip.end_s:
            continue
        for name in LIMITS:
            at = beat.marks.get(name)
            if at is not None and strip.start_s <= at < strip.end_s:
                parts.append(f"M{left + at * scale.mm_per_s:.2f} {top:.2f}v{height:.2f}")
    lines = (
        f'<path class="ecg-limits" d="{"".join(parts)}" fill="none" stroke="#0a5f6b" stroke-width="0.18" '
        'stroke-dasharray="0.7 0.7"/>'
    )
    others = "".join(
        f'<text class="ecg-odd" x="{left + beat.at_s * scale.mm_per_s:.2f}" y="{top + 3:.2f}" '
        'font-size="3" text-anchor="middle" fill="#8a4b00">✱</text>'
        for beat in beats
        if not beat.usual and strip.start_s <= beat.at_s < strip.end_s
    )
    return lines + others
