"""XML without the parts that make it dangerous: no declarations, no entities, nothing fetched."""

from __future__ import annotations

import contextlib
import re
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from assistant.ingest.content import Content

_MAX_DEPTH = 200
_MAX_BYTES = 64_000_000
_MAX_NODES = 2_000_000  # elements and attributes, each some 100 bytes in memory
_SAYS_UTF16 = re.compile(rb"^(?:\xef\xbb\xbf)?<\?xml[^>]{0,200}encoding=.utf-?16", re.IGNORECASE)


class _Refused(Exception):
    pass


def parse(file: Content) -> Element:
    """The root element.

    Names keep their prefixes and default namespaces are dropped: readers look elements up by their plain names. A
    document type may name a file (`<!DOCTYPE RestingECG SYSTEM "restecg.dtd">`), which is not fetched.

    Raises UnreadableFile for XML that is damaged, that declares entities, elements or attributes, refers to entities
    that it does not declare, or is larger than 64 MB or 2,000,000 elements and attributes.
    """
    builder, depth, nodes = TreeBuilder(), 0, 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, nodes
        depth += 1
        nodes += 1 + len(attributes)
        if depth > _MAX_DEPTH:
            raise _Refused(f"elements are nested more than {_MAX_DEPTH} deep")
        if nodes > _MAX_NODES:
            raise _Refused(f"it has more than {_MAX_NODES:,} elements and attributes")
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    def refuse(*_: Any) -> None:
        raise _Refused("it declares entities or elements of its own, which are not read for safety")

    def unknown_entity(*_: Any) -> None:
        raise _Refused("it refers to an entity that it does not declare")

    if len(file.data) > _MAX_BYTES:
        raise file.refuse(
            "XML of {size:,.0f} MB; {max_bytes:.0f} MB at most are read",
            size=len(file.data) / 1e6,
            max_bytes=_MAX_BYTES / 1e6,
        )
    parser = expat.ParserCreate(_encoding(file.data))
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = refuse
    parser.ElementDeclHandler = refuse
    parser.AttlistDeclHandler = refuse
    parser.NotationDeclHandler = refuse
    parser.SkippedEntityHandler = unknown_entity
    try:
        parser.Parse(file.data, True)
        return builder.close()
    except _Refused as refused:
        raise file.refuse("XML refused: {refused}", refused=refused) from None
    except (expat.ExpatError, ValueError, AssertionError, LookupError) as error:
        raise file.refuse("damaged XML ({error})", error=error) from None


def without_prefixes(root: Element) -> Element:
    """The same tree, changed in place, with "hl7:code" as "code" and "xsi:type" as "type"."""
    for element in root.iter():
        element.tag = element.tag.rpartition(":")[2]
        if any(":" in name for name in element.attrib):
            plain = {name.rpartition(":")[2]: value for name, value in element.attrib.items()}
            element.attrib.clear()
            element.attrib.update(plain)
    return root


def _encoding(data: bytes) -> str | None:
    """UTF-8 for a file that says UTF-16 of itself and is not: saved anew by a tool that left the first line."""
    return "utf-8" if _SAYS_UTF16.match(data[:300]) else None


def root_name(file: Content) -> str | None:
    """The name of the root element of a file that looks like XML, without its prefix; None otherwise."""
    found: list[str] = []

    def start(name: str, _: dict[str, str]) -> None:
        found.append(name)
        raise _Refused

    head = file.data[:4].lstrip(b"\xef\xbb\xbf")
    if not (head[:1] in (b"<", b"\xff", b"\xfe") or file.data[:200].lstrip()[:1] == b"<"):
        return None
    parser = expat.ParserCreate(_encoding(file.data))
    parser.StartElementHandler = start
    with contextlib.suppress(_Refused, expat.ExpatError, ValueError, LookupError):
        parser.Parse(file.data[:200_000], False)
    return found[0].rpartition(":")[2] if found else None


def text_of(element: Element | None) -> str:
    """All text below an element, runs of white space as one space; "" for None."""
    return " ".join("".join(element.itertext()).split()) if element is not None else ""
