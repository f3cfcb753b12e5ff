"""PDF documents, page by page, through pypdf."""

from __future__ import annotations

import io
import re
from collections import Counter
from datetime import datetime

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.quiet import quiet
from assistant.ingest.text.encodings import clean
from assistant.ingest.text.language import has_language
from assistant.ingest.text.passages import Stretch, cut
from assistant.records import Record
from assistant.settings import IngestSettings

_SPACED = re.compile(r"\b(?:[A-Z] ){3,}[A-Z]\b")  # letter-spaced headings: "M E T H O D S"
_FULL_LINE = 35  # characters; below, a line is a heading or a cell of a table
_EDGE_LINES = 3


def recognises(file: Content) -> bool:
    return b"%PDF-" in file.data[:1024]


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """One text record with passages that each lie on one page; `fields` name pages without text.

    Figures leave letters and numbers behind; a passage of nothing else is dropped.

    Raises UnreadableFile for a damaged or encrypted file, and for one without any text (a scan).
    """
    pages, title, taken_at = _extract(file, limits)
    if not any(has_language(page) for page in pages):
        raise file.refuse(
            f"a PDF without text ({len(pages)} page{'s' if len(pages) != 1 else ''}, probably scanned): "
            "run text recognition over it first"
        )
    pages = [unwrap(page) for page in without_running_lines(pages)]
    text, stretches, blank = "", [], []
    for number, page in enumerate(pages, start=1):
        if not page.strip():
            blank.append(number)
            continue
        text += "\n\n" if text else ""
        stretch: Stretch = (len(text), len(text) + len(page), None, number)
        stretches.append(stretch)
        text += page
    passages = cut(text, limits.passage_words, stretches)
    fields: dict[str, str | int | float] = {"pages": len(pages)}
    if blank:
        fields["pages_without_text"] = ", ".join(map(str, blank))
    return [
        Record(
            kind="text",
            modality="DOC",
            uri=file.uri,
            sha256=file.sha256,
            taken_at=taken_at,
            title=title,
            text=text,
            passages=tuple(p for p in passages if has_language(text[p.start : p.end])),
            fields=fields,
        )
    ]


def _extract(file: Content, limits: IngestSettings) -> tuple[list[str], str | None, datetime | None]:
    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError, PdfReadError

    with quiet():
        try:
            reader = PdfReader(io.BytesIO(file.data))
            if reader.is_encrypted and not reader.decrypt(""):
                raise file.refuse("the PDF is protected by a password: save a copy without one")
            count = len(reader.pages)
            if count > limits.max_pdf_pages:
                raise file.refuse(
                    f"{count:,} pages are more than the limit of {limits.max_pdf_pages:,} (ingest.max_pdf_pages)"
                )
            pages = [clean(page.extract_text() or "") for page in reader.pages]
            return pages, _title(reader), _date(reader)
        except FileNotDecryptedError:
            raise file.refuse("the PDF is protected by a password: save a copy without one") from None
        except PdfReadError as error:
            raise file.refuse(f"a damaged or cut-off PDF ({error})") from None
        except MemoryError:
            raise file.refuse("the PDF does not fit into memory") from None
        except RecursionError:
            raise file.refuse("damaged PDF (its objects refer to each other without end)") from None
        except UnreadableFile:
            raise
        except Exception as error:
            raise file.refuse(f"a damaged or cut-off PDF ({type(error).__name__}: {error})") from None


def _title(reader: object) -> str | None:
    metadata = getattr(reader, "metadata", None)
    title = " ".join(clean(str(getattr(metadata, "title", None) or "")).split())
    return title if len(title.split()) >= 2 and "untitled" not in title.lower() else None


def _date(reader: object) -> datetime | None:
    created = getattr(getattr(reader, "metadata", None), "creation_date", None)
    return created.replace(tzinfo=None) if isinstance(created, datetime) else None


def without_running_lines(pages: list[str]) -> list[str]:
    """Pages without the headers and footers that most of them share (page numbers counted as equal)."""
    if len(pages) < 4:
        return pages
    shapes: Counter[str] = Counter()
    for page in pages:
        lines = page.splitlines()
        shapes.update({_shape(line) for line in lines[:_EDGE_LINES] + lines[-_EDGE_LINES:]} - {""})
    running = {shape for shape, count in shapes.items() if count >= max(3, 0.5 * len(pages))}
    return [_strip_edges(page, running) for page in pages]


def _shape(line: str) -> str:
    return re.sub(r"\d+", "0", " ".join(line.split()))


def _strip_edges(page: str, running: set[str]) -> str:
    lines = page.splitlines()
    last = len(lines)
    return "\n".join(
        line
        for i, line in enumerate(lines)
        if not ((i < _EDGE_LINES or i >= last - _EDGE_LINES) and _shape(line) in running)
    )


def unwrap(page: str) -> str:
    """A page's lines joined into running text where a line was broken only because it was full.

    A line counts as full if it is about as long as a neighbour: columns of one page differ in width, and
    headings and the cells of tables are short.
    """
    lines = [_SPACED.sub(lambda match: match[0].replace(" ", ""), " ".join(line.split())) for line in page.splitlines()]
    out: list[str] = []
    for i, line in enumerate(lines):
        before = lines[i - 1] if i else ""
        neighbours = max(len(line), len(lines[i - 2]) if i > 1 else 0)
        if out and before and line and before[-1] in "-\u00ad" and line[0].islower() and before[-2:-1].isalpha():
            out[-1] = out[-1][:-1] + line
        elif out and before and line and _goes_on(before, line, neighbours):
            out[-1] += " " + line
        else:
            out.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip()


def _goes_on(before: str, line: str, neighbours: int) -> bool:
    if before[-1] in ".:;!?":
        return False
    if line[0].islower() or before[-1] in ",(–":
        return True
    return len(before) >= max(_FULL_LINE, 0.8 * neighbours)
