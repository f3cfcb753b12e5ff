"""`<wr-ecg>`: a signal with its tools. The drawing itself comes from here; the element only asks for it anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from assistant.records import Record, Signal, SignalPlace
from assistant.ui.evidence import ecg_ladder
from assistant.ui.evidence.ecg_compare import aligned
from assistant.ui.evidence.ecg_measured import Measured, measure_around
from assistant.ui.evidence.ecg_median import draw_median
from assistant.ui.evidence.ecg_page import PAGE_S, Marks, Page, draw_ecg, has_twelve, layouts, page_start, rhythm_lead
from assistant.ui.evidence.ecg_table import notes, value_table
from assistant.ui.evidence.traces import draw_traces, is_ecg, shown_s
from assistant.ui.gate import seals
from assistant.ui.gate.visitor import visitor
from assistant.ui.language import say, words
from assistant.ui.language.figures import number

SPEEDS = (12.5, 25.0, 50.0, 100.0)
GAINS = (2.5, 5.0, 10.0, 20.0, 40.0)
_SAID = (
    "reading", "reading_unit", "calibrate", "handle_start", "handle_end", "handle_whole", "own", "removed", "failed",
    "loading", "page_of", "zoom_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Other:
    """The second of two ECGs: its signal and what it is ("another patient's, 3 May 2019")."""

    signal: Signal
    told: str


def name_of(record: Record) -> str:
    """A record by its title or kind and file, its day and whose it is."""
    whose = say("ecg.patient", patient=record.patient_id) if record.patient_id else ""
    name = record.title or f"{words.modality(record.modality, record.kind)} {record.uri}".strip()
    return ", ".join(filter(None, (name, words.taken(record), whose)))


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What is drawn of a signal: its page, the cited window and value, whether intervals are measured and drawn."""

    page: Page = field(default_factory=Page)
    window: SignalPlace | None = None
    value: str | None = None
    calipers: bool = True
    other: Other | None = None


def ecg_element(record: Record, window: SignalPlace | None, value: str | None,
                others: Sequence[tuple[str, str]] = ()) -> Markup:  # fmt: skip
    """The element with its tools and the first page, drawn without what takes time to be measured.

    `value` is the name of a cited value, `others` are (record id, what it is) of signals to lay over this one.
    """
    signal = record.signal
    assert signal is not None
    query: dict[str, str | float] = {}
    if window is not None:
        query |= {"lit_lead": window.lead, "lit_start": window.start_s, "lit_end": window.end_s}
    if value is not None:
        query["value"] = value
    drawn = _drawing(signal, Shown(window=window, value=value), None, None)
    return Markup(
        '<wr-ecg data-src="{}" data-key="{}" data-say="{}" data-lang="{}"><noscript>{}<div class="ecg-view">{}</div>'
        '<p class="ecg-reading" role="status" aria-live="polite"></p></noscript></wr-ecg>'
    ).format(
        seals.address(record.record_id, "ecg", **query),
        f"{record.record_id} {json.dumps(query)}",
        json.dumps({name: say(f"ecg.{name}") for name in _SAID}),
        visitor().language,
        _tools(signal, window, others),
        drawn,
    )


def ecg_fragment(signal: Signal, shown: Shown) -> Markup:
    """The drawing as the element asks for it, with what was measured below."""
    start = page_start(signal, shown.window, shown.page.start_s)
    ecg = is_ecg(signal)
    measured = measure_around(signal, start + PAGE_S / 2) if ecg and signal.duration_s else None
    theirs = measure_around(shown.other.signal, 0.0) if ecg and shown.other is not None else None
    parts = [_drawing(signal, shown, measured, theirs)]
    if measured is not None:
        parts += [notes(measured), value_table(measured, start, theirs)]
    return Markup("").join(parts)


def _drawing(signal: Signal, shown: Shown, measured: Measured | None, theirs: Measured | None) -> Markup:
    page = shown.page
    if not is_ecg(signal):
        start = min(page.start_s or page_start(signal, shown.window), max(0.0, signal.duration_s - shown_s(signal)))
        return _paper(draw_traces(signal, start, shown.window), say("ecg.traces"), start, signal)
    start = page_start(signal, shown.window, page.start_s)
    lit = ecg_ladder.rung_of(shown.value) if shown.calipers else None
    told = say("ecg.legend", other=shown.other.told) if shown.other else ""
    if page.layout == "median" and measured is not None:
        return _paper(
            draw_median(measured, page.scale, lit, theirs, told, shown.calipers), say("ecg.page"), start, signal
        )
    beside = None
    if shown.other is not None and measured is not None and theirs is not None:
        beside = aligned(measured, shown.other.signal, theirs, start)
    marks = Marks(
        ladder=shown.calipers, beats=measured.beats if measured and shown.calipers else (), lit=lit,
        doubts=measured.doubts() if measured else {}, beside=beside, legend=told,
    )  # fmt: skip
    return _paper(draw_ecg(signal, shown.window, page, marks), say("ecg.page"), start, signal)


