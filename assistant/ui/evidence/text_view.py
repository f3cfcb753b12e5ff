"""A text in the evidence panel, the cited characters marked and what was quoted from them lit."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from assistant.records import Evidence, Record, TextPlace
from assistant.ui import words

_AROUND = 4_000  # characters of a long text shown before and after the cited ones


def document(evidence: Evidence, record: Record, quotes: Sequence[str]) -> Markup:
    """The record's text with the cited characters marked; a long one is cut around them, and says so."""
    text = record.text or evidence.text
    place = evidence.place
    start, end = (place.start, place.end) if isinstance(place, TextPlace) and record.text else (0, 0)
    start, end = max(0, min(start, len(text))), max(0, min(end, len(text)))
    first, last = max(0, start - _AROUND), min(len(text), end + _AROUND)
    marked = _lit(text[start:end], quotes) if end > start else ""
    where = " · ".join(filter(None, (words.place(place), evidence.section)))
    head = Markup('<p class="wr-where">{}</p>').format(where) if where else ""
    return Markup(
        '{}<div class="wr-document" tabindex="0" role="group" aria-label="Text of the record">{}{}{}{}{}</div>'
    ).format(
        head,
        "… " if first else "",
        text[first:start],
        marked,
        text[end:last],
        " …" if last < len(text) else "",
    )


def _lit(passage: str, quotes: Sequence[str]) -> Markup:
    """The cited passage, and within it, brighter, the words that were quoted from it."""
    spans = sorted((at, at + len(quote)) for quote in quotes if quote and (at := passage.find(quote)) >= 0)
    parts, done = Markup(""), 0
    for start, end in spans:
        if start >= done:
            sentence = Markup('<mark class="wr-sentence">{}</mark>').format(passage[start:end])
            parts, done = parts + passage[done:start] + sentence, end
    kind = Markup(' class="wr-passage"') if done else ""
    return Markup('<mark id="wr-cited"{}>{}{}</mark>').format(kind, parts, passage[done:])
