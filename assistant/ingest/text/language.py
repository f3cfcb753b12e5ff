"""Whether a text is language at all, told cheaply and whatever the language."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W\d_]{2,}")


def has_language(text: str) -> bool:
    return no_language(text) is None


def no_language(text: str) -> str | None:
    """Why a text says nothing, None for one that does."""
    words = {word.lower() for word in _WORD.findall(text[:50_000])}
    signs = [c for c in text[:50_000] if not c.isspace()]
    if len(words) >= 3 and sum(c.isalpha() for c in signs) >= 0.25 * len(signs):
        return None
    return "holds no readable language (fewer than three words, or mostly digits and signs)"
