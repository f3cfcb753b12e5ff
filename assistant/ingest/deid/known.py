"""What the header or the table row of a study says of its patient, found again in the study's text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.ingest.deid.spans import Span
from assistant.records import Known

NOTHING_KNOWN = Known()

_TITLES = frozenset(
    "dr prof mr mrs ms miss md phd herr frau med dipl rn do jr sr ii iii iv von van de der la le el bin".split()
)


def find_known(text: str, known: Known) -> Iterator[Span]:
    """Every place where something of `known` stands, whatever its case, its separators or the order of its parts."""
    for identifier in known.ids:
        characters = re.findall(r"[^\W_]", identifier)
        while len(characters) > 4 and characters[0] == "0":
            del characters[0]
        if len(characters) >= 3:
            pattern = r"[ ./_-]?".join(map(re.escape, characters))
            for match in re.finditer(rf"(?<!\w)(?:0[-]?)*{pattern}(?!\w)", text, re.IGNORECASE):
                yield Span(match.start(), match.end(), "id")
    for place in known.places:
        words = re.findall(r"\w+", place)
        if len("".join(words)) >= 4:
            pattern = r"\W{1,3}".join(map(re.escape, words))
            for match in re.finditer(rf"(?<!\w){pattern}(?!\w)", text, re.IGNORECASE):
                yield Span(match.start(), match.end(), "address")
    for part in sorted(name_parts(known.names), key=len, reverse=True):
        for match in re.finditer(rf"(?<!\w){re.escape(part)}(?!\w)", text, re.IGNORECASE):
            yield Span(match.start(), match.end(), "name")


def name_parts(names: tuple[str, ...]) -> set[str]:
    """The single words of names, without titles and initials."""
    parts = {part for name in names for part in re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", name)}
    return {part for part in parts if len(part) >= 3 and part.lower() not in _TITLES}
