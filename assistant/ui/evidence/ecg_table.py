"""What was measured on an ECG, in words and figures below its page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median

from markupsafe import Markup

from assistant.measure.words import usual_for
from assistant.ui.evidence import ecg_ladder
from assistant.ui.evidence.ecg_measured import Measured
from assistant.ui.evidence.ecg_page import PAGE_S
from assistant.ui.language import say, words
from assistant.ui.language.figures import number
from assistant.ui.language.told import translated

_VALUES = ("heart_rate_bpm", "rr_ms", "p_ms", "pr_ms", "qrs_ms", "qt_ms", "qtc_bazett_ms", "qtc_fridericia_ms",
           "axis_deg")  # fmt: skip


def notes(measured: Measured) -> Markup:
    """What speaks against trusting the recording: its quality, and electrodes that seem interchanged."""
    told: list[str] = []
    quality = measured.found.quality
    if quality.get("overall", "good") != "good":
        told.append(say(f"ecg.quality_{quality['overall']}", reasons=translated(quality.get("reasons", ""))))
    if "amplitudes" in quality:
        told.append(say("ecg.amplitudes", reason=translated(quality["amplitudes"])))
    if measured.swap is not None:
        told.append(say("ecg.swap", electrodes=say(f"ecg.swap_{measured.swap.replace(' ', '_')}")))
    odd = sum(not beat.usual for beat in measured.beats)
    if odd:
        told.append(say("ecg.odd", odd=odd, beats=len(measured.beats)))
    return Markup("").join(Markup('<p class="wr-warning">⚠ {}</p>').format(text) for text in told)


def value_table(measured: Measured, start: float, theirs: Measured | None) -> Markup:
    """The measured values: over all beats, from beat to beat on this page, and those of the second ECG."""
    heads = [say("ecg.value"), say("ecg.over_all"), say("ecg.usual"), say("ecg.by_beat")]
    heads += [say("ecg.second"), say("ecg.change")] if theirs else []
    rows = list(_rows(measured, start, theirs))
    if not rows:
        return Markup('<p class="ecg-none">{}</p>').format(say("ecg.nothing_measured"))
    body = Markup("").join(
        Markup('<tr data-value="{}"><th scope="row">{}</th>{}</tr>').format(
            name, words.measure(name), Markup("").join(Markup("<td>{}</td>").format(cell) for cell in cells)
        )
        for name, cells in rows
    )
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(told) for told in heads)
    where = say("ecg.measured_from", start=number(measured.from_s, 1), end=number(measured.to_s, 1))
    return Markup(
        '<details class="ecg-measured" open><summary>{}</summary><table><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table><p>{}</p></details>"
    ).format(say("ecg.measured"), head, body, where)


def _rows(measured: Measured, start: float, theirs: Measured | None) -> Iterator[tuple[str, list[str]]]:
    mine, other = measured.found.values, theirs.found.values if theirs else {}
    for name in _VALUES:
        if name not in mine and name not in other:
            continue
        unit = "°" if name == "axis_deg" else " /min" if name.endswith("_bpm") else " ms"
        cells = [_figure(mine.get(name), unit), _usual(name, mine), _by_beat(measured, name, start)]
        if theirs is not None:
            change = round(mine[name]) - round(other[name]) if name in mine and name in other else None
            if change is not None and name == "axis_deg":
                change = (change + 180) % 360 - 180
            cells += [_figure(other.get(name), unit), _figure(change, unit, signed=True)]
        yield name, cells


def _usual(name: str, values: Mapping[str, float]) -> str:
    """What is usual in adults, and where the value lies to it: "120–200 ms: higher"."""
    usual = usual_for(name, values)
    if usual is None:
        return ""
    value = round(values[name])
    lies = usual.lies(value)
    told: str = "open" if lies == "near" and usual.open else lies
    if lies == "outside" and (finding := usual.finding(value)) is not None:
        told = finding.entity.replace(" ", "_")
    return say(f"ecg.{told}_usual", usual=translated(usual.told))


def _figure(value: float | None, unit: str, *, signed: bool = False) -> str:
    return "–" if value is None else number(value, signed=signed) + unit


def _by_beat(measured: Measured, name: str, start: float) -> str:
    """Smallest to largest of the beats on this page, their median, and how many have it."""
    rung = "rr_ms" if name == "heart_rate_bpm" else name
    if rung not in dict(ecg_ladder.RUNGS):
        return ""
    spans = [last - first for first, last in ecg_ladder.intervals(measured.beats, rung)
             if start <= first and last <= start + PAGE_S]  # fmt: skip
    if not spans:
        return "–"
    figures = [60 / s if name == "heart_rate_bpm" else 1000 * s for s in spans]
    told = {"low": number(min(figures)), "high": number(max(figures)), "median": number(median(figures))}
    return say("ecg.beats_range", **told, beats=len(figures))