def _paper(svg: str, name: str, start: float, signal: Signal) -> Markup:
    """The drawing as the place that scrolls, zooms and takes calipers; it says which stretch it shows."""
    return Markup(
        '<div class="wr-paper" tabindex="0" role="group" aria-label="{}" data-start="{}" data-page="{}" '
        'data-whole="{}"><div class="ecg-sheet">{}</div></div>'
    ).format(
        name, f"{start:.1f}", f"{PAGE_S if is_ecg(signal) else shown_s(signal):g}", f"{signal.duration_s:.3f}",
        Markup(svg),  # built and escaped by the drawing
    )  # fmt: skip


def _tools(signal: Signal, window: SignalPlace | None, others: Sequence[tuple[str, str]]) -> Markup:
    """Choices and buttons; the element listens to them by their `data-ecg`."""
    parts: list[Markup] = []
    if is_ecg(signal):
        named = {"rows": "12x1" if has_twelve(signal) else "rows"}
        parts += [
            _choice("layout", [(name, say(f"ecg.layout_{named.get(name, name)}")) for name in layouts(signal)]),
            _choice("speed", [(f"{v:g}", f"{number(v, int(v % 1 > 0))} mm/s") for v in SPEEDS], "25"),
            _choice("gain", [(f"{v:g}", f"{number(v, int(v % 1 > 0))} mm/mV") for v in GAINS], "10"),
        ]
        if len(signal.leads) > 1:
            parts.append(_choice("lead", [(lead, lead) for lead in signal.leads], rhythm_lead(signal, window, None)))
        parts.append(_button("calipers", pressed=True))
    parts += [_button("add"), _button("draw", pressed=False), _button("march", pressed=False), _button("clear")]
    parts += [_button(name) for name in ("out", "in", "fit", "true")]
    if signal.duration_s > (PAGE_S if is_ecg(signal) else shown_s(signal)) + 0.05:
        parts.append(_paging(max(0.0, signal.duration_s - PAGE_S), page_start(signal, window)))
    if is_ecg(signal) and others:
        options = [("", say("ecg.alone")), *((seals.sealed(key), told) for key, told in others)]
        parts.append(_choice("other", options))
    return Markup('<div class="ecg-tools" role="group" aria-label="{}">{}</div>').format(
        say("ecg.tools"), Markup("").join(parts)
    )


def _paging(last: float, start: float) -> Markup:
    """Ten seconds back and forth, and a slider over the recording."""
    slider = Markup('<input type="range" data-ecg="start" min="0" max="{}" step="0.1" value="{}">').format(
        f"{last:.1f}", f"{start:.1f}"
    )
    return Markup('<span class="ecg-paging">{}<label class="ecg-at"><span>{}</span>{}</label>{}</span>').format(
        _button("earlier"), say("ecg.start"), slider, _button("later")
    )


def _choice(name: str, options: Sequence[tuple[str, str]], chosen: str | None = None) -> Markup:
    listed = Markup("").join(
        Markup('<option value="{}"{}>{}</option>').format(value, Markup(" selected") if value == chosen else "", told)
        for value, told in options
    )
    return Markup('<label><span>{}</span><select data-ecg="{}">{}</select></label>').format(
        say(f"ecg.{name}"), name, listed
    )


def _button(name: str, pressed: bool | None = None) -> Markup:
    state = "" if pressed is None else Markup(' aria-pressed="{}"').format("true" if pressed else "false")
    sign = {"out": "−", "in": "+", "earlier": "◀", "later": "▶"}.get(name)
    told = say(f"ecg.{name}")
    if sign:
        return Markup('<button type="button" data-ecg="{}" aria-label="{}" title="{}">{}</button>').format(
            name, told, told, sign
        )
    return Markup('<button type="button" data-ecg="{}" title="{}"{}>{}</button>').format(
        name, say(f"ecg.{name}_hint"), state, told
    )
