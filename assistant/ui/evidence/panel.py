"""The evidence panel: the list of what was found, and one piece of it opened at its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup

from assistant.errors import WardroundError
from assistant.records import BoxPlace, Evidence, Record, SignalPlace, TextPlace, ValuePlace
from assistant.ui import words
from assistant.ui.chat.conversation import Conversation, Turn
from assistant.ui.chat.talk import shorten
from assistant.ui.evidence import picture
from assistant.ui.evidence.ecg_page import draw_ecg
from assistant.ui.evidence.traces import draw_traces, is_ecg

Look = Callable[[str], Record]  # record id → record with its content

_AROUND = 4_000  # characters of a long text shown before and after the cited ones
_UNCITED = 8  # tabs shown while nothing is cited yet; the rest is folded
_EMPTY = Markup(
    '<div class="wr-empty"><h2>Evidence</h2><p>The X-ray, the ECG or the sentence behind each number of an answer '
    "opens here.</p></div>"
)


def panel_html(conversation: Conversation, look: Look) -> Markup:
    """The panel for the open turn of the conversation."""
    number = conversation.open_turn()
    if number is None:
        return _EMPTY
    turn = conversation.turns[number]
    chosen = (conversation.opened() or (number, None))[1]
    opened = turn.evidence().get(chosen) if chosen else None
    uploaded = conversation.uploaded_records()
    if opened:
        told = words.relation(opened, uploaded)
        file, quotes = uploaded.get(opened.record_id), turn.quotes(opened.id)
        viewer = view(opened, look, turn.numbered().get(opened.id), told, file, quotes)
    elif turn.stage == "searching":
        viewer = Markup('<p class="wr-empty">Searching …</p>')
    elif turn.stage == "unasked":
        viewer = Markup('<p class="wr-empty">Nothing was asked.</p>')
    else:
        viewer = Markup('<p class="wr-empty">No evidence was good enough to keep.</p>')
    return Markup(
        '<div class="wr-panel"{}><button type="button" class="wr-back" data-turn="{}">↑ Back to the answer</button>'
        '<h2>Evidence <span class="wr-for">for “{}”</span></h2>{}{}{}{}</div>'
    ).format(
        Markup(" data-chosen") if conversation.shown else "",
        number,
        shorten(turn.question, 70),
        _tabs(number, turn, chosen, uploaded),
        viewer,
        _dropped(number, turn, chosen, uploaded),
        _how(turn),
    )


def _tabs(number: int, turn: Turn, chosen: str | None, uploaded: Mapping[str, str]) -> Markup:
    """The kept evidence as buttons: what is cited first; of a checked answer the rest is folded away."""
    order, known = turn.numbered(), turn.evidence()
    cited = {key for claim in turn.claims for key in claim.citations}
    keys = [key for key in order if key in known]
    first = [key for key in keys if key in cited] if cited else keys[:_UNCITED]
    rest = [key for key in keys if key not in first]

    def row(some: list[str], label: str) -> Markup:
        tabs = (_tab(number, order[key], known[key], key == chosen, uploaded) for key in some)
        return Markup('<ul class="wr-tabs" aria-label="{}">{}</ul>').format(label, Markup("").join(tabs))

    more = Markup('<details class="wr-more"{}><summary>Also kept, not cited ({})</summary>{}</details>').format(
        Markup(" open") if chosen in rest else "", len(rest), row(rest, "Evidence kept and not cited")
    )
    return Markup("{}{}").format(row(first, "Evidence"), more if rest else "")


def _tab(turn: int, rank: int, evidence: Evidence, pressed: bool, uploaded: Mapping[str, str]) -> Markup:
    name = words.modality(evidence.modality, evidence.kind)
    if isinstance(evidence.place, ValuePlace):
        name = words.measure(evidence.place.name)
    below = " · ".join(filter(None, (words.relation(evidence, uploaded), words.place(evidence.place))))
    return Markup(
        '<li><button type="button" class="wr-tab" data-act="show" data-turn="{}" data-evidence="{}" '
        'aria-pressed="{}"><b>{}</b> {}<small>{}</small></button></li>'
    ).format(turn, evidence.id, "true" if pressed else "false", rank, name, below)


def view(
    evidence: Evidence,
    look: Look,
    number: int | None,
    relation: str,
    file: str | None = None,
    quotes: Sequence[str] = (),
) -> Markup:
    """One piece of evidence: its content, opened at its place, and its facts.

    `file` names an upload; `quotes` are the words that the answer took from it, lit within the cited passage.
    """
    try:
        content = _content(evidence, look(evidence.record_id), quotes)
    except (WardroundError, KeyError, OSError) as error:
        content = Markup('<blockquote class="wr-quote">{}</blockquote><p class="wr-reason">{}</p>').format(
            evidence.text, f"The record itself could not be opened: {error}"
        )
    badge = Markup("<b>{}</b> ").format(number) if number else ""
    title = evidence.title or file or words.modality(evidence.modality, evidence.kind)
    return Markup(
        '<article class="wr-view" data-evidence="{}" data-kind="{}"><header><h3>{}<bdi>{}</bdi></h3>'
        '<p class="wr-relation wr-rel-{}">{}</p></header>{}{}</article>'
    ).format(evidence.id, evidence.kind, badge, title, evidence.relation, relation, content, _facts(evidence))


def _content(evidence: Evidence, record: Record, quotes: Sequence[str]) -> Markup:
    value = _value(evidence.place) if isinstance(evidence.place, ValuePlace) else Markup("")
    told = words.origin(evidence) or words.origin(record)
    origin = Markup('<figcaption class="wr-origin">⚑ {}</figcaption>').format(told) if told else Markup("")
    if record.signal is not None:
        window = evidence.place if isinstance(evidence.place, SignalPlace) else None
        drawing = draw_ecg(record.signal, window) if is_ecg(record.signal) else draw_traces(record.signal)
        page = Markup(drawing)  # both build and escape their own SVG
        name = "ECG page" if is_ecg(record.signal) else "Traces"
        drawn = Markup('<div class="wr-paper" tabindex="0" role="group" aria-label="{}">{}</div>').format(name, page)
        return Markup('{}<figure class="wr-ecg">{}{}</figure>').format(value, origin, drawn)
    if record.image is not None:
        source = picture.png_uri(record.image)
        alt = evidence.title or f"{words.modality(evidence.modality, evidence.kind)} image"
        box = _box(record, evidence.place) if isinstance(evidence.place, BoxPlace) else Markup("")
        return Markup(
            '{}<figure class="wr-image">{}<div class="wr-frame"><img alt="{}" src="{}">{}</div></figure>'
        ).format(value, origin, alt, source, box)
    return Markup("{}{}").format(value, _text(evidence, record, quotes))


def _value(place: ValuePlace) -> Markup:
    shown = f"{place.value:.0f}" if abs(place.value) >= 20 else f"{place.value:.2g}"
    return Markup('<p class="wr-value"><span>{}</span> <b>{}</b> {}</p>').format(
        words.measure(place.name), shown, place.unit
    )


def _box(record: Record, place: BoxPlace) -> Markup:
    assert record.image is not None
    left, top, width, height = picture.percent_box(record.image, place.box)
    if width > 99 and height > 99:  # the whole picture
        return Markup("")
    style = f"left:{left:.2f}%;top:{top:.2f}%;width:{width:.2f}%;height:{height:.2f}%"
    return Markup('<span class="wr-box" style="{}"></span>').format(style)


def _text(evidence: Evidence, record: Record, quotes: Sequence[str]) -> Markup:
    """The record's text with the cited characters marked; a long one is cut around them, and says so."""
    text = record.text or evidence.text
    place = evidence.place
    start, end = (place.start, place.end) if isinstance(place, TextPlace) and record.text else (0, 0)
    start, end = max(0, min(start, len(text))), max(0, min(end, len(text)))
    first, last = max(0, start - _AROUND), min(len(text), end + _AROUND)
    marked = _lit(text[start:end], quotes) if end > start else ""
    where = " · ".join(filter(None, (words.place(place), evidence.section)))
    head = Markup('<p class="wr-where">{}</p>').format(where) if where else ""
    return Markup(
        '{}<div class="wr-document" tabindex="0" role="group" aria-label="Text of the record">{}{}{}{}{}</div>'
    ).format(
        head,
        "… " if first else "",
        text[first:start],
        marked,
        text[end:last],
        " …" if last < len(text) else "",
    )


