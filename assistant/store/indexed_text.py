"""What words and vectors are made of: a record's passages, its document's title, its picture's or signal's caption."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from assistant.records import Passage, Record

DOCUMENT = "DOC"


def passages_of(record: Record) -> list[tuple[Passage, str | None]]:
    """The passages of a record with their caption text; the text of a passage proper is None."""
    found: list[tuple[Passage, str | None]] = [(passage, None) for passage in record.passages]
    caption = _caption(record)
    if caption:
        found.append((Passage(0, 0), caption))
    return found


def indexed_texts(record: Record) -> list[str]:
    """What is indexed for each of `passages_of(record)`, in that order.

    A document is looked for by its title too, which its first passage is indexed with, once. A clinical report's title
    says what sort of report it is.
    """
    rows = [
        (0, caption, record.text[p.start : p.end], record.title, record.modality) for p, caption in passages_of(record)
    ]
    return list(indexed_rows(rows))


def indexed_rows(rows: Iterable[Any]) -> Iterator[str]:
    """The same from rows (record's key, caption, passage, title, modality), those of a record one after the other."""
    last = None
    for record, caption, passage, title, modality in rows:
        titled = record != last and modality == DOCUMENT and title and title.casefold() not in passage.casefold()
        yield caption or (f"{title}\n{passage}" if titled else passage)
        last = record


def _caption(record: Record) -> str | None:
    """What words can find of a picture or signal: its title and its study's labels."""
    if record.kind == "text":
        return None
    parts = [record.title] if record.title else []
    parts += [f"{name.replace('_', ' ')}: {value}" for name, value in record.labels.items() if value]
    return ". ".join(parts) or None
