"""Plain text and Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.ingest.content import Content
from assistant.ingest.text.encodings import clean, decode  # noqa: F401
from assistant.ingest.text.passages import Stretch, cut
from assistant.ingest.text.sections import markdown_sections, report_sections, report_type
from assistant.records import Record
from assistant.settings import IngestSettings

_WORD = re.compile(r"[^\W\d_]{2,}")
_MARKDOWN_SIGNS = re.compile(r"^(?:#{1,6} \S|```|\|.+\|$|[-*] \S|\d+\. \S)|\[[^\]]+\]\([^)]+\)", re.MULTILINE)


def has_language(text: str) -> bool:
    """Whether a text says anything: at least three different words, and letters not lost among other signs."""
    words = {word.lower() for word in _WORD.findall(text[:50_000])}
    signs = [c for c in text[:50_000] if not c.isspace()]
    return len(words) >= 3 and sum(c.isalpha() for c in signs) >= 0.25 * len(signs)


def recognises(file: Content) -> bool:
    return file.text is not None


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """One text record: a report with its sections, or a document in passages."""
    text = file.text
    if text is None:
        raise file.refuse("neither text nor a format that Wardround knows")
    if not text.strip():
        raise file.refuse("the text is blank")
    if not has_language(text):
        raise file.refuse("holds no readable language (fewer than three words, or mostly digits and signs)")
    return [text_record(text, limits, uri=file.uri, sha256=file.sha256)]


def text_record(
    text: str,
    limits: IngestSettings,
    *,
    uri: str,
    sha256: str,
    part: str = "",
    modality: str | None = None,
    headings: Sequence[Stretch] = (),
) -> Record:
    """A text as a record: modality SR and its sections if it is laid out as a report, otherwise DOC.

    A document is cut at its `headings`, Markdown at its own, and the first heading is the title. `headings` are
    offsets into `text`, which is clean then. A report has the field `report_type`, and no title: whose it is may
    stand in it.
    """
    text = clean(text)
    kind, title = report_type(text), None
    if kind is None and not headings and _MARKDOWN_SIGNS.search(text):
        headings = markdown_sections(text)
    if kind is None:
        title = next((section for _, _, section, _ in headings if section), None)
    if kind is not None or title is None:
        headings = report_sections(text)
    return Record(
        kind="text",
        modality=modality or ("SR" if kind else "DOC"),
        uri=uri,
        sha256=sha256,
        part=part,
        title=title,
        text=text,
        passages=cut(text, limits.passage_words, headings),
        fields={"report_type": kind} if kind and kind != "other" else {},
    )
