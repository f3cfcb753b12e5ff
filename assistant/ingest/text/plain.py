"""Plain text and Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.ingest.content import Content
from assistant.ingest.text.encodings import clean
from assistant.ingest.text.language import no_language
from assistant.ingest.text.passages import Stretch, cut
from assistant.ingest.text.sections import markdown_sections, report_sections, report_type
from assistant.records import Record
from assistant.settings import IngestSettings

_MARKDOWN_SIGNS = re.compile(r"^(?:#{1,6} \S|```|\|.+\|$|[-*] \S|\d+\. \S)|\[[^\]]+\]\([^)]+\)", re.MULTILINE)


def recognises(file: Content) -> bool:
    return file.text is not None


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """One text record: a report with its sections, or a document in passages."""
    text = file.text
    if text is None:
        raise file.refuse("neither text nor a format that Wardround knows")
    if not text.strip():
        raise file.refuse("the text is blank")
    if reason := no_language(text):
        raise file.refuse(reason)
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
    if kind not in (None, "other") or not any(section for _, _, section, _ in headings):
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
