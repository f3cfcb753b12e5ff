"""Routing: which of the archive's indexes a question goes to, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.records import Kind
from assistant.retrieve.query import Query


@dataclass(frozen=True, slots=True)
class Route:
    """Which kinds of index a query goes to, and in words why."""

    kinds: frozenset[Kind]
    own_text: bool
    words: tuple[str, ...]


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
_PICTURED = re.compile(r"\bwhat (rhythm|rate)|\b(ecg|ekg|x-?ray|image|tracing|picture)\b", re.IGNORECASE)


def is_about_upload(text: str) -> bool:
    """Whether a question is about the uploads beside it rather than about medicine at large.

    An empty question is; "what is atrial fibrillation?" is not, though an ECG lies on the table.
    """
    if not text.strip():
        return True
    if _IS_THERE.search(text):
        return True
    if _GENERAL.search(text) and not _PICTURED.search(text):
        return False
    return bool(_POINTS.search(text))


_NAMED_PATIENT = re.compile(
    r"\b(?:[Pp]atient|MRN|[Cc]ase)(?:'s|’s)?\W+(?:(?:no|number|id|MRN)\b\W*)?"
    r"(?:[A-Z]+[-_]?\d{2,}[\w-]*|\d{4,}|[A-Z][a-z]+\s+[A-Z][a-z]+)|\b(?:Mr|Mrs|Ms|Herr|Frau)\b\.?\s+[A-Z][a-z]+"
)


def names_a_patient(text: str) -> bool:
    """Whether a question names a patient by number or name; only a filter, not words, says whose records are meant."""
    return bool(_NAMED_PATIENT.search(text))


def route(query: Query, available: Sequence[Kind]) -> Route:
    """Choose the indexes for a query; `available` are the kinds that the open indexes hold."""
    kinds: set[Kind] = set()
    words: list[str] = []
    for kind, what in (("image", "picture"), ("signal", "signal")):
        uploads = query.uploads_of(kind)  # type: ignore[arg-type]
        if not uploads:
            continue
        if kind in available:
            kinds.add(kind)  # type: ignore[arg-type]
            words.append(
                f"{kind}: {len(uploads)} uploaded {what}{'s' if len(uploads) > 1 else ''} searched by likeness"
            )
        else:
            words.append(f"{kind}: the archive holds no {kind}")
    unlike = [upload.record.modality for upload in query.uploads if not upload.record.is_encoded]
    words += [f"signal: there is no encoder for {name}, so the upload is not searched with" for name in unlike]
    own_text = bool(query.uploads_of("text")) and bool(query.text.strip())
    if own_text:
        words.append("upload: the uploaded document's passages ranked against the question")
    if not query.text.strip():
        return Route(frozenset(kinds), own_text, tuple(words))
    if query.uploads and (kinds or own_text) and is_about_upload(query.text):
        words.append("text: not searched, the question is about the upload")
    elif "text" in available:
        kinds.add("text")
        words.append("text: passages, titles and labels by words (BM25) and by meaning (dense), fused")
    else:
        words.append("text: the archive holds no text")
    return Route(frozenset(kinds), own_text, tuple(words))
