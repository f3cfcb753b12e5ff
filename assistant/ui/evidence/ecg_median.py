"""The median beat of every lead, with its limits, and over it that of a second ECG with the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from assistant.measure.beats import AFTER_MS, BEFORE_MS
from assistant.measure.intervals import apart, lead_values
from assistant.measure.limits import TOLERANCES
from assistant.measure.strip import RATE_HZ
from assistant.measure.waves import MARKS, P_ON, QRS_END, QRS_ON, T_END, sample_at
from assistant.records import STANDARD_LEADS
from assistant.ui.evidence.ecg_measured import Measured
from assistant.ui.evidence.ecg_page import legend
from assistant.ui.evidence.paper import (
    FOOT,
    LEFT,
    RIGHT,
    Scale,
    Strip,
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

FASTER = 2.0  # the beat is drawn at twice the page's speed: it is looked at from near
GAP = 6.0  # mm between two beats in a row
COLUMNS = 4
BEGIN_S, END_S = -BEFORE_MS / 1000, AFTER_MS / 1000
_SPANS = {"p_ms": ("p_on", "p_end"), "pr_ms": ("p_on", "qrs_on"), "qrs_ms": ("qrs_on", "qrs_end"),
          "qt_ms": ("qrs_on", "t_end")}  # fmt: skip
_SHOWN = (("pr_ms", "PR"), ("qrs_ms", "QRS"), ("qt_ms", "QT"))


def draw_median(
    measured: Measured, scale: Scale, lit: str | None = None, other: Measured | None = None, told: str = "",
    limits: bool = True,
) -> str:  # fmt: skip
    """Every lead's median beat as SVG (user unit 1 mm), at twice the page's speed.

    `lit` is the interval that is cited; `other` the second ECG, drawn on the first one's R peak with the difference
    (this one less the other) below; `told` says which is which. Levels are those just before the QRS.
    """
    near = Scale(scale.mm_per_s * FASTER, scale.mm_per_mv)
    leads = order(measured.analysis.leads) if measured.analysis.rhythm is not None else ()
    far = apart(measured.found.per_lead) if limits else {}
    body: list[str] = []
    y = 5.0
    cell = (END_S - BEGIN_S) * near.mm_per_s + GAP
    for first in range(0, len(leads), COLUMNS):
        row = leads[first : first + COLUMNS]
        drawn = [(lead, _beat(measured, lead), _beat(other, lead) if other else None) for lead in row]
        values = [beat for _, this, that in drawn for beat in (this, that) if beat is not None]
        above, below = reach(values, near)
        above += 5.0  # the figures stand above the beat
        baseline = y + above
        body.append(pulse_path(baseline, near))
        changes = [this - that for _, this, that in drawn if this is not None and that is not None]
        up, down = reach(changes, near, pulse=False) if changes else (0.0, 0.0)
        for column, (lead, this, that) in enumerate(drawn):
            box = (LEFT + column * cell, y, cell - GAP, above + below)
            body.append(_cell(measured, lead, this, that, box, baseline, near, lit if limits else None, limits, far))
            if other is not None and this is not None and that is not None:
                told_change = _told(lead, this - that, measured, other)
                body.append(_difference(lead, this - that, box, (y + above + below, up), near, told_change))
        y += above + below + up + down
    width = LEFT + COLUMNS * cell + RIGHT
    if not leads:
        body.append(
            f'<text class="ecg-scale" x="{LEFT}" y="20" font-size="5" fill="#333">{escape(say("ecg.no_beat"))}</text>'
        )
        y = 30.0
    height = y + FOOT + 5.0 * (bool(told) + bool(far))
    foot = say("ecg.median_scale", speed=f"{near.mm_per_s:g}", gain=f"{near.mm_per_mv:g}",
               beats=len(measured.beats), start=number(measured.from_s, 1), end=number(measured.to_s, 1))  # fmt: skip
    body.append(
        f'<text class="ecg-scale" x="5" y="{height - 3.5:.1f}" font-size="3.6" fill="#333">{escape(foot)}</text>'
    )
    if far:
        most = {name: f"{ms:g}" for name, (_, _, ms, _) in TOLERANCES.items() if name in ("pr", "qrs", "qt")}
        body.append(
            f'<text class="ecg-scale ecg-apart-told" x="5" y="{height - 8.5:.1f}" font-size="3.6" fill="#8a1c12">'
            f"⚠ {escape(say('ecg.apart', **most))}</text>"
        )
    if told:
        body.append(legend(told, height - 8.5 - 5.0 * bool(far)))
    return sheet("ecg-page ecg-medians", width, height, say("ecg.median_name", leads=len(leads)), "".join(body), near)


def order(leads: Sequence[str]) -> tuple[str, ...]:
    """The leads row by row: I, aVR, V1, V4 and so on where all twelve are there."""
    if not set(STANDARD_LEADS) <= set(leads):
        return tuple(leads)
    twelve = tuple(STANDARD_LEADS[row + 3 * column] for row in range(3) for column in range(4))
    return twelve + tuple(lead for lead in leads if lead not in STANDARD_LEADS)


def _beat(measured: Measured, lead: str) -> NDArray[np.float64] | None:
    """The lead's median beat (550,) from the level just before its QRS; None without the lead, or without beats."""
    import numpy as np

    analysis = measured.analysis
    if analysis.rhythm is None or lead not in analysis.leads:
        return None
    column = analysis.leads.index(lead)
    beat, onset = analysis.median[:, column], analysis.marks[column, QRS_ON]
    if not np.isfinite(onset):
        onsets = analysis.marks[:, QRS_ON][np.isfinite(analysis.marks[:, QRS_ON])]
        if not len(onsets):
            return np.asarray(beat)
        onset = np.median(onsets)
    at = sample_at(float(onset))
    return np.asarray(beat - np.median(beat[max(0, at - 8) : at]))