def _lit(passage: str, quotes: Sequence[str]) -> Markup:
    """The cited passage, and within it, brighter, the words that were quoted from it."""
    spans = sorted((at, at + len(quote)) for quote in quotes if quote and (at := passage.find(quote)) >= 0)
    parts, done = Markup(""), 0
    for start, end in spans:
        if start >= done:
            sentence = Markup('<mark class="wr-sentence">{}</mark>').format(passage[start:end])
            parts, done = parts + passage[done:start] + sentence, end
    kind = Markup(' class="wr-passage"') if done else ""
    return Markup('<mark id="wr-cited"{}>{}{}</mark>').format(kind, parts, passage[done:])


def _facts(evidence: Evidence) -> Markup:
    taken = evidence.taken_at.date().isoformat() if evidence.taken_at else None
    rows = [
        ("kept" if evidence.kept else "left out", evidence.why),
        ("score", f"{evidence.score:.3f}"),
        ("patient", evidence.patient_id),
        ("study", evidence.study_id),
        ("taken", taken),
        ("archive id", evidence.external_id),
        ("labels", "; ".join(f"{name}: {value}" for name, value in evidence.labels.items())),
        ("source", evidence.url),
    ]
    body = Markup("").join(
        Markup("<dt>{}</dt><dd><bdi>{}</bdi></dd>").format(name, told) for name, told in rows if told
    )
    return Markup('<dl class="wr-about">{}</dl>').format(body)


def _dropped(number: int, turn: Turn, chosen: str | None, uploaded: Mapping[str, str]) -> Markup:
    dropped = [e for e in turn.evidence().values() if not e.kept]
    if not dropped:
        return Markup("")
    items = Markup("").join(
        Markup(
            '<li><button type="button" class="wr-near" data-act="show" data-turn="{}" data-evidence="{}" '
            'aria-pressed="{}">{}</button><span class="wr-why">{}</span></li>'
        ).format(
            number,
            e.id,
            "true" if e.id == chosen else "false",
            f"{words.modality(e.modality, e.kind)}, {words.relation(e, uploaded)}: {shorten(words.gist(e))}",
            e.why,
        )
        for e in dropped
    )
    return Markup(
        '<details class="wr-fold"><summary>Considered and left out ({})</summary><ul>{}</ul></details>'
    ).format(len(dropped), items)


def _how(turn: Turn) -> Markup:
    if turn.answer is None:
        return Markup("")
    answer = turn.answer
    timing = ", ".join(f"{name} {value:,.0f} ms" for name, value in answer.timing_ms.items())
    rows = [
        ("route", "; ".join(answer.route)),
        ("model", answer.model),
        ("prompt", answer.prompt),
        ("time", timing),
    ]
    body = Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(name, told) for name, told in rows if told)
    return Markup(
        '<details class="wr-fold"><summary>How this was answered</summary><dl class="wr-about">{}</dl></details>'
    ).format(body)
