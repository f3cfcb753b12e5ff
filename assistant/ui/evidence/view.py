"""One piece of evidence, opened at its place: which view shows it, and its facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from assistant.errors import WardroundError
from assistant.records import Evidence, Record, ValuePlace
from assistant.ui import words
from assistant.ui.evidence import picture, signal_view, text_view

Look = Callable[[str], Record]  # record id → record with its content


def view(
    evidence: Evidence,
    look: Look,
    number: int | None,
    relation: str,
    file: str | None = None,
    quotes: Sequence[str] = (),
    beside: Sequence[Record] = (),
) -> Markup:
    """One piece of evidence: its content, opened at its place, and its facts.

    `file` names an upload; `quotes` are the words that the answer took from it, lit within the cited passage;
    `beside` are the case's uploads, for the views that lay one picture or signal beside another.
    """
    try:
        content = _content(evidence, look(evidence.record_id), quotes, beside)
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


def _content(evidence: Evidence, record: Record, quotes: Sequence[str], beside: Sequence[Record]) -> Markup:
    value = _value(evidence.place) if isinstance(evidence.place, ValuePlace) else Markup("")
    others = [other for other in beside if other.kind == record.kind and other.record_id != record.record_id]
    if record.signal is not None:
        return value + signal_view.figure(evidence, record, others)
    if record.kind == "image":
        return value + picture.figure(evidence, record, others)
    return value + text_view.document(evidence, record, quotes)


def _value(place: ValuePlace) -> Markup:
    shown = f"{place.value:.0f}" if abs(place.value) >= 20 else f"{place.value:.2g}"
    return Markup('<p class="wr-value"><span>{}</span> <b>{}</b> {}</p>').format(
        words.measure(place.name), shown, place.unit
    )


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
