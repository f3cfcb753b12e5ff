"""A patient's timeline: all studies that the archive holds of the case's own patient, newest first, each to be opened.

It is offered for a record that is the case's own, under a seal of its own: the address of another patient's picture
leads to no timeline.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup

from assistant.ingest.series import is_slice
from assistant.records import Record
from assistant.retrieve.history import apart
from assistant.retrieve.timeline import PastStudy, Timeline
from assistant.ui.chat.talk import shorten
from assistant.ui.evidence.opened import open_button, opened_here
from assistant.ui.gate.seals import address
from assistant.ui.language import say, say_count, words
from assistant.ui.language.figures import day

OWN = "own-"  # before a record's id in the address of its patient's timeline
_GIST = 160  # characters of a report


def timeline_fold(record_id: str) -> Markup:
    """The fold in which the timeline of an own record's patient opens; it is asked for when it is first unfolded."""
    return Markup(
        '<details class="wr-fold"><summary>{}</summary><wr-lazy data-src="{}" data-waiting="{}" data-failed="{}">'
        "</wr-lazy></details>"
    ).format(say("timeline.title"), address(OWN + record_id, "timeline.html"), say("view.loading"), say("view.failed"))


def timeline_html(timeline: Timeline, shown: str = "") -> Markup:
    """The studies as a list along a line; `shown` is the record from which it was opened."""
    items = Markup("").join(_study(study, shown) for study in timeline.studies)
    head = Markup('<p class="wr-line-head">{}</p>').format(
        say_count("timeline.studies", len(timeline.studies), patient=timeline.patient_id)
    )
    return Markup('<div class="wr-timeline" data-opener>{}<ol class="wr-line">{}</ol>{}</div>').format(
        head, items, opened_here(say("timeline.opened"))
    )


def _study(study: PastStudy, shown: str) -> Markup:
    here = any(record.record_id == shown for record in study.records)
    when = day(study.taken_at) if study.taken_at else say("timeline.undated")
    buttons = Markup("").join(
        Markup("<li>{}</li>").format(open_button(first.record_id, "own", _called(first, count)))
        for first, count in _grouped(study.records)
    )
    return Markup(
        '<li class="wr-past"{}><p class="wr-when"><time>{}</time> <span>{}</span></p>'
        '<ul class="wr-past-records">{}</ul>{}</li>'
    ).format(
        Markup(' aria-current="true"') if here else "",
        when,
        " · ".join(filter(None, (_interval(study), say("timeline.here") if here else ""))),
        buttons,
        _report(study.records),
    )


def _interval(study: PastStudy) -> str:
    """ "3 months before", counted from the reference; empty without a date."""
    if study.days_before is None:
        return ""
    if study.is_reference:
        return say("timeline.latest")
    if study.days_before == 0:
        return say("timeline.same_day")
    number, unit = apart(abs(study.days_before))
    return say(
        "timeline.before" if study.days_before > 0 else "timeline.after",
        interval=say_count(f"timeline.{unit}", number),
    )


def _grouped(records: Sequence[Record]) -> list[tuple[Record, int]]:
    """What one button stands for: a record, or the middle one of a series' slices with how many there are."""
    found: list[tuple[Record, int]] = []
    for _, same in groupby(records, key=lambda r: (r.modality, r.title) if is_slice(r) else r.record_id):
        group = list(same)
        found.append((group[len(group) // 2], len(group)))
    return found


def _called(record: Record, count: int) -> str:
    name = words.modality(record.modality, record.kind)
    view = words.view_of(record)
    several = say_count("timeline.slices", count) if count > 1 else ""
    return ", ".join(filter(None, (name, view, several)))


def _report(records: Sequence[Record]) -> Markup:
    """The beginning of the study's report, or its labels."""
    texts = [record.text for record in records if record.kind == "text" and record.text.strip()]
    labels = "; ".join(f"{name}: {value}" for name, value in records[0].labels.items() if value) if records else ""
    told = shorten(texts[0], _GIST) if texts else labels
    return Markup('<p class="wr-gist">{}</p>').format(told) if told else Markup("")
