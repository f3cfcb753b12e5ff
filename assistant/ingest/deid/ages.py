"""Ages over 89, which the Safe Harbor rule counts among the identifiers (45 CFR 164.514(b)(2)(i)(C))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.ingest.deid.spans import Span

_OVER = r"9\d|1[0-3]\d"
_AGES = re.compile(
    rf"(?<![\d.,/–-])(?P<before>{_OVER})(?=[ -]?(?:years?|yrs?\.?|y\.?)[ -]?(?:old|of age|o\b)|[ -]?y[./]?o\b"
    r"|[ -]?(?:jährige[rnsm]?|Jahre alt|J\.? alt)|[ ]?[YMF](?![\w/])|[ ]?yo[mf]\b)"
    rf"|\b(?:age|aged|alter|at the age of|im alter von)[: ]{{1,3}}(?:of )?(?P<after>{_OVER})(?!\d|[.,]\d|[ ]?%)",
    re.IGNORECASE,
)


def find_ages(text: str) -> Iterator[Span]:
    """The number of each age over 89 ("93-year-old", "aged 101", "92 y/o", "94-jährige")."""
    for match in _AGES.finditer(text):
        group = "before" if match["before"] else "after"
        yield Span(match.start(group), match.end(group), "age")
