"""Clinical text to findings, and what their normal form implies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, cast

from assistant.findings.codes import code_of
from assistant.findings.mentions import Mention, Reading, read_sentence
from assistant.findings.quantities import BASE_UNIT, Quantity, named_measures
from assistant.findings.sections import Sections
from assistant.findings.sentences import sentence_spans
from assistant.findings.times import read_times
from assistant.findings.vocabulary import related, vocabulary
from assistant.records import Finding

_COURSES = ("new", "worse", "better", "stable")
_HISTORY = re.compile(r"history|h/o|hx", re.IGNORECASE)
_GRADES = ("minimal", "mild", "moderate", "severe")
_MEASURES = {
    "heart_rate": "heart rate", "pr": "PR interval", "qrs": "QRS duration", "qt": "QT interval", "qtc": "QTc interval",
    "qtc bazett": "QTc interval (Bazett)", "qtc fridericia": "QTc interval (Fridericia)",
    "qtc framingham": "QTc interval (Framingham)", "qtc hodges": "QTc interval (Hodges)",
    "peak_heart_rate": "peak heart rate", "atrial_rate": "atrial rate", "respiratory_rate": "respiratory rate",
    "longest_rr": "longest RR interval", "shortest_rr": "shortest RR interval", "other_axis": "P or T axis",
    "rr": "RR interval", "p": "P wave duration", "axis": "QRS axis", "ejection_fraction": "ejection fraction",
    "blood_pressure": "blood pressure", "temperature": "temperature", "oxygen_saturation": "oxygen saturation",
    "sampling_rate": "sampling rate",
}  # fmt: skip


def extract_findings(text: str) -> list[Finding]:
    """Every finding that `text` speaks of, in order, with offsets into `text`.

    A finding is present, absent or uncertain as its own sentence says: "no change in the left effusion" has the
    effusion present and left, "heart size is normal" has cardiomegaly absent, "lungs are clear" has lung opacity
    absent (`implies` tells what that says of consolidation). A named measurement ("QRS 92 ms") is a finding with
    its value in the base unit (ms, beats/min, mm, %); a size beside a finding ("2.3 cm nodule") is that finding's
    value. What relatives have or had is left out, as is what the sections "technique" and "comparison" name; what
    an indication asks about ("rule out pneumonia") is no finding. Entity names are those of the vocabulary; they
    keep capitals only where they are abbreviations or names ("ST elevation").
    """
    found: list[Finding] = []
    sections = Sections(text)
    for start, end in sentence_spans(text):
        for begin, stop, role in sections.pieces(start, end):
            if role != "left out":
                found.extend(_read(read_sentence(text[begin:stop]), begin, asked=role == "asked"))
    return sorted(found, key=lambda f: (f.start, f.end))


def is_measurement(finding: Finding) -> bool:
    """Whether a finding is a named measurement alone ("QRS 92 ms"), and no size beside what was found."""
    return ("value", finding.start, finding.end) in finding.spans


def measurements_named(text: str) -> list[str]:
    """The measurements that a text names, with or without a value, as `extract_findings` calls them."""
    return list(dict.fromkeys(_MEASURES.get(name, name) for _, _, name in named_measures(text)))


def _read(reading: Reading, offset: int, asked: bool) -> Iterator[Finding]:
    sized = [q for q in reading.quantities if q.name is None and q.dimension == "length"]
    times = read_times(reading.text, [(mention.start, mention.end) for mention in reading.mentions])
    for mention, time in zip(reading.mentions, times, strict=True):
        if asked and (mention.status == "uncertain" or _is_asked_about(mention, reading)):
            continue
        yield _finding(mention, offset, _size_of(mention, reading.mentions, sized), reading.text, time)
    yield from (_measured(q, offset) for q in reading.quantities if q.name is not None)


def _is_asked_about(mention: Mention, reading: Reading) -> bool:
    """Whether an indication only names it ("Indication: pneumonia."): then it is the question, a symptom apart."""
    is_sign = "abnormality" in vocabulary().ancestors.get(mention.entity, ())
    rest = reading.text[: mention.start] + reading.text[mention.end :]
    return is_sign and not any(character.isalnum() for character in rest)


def implies(finding: Finding, entity: str) -> Literal["present", "absent"] | None:
    """What a certain finding says of another entity: consolidation present → lung opacity present; lung opacity
    absent → consolidation absent; None where it says nothing."""
    relation = related(finding.entity, entity)
    if finding.status == "present" and relation in ("same", "umbrella"):
        return "present"
    if finding.status == "absent" and finding.severity is None and relation in ("same", "kind"):
        return "absent"
    return None


def entities() -> tuple[str, ...]:
    """Every entity name the vocabulary knows."""
    return tuple(vocabulary().ancestors)


def _finding(
    mention: Mention, offset: int, size: Quantity | None, sentence: str, time: tuple[int, int] | None
) -> Finding:
    grades = [grade for grade in _GRADES if grade in mention.severities]
    side = next(iter(mention.sides)) if len(mention.sides) == 1 else None
    courses = [course for course in _COURSES if course in mention.changes]
    if mention.status == "absent" and time is not None and _HISTORY.search(sentence, *time):
        time = None  # "no history of stroke" dates nothing
    spans = [*mention.spans]
    if size is not None:
        spans.append(("value", size.start, size.end))
    if time is not None:
        spans.append(("time", *time))
    code = code_of(mention.entity)
    return Finding(
        entity=mention.entity,
        status=mention.status,
        side=cast('Literal["left", "right", "bilateral"] | None', side),
        severity=cast('Literal["minimal", "mild", "moderate", "severe"] | None', grades[0] if grades else None),
        location=", ".join(sorted(mention.locations)) or None,
        value=size.value if size else None,
        unit=BASE_UNIT["length"] if size else None,
        start=offset + mention.start,
        end=offset + mention.end,
        time=None if time is None else " ".join(sentence[time[0] : time[1]].split()),
        change=cast(
            'Literal["new", "worse", "better", "stable", "resolved"] | None',
            "resolved" if mention.resolved else courses[0] if courses else None,
        ),
        code=code.code if code else None,
        code_system=code.system if code else None,
        spans=tuple((what, offset + start, offset + end) for what, start, end in spans),
    )


def _size_of(mention: Mention, mentions: tuple[Mention, ...], sized: list[Quantity]) -> Quantity | None:
    """The length nearest to a mention of a thing present, if no other mention is nearer."""
    if mention.status == "absent":
        return None

    def distance(other: Mention, size: Quantity) -> int:
        return max(other.start - size.end, size.start - other.end, 0)

    for size in sized:
        if min(mentions, key=lambda other: distance(other, size)) is mention:
            return size
    return None


def _measured(quantity: Quantity, offset: int) -> Finding:
    return Finding(
        entity=_MEASURES.get(quantity.name or "", quantity.name or ""),
        status="present",
        value=quantity.value,
        unit=BASE_UNIT.get(quantity.dimension, quantity.dimension),
        start=offset + quantity.start,
        end=offset + quantity.end,
        spans=(("value", offset + quantity.start, offset + quantity.end),),
    )
