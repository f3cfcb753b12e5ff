"""XML without the parts that make it dangerous: no document type, no entities, nothing fetched."""

from __future__ import annotations

import contextlib
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from assistant.ingest.content import Content

_MAX_DEPTH = 200


class _Refused(Exception):
    pass


def parse(file: Content) -> Element:
    """The root element. Raises UnreadableFile for XML that is damaged or declares a document type or entities.

    Names keep their prefixes and default namespaces are dropped: readers look elements up by their plain names.
    """
    builder, depth = TreeBuilder(), 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise _Refused(f"elements are nested more than {_MAX_DEPTH} deep")
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    def refuse(*_: Any) -> None:
        raise _Refused("it declares a document type or entities, which are not read for safety")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(file.data, True)
        return builder.close()
    except _Refused as refused:
        raise file.refuse(f"XML refused: {refused}") from None
    except (expat.ExpatError, ValueError, AssertionError, LookupError) as error:
        raise file.refuse(f"damaged XML ({error})") from None


def root_name(file: Content) -> str | None:
    """The name of the root element of a file that looks like XML, without its prefix; None otherwise."""
    found: list[str] = []

    def start(name: str, _: dict[str, str]) -> None:
        found.append(name)
        raise _Refused

    head = file.data[:4].lstrip(b"\xef\xbb\xbf")
    if not (head[:1] in (b"<", b"\xff", b"\xfe") or file.data[:200].lstrip()[:1] == b"<"):
        return None
    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    with contextlib.suppress(_Refused, expat.ExpatError, ValueError, LookupError):
        parser.Parse(file.data[:200_000], False)
    return found[0].rpartition(":")[2] if found else None


def text_of(element: Element | None) -> str:
    """All text below an element, runs of white space as one space; "" for None."""
    return " ".join("".join(element.itertext()).split()) if element is not None else ""
