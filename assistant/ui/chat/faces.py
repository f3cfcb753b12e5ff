"""An upload's face: a small picture or strip, and what it is, measured and told at a glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup

from assistant.ingest import Reading
from assistant.measure import measure_image, measure_signal
from assistant.records import STANDARD_LEADS, Record
from assistant.ui.evidence import picture
from assistant.ui.evidence.ecg_page import draw_strip
from assistant.ui.language import say, say_count, words
from assistant.ui.language.figures import number
from assistant.ui.language.told import translated

SHOWN_PARTS = 6  # of a file with several, such as the ZIP of a study; the others are counted
SHOWN_ASIDE = 4


def face_of(name: str, reading: Reading) -> Markup:
    """Picture, name, facts and warnings of a file that could be read."""
    parts = parts_of(reading.records)
    whose = sorted({record.patient_id for record in reading.records if record.patient_id})
    facts = facts_of(parts[0]) if len(parts) == 1 else [say_count("uploads.parts", len(parts))]
    facts += [say("uploads.patient", patient=patient) for patient in whose]
    bad = Counter(warning for part in parts if (warning := quality_of(part[0])))
    warnings = [
        *(words.times(count, warning) for warning, count in bad.items()),
        *([say("uploads.two_patients")] if len(whose) > 1 else []),
    ]
    return Markup('{}<div><bdi class="wr-name">{}</bdi>{}{}{}{}</div>').format(
        thumb(_best(reading.records)),
        name,
        _list("wr-facts", facts),
        _contents(parts) if len(parts) > 1 else "",
        Markup("").join(Markup('<p class="wr-warning">⚠ {}</p>').format(warning) for warning in warnings),
        _aside(reading.aside),
    )


def parts_of(records: Sequence[Record]) -> list[tuple[Record, ...]]:
    """The records as a person counts them: those of one file together, and those of one volume of slices."""

    def part(record: Record) -> tuple[str, ...]:
        if "slices" in record.fields:
            return (record.modality, record.study_id or "", str(record.fields["slices"]))
        return (record.uri,)

    return [tuple(group) for _, group in groupby(records, key=part)]


def facts_of(part: Sequence[Record]) -> list[str]:
    """What a card says of one part: "12-lead ECG", "500 Hz", "10.0 s" …"""
    first = part[0]
    records = [record for record in part if record.kind == first.kind]
    beside = [record for record in part if record.kind == "text" and first.kind != "text"]
    name = words.modality(first.modality, first.kind)
    facts: list[str] = []
    if first.signal is not None:
        count = len(first.signal.leads)
        key = "uploads.leads" if first.signal.is_ecg else "uploads.channels"
        facts.append(say_count(key, count, name=name))
        facts += [", ".join(first.signal.leads)] if set(first.signal.leads) != set(STANDARD_LEADS) else []
        facts.append(say("uploads.rate", rate=f"{first.signal.sampling_rate_hz:g}"))
        facts.append(say("uploads.seconds", seconds=number(first.signal.duration_s, 1)))
    elif first.image is not None:
        height, width = first.image.pixels.shape[:2]
        facts += [f"{name} ({first.modality})" if name != first.modality else name]
        facts += [say("uploads.pixels", width=width, height=height)]
    else:
        pages = max((passage.page or 0 for record in records for passage in record.passages), default=0)
        facts += [name, say_count("uploads.pages", pages)] if pages else [name]
        counted = sum(len(record.text.split()) for record in records)
        facts.append(say_count("uploads.words", counted))
    if view := words.view_of(first):
        facts.append(say("uploads.view", view=view))
    if slices := first.fields.get("slices"):
        facts.append(say("uploads.slices", count=slices, shown=len(records)))
    elif (frames := int(first.fields.get("frames", 0))) > len(records):
        facts.append(say("uploads.frames_kept", count=frames, shown=len(records)))
    elif len(records) > 1 and first.kind != "text":
        facts.append(say_count("uploads.frames", len(records)))
    if beside:
        facts.append(say_count("uploads.with_text", sum(len(record.text.split()) for record in beside)))
    return [*facts, *filter(None, [words.origin(first)])]


def quality_of(record: Record) -> str:
    """What makes a recording or a picture less than good, measured on it; empty if it is fit for use."""
    if record.signal is not None:
        quality = measure_signal(record.signal).quality
    elif record.is_printed_ecg:
        return say("uploads.printed_ecg")
    elif record.image is not None:
        quality = measure_image(record.image).quality
    else:
        return ""
    overall = str(quality.get("overall", "good"))
    return (
        ""
        if overall == "good"
        else say(
            f"uploads.{overall}_quality",
            reasons=translated(quality.get("reasons", "")),
        )
    )


def thumb(record: Record) -> Markup:
    """A small picture, strip or sign of a record."""
    if record.image is not None:
        source = picture.png_uri(record.image, picture.CARD_PX)
        return Markup('<img class="wr-thumb" alt="" src="{}">').format(source)
    if record.signal is not None and record.signal.leads:
        return Markup('<span class="wr-thumb wr-thumb-ecg">{}</span>').format(Markup(draw_strip(record.signal)))
    return Markup('<span class="wr-thumb wr-thumb-text" aria-hidden="true">¶</span>')


def _best(records: Sequence[Record]) -> Record:
    """The record that shows most: a picture, of several the middle one; else a recording, else a text."""
    for kind in ("image", "signal"):
        if of_kind := [record for record in records if record.kind == kind]:
            return of_kind[len(of_kind) // 2]
    return records[0]


def _contents(parts: Sequence[Sequence[Record]]) -> Markup:
    """What is inside, a line for each that reads otherwise, and how many read so."""
    alike = Counter(", ".join(facts_of(part)) for part in parts)
    lines = [words.times(count, line) for line, count in list(alike.items())[:SHOWN_PARTS]]
    left = len(parts) - sum(list(alike.values())[:SHOWN_PARTS])
    return _list("wr-contents", [*lines, *([say_count("uploads.more", left)] if left > 0 else [])])


def _aside(aside: Sequence[tuple[str, str]]) -> Markup:
    """What of it could not be read, and why."""
    if not aside:
        return Markup("")
    lines = [f"{translated(name)}: {translated(reason)}" for name, reason in aside[:SHOWN_ASIDE]]
    left = len(aside) - SHOWN_ASIDE
    lines += [say_count("uploads.more", left)] if left > 0 else []
    told = say_count("uploads.aside", len(aside))
    return Markup('<details class="wr-aside"><summary>⚠ {}</summary>{}</details>').format(
        told, _list("wr-contents", lines)
    )


def _list(css: str, texts: Sequence[str]) -> Markup:
    items = Markup("").join(Markup("<li>{}</li>").format(text) for text in texts)
    return Markup('<ul class="{}">{}</ul>').format(css, items)
