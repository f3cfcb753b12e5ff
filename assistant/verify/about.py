"""Whom a sentence is about: taken from its wording and from what it cites, never from the writer's word alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.findings.counting import parse_count
from assistant.findings.mentions import read_sentence
from assistant.records import About, Evidence, Relation, Statement

_THING = (
    r"(?:stud(?:y|ies)|cases?|patients?|x-?rays?|radiographs?|ecgs?|ekgs?|images?|reports?|recordings?|scans?"
    r"|examinations?)"
)
_SIMILAR = re.compile(
    rf"\b(?:similar|comparable)\s+(?:\w+\s+){{0,2}}?{_THING}\b|\bother\s+patients?\b|\b{_THING}\s+(?:most\s+)?similar\b",
    re.IGNORECASE,
)
_PATIENT = re.compile(
    r"\b(?:this|the|your|our)\s+(?:uploaded\s+|current\s+|present\s+)?"
    r"(?:patient|study|image|x-?ray|radiograph|film|ecg|ekg|recording|upload|scan|signal|examination|tracing)\b"
    r"|\b(?:he|she|his|her)\b|\bthe\s+patient'?s\b",
    re.IGNORECASE,
)
# A guideline says "the patient" and "his" of anybody; only these words mean the one that was asked about.
_THIS_PATIENT = re.compile(
    r"\bthis\s+(?:patient|study|image|x-?ray|radiograph|film|ecg|ekg|recording|upload|scan|tracing)\b|\buploaded\b",
    re.IGNORECASE,
)
_REPORT_FORM = re.compile(
    r"^(?:there\s+(?:is|are|has)|no\b|the\s+(?:heart|lungs?|cardi\w+|mediast\w+|pleura\w*|aorta|trachea|bones?|"
    r"osseous|bony|ecg|rhythm|axis|hil\w+|diaphragm\w*|left|right)\b|left\b|right\b|bilateral\b|mild\w*\b|moderate\w*\b|"
    r"severe\w*\b|small\b|large\b|stable\b|normal\b|unremarkable\b|lungs?\b|heart\b|findings?\s+(?:are\s+)?consistent)",
    re.IGNORECASE,
)
ALLOWED: dict[About, frozenset[Relation]] = {
    "patient": frozenset({"own"}),
    "similar": frozenset({"similar"}),
    "general": frozenset({"knowledge", "own"}),
}


def derive_about(statement: Statement, cited: Sequence[Evidence], given: Sequence[Evidence]) -> About:
    """Whom `statement` is about, given what it cites and what was given to its writer.

    Wording as what similar studies show makes it "similar". Anything worded about this patient, declared so, or
    written like a report's sentence and not carried by knowledge, is about the patient.
    """
    text = statement.text.strip()
    outside_quotes = re.sub(r"“[^”]*”", " ", text)
    if parse_count(text) is not None or _SIMILAR.search(outside_quotes):
        return "similar"
    relations = {evidence.relation for evidence in cited}
    wording = _THIS_PATIENT if relations == {"knowledge"} else _PATIENT
    if statement.about == "patient" or wording.search(outside_quotes):
        return "patient"
    if "own" in relations and read_sentence(text[:600]).mentions:
        return "patient"
    if relations == {"knowledge"}:
        return "general"
    if "similar" in relations:
        return "patient"
    worded_as_report = bool(_REPORT_FORM.match(text)) and bool(read_sentence(text[:600]).mentions)
    if worded_as_report and not relations and any(evidence.relation != "knowledge" for evidence in given):
        return "patient"
    return "general" if statement.about == "general" else "patient"
