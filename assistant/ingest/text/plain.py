"""Plain text and Markdown; decoding for every reader of text."""

from __future__ import annotations

import codecs
import re
import unicodedata

from assistant.ingest.content import Content
from assistant.ingest.text.passages import Stretch, cut, is_report, markdown_sections, report_sections
from assistant.records import Record
from assistant.settings import IngestSettings

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = bytes(code for code in (*range(32), 127) if chr(code) not in "\t\n\r\f\x0b")
_WORD = re.compile(r"[^\W\d_]{2,}")
_MARKDOWN_SIGNS = re.compile(r"^(?:#{1,6} \S|```|\|.+\|$|[-*] \S|\d+\. \S)|\[[^\]]+\]\([^)]+\)", re.MULTILINE)


def decode(data: bytes) -> str | None:
    """Bytes as text with newlines as `\\n`, or None if they are no text.

    UTF-8, UTF-16 and UTF-32 are told by their byte-order mark, UTF-16 without one by its zero bytes; what is no
    valid UTF-8 is taken for Windows-1252 or Latin-1. Text with control characters is binary.
    """
    sample = data[:20_000]
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), None) or _unmarked_utf16(data)
    if encoding is None and len(sample.translate(None, _CONTROL)) < 0.998 * len(sample):
        return None
    for candidate in (encoding,) if encoding else ("utf-8", "cp1252", "latin-1"):
        try:
            text = data.decode(candidate)
        except UnicodeDecodeError:
            continue
        return clean(text) if _printable(text) else None
    return None


def clean(text: str) -> str:
    """A text that any store can hold: newlines as `\\n`, no zero bytes, no halves of surrogate pairs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", " ")
    return text.encode("utf-8", "replace").decode("utf-8")


def _unmarked_utf16(data: bytes) -> str | None:
    sample = data[:2000]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = max(1, len(sample) // 2)
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * half and odd < 0.05 * half else None


def _printable(text: str) -> bool:
    sample = text[:20_000]
    control = sum(unicodedata.category(c) in ("Cc", "Cn", "Co") and c not in "\t\n\r\f\x0b" for c in sample)
    return control <= 0.002 * len(sample)


def has_language(text: str) -> bool:
    """Whether a text says anything: at least three different words, and letters not lost among other signs."""
    words = {word.lower() for word in _WORD.findall(text[:50_000])}
    signs = [c for c in text[:50_000] if not c.isspace()]
    return len(words) >= 3 and sum(c.isalpha() for c in signs) >= 0.25 * len(signs)


def recognises(file: Content) -> bool:
    return decode(file.data) is not None


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """One text record: a report with its sections, or a document in passages."""
    text = decode(file.data)
    if text is None:
        raise file.refuse("neither text nor a format that Wardround knows")
    if not text.strip():
        raise file.refuse("the text is blank")
    if not has_language(text):
        raise file.refuse("holds no readable language (fewer than three words, or mostly digits and signs)")
    return [text_record(text, limits, uri=file.uri, sha256=file.sha256)]


def text_record(
    text: str, limits: IngestSettings, *, uri: str, sha256: str, part: str = "", modality: str | None = None
) -> Record:
    """A text as a record: modality SR and its sections if it is laid out as a report, otherwise DOC.

    Markdown is cut at its headings, and its first heading is the title.
    """
    text = clean(text)
    sections = report_sections(text)
    report = is_report(sections)
    headings = markdown_sections(text)
    markdown = not report and any(section for _, _, section, _ in headings) and bool(_MARKDOWN_SIGNS.search(text))
    stretches: list[Stretch] | None = headings if markdown else sections
    title = next((section for _, _, section, _ in headings if section), None) if markdown else None
    return Record(
        kind="text",
        modality=modality or ("SR" if report else "DOC"),
        uri=uri,
        sha256=sha256,
        part=part,
        title=title,
        text=text,
        passages=cut(text, limits.passage_words, stretches),
    )
