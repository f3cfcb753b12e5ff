"""HTML pages as text: what a reader sees, in order; nothing is run and nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assistant.ingest.content import Content
from assistant.ingest.text.encodings import decode
from assistant.ingest.text.layout import Block, document
from assistant.records import Record
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_OPENING = re.compile(
    rb"^\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
# A piece of a page, as it is copied out of one: no document of XML has such a root.
_PIECE = re.compile(
    rb"^\s*(?:<!--.*?-->\s*)*<(?:script|style|meta|link|base|noscript|b|i|u|p|br|hr|div|span|font|center|strong|em"
    rb"|small|big|h[1-6]|ul|ol|dl|table|pre|blockquote|img|a)(?:\s[^<>]*)?/?>",
    re.IGNORECASE | re.DOTALL,
)
_BREAKS = re.compile(r"<(?:br|hr|p|div|h[1-6]|[uod]l|li|d[td]|tr|t[dh]|pre|blockquote|center)\b", re.IGNORECASE)
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_MAX_BYTES = 32_000_000
_MAX_TAGS = 120_000  # each takes about a kilobyte, and sixty microseconds
_UNSEEN = frozenset((
    "script", "style", "noscript", "template", "head", "iframe", "object", "embed", "svg", "math", "canvas", "audio",
    "video", "select", "textarea", "button", "input", "datalist", "nav", "map", "applet", "frameset",
))  # fmt: skip
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "html", "legend", "li", "main", "ol",
    "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
)) | _HEADINGS  # fmt: skip
_CLOSE = frozenset(("li", "tr", "dt", "dd", "br"))


def recognises(file: Content) -> bool:
    head = _head(file)
    return bool(_OPENING.match(head) or _PIECE.match(head))


def _head(file: Content) -> bytes:
    head = file.data[:4096]
    for mark in _BOMS:
        head = head.removeprefix(mark)
    return head.replace(b"\0", b"")


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """One text record: headings open sections, a table's row is a line, scripts and hidden parts are left out.

    Raises UnreadableFile for a page without text, of an unknown encoding, or larger than 32 MB
    or 120,000 elements.
    """
    if len(file.data) > _MAX_BYTES:
        raise file.refuse(
            "an HTML page of {size:,.0f} MB: more than the 32 MB that are read", size=len(file.data) / 1e6
        )
    if (tags := file.data.count(b"<") // 2) > _MAX_TAGS:
        raise file.refuse(
            "an HTML page of some {tags:,} elements: more than the {max_tags:,} that are read",
            tags=tags,
            max_tags=_MAX_TAGS,
        )
    page = _source(file.data)
    if page is None:
        raise file.refuse("an HTML page in an unknown encoding")
    if _PIECE.match(_head(file)) and not _BREAKS.search(page):  # a text with a few tags, whose lines are as they stand
        page = f"<pre>{page}</pre>"
    soup = parse(page)
    title = soup.title.get_text(" ", strip=True) if soup.title else None
    return [document(file, blocks(soup), limits, title)]


def plain_text(markup: str) -> str:
    """The text of a piece of HTML or XHTML, its paragraphs and rows on lines of their own."""
    return "\n".join(block.text for block in blocks(parse(markup)))


def parse(markup: str) -> BeautifulSoup:
    from bs4 import BeautifulSoup

    return BeautifulSoup(markup.replace("\0", ""), "lxml")


def _source(data: bytes) -> str | None:
    """The page's source; its own `charset` is believed where its bytes are of it."""
    from bs4.dammit import EncodingDetector

    declared = None if data.startswith(_BOMS) else EncodingDetector.find_declared_encoding(data[:4096], is_html=True)
    if declared and b"\0" not in data[:200]:
        # browsers take Latin-1 and ASCII for Windows-1252 (WHATWG Encoding, 4.2)
        name = {"iso-8859-1": "cp1252", "latin-1": "cp1252", "us-ascii": "cp1252"}.get(declared.lower(), declared)
        try:
            return data.decode(name)
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(data)


def blocks(soup: BeautifulSoup) -> Iterator[Block]:
    """The visible text in order: a block for each paragraph, item, row and heading."""
    from bs4.element import CData, NavigableString, PreformattedString, Tag

    words: list[str] = []
    heading, close, preformatted = False, False, 0
    # what is still to come, last first; a tag's end is its name
    ahead: list[Any] = [soup]
    while ahead:
        node = ahead.pop()
        if isinstance(node, NavigableString):
            if not isinstance(node, PreformattedString) or isinstance(node, CData):
                words.append(str(node) if preformatted else re.sub(r"\s+", " ", node))
            continue
        name = node.name.lower() if isinstance(node, Tag) else node
        if name in _BLOCKS or name == "br":
            if said := "".join(words).strip():
                yield Block(said, heading, close)
            words, heading, close = [], False, name in _CLOSE
        if not isinstance(node, Tag):
            preformatted -= node == "pre"
            continue
        if name in _UNSEEN or _hidden(node):
            continue
        if name == "tr" and not node.find("table"):
            yield Block(" | ".join(_cells(node)), close=True)
            continue
        heading = heading or name in _HEADINGS
        preformatted += name == "pre"
        words += ["- "] if name == "li" else []
        ahead.append(name)
        ahead += reversed(node.contents)
    if said := "".join(words).strip():
        yield Block(said, heading, close)


def _cells(row: Tag) -> Iterator[str]:
    for cell in row.find_all(["td", "th"]):
        for unseen in [tag for tag in cell.find_all(True) if tag.name in _UNSEEN or _hidden(tag)]:
            unseen.extract()
        if (said := " ".join(cell.get_text(" ").split())) and not _hidden(cell):
            yield said


def _hidden(tag: Tag) -> bool:
    return "hidden" in tag.attrs or bool(_HIDDEN.search(str(tag.get("style") or "")))
