"""One piece of evidence, opened at its place: which view shows it, and its facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from markupsafe import Markup

from assistant.errors import WardroundError
from assistant.ingest.deid.text_dates import has_date
from assistant.records import Evidence, Record, TextPlace, ValuePlace
from assistant.ui.evidence import picture, signal_view, text_view
from assistant.ui.language import say, words
from assistant.ui.language.figures import number
from assistant.ui.language.told import translated

Look = Callable[[str], Record]  # record id → record with its content


def view(
    evidence: Evidence,
    look: Look,
    rank: int | None,
    relation: str,
    file: str | None = None,
    quotes: Sequence[str] = (),
    beside: Sequence[Record] = (),
    also: Sequence[TextPlace] = (),
) -> Markup:
    """One piece of evidence: its content, opened at its place, and its facts.

    `file` names an upload; `quotes` are the words that the answer took from it, lit within the cited passage;
    `beside` are the case's uploads, for the views that lay one picture or signal beside another; `also` other places
    of the same text that are cited.
    """
    text, of = evidence.text, evidence
    try:
        record = look(evidence.record_id)
        text = record.text or text
        of = replace(evidence, taken_at=record.own_day, dates_moved=False) if record.own_dates else evidence
        content = _content(of, record, quotes, beside, also)
    except (WardroundError, KeyError, OSError) as error:
        content = Markup('<blockquote class="wr-quote">{}</blockquote><p class="wr-reason">{}</p>').format(
            evidence.text, say("view.not_opened", reason=error)
        )
    badge = Markup("<b>{}</b> ").format(rank) if rank else ""
    title = evidence.title or file or words.modality(evidence.modality, evidence.kind)
    moved = Markup('<p class="wr-warning wr-moved">{}</p>').format(say("view.dates_moved"))
    has_moved = of.dates_moved and evidence.kind == "text" and has_date(text)
    return Markup(
        '<article class="wr-view" data-evidence="{}" data-kind="{}"><header><h3>{}<bdi>{}</bdi></h3>'
        '<p class="wr-relation wr-rel-{}">{}</p></header>{}{}{}</article>'
    ).format(
        evidence.id,
        evidence.kind,
        badge,
        title,
        evidence.relation,
        relation,
        moved if has_moved else "",
        content,
        _facts(of),
    )


def _content(
    evidence: Evidence, record: Record, quotes: Sequence[str], beside: Sequence[Record], also: Sequence[TextPlace]
) -> Markup:
    value = _value(evidence.place) if isinstance(evidence.place, ValuePlace) else Markup("")
    others = [other for other in beside if other.kind == record.kind and other.record_id != record.record_id]
    if record.signal is not None:
        return value + signal_view.figure(evidence, record, others)
    if record.kind == "image":
        return value + picture.figure(evidence, record, others)
    return value + text_view.document(evidence, record, quotes, also)


def _value(place: ValuePlace) -> Markup:
    shown = number(place.value, 0 if abs(place.value) >= 20 else 2)
    return Markup('<p class="wr-value"><span>{}</span> <b>{}</b> {}</p>').format(
        words.measure(place.name), shown, translated(place.unit)
    )


def _facts(evidence: Evidence) -> Markup:
    """What is known of it; how it was found only where a search found it."""
    rows = [
        (say("view.kept" if evidence.kept else "view.left_out"), translated(evidence.why)),
        (say("view.score"), number(evidence.score, 3) if evidence.why else ""),
        (say("view.patient"), evidence.patient_id),
        (say("view.study"), evidence.study_id),
        (say("view.taken"), words.taken(evidence)),
        (say("view.archive_id"), evidence.external_id),
        (say("view.labels"), "; ".join(f"{name}: {value}" for name, value in evidence.labels.items())),
        (say("view.source"), evidence.url),
    ]
    body = Markup("").join(
        Markup("<dt>{}</dt><dd><bdi>{}</bdi></dd>").format(name, told) for name, told in rows if told
    )
    return Markup('<dl class="wr-about">{}</dl>').format(body)
