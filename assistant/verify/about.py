"""Whom a sentence is about: taken from its wording and from what it cites, never from the writer's word alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.findings.archive_counts import CHOSEN_PATIENT, parse_archive_count
from assistant.findings.counting import parse_count
from assistant.findings.mentions import read_sentence
from assistant.findings.sentences import sentences
from assistant.records import About, Evidence, Relation, Statement
from assistant.verify.evidence import read_evidence, stands_in
from assistant.verify.general import is_bare_finding

_THING = (
    r"(?:stud(?:y|ies)|cases?|patients?|x-?rays?|radiographs?|ecgs?|ekgs?|images?|reports?|recordings?|scans?"
    r"|examinations?)"
)
_SIMILAR = re.compile(
    rf"\b(?:similar|comparable)\s+(?:\w+\s+){{0,2}}?{_THING}\b|\bother\s+patients?\b|\b{_THING}\s+(?:most\s+)?similar\b"
    rf"|\bchosen\s+{_THING}\b|\b{_THING}\s+found\s+for\s+(?:these|the)\s+words\b",
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
_THE_PATIENT_HAS = re.compile(
    r"\b(?:the\s+patient|he|she)\s+(?:has|had|shows?|showed|is|was|presents?|presented|suffers?)\b"
    r"|\b(?:your|his|her|the\s+patient['’]s)\s+(?:heart|lungs?|chest|ecg|ekg|x-?ray|rhythm|image|scan)\b",
    re.IGNORECASE,
)
# What a guideline tells to do, in words that fit nobody in particular
_GUIDANCE = re.compile(
    r"\b(?:(?:is|are)\s+(?:given|recommended|indicated|contraindicated|advised|preferred|avoided|administered|initiated)"
    r"|should|in\s+(?:an?\s+)?suspected)\b",
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


_ONE_OF_MANY = re.compile(
    r"\bthis\s+(?:patient\s+(?:group|population|cohort)|study\b|examination\b|scan\b)", re.IGNORECASE
)
_COUNTS_SIMILAR = re.compile(r"\bmost\s+similar\b", re.IGNORECASE)


def derive_about(statement: Statement, cited: Sequence[Evidence], given: Sequence[Evidence]) -> About:
    """Whom `statement` is about, given what it cites and what was given to its writer.

    Whole sentences of cited general sources stay general, however they speak of patients and studies, unless they
    state a finding as a report does; so does what a cited general source tells to do. Other wording as what similar
    or chosen studies show makes a statement "similar". Anything worded about this patient, declared so, or written
    like a report's sentence, is about the patient.
    """
    if is_general_quotation(statement, cited):
        return "general"
    text = statement.text.strip()
    outside_quotes = re.sub(r"“[^”]*”", " ", text)
    if (counted := parse_archive_count(text)) is not None:
        return "patient" if CHOSEN_PATIENT in counted.scope else "similar"
    if parse_count(text) is not None or _SIMILAR.search(outside_quotes):
        return "similar"
    relations = {evidence.relation for evidence in cited}
    if "knowledge" in relations and _GUIDANCE.search(outside_quotes) and not _PATIENT.search(outside_quotes):
        return "general"
    wording = _THIS_PATIENT if relations == {"knowledge"} else _PATIENT
    if statement.about == "patient" or wording.search(outside_quotes):
        return "patient"
    if "own" in relations and read_sentence(text[:600]).mentions:
        return "patient"
    if relations == {"knowledge"}:
        return "patient" if _states_a_finding(outside_quotes) else "general"
    if "similar" in relations:
        return "patient"
    worded_as_report = bool(_REPORT_FORM.match(text)) and bool(read_sentence(text[:600]).mentions)
    if worded_as_report and not relations and any(evidence.relation != "knowledge" for evidence in given):
        return "patient"
    return "general" if statement.about == "general" else "patient"


def is_general_quotation(statement: Statement, cited: Sequence[Evidence]) -> bool:
    """Whether a statement declared general is whole sentences of the general sources it cites, and no bare finding.

    "This patient …" and "the patient has pneumonia …" are refused even there: a reader would take them for the upload.
    """
    if statement.about != "general" or not cited or not all(map(_is_general_source, cited)):
        return False
    text = statement.text
    if _COUNTS_SIMILAR.search(text) or _THIS_PATIENT.search(_ONE_OF_MANY.sub(" ", text)):
        return False
    if not stands_in(text, read_evidence(tuple(e.text for e in cited))):
        return False
    return not _states_a_finding(text)


def _is_general_source(evidence: Evidence) -> bool:
    """Nobody's record: an article or guideline of the archive, or one that was uploaded."""
    return evidence.relation == "knowledge" or (evidence.relation == "own" and evidence.modality == "DOC")


def _states_a_finding(text: str) -> bool:
    """Whether a sentence of the text states a finding barely, or of "the patient", whom a reader takes for theirs."""
    told = [s for s in sentences(text) if read_sentence(s[:600]).mentions]
    return any(is_bare_finding(s) or _THE_PATIENT_HAS.search(s) for s in told)


def speaks_of_somebody(text: str) -> bool:
    """Whether a text that rests on no source at all would be taken for one about the patient or their study."""
    return bool(_PATIENT.search(text)) or _states_a_finding(text)
