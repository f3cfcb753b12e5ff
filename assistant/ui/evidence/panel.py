"""The evidence panel: the list of what was found, and one piece of it opened at its place."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from assistant.records import Evidence, ValuePlace
from assistant.ui import words
from assistant.ui.chat.conversation import Conversation, Turn
from assistant.ui.chat.talk import shorten
from assistant.ui.evidence.view import Look, view

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
        beside = [record for upload in conversation.uploads for record in upload.records]
        viewer = view(opened, look, turn.numbered().get(opened.id), told, file, quotes, beside)
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
