"""What a document says, line by line: its sentences and the items of its lists, each with the heading it stands under.

Headings are told by how a text is laid out, whatever they say: a short line without a full stop before text, a line
that ends in a colon, a name with a colon before its own text ("Impression: …").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.findings import sentence_spans

_LEAD = re.compile(r"\s*(?:(?:[-*•–·]|\(?\d{1,2}[.)]|\(?[a-z][.)]|Summary\s*:)\s+)+")
_BULLET = re.compile(r"\s*[-*•–·]\s")
_NUMBERED = re.compile(r"\s*\(?(?:\d{1,2}|[a-z])[.)]\s")
_CHAPTER = re.compile(r"\d{1,2}(?:\.\d{1,2})*\.?\s+(?=[A-ZÄÖÜ])")
_NAMED = re.compile(r"([A-ZÄÖÜ][\w /&'’-]{1,40}?)(?::|\.(?= [A-Z]))\s+(?=\S)")
_HEADING_WORDS, _TITLE_WORDS, _NAME_WORDS = 8, 16, 4


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence or an item of a list, white space run together and its number left out.

    `start` is the offset in the text, `heading` what it stands under ("" for nothing), which begins at `headed` (-1 for
    one that was given), `is_sentence` whether it is closed by a full stop.
    """

    start: int
    text: str
    heading: str
    headed: int
    is_sentence: bool


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    text: str  # as written, white space run together
    alone: bool  # on a line of its own
    begins: bool  # a line

    @property
    def is_short(self) -> bool:
        """Whether it may be a heading by its looks."""
        words = _CHAPTER.sub("", self.text).split()
        if not self.alone or not 0 < len(words) <= _HEADING_WORDS or _BULLET.match(self.text):
            return False
        has_figures = any(character.isdigit() for word in words[1:] for character in word)
        return words[0][0].isupper() and self.text[-1] not in '.!;,”"' and not has_figures


def section_sentences(text: str) -> list[tuple[int, str]]:
    """(offset, sentence) of all sentences of a report's section, less numbers of lists; notes need no full stop."""
    found = []
    for start, end in sentence_spans(text):
        lead = _LEAD.match(text, start, end)
        sentence = " ".join(text[lead.end() if lead else start : end].split())
        if any(character.isalnum() for character in sentence):
            found.append((start, sentence))
    return found


def title_of(text: str) -> str:
    """The line that a document begins with, where it is no sentence; "" else."""
    first = next(iter(_spans(text)), None)
    is_title = first and first.alone and first.text[-1] not in ".!;," and len(first.text.split()) <= _TITLE_WORDS
    return first.text if first and is_title else ""


def lines(text: str, heading: str = "") -> list[Line]:
    """The lines of a text in reading order, without headings and questions; `heading` is what the text stands under."""
    spans = list(_spans(text))
    is_heading = _headings(spans)
    found: list[Line] = []
    headed = -1
    for n, span in enumerate(spans):
        if is_heading[n]:
            heading, headed = _CHAPTER.sub("", span.text.rstrip(":")), span.start
            continue
        name = _NAMED.match(span.text)
        if name and len(name[1].split()) <= _NAME_WORDS and (span.begins or name[0].rstrip().endswith(":")):
            heading, headed = name[1], span.start
        lead = _LEAD.match(span.text)
        said = span.text[lead.end() if lead else 0 :]
        if any(character.isalnum() for character in said) and not said.endswith("?"):
            found.append(Line(span.start, said, heading, headed, said[-1] in '.!”"'))
    return found


def _spans(text: str) -> Iterator[_Span]:
    for start, end in sentence_spans(text):
        before = text[text.rfind("\n", 0, start) + 1 : start]
        after = text[end : text.find("\n", end) if "\n" in text[end:] else len(text)]
        begins = not before.strip()
        yield _Span(start, " ".join(text[start:end].split()), begins and not after.strip(), begins)


def _headings(spans: Sequence[_Span]) -> list[bool]:
    """Which spans are headings. Of short lines in a row the first is one, and the last where a sentence follows: what
    lies between are the items of a list."""
    found = []
    for n, span in enumerate(spans):
        following = spans[n + 1] if n + 1 < len(spans) else None
        if following is None or not span.alone or _BULLET.match(span.text):
            found.append(False)
        elif span.text.endswith(":") or (span.text.endswith("?") and span.is_short):
            found.append(True)
        elif _NUMBERED.match(span.text):
            found.append(span.is_short and following.text.endswith(".") and not _NUMBERED.match(following.text))
        elif n == 0:
            found.append(bool(span.text[-1] not in ".!;," and len(span.text.split()) <= _TITLE_WORDS))
        else:
            opens = not spans[n - 1].is_short or n == 1
            found.append(span.is_short and (opens or not following.is_short))
    return found
