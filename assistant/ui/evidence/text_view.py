"""A text in the evidence panel, the cited characters marked and what was quoted from them lit; a PDF page by page.

The element `<wr-document>` (static/reading.js) scrolls to the mark, fetches more of a long text as it is asked for,
and shows a page as printed where it can be drawn; without scripts the text around the citation stands by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from markupsafe import Markup

from assistant.ingest.text.pdf_page import can_draw, pages_of
from assistant.records import Evidence, Record, TextPlace
from assistant.ui.gate.seals import address
from assistant.ui.language import say, words

Cut = Callable[[int, int], str]
"""A stretch of the text as it is shown."""

AROUND = 4_000  # characters of a long text shown before and after the cited ones, and fetched at a time
_BUTTONS = (
    "page", "text", "earlier", "later", "previous_page", "next_page", "smaller", "larger", "previous_mark", "next_mark",
    "drawing", "page_of", "hidden_one", "hidden", "not_lit", "not_drawn", "failed", "text_of_record",
)  # fmt: skip


def document(evidence: Evidence, record: Record, quotes: Sequence[str] = (), also: Sequence[TextPlace] = ()) -> Markup:
    """The record's text with the cited characters marked; a long one is cut around them and goes on when asked.

    `quotes` are the words that the answer took from them, `also` other cited places of the same text.
    """
    text = record.text or evidence.text
    place = evidence.place if isinstance(evidence.place, TextPlace) and record.text else TextPlace(0, 0)
    start, end = max(0, min(place.start, len(text))), max(0, min(place.end, len(text)))
    first, last = max(0, start - AROUND), min(len(text), max(start, end) + AROUND)
    where = " · ".join(filter(None, (words.place(evidence.place), evidence.section)))
    head = Markup('<p class="wr-where">{}</p>').format(where) if where else ""
    cut = record.shown_text if record.text else lambda first, last: text[first:last]
    quoted = [(start + a, start + b) for a, b in _spans(text[start:end], quotes)]
    marked = _lit(cut, start, end, quoted) if end > start else Markup("")
    body = _marked(cut, first, start, also) + marked + _marked(cut, max(start, end), last, also)
    more: dict[str, str | int] = {}
    if record.text and (first or last < len(text)):
        more = {"more": address(record.record_id, "text.txt"), "first": first, "last": last, "length": len(text)}
    return Markup(
        '<wr-document data-key="{}" data-texts="{}"{}{}>{}<div class="wr-document" tabindex="0" role="group" '
        'aria-label="{}">{}<span class="wr-body">{}</span>{}</div></wr-document>'
    ).format(
        evidence.id,
        json.dumps({name: say(f"view.{name}") for name in _BUTTONS}),
        _data(more),
        _data(_pages(record, place, quoted)),
        head,
        say("view.text_of_record"),
        "… " if first else "",
        body,
        " …" if last < len(text) else "",
    )


def _pages(record: Record, place: TextPlace, quoted: Sequence[tuple[int, int]]) -> dict[str, str | int]:
    """Where the pages of a PDF are drawn, and which one is shown first; nothing of other texts.

    Lit is what was `quoted` (places in the text), else the passage.
    """
    spans = pages_of(record)
    if not spans or not can_draw():
        return {}
    shown = place.page or next((page for page, (_, end) in spans.items() if place.start < end), min(spans))
    start = quoted[0][0] if quoted else place.start
    end = quoted[-1][1] if quoted else place.end
    source = address(record.record_id, "page.json", start=start, end=end)
    return {"pages": source, "page": shown, "count": int(record.fields.get("pages", max(spans)))}


def _data(attributes: dict[str, str | int]) -> Markup:
    return Markup("").join(Markup(' data-{}="{}"').format(name, value) for name, value in attributes.items())


def _marked(cut: Cut, first: int, last: int, also: Sequence[TextPlace]) -> Markup:
    """A stretch of the text with the other cited places in it marked."""
    parts, done = Markup(""), first
    for place in sorted(also, key=lambda place: place.start):
        if done <= place.start < place.end <= last:
            mark = Markup('<mark class="wr-also">{}</mark>').format(cut(place.start, place.end))
            parts, done = parts + cut(done, place.start) + mark, place.end
    return parts + cut(done, last)


def _spans(passage: str, quotes: Sequence[str]) -> list[tuple[int, int]]:
    """Where in the passage the quoted words stand, in their order."""
    return sorted((at, at + len(quote)) for quote in quotes if quote and (at := passage.find(quote)) >= 0)


def _lit(cut: Cut, first: int, last: int, quoted: Sequence[tuple[int, int]]) -> Markup:
    """The cited passage, and within it, brighter, the words that were quoted from it."""
    parts, done = Markup(""), first
    for start, end in quoted:
        if start >= done:
            sentence = Markup('<mark class="wr-sentence">{}</mark>').format(cut(start, end))
            parts, done = parts + cut(done, start) + sentence, end
    kind = Markup(' class="wr-passage"') if done > first else ""
    return Markup('<mark id="wr-cited"{}>{}{}</mark>').format(kind, parts, cut(done, last))
