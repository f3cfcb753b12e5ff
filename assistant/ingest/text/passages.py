"""Texts cut into what is searched: sections of a report, passages of a document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.findings import sentence_spans
from assistant.records import Passage

Stretch = tuple[int, int, str | None, int | None]  # start, end, section, page

_HEADINGS = frozenset((
    "findings", "impression", "indications", "indication", "technique", "comparison", "conclusions", "conclusion",
    "history", "clinical history", "clinical information", "clinical indication", "reason for exam",
    "reason for examination", "reason for study", "procedure", "examination", "exam", "recommendations",
    "recommendation", "interpretation", "summary", "opinion", "assessment", "plan", "assessment and plan",
    "chief complaint", "history of present illness", "past medical history", "past surgical history", "medications",
    "allergies", "physical exam", "physical examination", "family history", "social history", "review of systems",
    "hospital course", "brief hospital course", "discharge diagnosis", "discharge diagnoses", "discharge medications",
    "discharge instructions", "diagnosis", "diagnoses", "gross description", "microscopic description",
    "final diagnosis", "specimen", "addendum", "wet read", "notification", "ecg diagnosis", "findings and impression",
    "findings/impression", "impressions", "technique and findings", "beurteilung", "befund",
))  # fmt: skip
# A heading opens a line (with a colon or a dash, or alone on it) or stands in capitals with a colon in mid-line.
_LINE_HEADING = re.compile(
    r"^[ \t*_#]*(?P<name>[A-Za-z][A-Za-z \t/&]{2,40}?)[*_ \t]*(?::[*_]*|-(?=\s)|$)", re.MULTILINE
)
_INLINE_HEADING = re.compile(r"(?<=[^\n]\s)(?P<name>[A-Z][A-Z \t/]{2,40}):")
_MARKDOWN = re.compile(r"^ {0,3}#{1,6}[ \t]+(?P<title>\S.*?)[ \t]*#*[ \t]*$", re.MULTILINE)
_REPORT_ONLY = {"FINDINGS", "IMPRESSION", "INDICATION", "TECHNIQUE", "COMPARISON", "CLINICAL HISTORY"}


def report_sections(text: str) -> list[Stretch]:
    """The sections of a report, headings left out of them; what comes before the first has the section None."""
    found = [match for pattern in (_LINE_HEADING, _INLINE_HEADING) for match in pattern.finditer(text)]
    marks: list[tuple[int, int, str]] = []
    for match in sorted(found, key=lambda match: match.start("name")):
        name = " ".join(match["name"].lower().split())
        if name in _HEADINGS and (not marks or match.start("name") >= marks[-1][1]):
            marks.append((match.start(), match.end(), name.upper()))
    return _between(text, marks)


def markdown_sections(text: str) -> list[Stretch]:
    """The stretches below each Markdown heading (code fences are not looked into)."""
    fenced = [m.span() for m in re.finditer(r"^```.*?^```", text, re.MULTILINE | re.DOTALL)]
    marks = [
        (match.start(), match.end(), match.group("title"))
        for match in _MARKDOWN.finditer(text)
        if not any(start <= match.start() < end for start, end in fenced)
    ]
    return _between(text, marks)


def _between(text: str, marks: Sequence[tuple[int, int, str]]) -> list[Stretch]:
    found: list[Stretch] = []
    ends = [start for start, _, _ in marks[1:]] + [len(text)]
    if not marks:
        return [(0, len(text), None, None)]
    if text[: marks[0][0]].strip():
        found.append((0, marks[0][0], None, None))
    found += [(stop, end, name, None) for (_, stop, name), end in zip(marks, ends, strict=True)]
    return [stretch for stretch in found if text[stretch[0] : stretch[1]].strip()]


def is_report(sections: Sequence[Stretch]) -> bool:
    """Whether these are the sections of a clinical report: at least two have its typical headings."""
    return len({name for _, _, name, _ in sections} & _REPORT_ONLY) >= 2


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
        size = len(text[first:last].split())
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
        if len(text[start:end].split()) <= 2 * words:
            yield start, end
            continue
        tokens = [m.span() for m in re.finditer(r"\S+", text[start:end])]
        for i in range(0, len(tokens), words):
            chunk = tokens[i : i + words]
            yield start + chunk[0][0], start + chunk[-1][1]


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
