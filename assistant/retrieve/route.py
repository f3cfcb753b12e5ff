"""Routing: which of the archive's indexes a question goes to, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.records import Kind
from assistant.retrieve.composed import Wish
from assistant.retrieve.facts import facts_asked
from assistant.retrieve.laboratory import asks_for_own_value
from assistant.retrieve.query import Query
from assistant.retrieve.question import Question, Wants, asks_what_causes, read_question
from assistant.retrieve.weigh import Turns
from assistant.retrieve.within import names_a_document
from assistant.wording import worded

# How likeness to the uploads and text take turns where both are searched, by what the question asks for.
_TURNS: dict[Wants | None, Turns] = {"knowledge": Turns(0.2, 0.8), "cases": Turns(0.75, 0.25), None: Turns(0.5, 0.5)}
_OF_ONE_PATIENT = frozenset({"finding", "value", "comparison", "similar"})  # nothing to prefer where nobody is meant


@dataclass(frozen=True, slots=True)
class Route:
    """Which kinds of index a query goes to, with which weights, and in words why.

    `turns` says how likeness and text take turns in the list, `wants` which sort of text goes first (patients'
    studies or knowledge; None: neither), `history` whether the patient's earlier studies are looked up.
    """

    kinds: frozenset[Kind]
    own_text: bool
    words: tuple[str, ...]
    question: Question
    wants: Wants | None = None
    turns: Turns = _TURNS[None]
    history: bool = False


# A question that points at what lies on the table …
_POINTS = re.compile(
    r"\b(this|these|that|here|it|its|attached|uploaded?|shown?|shows|similar|patient|his|her|my|our|"
    r"image|picture|film|x-?ray|radiograph|cxr|scan|ecg|ekg|tracing|strip|lead|leads|record(ing)?|study|studies|file)\b",
    re.IGNORECASE,
)
_IS_THERE = re.compile(
    r"^\s*(is|are|was|were|do|does|any|how (large|big|fast|long|wide)|"
    r"which (side|lead|rhythm)|what (rhythm|rate|side|axis))\b",
    re.IGNORECASE,
)
# … and one that asks for knowledge whatever lies there.
_GENERAL = re.compile(
    r"^\s*(what (is|are|causes?)|how (is|are|do|does|can)|why|who|when|where|define|explain|tell me about)\b"
    r"(?!.*\b(this|these|here|my|attached|uploaded)\b)",
    re.IGNORECASE,
)
_WHO = re.compile(r"\bwho (?:is|was) (?:the|this|that|our|my) (?:patient|person|man|woman)\b", re.IGNORECASE)
_PICTURED = re.compile(r"\bwhat (rhythm|rate)|\b(ecg|ekg|x-?ray|image|tracing|picture)\b", re.IGNORECASE)


_SOMEBODY = re.compile(
    r"\b(?:he|she|his|him|her|hers)\b|\b(?:the|this|that|our|my|your|these) (?:patient|man|woman|lady|gentleman|case)\b"
    r"|\bpatient['’]s\b|\bwhich one\b|\bwhich of (?:the|these|those|them|both)\b"
    r"|\bthe (?:first|second|other|earlier|later|former|latter) "
    r"(?:one|ecg|ekg|recording|study|film|image|picture|upload)\b"
    r"|\b(?:der|dem|des|die) patient(?:en|in)?\b",
    re.IGNORECASE,
)
# What happened and what was: of somebody, while a file of theirs is there.
_WAS = re.compile(
    r"^\W*(?:(?:and|but|so|und)\s+)?(?:(?:(?:by|to|with|for|on|in|since|until)\s+)?"
    r"(?:when|where|why|how(?:\s+(?:much|many|long|often|old|high|low))?(?:\s+\w+)?|who|whom|(?:what|which)(?:\s+\w+){0,3}?"
    r"|wann|wo|warum|wer|wie(?:\s+\w+)?|was|welche\w*(?:\s+\w+)?)\s+)?"
    r"(?:was|were|did|had|has\s+been|have\s+been|wurden?|waren?|hatten?)\b",
    re.IGNORECASE,
)
# "What is the blood pressure?", and not of what
_ITS = re.compile(
    r"^\W*(?:what(?:'s| is| are)|how (?:high|low|large|big|long|fast) (?:is|are)) (?:the|this|that|these)"
    r"(?: [\w-]+){1,3}\W*$",
    re.IGNORECASE,
)
_OF_RESEARCH = re.compile(
    r"\b(?:trials?|literature|articles?|papers?|studies|cohorts?|guidelines?|in general|generally|usually|typically"
    r"|discovered|invented|first described|patients)\b",
    re.IGNORECASE,
)


def asks_of_patient(text: str) -> bool:
    """Whether a question that is put beside a patient's own file is about this patient, so that nothing general answers
    it: a finding, a value, a fact of theirs, what happened to them."""
    if not text.strip() or _SOMEBODY.search(text) or facts_asked(text):
        return True
    if _OF_RESEARCH.search(text) or asks_what_causes(text):
        return False
    read = read_question(text)
    if read.kind in ("value", "comparison") or read.section or asks_for_own_value(text):
        return True
    if _WAS.search(text) or is_about_upload(text):
        return True
    return bool(_ITS.search(text)) and not read.about.named


def asks_who(text: str) -> bool:
    """Whether a question asks who a patient is; with a text of theirs at hand other people's are no answer."""
    return _WHO.search(text) is not None


