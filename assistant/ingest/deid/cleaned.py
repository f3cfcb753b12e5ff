"""Texts without their identifiers, with what was removed counted."""

from __future__ import annotations

from functools import lru_cache

from assistant.ingest.deid.text import Replaced, find, replace
from assistant.records import Known


def cleaned_text(text: str, known: Known, shift_days: int | None) -> tuple[Replaced, tuple[str, ...]]:
    """A text without identifiers, and the kind of each that was removed; without a shift its dates stay."""
    spans = [span for span in find(text, known) if shift_days is not None or span.kind != "date"]
    return replace(text, spans, shift_days), tuple(span.kind for span in spans)


cleaned = lru_cache(maxsize=4096)(cleaned_text)
"""The same for titles, labels and fields, which repeat."""
