"""Word documents (DOCX), through python-docx; the other Office formats are told by name."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.text.layout import Block, document
from assistant.records import Record
from assistant.settings import IngestSettings

_MAX_PART = 32_000_000  # bytes of one XML part, unpacked
_MAX_TOTAL = 200_000_000
_MAX_TAGS = 2_000_000
_FIRST = ("[Content_Types].xml", "_rels/", "docProps/", "word/", "xl/", "ppt/", "customXml/", "mimetype", "META-INF/")
_OTHERS = (
    (b"xl/", "an Excel workbook (XLSX): save the sheet as CSV and name it as `manifest` in a recipe"),
    (b"ppt/", "a PowerPoint presentation (PPTX): save it as PDF"),
    (b"application/vnd.oasis.opendocument.text", "an OpenDocument text (ODT): save it as DOCX or PDF"),
    (b"application/vnd.oasis.opendocument.spreadsheet", "an OpenDocument spreadsheet (ODS): save the sheet as CSV"),
    (b"application/vnd.oasis.opendocument", "an OpenDocument file: save it as PDF"),
    (b"application/epub+zip", "an e-book (EPUB): save it as PDF or HTML"),
)
_DAMAGE = (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, NotImplementedError, RuntimeError, IndexError)
_UNSEEN = frozenset(("del", "moveFrom", "Fallback", "instrText", "delText", "pPr", "sectPr"))
_SPACES = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_HEADING_STYLE = re.compile(r"^(?:heading|title|überschrift|titel|titre)\s*[1-6]?$", re.IGNORECASE)


def recognises(file: Content) -> bool:
    return looks_like_office(file.data[:256])


def looks_like_office(head: bytes) -> bool:
    """Whether a file that begins so is an Office document or e-book in a ZIP container, by its first member."""
    if not head.startswith(b"PK\x03\x04") or len(head) < 31:
        return False
    name = head[30 : 30 + int.from_bytes(head[26:28], "little")].decode("utf-8", "replace")
    return name.startswith(_FIRST)


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """One text record: paragraphs, tables (a row a line), text boxes and headings in the order of the document.

    The first pages' headers stand at its beginning, footers and footnotes at its end. Deleted (tracked) and hidden
    text, comments, macros, pictures and the document's properties (author, company) are left out.

    Raises UnreadableFile for other Office documents, a protected, damaged or empty one, and for one that unpacks to
    more than 200 MB, a part of it to more than 32 MB or 2,000,000 elements.
    """
    if b"word/" not in file.data:
        found = next((reason for mark, reason in _OTHERS if mark in file.data), None)
        raise file.refuse("{found}: DOCX is read", found=found or "an Office document or e-book of an unknown kind")
    _check_size(file)
    try:
        return [document(file, _blocks(file), limits)]
    except UnreadableFile:
        raise
    except Exception as error:  # lxml's and python-docx's errors share no ancestor
        raise file.refuse("damaged DOCX document ({said})", said=" ".join(str(error).split())[:160]) from None


def _check_size(file: Content) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(file.data)) as packed:
            infos = packed.infolist()
            if any(info.flag_bits & 1 for info in infos):
                raise file.refuse("the document is protected by a password: save a copy without one")
            total = sum(info.file_size for info in infos)
            for info in infos:
                is_xml = info.filename.lower().endswith((".xml", ".rels"))
                if total > _MAX_TOTAL or (is_xml and info.file_size > _MAX_PART):
                    raise file.refuse(
                        "a DOCX that unpacks to {total:,.0f} MB: 200 MB are read, and 32 MB of one part",
                        total=total / 1e6,
                    )
                if is_xml and info.file_size > _MAX_TAGS and packed.read(info).count(b"<") > _MAX_TAGS:
                    raise file.refuse("a DOCX with more than {max_tags:,} elements", max_tags=_MAX_TAGS)
    except _DAMAGE as error:
        raise file.refuse("damaged DOCX document ({error})", error=error) from None


def _blocks(file: Content) -> Iterator[Block]:
    from docx.opc.package import OpcPackage

    main = OpcPackage.open(io.BytesIO(file.data)).main_document_part
    related: dict[str, list[Any]] = {}
    for relation in main.rels.values():
        if not relation.is_external:
            related.setdefault(relation.reltype.rpartition("/")[2], []).append(relation.target_part)
    styles = _heading_styles(related.get("styles", []))
    for part in related.get("header", []):
        yield from _walk(_root(part), styles)
    yield from _walk(_root(main), styles)
    for kind in ("footer", "footnotes", "endnotes"):
        for part in related.get(kind, []):
            yield from _walk(_root(part), styles)


def _root(part: Any) -> Any:
    from docx.oxml.parser import parse_xml

    element = getattr(part, "element", None)
    return element if element is not None else parse_xml(part.blob)


def _name(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _value(element: Any, name: str) -> str | None:
    """The value of an attribute, whatever its namespace (transitional or strict)."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), None)


def _heading_styles(parts: list[Any]) -> frozenset[str]:
    found = set()
    for style in (child for part in parts for child in _root(part) if _name(child) == "style"):
        named = next((_value(child, "val") or "" for child in style if _name(child) == "name"), "")
        if _HEADING_STYLE.match(named) and (key := _value(style, "styleId")):
            found.add(key)
    return frozenset(found)


def _walk(root: Any, styles: frozenset[str]) -> Iterator[Block]:
    """Paragraphs and rows below an element, in order, through content controls and insertions."""
    ahead = [root]
    while ahead:
        element = ahead.pop()
        match _name(element):
            case "p":
                text = _text(element)
                style = next((_value(e, "val") for e in element.iter() if _name(e) == "pStyle"), None)
                is_list = any(_name(e) == "numPr" for e in element.iter())
                yield Block(f"- {text}" if is_list and text.strip() else text, style in styles, close=is_list)
            case "tr":
                cells = [" ".join(_text(cell).split()) for cell in element if _name(cell) in ("tc", "sdt")]
                kept = [cell for i, cell in enumerate(cells) if cell and (not i or cell != cells[i - 1])]
                yield Block(" | ".join(kept), close=True)
            case name if name not in _UNSEEN:
                ahead += reversed(list(element))


def _text(element: Any) -> str:
    """The text that is seen of a paragraph or cell."""
    words: list[str] = []
    ahead = [element]
    while ahead:
        node = ahead.pop()
        if isinstance(node, str):
            words.append(node)
            continue
        name = _name(node)
        if name in _UNSEEN or (name == "r" and _vanishes(node)):
            continue
        if name == "t":
            words.append(node.text or "")
        elif name in _SPACES:
            words.append(_SPACES[name])
        else:
            ahead += [*(["\n"] if name == "p" and node is not element else []), *reversed(list(node))]
    return "".join(words).strip()


def _vanishes(run: Any) -> bool:
    properties = next((child for child in run if _name(child) == "rPr"), None)
    if properties is None:
        return False
    marks = (child for child in properties if _name(child) in ("vanish", "webHidden"))
    return any((_value(mark, "val") or "true") not in ("0", "false", "off") for mark in marks)
