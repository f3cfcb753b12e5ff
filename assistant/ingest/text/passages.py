"""Texts cut into what is searched: passages of whole sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.findings import sentence_spans
from assistant.records import Passage

_UNSPACED = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
Stretch = tuple[int, int, str | None, int | None]  # start, end, section, page


def cut(text: str, words: int, stretches: Sequence[Stretch] | None = None) -> tuple[Passage, ...]:
    """Passages of about `words` words that keep sentences whole and cross neither a section nor a page.

    `text[p.start:p.end]` is the passage; together they hold every sentence of `stretches` (default: the whole
    text). A sentence longer than twice `words` (a table, a list without full stops) is cut at spaces.
    """
    stretches = [(0, len(text), None, None)] if stretches is None else stretches
    return tuple(
        Passage(start, end, section, page)
        for begin, stop, section, page in stretches
        for start, end in _pack(text, begin, stop, words)
    )


def _pack(text: str, begin: int, stop: int, words: int) -> Iterator[tuple[int, int]]:
    """Sentences of one stretch, joined while the passage stays nearest to `words` words."""
    start, end, count = 0, 0, 0
    for first, last in _sentences(text, begin, stop, words):
        size = _size(text[first:last])
        if count and count + size > words and (count + size - words) > (words - count):
            yield start, end
            count = 0
        if not count:
            start = first
        end, count = last, count + size
        if count >= words:
            yield start, end
            count = 0
    if count:
        yield start, end


def _sentences(text: str, begin: int, stop: int, words: int) -> Iterator[tuple[int, int]]:
    for start, end in sentence_spans(text[begin:stop]):
        start, end = _trim(text, begin + start, begin + end)
        if start == end:
            continue
        if _size(text[start:end]) <= 2 * words:
            yield start, end
            continue
        tokens = [m.span() for m in re.finditer(r"\S+", text[start:end])]
        for i in range(0, len(tokens), words):
            chunk = tokens[i : i + words]
            yield start + chunk[0][0], start + chunk[-1][1]


def _size(text: str) -> int:
    """How many words; two signs of a script without spaces count as one."""
    return len(text.split()) + len(_UNSPACED.findall(text)) // 2


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
