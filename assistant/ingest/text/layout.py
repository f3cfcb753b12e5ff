"""Documents of paragraphs, tables and headings as one text with the stretches below each heading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from assistant.ingest.content import Content
from assistant.ingest.text.encodings import clean
from assistant.ingest.text.language import no_language
from assistant.ingest.text.passages import Stretch
from assistant.ingest.text.plain import text_record
from assistant.records import Record
from assistant.settings import IngestSettings


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, an item of a list, a row of a table (cells joined by " | "), or a heading.

    `close` says that it stands on the line right below the block before it, with no blank line between.
    """

    text: str
    heading: bool = False
    close: bool = False


def lay_out(blocks: Iterable[Block]) -> tuple[str, list[Stretch]]:
    """The text of all blocks, and (start, end, heading, None) of what stands below each heading."""
    text, marks = "", []
    parts: list[str] = []
    length = 0
    for block in blocks:
        said = clean(block.text).strip()
        if not said:
            continue
        gap = "" if not length else ("\n" if block.close else "\n\n")
        start = length + len(gap)
        length = start + len(said)
        parts += [gap, said]
        if block.heading:
            marks.append((start, length, " ".join(said.split())))
    text = "".join(parts)
    if not marks:
        return text, []
    stretches: list[Stretch] = [(0, marks[0][0], None, None)]
    ends = [start for start, _, _ in marks[1:]] + [len(text)]
    stretches += [(stop, end, name, None) for (_, stop, name), end in zip(marks, ends, strict=True)]
    return text, [stretch for stretch in stretches if text[stretch[0] : stretch[1]].strip()]


def document(file: Content, blocks: Iterable[Block], limits: IngestSettings, title: str | None = None) -> Record:
    """A document's blocks as one text record. Raises UnreadableFile for one that says nothing.

    `title` is taken for a document; a clinical report has none, for a patient's name may stand in it.
    """
    text, headings = lay_out(blocks)
    if not text:
        raise file.refuse("the document has no text")
    if reason := no_language(text):
        raise file.refuse(reason)
    record = text_record(text, limits, uri=file.uri, sha256=file.sha256, headings=headings)
    if record.modality == "DOC" and title and (title := " ".join(clean(title).split())):
        return replace(record, title=title[:300])
    return record
