"""Cuts a stream of tokens into sentences as soon as each is certain to be complete."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from assistant.findings import sentence_spans
from assistant.generate.citations import has_citation, leading_citations

# Characters of the following sentence that must have arrived before a cut is believed: by then "1." has
# become "1.5 mm", "e.g." has gone on, and a citation behind the full stop is there.
_LOOKAHEAD = 12
_ENDED = re.compile(r"[.!?:][\"”')]*(\s*[\[(]\s*E\d[^\])]*[\])][.]?)*$")
_LONGEST_QUOTE = 600  # characters after “ that are waited for; `sentence_spans` keeps such a quotation whole

# A buffer longer than most sentences is cut again only after it has grown by a sixteenth: cut at every
# token, a model that writes on without a full stop keeps the reader busier than the server.
_LONG, _PATIENCE = 300, 16


class Noted:
    """A stream that adds `note` to `notes` where, at its end, the limit on its length had cut it (`cut`)."""

    def __init__(self, tokens: Iterable[str], notes: list[str], note: str) -> None:
        self._tokens, self._iterator = tokens, iter(tokens)
        self._notes, self._note = notes, note

    @property
    def cut(self) -> bool:
        return bool(getattr(self._tokens, "cut", False))

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            return next(self._iterator)
        except StopIteration:
            if self.cut and self._note not in self._notes:
                self._notes.append(self._note)
            raise


def stream_sentences(tokens: Iterable[str]) -> Iterator[str]:
    """The sentences of a stream, in order, stripped, as `sentence_spans` would cut the complete text.

    A citation behind the full stop ("Clear lungs. [E1]") stays with the sentence before it, unless that has
    one of its own. Where the stream was cut by the limit on its length (`tokens.cut`), a sentence that it broke off in
    is no sentence.
    """
    buffer, look_at = "", 0
    for token in tokens:
        buffer += token
        if len(buffer) < look_at:
            continue
        ready, buffer = _take_complete(buffer)
        yield from ready
        look_at = len(buffer) + len(buffer) // _PATIENCE if len(buffer) > _LONG else 0
    spans = _spans(buffer)
    if spans and getattr(tokens, "cut", False) and not _ENDED.search(buffer[slice(*spans[-1])]):
        spans.pop()
    for start, end in spans:
        yield buffer[start:end]


def _take_complete(buffer: str) -> tuple[list[str], str]:
    """The sentences at the front of the buffer that nothing to come can change, and what is left."""
    spans = _spans(buffer)
    if len(spans) < 2:
        return [], buffer
    follows = buffer[spans[-1][0] :]
    if len(follows) < _LOOKAHEAD or (follows[0] in "[(" and not {"]", ")"} & set(follows)):
        spans.pop()
    opened = buffer.rfind("“")
    if opened > buffer.rfind("”") and len(buffer) - opened < _LONGEST_QUOTE:
        spans = [span for span in spans if span[0] <= opened]
    if len(spans) < 2:
        return [], buffer
    return [buffer[start:end] for start, end in spans[:-1]], buffer[spans[-1][0] :]


def _spans(text: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for start, end in sentence_spans(text):
        if spans and not has_citation(text[slice(*spans[-1])]):
            own = leading_citations(text[start:end])
            if own:
                spans[-1] = (spans[-1][0], start + own)
                start += own
                start += len(text[start:end]) - len(text[start:end].lstrip())
        if start < end:
            spans.append((start, end))
    return spans
