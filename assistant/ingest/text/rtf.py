"""Documents in Rich Text Format, through striprtf."""

from __future__ import annotations

import codecs
import re

from assistant.ingest.content import Content
from assistant.ingest.text.layout import Block, document
from assistant.records import Record
from assistant.settings import IngestSettings

_MAX_BYTES = 8_000_000  # without its pictures: striprtf looks at every character
_BINARY = re.compile(rb"\\bin(\d{1,9}) ?")
_PICTURE = re.compile(rb"(?:[0-9a-fA-F]{2}\s{0,2}){200,}")  # hexadecimal digits of a picture or an embedded object
_CODE_PAGE = re.compile(rb"\\ansicpg(\d{1,5})")
_FONT_TABLE = re.compile(r"\{\\fonttbl")
# Text that the author deleted (tracked) or hid.
_DELETED = re.compile(r"\{(?:\\[a-z]+-?\d* ?){0,20}?\\(?:deleted|v)(?![a-z0-9])[^{}]{0,20000}\}")


def recognises(file: Content) -> bool:
    return file.data[:64].lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{\\rtf")


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """One text record. Pictures, deleted and hidden text, the author's name and field codes are left out.

    Raises UnreadableFile for a document without text or with more than 8 MB besides its pictures.
    """
    from striprtf.striprtf import rtf_to_text

    data = _PICTURE.sub(b"", _without_binary(file.data))
    if len(data) > _MAX_BYTES:
        raise file.refuse("an RTF document of {size:,.0f} MB without its pictures: 8 MB are read", size=len(data) / 1e6)
    source = _DELETED.sub("", _harmless(data.decode(_code_page(data), "replace")))
    try:
        text = rtf_to_text(source, errors="replace")
    except (ValueError, LookupError, IndexError, TypeError, AttributeError, OverflowError) as error:
        raise file.refuse("damaged RTF document ({error})", error=error) from None
    lines = (" | ".join(filter(None, map(str.strip, line.split("|")))) for line in text.split("\n"))
    return [document(file, _paragraphs("\n".join(lines)), limits)]


def _paragraphs(text: str) -> list[Block]:
    found, close = [], False
    for line in text.split("\n"):
        found.append(Block(line, close=close))
        close = bool(line.strip())
    return found


def _without_binary(data: bytes) -> bytes:
    """Without the raw bytes that `\\binN` announces, in which braces and backslashes mean nothing."""
    parts, at = [], 0
    while match := _BINARY.search(data, at):
        parts.append(data[at : match.start()])
        at = match.end() + int(match[1])
    return b"".join([*parts, data[at:]])


def _code_page(data: bytes) -> str:
    match = _CODE_PAGE.search(data[:10_000])
    name = f"cp{match[1].decode()}" if match else "cp1252"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "cp1252"


def _harmless(source: str) -> str:
    """The same document without the two things that make striprtf's expressions slow.

    They search from each hyperlink and each font to the end of its line; a blank and line breaks change nothing in RTF.
    """
    source = source.replace("{\\field{", "{\\field {")
    match = _FONT_TABLE.search(source)
    if match is None:
        return source
    start, depth, end = match.start(), 0, len(source)
    for brace in re.finditer(r"[{}]", source[start:]):
        depth += 1 if brace.group() == "{" else -1
        if depth == 0:
            end = start + brace.end()
            break
    fonts = "\n".join(line[:500] for line in re.sub(r"[\r\n]+", " ", source[start:end]).replace(";", ";\n").split("\n"))
    return source[:start] + (fonts if depth == 0 else "{" + "\\fonttbl}") + source[end:]
