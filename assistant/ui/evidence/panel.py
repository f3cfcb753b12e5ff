"""The evidence panel: the list of what was found, and one piece of it opened at its place."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from assistant.records import Evidence, TextPlace, ValuePlace
from assistant.ui.chat.conversation import Conversation, Turn
from assistant.ui.chat.own_dates import OwnDates
from assistant.ui.chat.talk import shorten
from assistant.ui.evidence.timeline import timeline_fold
from assistant.ui.evidence.view import Look, view
from assistant.ui.language import say, words
from assistant.ui.language.figures import number as figure
from assistant.ui.language.told import translated

_UNOPENED = {
    "searching": "panel.searching", "unasked": "panel.unasked", "refused": "panel.unasked",
    "interrupted": "panel.interrupted",
}  # fmt: skip
_UNCITED = 8  # tabs shown while nothing is cited yet; the rest is folded


def panel_html(conversation: Conversation, look: Look) -> Markup:
    """The panel for the open turn of the conversation."""
    number = conversation.open_turn()
    if number is None:
        return Markup('<div class="wr-empty"><h2>{}</h2><p>{}</p></div>').format(say("panel.title"), say("panel.empty"))
    turn = conversation.turns[number]
    chosen = (conversation.opened() or (number, None))[1]
    opened = turn.evidence().get(chosen) if chosen else None
    uploaded = conversation.uploaded_records()
    if opened:
        told = words.relation(opened, uploaded)
        file, quotes = uploaded.get(opened.record_id), turn.quotes(opened.id)
        beside = [record for upload in conversation.uploads for record in upload.records]
        also = _also_cited(turn, opened)
        viewer = view(opened, look, turn.numbered().get(opened.id), told, file, quotes, beside, also)
    else:
        key = _UNOPENED.get(turn.stage, "panel.nothing")
        viewer = Markup('<p class="wr-empty">{}</p>').format(say(key))
    return Markup(
        '<div class="wr-panel"{}><button type="button" class="wr-back" data-turn="{}">{}</button>'
        '<h2>{} <span class="wr-for">{}</span></h2>{}{}{}{}</div>'
    ).format(
        Markup(" data-chosen") if conversation.shown else "",
        number,
        say("panel.back"),
        say("panel.title"),
        say("panel.for", question=shorten(turn.question, 70)),
        _tabs(number, turn, chosen, uploaded),
        viewer,
        _timeline(turn, opened),
        _dropped(number, turn, chosen, uploaded, OwnDates(conversation)),
    )


def _also_cited(turn: Turn, opened: Evidence) -> list[TextPlace]:
    """The other places of the opened text that this answer cites, or kept where nothing is cited yet."""
    known = turn.evidence()
    cited = [key for claim in turn.claims for key in claim.citations] or [e.id for e in known.values() if e.kept]
    others = (known[key] for key in dict.fromkeys(cited) if key in known and key != opened.id)
    return [e.place for e in others if e.record_id == opened.record_id and isinstance(e.place, TextPlace)]


def _timeline(turn: Turn, opened: Evidence | None) -> Markup:
    """The timeline of the patient whom this turn is about; nothing where its evidence is others'."""
    own = [e for e in (*([opened] if opened else ()), *turn.evidence().values()) if e.relation == "own"]
    known = next((e for e in own if e.patient_id), None)
    return timeline_fold(known.record_id) if known else Markup("")


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

    more = Markup('<details class="wr-more"{}><summary>{}</summary>{}</details>').format(
        Markup(" open") if chosen in rest else "",
        say("panel.uncited", count=figure(len(rest))),
        row(rest, say("panel.uncited_label")),
    )
    return Markup("{}{}").format(row(first, say("panel.title")), more if rest else "")


def _tab(turn: int, rank: int, evidence: Evidence, pressed: bool, uploaded: Mapping[str, str]) -> Markup:
    name = words.modality(evidence.modality, evidence.kind)
    if isinstance(evidence.place, ValuePlace):
        name = words.measure(evidence.place.name)
    below = " · ".join(filter(None, (words.relation(evidence, uploaded), words.place(evidence.place))))
    return Markup(
        '<li><button type="button" class="wr-tab" data-act="show" data-turn="{}" data-evidence="{}" '
        'aria-pressed="{}"><b>{}</b> {}<small>{}</small></button></li>'
    ).format(turn, evidence.id, "true" if pressed else "false", rank, name, below)


def _dropped(number: int, turn: Turn, chosen: str | None, uploaded: Mapping[str, str], dates: OwnDates) -> Markup:
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
            turn.with_numbers(translated(e.why)),
        )
        for e in map(dates.of_evidence, dropped)
    )
    return Markup('<details class="wr-fold"><summary>{}</summary><ul>{}</ul></details>').format(
        say("panel.dropped", count=figure(len(dropped))), items
    )
