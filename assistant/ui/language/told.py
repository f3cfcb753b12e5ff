"""What search and answer say of themselves (why there is no answer, why a piece was dropped) in the visitor's words.

Those parts write English. The table `told` of the English file has their sentences as they write them, that of another
language what they are there; a sentence that is in no table stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from string import Formatter

from assistant.ui.gate.visitor import visitor
from assistant.ui.language import DEFAULT, say, texts


def translated(sentence: str) -> str:
    """The sentence in the visitor's language; reasons that are joined by "; " each by itself."""
    if visitor().language == DEFAULT or not sentence:
        return sentence
    return "; ".join(_one(part) or part for part in sentence.split("; "))


def _one(sentence: str) -> str | None:
    for key, pattern in _patterns():
        if found := pattern.fullmatch(sentence):
            return say(key, **{name: _one(value) or value for name, value in found.groupdict().items()})
    return None


@cache
def _patterns() -> Sequence[tuple[str, re.Pattern[str]]]:
    """The English sentences, the longest first: a short one could be taken for another's beginning."""
    known = [(key, text) for key, text in texts(DEFAULT).items() if key.startswith("told.")]
    longest = sorted(known, key=lambda pair: -len(pair[1]))
    return [(key, re.compile(_pattern(text), re.DOTALL)) for key, text in longest]


def _pattern(text: str) -> str:
    parts = Formatter().parse(text)
    return "".join(re.escape(fixed) + (f"(?P<{name}>.+?)" if name else "") for fixed, name, _, _ in parts)