def _cell(
    measured: Measured, lead: str, this: NDArray[np.float64] | None, that: NDArray[np.float64] | None,
    box: tuple[float, float, float, float], baseline: float, scale: Scale, lit: str | None, limits: bool,
    far: Mapping[str, Mapping[str, float]],
) -> str:  # fmt: skip
    import numpy as np

    x, top, _, height = box
    zero = x - BEGIN_S * scale.mm_per_s
    strip = Strip(lead, x, BEGIN_S, END_S)
    column = measured.analysis.leads.index(lead)
    marks = {name: float(ms) / 1000 for name, ms in zip(MARKS, measured.analysis.marks[column], strict=True)
             if np.isfinite(ms)}  # fmt: skip
    values = lead_values(measured.analysis.marks[column], measured.analysis.median[:, column])
    parts = []
    if lit in _SPANS and lit in values:
        first, last = (marks[name] for name in _SPANS[lit])
        parts.append(
            f'<rect class="ecg-lit" data-lead="{escape(lead)}" x="{zero + first * scale.mm_per_s:.2f}" '
            f'y="{top + 9:.2f}" width="{(last - first) * scale.mm_per_s:.2f}" height="{height - 9:.2f}" fill="#ffd84d" '
            'fill-opacity="0.45" stroke="#8a6500" stroke-width="0.3" stroke-dasharray="1.5 1"/>'
        )
    if limits:
        shown = [MARKS[i] for i in (P_ON, QRS_ON, QRS_END, T_END) if MARKS[i] in marks]
        lines = "".join(f"M{zero + marks[name] * scale.mm_per_s:.2f} {top + 9:.2f}v{height - 9:.2f}" for name in shown)
        parts.append(
            f'<path class="ecg-limits" d="{lines}" fill="none" stroke="#0a5f6b" stroke-width="0.2" '
            'stroke-dasharray="0.7 0.7"/>'
        )
        figures = " · ".join(
            f'<tspan class="ecg-apart" fill="#8a1c12" font-weight="700">⚠ {told}</tspan>' if lead in far.get(name, {})
            else told
            for name, told in ((name, f"{label} {values[name]:.0f}") for name, label in _SHOWN if name in values)
        )  # fmt: skip
        parts.append(
            f'<text class="ecg-figures" x="{x + 1.2:.2f}" y="{top + 8:.2f}" font-size="2.8" fill="#0a5f6b">'
            f"{figures}</text>"
        )
    seconds = BEGIN_S + np.arange(len(measured.analysis.median)) / RATE_HZ
    if that is not None:
        parts.append(trace_path(strip, path_data(seconds, that, (zero, baseline), scale), "ecg-other"))
    if this is not None:
        parts.append(trace_path(strip, path_data(seconds, this, (zero, baseline), scale)))
    label = lead_label(lead, x + 1.2, top + 4.5, measured.doubts().get(lead, ""))
    return row_group(strip, box, baseline, "".join(parts) + label, lead)


def _difference(
    lead: str, change: NDArray[np.float64], box: tuple[float, float, float, float], band: tuple[float, float],
    scale: Scale, told: str,
) -> str:  # fmt: skip
    import numpy as np

    zero, baseline = box[0] - BEGIN_S * scale.mm_per_s, sum(band)
    data = path_data(BEGIN_S + np.arange(len(change)) / RATE_HZ, change, (zero, baseline), scale)
    return (
        f'<g class="ecg-difference" data-lead="{escape(lead)}"><path d="M{box[0]:.2f} {baseline:.2f}h{box[2]:.2f}" '
        f'stroke="#6a1b9a" stroke-width="0.12"/><path d="{data}" fill="none" stroke="#6a1b9a" stroke-width="0.3"/>'
        f'<text x="{box[0] + 1.2:.2f}" y="{band[0] + 2.5:.2f}" font-size="2.8" fill="#6a1b9a">{escape(told)}</text></g>'
    )


def _told(lead: str, change: NDArray[np.float64], this: Measured, other: Measured) -> str:
    """The difference in words: its largest value and that of the ST level; no millivolts where they mean nothing."""
    import numpy as np

    if any("amplitudes" in one.found.quality for one in (this, other)):
        return say("ecg.difference")
    st = [one.found.per_lead.get(lead, {}).get("st_mv") for one in (this, other)]
    told = say("ecg.most", most=number(float(np.abs(change).max()), 2))
    if st[0] is None or st[1] is None:
        return told
    return f"{told} · ST {number(st[0] - st[1], 2, signed=True)} mV"
