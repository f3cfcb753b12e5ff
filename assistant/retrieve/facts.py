"""What a file states of the patient beside its pictures and signals: age and sex, and the day it was recorded."""

from __future__ import annotations

import re

from assistant.records import Record

_STUDY = r"(?:ecg|ekg|recording|study|exam\w*|x-?ray|film|image|picture|scan|upload|tracing|acquisition)\b"
_ASKED = {
    "age": re.compile(r"\bhow old\b|\b(?:age|aged)\b|\b(?:years?|yr) old\b|\bwie alt\b|\balter\b", re.IGNORECASE),
    "sex": re.compile(r"\b(?:sex|gender)\b|\b(?:fe)?male\b|\ba (?:man|woman)\b|\bgeschlecht\b", re.IGNORECASE),
    "date": re.compile(
        rf"^\W*(?:when|(?:on )?(?:what|which) (?:day|date)) (?:was|were|is) (?:it|(?:the|this|that) {_STUDY})"
        r"(?: (?:recorded|taken|made|acquired|done|obtained|performed|written|from))?\W*$"
        rf"|\b(?:date|day|time) (?:and time )?of (?:the|this|that) {_STUDY}"
        rf"|^\W*how (?:old|recent) is (?:the|this|that) {_STUDY}"
        r"|^\W*wann\b.{0,60}\b(?:aufgezeichnet|aufgenommen|gemacht|geschrieben)",
        re.IGNORECASE,
    ),
}
_SEX = {"F": "female", "M": "male", "O": "other"}
_OF_A_GROUP = re.compile(
    r"\b(?:patients|people|women|men|children|adults|in general|usually|typically)\b", re.IGNORECASE
)


def facts_asked(question: str) -> tuple[str, ...]:
    """Which of "age", "sex" and "date" a question is after; the age of a recording is its date."""
    if _OF_A_GROUP.search(question):
        return ()
    asked = [name for name, words in _ASKED.items() if words.search(question)]
    return tuple(name for name in asked if not (name == "age" and "date" in asked))


def facts_stated(record: Record, question: str) -> list[str]:
    """Sentences with those facts that a question asks for, of those that the record holds."""
    said = []
    for name in facts_asked(question):
        value = record.fields.get(name)
        if name == "date" and record.taken_at is not None:
            day = record.taken_at.strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")
            said.append(f"Recorded on {day}, as the file states.")
        elif name == "age" and value not in (None, ""):
            said.append(f"Age {value}{' years' if str(value).isdigit() else ''}, as the file states.")
        elif name == "sex" and value not in (None, ""):
            said.append(f"Sex {_SEX.get(str(value).upper(), str(value))}, as the file states.")
    return said
