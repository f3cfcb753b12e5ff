"""Ages over 89, which the Safe Harbor rule counts among the identifiers (45 CFR 164.514(b)(2)(i)(C))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.ingest.deid.spans import Span

_OVER = r"9\d|1[0-3]\d"
_AGES = re.compile(
    rf"(?<![\d.,/–-])(?P<before>{_OVER})(?=[ -]?(?:years?|yrs?\.?|y\.?)[ -]?(?:old|of age|o\b)|[ -]?y[./]?o\b"
    r"|[ -]?(?:jährige[rnsm]?|Jahre alt|J\.? alt)|[ ]?y(?:o[mf])?\b(?![/.]))"
    # 93F with cough, INDICATION: 93 M; but not 99 F, which is a temperature
    rf"|(?<![\d.,/–-])(?P<sexed>{_OVER})(?=[ ]?[MF],?[ ](?:patient|pt|with|who|present\w*|admitted|s/p|c/o|w/)\b)"
    rf"|(?:^|[:(]|\b(?:an?|is))[ ]?(?P<opening>{_OVER})(?=[ ]?[MF](?![\w°]))"
    rf"|\b(?:age|aged|alter|at the age of|im alter von)[: ]{{1,3}}(?:of )?(?P<after>{_OVER})(?!\d|[.,]\d|[ ]?%)",
    re.IGNORECASE | re.MULTILINE,
)


_TEMPERATURE = re.compile(r"temp|fever|febrile|°|\bT\b|\d ?C\b", re.IGNORECASE)


def find_ages(text: str) -> Iterator[Span]:
    """The number of each age over 89 ("93-year-old", "aged 101", "92 y/o", "94-jährige")."""
    for match in _AGES.finditer(text):
        if match["opening"] and _TEMPERATURE.search(text, max(0, match.start() - 30), match.start()):
            continue
        group = match.lastgroup or 0
        yield Span(match.start(group), match.end(group), "age")
