"""PDF documents, page by page, through pypdf."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from assistant.errors import UnreadableFile
from assistant.findings.sentences import ends_as_item
from assistant.ingest.content import Content
from assistant.ingest.quiet import quiet
from assistant.ingest.text import ocr
from assistant.ingest.text.encodings import clean
from assistant.ingest.text.language import has_language
from assistant.ingest.text.passages import Stretch, cut
from assistant.ingest.text.sections import report_sections, report_type
from assistant.records import Record
from assistant.settings import IngestSettings
from assistant.wording import worded

_SPACED = re.compile(r"\b(?:[A-Z] ){3,}[A-Z]\b")  # letter-spaced headings: "M E T H O D S"
_FULL_LINE = 35  # characters; below, a line is a heading or a cell of a table
_EDGE_LINES = 3
_BEGINS_ANEW = re.compile(r"(?:\(?\d{1,2}[.)]|[-*•–·])\s+\S|[A-ZÄÖÜ][\w/-]*(?: [\w/-]+){0,3}:(?:\s|$)")
_SYMBOL = re.compile(r"[a-z]{1,3}[A-Z]+\b")  # "eGFR", "pH" begin a line as a capital does
_MAX_TEXT = 50_000_000  # characters
_NO_TITLE = re.compile(r"untitled|^microsoft word|\.(?:docx?|pdf|html?|rtf|txt)$", re.IGNORECASE)
_FIGURES = re.compile(r"\d")


def recognises(file: Content) -> bool:
    return b"%PDF-" in file.data[:1024]


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """One text record with passages that each lie on one page, and in one section if it is a report.

    A page that holds pictures and no text is a scan: it is set aside, or recognised where `ingest.ocr` says so.
    `fields` name the pages without text (`pages_without_text`) and those recognised (`ocr_pages`). Figures leave
    letters and numbers behind; a passage of nothing else is dropped.

    Raises UnreadableFile for a damaged or encrypted file, and for one without any text.
    """
    pages, scanned, title, taken_at = _extract(file, limits)
    fields: dict[str, str | int | float] = {"pages": len(pages)}
    if scanned and limits.ocr == "auto":
        for number, text in ocr.recognised(file, scanned, limits):
            if has_language(text):
                pages[number - 1] = text
                fields["ocr_pages"] = f"{fields['ocr_pages']}, {number}" if "ocr_pages" in fields else str(number)
            else:
                file.set_aside(
                    worded("page {number}", number=number), "a scanned page on which no readable text was recognised"
                )
    else:
        for number in scanned:
            file.set_aside(worded("page {number}", number=number), ocr.OFFER)
    if not any(has_language(page) for page in pages):
        many = f"{len(pages)} page{'s' if len(pages) != 1 else ''}"
        if scanned:
            raise file.refuse(
                "a PDF without text ({many}); page {scanned}: {aside}",
                many=many,
                scanned=scanned[0],
                aside=dict(file.aside)[f"page {scanned[0]}"],
            )
        raise file.refuse("a PDF without text ({many})", many=many)
    pages = [unwrap(page) for page in without_running_lines(pages)]
    text, spans, blank = "", [], []
    for number, page in enumerate(pages, start=1):
        if not page.strip():
            blank.append(number)
            continue
        text += "\n\n" if text else ""
        spans.append((len(text), len(text) + len(page), number))
        text += page
    if blank:
        fields["pages_without_text"] = ", ".join(map(str, blank))
    kind = report_type(text)
    if kind and kind != "other":
        fields["report_type"] = kind
    passages = cut(text, limits.passage_words, list(_stretches(text, spans, by_section=kind is not None)))
    return [
        Record(
            kind="text",
            modality="SR" if kind else "DOC",
            uri=file.uri,
            sha256=file.sha256,
            taken_at=taken_at,
            title=None if kind else title,  # a report's may be its patient's name
            text=text,
            # under a heading a word says enough: "Allergies: latex"
            passages=tuple(p for p in passages if p.section or has_language(text[p.start : p.end], brief=True)),
            fields=fields,
        )
    ]


def _stretches(text: str, pages: list[tuple[int, int, int]], *, by_section: bool) -> Iterator[Stretch]:
    """Each page, cut at the headings of a report; a section goes on from one page to the next, and one whose heading
    closes a page begins there."""
    sections = report_sections(text) if by_section else [(0, len(text), None, None)]
    for start, end, number in pages:
        for begin, stop, name, _ in sections:
            if text[max(start, begin) : min(end, stop)].strip():
                yield max(start, begin), min(end, stop), name, number


def _extract(file: Content, limits: IngestSettings) -> tuple[list[str], list[int], str | None, datetime | None]:
    """The text of each page, the numbers of those that are scans, title and date."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError, PdfReadError

    with quiet():
        try:
            reader = PdfReader(io.BytesIO(file.data))
            if reader.is_encrypted and not reader.decrypt(""):
                raise file.refuse("the PDF is protected by a password: save a copy without one")
            count = len(reader.pages)
            if count > limits.max_pdf_pages:
                raise file.refuse(
                    "{count:,} pages are more than the limit of {max_pdf_pages:,} (ingest.max_pdf_pages)",
                    count=count,
                    max_pdf_pages=limits.max_pdf_pages,
                )
            pages, scanned, size = [], [], 0
            for number, page in enumerate(reader.pages, start=1):
                pages.append(_page_text(file, number, page))
                if (size := size + len(pages[-1])) > _MAX_TEXT:
                    raise file.refuse(
                        "a PDF with more than {max_text:,} characters of text (at page {number:,})",
                        max_text=_MAX_TEXT,
                        number=number,
                    )
                if not has_language(pages[-1]) and _has_picture(page):
                    scanned.append(number)
            return pages, scanned, _title(reader), _date(reader)
        except (FileNotDecryptedError, DependencyError):
            raise file.refuse("the PDF is protected by a password: save a copy without one") from None
        except PdfReadError as error:
            raise file.refuse("a damaged or cut-off PDF ({error})", error=error) from None
        except MemoryError:
            raise file.refuse("the PDF does not fit into memory") from None
        except RecursionError:
            raise file.refuse("damaged PDF (its objects refer to each other without end)") from None
        except UnreadableFile:
            raise
        except Exception as error:
            raise file.refuse(
                "a damaged or cut-off PDF ({fault}: {error})", fault=type(error).__name__, error=error
            ) from None


