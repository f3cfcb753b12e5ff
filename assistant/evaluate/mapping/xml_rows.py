"""Rows of XML: elements found by an XPath, columns by XPaths from there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def read_xml(content: bytes, element: str, columns: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """A row for every element; an XPath that gives nodes makes a list of their texts, spaces run together.

    No entity is expanded and nothing is fetched. ValueError for what is no XML or no XPath.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(content, parser)
        for found in root.xpath(element):
            yield {name: _value(found.xpath(path)) for name, path in columns.items()}
    except (etree.XMLSyntaxError, etree.XPathError) as error:
        raise ValueError(str(error)) from error


def _value(found: Any) -> Any:
    if isinstance(found, list):
        parts = ("".join(part.itertext()) if hasattr(part, "itertext") else str(part) for part in found)
        return [text for text in (" ".join(part.split()) for part in parts) if text]
    return " ".join(found.split()) if isinstance(found, str) else found