def is_about_upload(text: str) -> bool:
    """Whether a question is about the uploads beside it rather than about medicine at large.

    An empty question is; "what is atrial fibrillation?" is not, though an ECG lies on the table.
    """
    if not text.strip():
        return True
    if asks_what_causes(text):
        return False
    if _IS_THERE.search(text):
        return True
    if _GENERAL.search(text) and not _PICTURED.search(text):
        return False
    return bool(_POINTS.search(text))


def route(query: Query, available: Sequence[Kind]) -> Route:
    """Choose the indexes for a query and their weights; `available` are the kinds that the open indexes hold."""
    question = read_question(query.text)
    kinds, words = _by_likeness(query, available)
    own_text = bool(query.uploads_of("text")) and bool(query.text.strip())
    if own_text:
        words.append("upload: the uploaded document's passages ranked against the question")
    someone = bool(query.uploads or query.patient)
    history = query.history or (question.kind == "comparison" and _is_of_a_patient(query))
    if not query.text.strip():
        return Route(frozenset(kinds), own_text, tuple(words), question, history=history)
    wants = question.wants if someone or question.kind not in _OF_ONE_PATIENT else None
    of_report = own_text and bool(question.section)  # "what was the impression?" beside an uploaded report
    of_document = own_text and names_a_document(query.text)  # "what does the letter say about rehabilitation?"
    of_patient = own_text and (asks_who(query.text) or asks_for_own_value(query.text))
    of_upload = of_report or of_document or of_patient or is_about_upload(query.text)
    if query.uploads and (kinds or own_text) and of_upload:
        words.append("text: not searched, the question is about the upload")
    elif kinds and Wish.of(query.text).compares:
        words.append("text: not searched, the words say which of the studies like the upload are wanted")
    elif "text" in available:
        words.append("text: passages, titles and labels by words (BM25) and by meaning (dense), fused")
        words += _told(question, wants)
        if kinds:
            turns = _TURNS[wants]
            words.append(
                worded(
                    "weights: likeness to the upload {likeness:g}, text {text:g}, in turns",
                    likeness=turns.likeness,
                    text=turns.text,
                )
            )
        kinds.add("text")
    else:
        words.append("text: the archive holds no text")
    return Route(frozenset(kinds), own_text, tuple(words), question, wants, _TURNS[wants], history)


_SOUGHT: dict[Kind, tuple[str, str, str]] = {
    "image": (
        "image: {count} uploaded picture searched by likeness",
        "image: {count} uploaded pictures searched by likeness",
        "image: the archive holds no image",
    ),
    "signal": (
        "signal: {count} uploaded signal searched by likeness",
        "signal: {count} uploaded signals searched by likeness",
        "signal: the archive holds no signal",
    ),
}


def _by_likeness(query: Query, available: Sequence[Kind]) -> tuple[set[Kind], list[str]]:
    kinds: set[Kind] = set()
    words: list[str] = []
    for kind, (one, several, none) in _SOUGHT.items():
        uploads = query.uploads_of(kind)
        if not uploads:
            continue
        if kind in available:
            kinds.add(kind)
            words.append(worded(one if len(uploads) == 1 else several, count=len(uploads)))
        else:
            words.append(none)
    if any(record.is_printed_ecg for record in query.uploads_of("image")):
        words.append("image: the upload shows an ECG on paper, so no other picture than of one is similar to it")
    unlike = [upload.record.modality for upload in query.uploads if not upload.record.is_encoded]
    words += [
        worded("signal: there is no encoder for {name}, so the upload is not searched with", name=name)
        for name in unlike
    ]
    return kinds, words


def _is_of_a_patient(query: Query) -> bool:
    return bool(query.patient or any(upload.patient for upload in query.uploads)) and not query.leave_out_own


def _told(question: Question, wants: Wants | None) -> list[str]:
    """What the question was taken to ask for, where that moves anything."""
    told = []
    if wants:
        first = "patients' studies go first" if wants == "cases" else "general knowledge goes first"
        told.append(
            worded("question: read as asking for {what}, so {first}", what=_ASKS_FOR[question.kind], first=first)
        )
    if question.modalities:
        where = f" ({question.region})" if question.region else ""
        codes = ", ".join(sorted(question.modalities)) + where
        told.append(worded("modality: {codes}; studies by another one are set back", codes=codes))
    return told


_ASKS_FOR = {
    "knowledge": "knowledge", "finding": "a finding", "similar": "similar studies", "comparison": "a comparison",
    "count": "a count", "value": "a measured value", "cases": "studies",
}  # fmt: skip
