"""Texts without their identifiers, with what was removed counted."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from assistant.ingest.deid.known import find_known
from assistant.ingest.deid.name_words import kind_of
from assistant.ingest.deid.spans import Span, settle
from assistant.ingest.deid.text import Replaced, find, replace
from assistant.records import Known


def cleaned_text(text: str, known: Known, shift_days: int | None) -> tuple[Replaced, tuple[str, ...]]:
    """A text without identifiers, and the kind of each that was removed; without a shift its dates stay.

    A person who is named in full once ("Patient: Jane Doe") is known in the rest of the text ("Doe was seen").
    """
    return without(text, found_in(text, known), shift_days)


def found_in(text: str, known: Known) -> tuple[Span, ...]:
    """What identifies somebody in a text, in order and without overlap."""
    found = find(text, known)
    names = Known(names=_full_names(text, found))
    return settle([*found, *find_known(text, names)]) if names.names else found


def without(text: str, found: Iterable[Span], shift_days: int | None) -> tuple[Replaced, tuple[str, ...]]:
    """A text without what was found in it, and the kind of each that was removed; without a shift its dates stay."""
    spans = tuple(span for span in found if shift_days is not None or span.kind != "date")
    return replace(text, spans, shift_days), tuple(span.kind for span in spans)


def named_in(text: str, found: Iterable[Span]) -> Known:
    """The persons found in a text, to be taken out of its title, headings, labels and fields as well.

    A name of one word counts where it can be nothing else: "Baker" of "Dr. Baker" is also a cyst.
    """
    names = (text[span.start : span.end] for span in found if span.kind == "name")
    sure = (name for name in names if len(name.split()) > 1 or kind_of(name) in ("name", "new"))
    return Known(names=tuple(dict.fromkeys(sure)))


def _full_names(text: str, spans: Iterable[Span]) -> tuple[str, ...]:
    names = (text[span.start : span.end] for span in spans if span.kind == "name")
    return tuple(dict.fromkeys(name for name in names if len(name.split()) > 1))


cleaned = lru_cache(maxsize=4096)(cleaned_text)
"""The same for titles, labels and fields, which repeat."""
