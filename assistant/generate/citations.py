"""Citations as a model writes them: `[E1]`, `[E1, E2]`, `[E1][E3]`, `[E2-E4]`, `(E1)`."""

from __future__ import annotations

import re
from collections.abc import Mapping

_MARK = r"E\d{1,3}"
_LIST = rf"{_MARK}(?:\s*(?:,|;|&|and|–|-)\s*(?:E)?\d{{1,3}})*"
_GROUP = re.compile(rf"\s*(?:\[\s*({_LIST})\s*\]|\(\s*({_LIST})\s*\))")
_LEADING = re.compile(rf"(?:(?:\[\s*{_LIST}\s*\]|\(\s*{_LIST}\s*\))\s*)+[.]?(?=\s|$)")
_RANGE = re.compile(r"E?(\d+)\s*[–-]\s*E?(\d+)")


def split_citations(sentence: str, known: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The sentence without its citations, and what they point to, each once and in order.

    `known` maps "E1" to an evidence id. A mark that was never given stays what the model wrote ("E9"): it
    is an invented citation, and `verify` counts it as one.
    """
    cited: list[str] = []
    for match in _GROUP.finditer(sentence):
        for label in _labels(match[1] or match[2]):
            target = known.get(label, label)
            if target not in cited:
                cited.append(target)
    text = _GROUP.sub("", sentence)
    text = re.sub(r"\s+([.,;:!?])", r"\1", text)
    return re.sub(r"([.!?])\.+$", r"\1", text.strip()), tuple(cited)


def _labels(group: str) -> list[str]:
    labels: list[str] = []
    for part in re.split(r"\s*(?:,|;|&|and)\s*", group):
        span = _RANGE.fullmatch(part)
        if span and 0 <= int(span[2]) - int(span[1]) <= 20:
            labels += [f"E{i}" for i in range(int(span[1]), int(span[2]) + 1)]
        else:
            labels.append("E" + part.removeprefix("E"))
    return labels


def has_citation(sentence: str) -> bool:
    """Whether any citation is in the sentence."""
    return _GROUP.search(sentence) is not None


def leading_citations(sentence: str) -> int:
    """How many characters of citations the sentence begins with; 0 if it begins with words."""
    found = _LEADING.match(sentence)
    return len(found[0].rstrip()) if found else 0