def _page_text(file: Content, number: int, page: Any) -> str:
    """A page's text, "" for one that is set aside because its content is damaged or beyond pypdf's limits."""
    try:
        return clean(page.extract_text() or "")
    except MemoryError:
        raise
    except Exception as error:  # damaged fonts and streams raise from any depth of pypdf
        brief = f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
        file.set_aside(worded("page {number}", number=number), "a damaged page ({brief})", brief=brief)
        return ""


def _has_picture(page: Any) -> bool:
    """Whether a page draws a picture of its own, or a form that may hold one."""
    try:
        objects = page["/Resources"].get_object()["/XObject"].get_object()
        return any(objects[name].get_object().get("/Subtype") in ("/Image", "/Form") for name in objects)
    except Exception:  # no resources, or damaged ones: nothing to recognise
        return False


def _title(reader: object) -> str | None:
    metadata = getattr(reader, "metadata", None)
    title = " ".join(clean(str(getattr(metadata, "title", None) or "")).split())
    return title if len(title.split()) >= 2 and not _NO_TITLE.search(title) else None


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
    headings and the cells of tables are short. An item with a number or a mark, a line with its own name
    ("Diagnoses: …") and a drug with its dose below another one begin anew.
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
    if before[-1] in ".:;!?" or _BEGINS_ANEW.match(line):
        return False
    if (line[0].islower() and not _SYMBOL.match(line)) or before[-1] in ",(–":
        return True
    if ends_as_item(before, line):
        return False
    return len(before) >= max(_FULL_LINE, 0.8 * neighbours) and not _row(before)


def _row(line: str) -> bool:
    """Whether a line looks like a row of a table: two in five of its words are numbers."""
    words = line.split()
    return sum(bool(_FIGURES.search(word)) for word in words) >= max(2.0, 0.4 * len(words))
