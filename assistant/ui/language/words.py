"""How the page names things, in the visitor's language: modalities, relations, verdicts, places."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from assistant.records import BoxPlace, Claim, Evidence, Place, Record, SignalPlace, TextPlace, ValuePlace
from assistant.ui.language import is_known, say, say_count
from assistant.ui.language.figures import day, number

_UNITS = ("_bpm", "_ms", "_s", "_deg", "_mv", "_hz", "_px", "_share")
_ID = re.compile(r"\be[0-9a-f]{10}\b")  # as `evidence_id` makes them
_ORIGIN = re.compile(r"\b(synthetic|simulated|projected from|generated)\b", re.IGNORECASE)


def modality(code: str, kind: str) -> str:
    """The modality for people: "X-ray" for CR; the code itself where there is no everyday word."""
    if code == "OT" and kind != "image":
        return say(f"modality.{kind}")
    return say(f"modality.{code}") if is_known(f"modality.{code}") else code


def view_of(record: Record) -> str:
    """How a picture was taken, as its file says: "PA"; empty where it says nothing."""
    return str(record.fields.get("view_position") or record.fields.get("view") or "")


def taken(of: Evidence | Record) -> str:
    """When it was taken, and that the day was moved, where it was; empty where the file says nothing."""
    if isinstance(of, Record) and of.own_dates and of.own_day:
        return day(of.own_day)
    if of.taken_at is None:
        return ""
    when = day(of.taken_at)
    return say("view.taken_moved", day=when) if of.dates_moved else when


def relation(evidence: Evidence, uploaded: Mapping[str, str] | Collection[str]) -> str:
    """Whose evidence it is: the upload's, this patient's, another patient's, or general knowledge.

    `uploaded` are records that were uploaded, or their files by record id: of several the one is named. Where the
    archive names no patient, all that is known is that it is another study. What is an upload again is told as that,
    and a study that was picked by hand as chosen.
    """
    if evidence.copy_of is not None:
        return say("relation.copy")
    if evidence.relation == "own":
        if isinstance(uploaded, Mapping) and evidence.record_id in uploaded and len(set(uploaded.values())) > 1:
            return say("relation.upload_named", file=uploaded[evidence.record_id])
        return say("relation.upload" if evidence.record_id in uploaded else "relation.patient")
    if evidence.relation == "similar":
        whose = "patient" if evidence.patient_id else "study"
        return say(f"relation.chosen_{whose}" if evidence.chosen else f"relation.other_{whose}")
    return say("relation.knowledge")


def place(where: Place | None) -> str:
    """The place in words: "page 3", "lead II, 2.0–4.5 s"; empty where it is the whole record."""
    match where:
        case TextPlace(page=int(page)):
            return say("place.page", page=page)
        case SignalPlace(lead, start_s, end_s):
            key = "place.all_leads" if lead == "all" else "place.lead"
            return say(key, lead=lead, start=number(start_s, 1), end=number(end_s, 1))
        case BoxPlace((0, 0, _, _), frame):  # the whole picture
            return say("place.frame", frame=frame + 1) if frame else ""
        case BoxPlace(_, frame) if frame:
            return say("place.box_in_frame", frame=frame + 1)
        case BoxPlace():
            return say("place.box")
        case ValuePlace():
            return say("place.measured")
        case _:
            return ""


def measure(name: str) -> str:
    """A measured value's name for people: "QT interval" for `qt_ms`."""
    if is_known(f"measure.{name}"):
        return say(f"measure.{name}")
    for unit in _UNITS:
        name = name.removesuffix(unit)
    return name.replace("_", " ")


def verdict(claim: Claim) -> tuple[str, str]:
    """(mark, words) of a claim's verdict; they differ in shape and wording, not in colour alone."""
    mark = {"supported": "✓", "contradicted": "✗"}.get(claim.verdict, "⚠")
    told = say(f"verdict.{claim.verdict}")
    if claim.error_kind and claim.verdict != "supported":
        told = say("verdict.with_kind", verdict=told, kind=say(f"error_kind.{claim.error_kind}"))
    return mark, told


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: "a, b and c"."""
    if len(names) == 1:
        return names[0]
    return say("words.and", first=", ".join(names[:-1]), last=names[-1])


def too_long(question: str, most: int) -> str:
    """Why a question of more than `most` characters is not asked, and what to do; empty for a shorter one."""
    if len(question) <= most:
        return ""
    return say("words.too_long", count=number(len(question)), most=number(most))


def unasked(names: Sequence[str]) -> str:
    """Why a question that came with files that can't be read was not asked, and what to do."""
    return say_count("words.unasked", len(names), names=listed(names))


def times(count: int, line: str) -> str:
    """A line that would stand there so often: "6 × MR, 16 × 16 pixels"."""
    return f"{number(count)} × {line}" if count > 1 else line


def gist(evidence: Evidence) -> str:
    """What a line in a list says of it: its text, else its title, labels or study."""
    labels = ", ".join(evidence.labels.values())
    study = say("words.study", study=evidence.study_id) if evidence.study_id else say("words.study_unnamed")
    return evidence.text or evidence.title or labels or study


def with_numbers(why: str, numbers: Mapping[str, int]) -> str:
    """A reason, with the number of the evidence that it names by its id."""
    return _ID.sub(lambda key: f"[{numbers[key[0]]}]" if key[0] in numbers else key[0], why)


def origin(thing: Evidence | Record) -> str:
    """What its title, labels or fields say of how it was made: "projected from a real CT"; empty if nothing."""
    told = [thing.title or "", *(f"{name} {value}" for name, value in thing.labels.items())]
    values = [thing.title or "", *map(str, thing.labels.values())]
    if isinstance(thing, Record):
        told += [f"{name} {value}" for name, value in thing.fields.items()]
        values += [str(value) for value in thing.fields.values()]
    for text, value in zip(told, values, strict=True):
        if _ORIGIN.search(text):
            return value if _ORIGIN.search(value) else text
    return ""
