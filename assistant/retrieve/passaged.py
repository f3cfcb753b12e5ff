"""Which passages of an uploaded text answer a question, and under which heading each begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from assistant.records import Passage, Record
from assistant.retrieve.lines import Line, lines, title_of, turns
from assistant.retrieve.within import answering, asked_of_document
from assistant.store.indexed_text import DOCUMENT

_BETWEEN = 3  # characters between two passages of one section; with its colon a heading has more


@dataclass(frozen=True, slots=True)
class Passaged:
    """Of each passage of a text how well its best line answers (0: none does), and the heading that it begins under."""

    shares: tuple[float, ...]
    headings: tuple[str | None, ...]


def passages_answering(record: Record, question: str) -> Passaged:
    """Which passages of an uploaded text answer a question.

    The text is read as a whole: a list goes on over the end of a passage, under the heading that stands in its text. In
    a document that heading is told of the passage; in a report it is the section's.
    """
    document = _lines_of(record)
    found = answering(asked_of_document(question), document, record.title or title_of(record.text))
    shares, headings = [], []
    for passage in record.passages:
        within = [answer.share for answer in found if passage.start <= answer.line.start < passage.end]
        shares.append(max(within, default=0.0))
        headings.append(_heading_of(passage, record.passages, document, is_report=record.modality != DOCUMENT))
    return Passaged(tuple(shares), tuple(headings))


def _lines_of(record: Record) -> list[Line]:
    """The lines of a text; section by section of one that was read in sections, whose headings are left out."""
    if not any(passage.section for passage in record.passages):
        return lines(record.text)
    found: list[Line] = []
    for section, group in groupby(_stretches(record.passages), key=lambda numbered: numbered[0]):
        passages = [passage for _, passage in group]
        start, end = passages[0].start, passages[-1].end
        part = lines(
            record.text[start:end], passages[0].section or "", begins=section == 0, below=bool(passages[0].section)
        )
        found += [
            replace(line, start=line.start + start, headed=line.headed + start if line.headed >= 0 else -1)
            for line in part
        ]
    return found


def _stretches(passages: Sequence[Passage]) -> Iterator[tuple[int, Passage]]:
    """Passages numbered by the stretch that they are cut from: what follows on each other has no heading between."""
    number = 0
    for n, passage in enumerate(passages):
        same = n and passages[n - 1].section == passage.section
        if n and not (same and follows(passages[n - 1].end, passage.start)):
            number += 1
        yield number, passage


def follows(end: int, start: int) -> bool:
    """Whether a passage follows on one that ends there, with white space alone between."""
    return 0 <= start - end <= _BETWEEN


def _heading_of(
    passage: Passage, passages: Sequence[Passage], document: Sequence[Line], *, is_report: bool
) -> str | None:
    """What a passage begins under: the heading of its first line, where that stands before the passage."""
    first = next((line for line in document if line.start >= passage.start), None)
    if first is None or first.start >= passage.end:
        return passage.section
    if is_report and passage.section and not turns(passage.section):  # no laboratory is told under "Family history"
        return passage.section
    if first.headed < passage.start:
        return first.heading or None
    opens = first.headed < first.start and not _opens_stretch(passage, passages)  # with a heading of its own
    return None if opens else passage.section


def _opens_stretch(passage: Passage, passages: Sequence[Passage]) -> bool:
    """Whether a section's heading stands right before the passage."""
    return not any(p.section == passage.section and follows(p.end, passage.start) for p in passages if p is not passage)
