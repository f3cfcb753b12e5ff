"""The labels of a picture or signal that say something of the patient."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NOT_CLINICAL = re.compile(
    r"age|sex|gender|view|source|folder|split|file|name|url|licen[cs]e|date|year|id$|position"
    r"|region|body|origin|projection"
)
_SEPARATORS = re.compile(r"\s*[|;,/]\s*")


def clinical_labels(labels: Mapping[str, str]) -> set[tuple[str, str]]:
    """Names and single values, less those that are none of medicine ("view") or are numbers."""
    return {
        (name, value)
        for name, text in labels.items()
        if not _NOT_CLINICAL.search(name.lower())
        for value in _SEPARATORS.split(text)
        if 2 <= len(value) <= 60 and not value.replace(".", "").isdigit()
    }
