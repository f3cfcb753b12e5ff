"""Passages in their documents: those of the section that a question names go first, and neighbours are read as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.findings.words import words
from assistant.records import Passage
from assistant.wording import joined

if TYPE_CHECKING:
    from assistant.retrieve.rank import Hit

# What stands in another section than the one that the question names counts this share of its score. Mild, as with
# other preferences (`weigh`), since the heading's word may stand in a question by chance.
OTHER_SECTION = 0.9
_SAYS_NOTHING = frozenset((
    "of", "and", "the", "a", "an", "or", "in", "on", "for", "to", "with",
    "past", "present", "medical", "clinical", "illness", "brief", "final", "other", "section",
))  # fmt: skip


def in_section(hits: Sequence[Hit], question: str) -> list[Hit]:
    """The hits with those set back that stand outside the section which the question names, if any stands inside.

    A section is named when every telling word of its heading is in the question: "history of diabetes" names HISTORY OF
    PRESENT ILLNESS and PAST MEDICAL HISTORY, not FAMILY HISTORY; "what was the impression" names IMPRESSION.
    """
    asked = {word.norm for word in words(question)}
    named = [_is_named(hit, asked) for hit in hits]
    if not any(named):
        return list(hits)
    weighed = [
        hit
        if inside
        else replace(hit, score=hit.score * OTHER_SECTION, why=joined([hit.why, "set back: another section"]))
        for hit, inside in zip(hits, named, strict=True)
    ]
    return sorted(weighed, key=lambda hit: -hit.score)


def _is_named(hit: Hit, asked: set[str]) -> bool:
    heading = hit.passage.passage.section if hit.passage else None
    telling = {word.norm for word in words(heading or "")} - _SAYS_NOTHING
    return bool(telling) and telling <= asked


def neighbours_joined(hits: Sequence[Hit], long_document_chars: int) -> Iterator[Hit]:
    """The hits, two passages of a long document that follow on each other as one, in the place of the better one.

    They stand in one section and on one page. Of a short document a single passage is shown anyway.
    """
    gone: set[int] = set()
    for n, hit in enumerate(hits):
        if n in gone:
            continue
        other = next((m for m in range(n + 1, len(hits)) if m not in gone and _follow(hit, hits[m])), None)
        if other is None or hit.stored.chars <= long_document_chars:
            yield hit
            continue
        gone.add(other)
        yield _as_one(hit, hits[other])


def _follow(one: Hit, other: Hit) -> bool:
    p, q = one.passage, other.passage
    if p is None or q is None or one.index is not other.index or p.record_pk != q.record_pk:
        return False
    alike = (p.passage.section, p.passage.page) == (q.passage.section, q.passage.page)
    return alike and abs(p.pk - q.pk) == 1 and not p.is_caption and not q.is_caption


def _as_one(better: Hit, other: Hit) -> Hit:
    assert better.passage is not None
    assert other.passage is not None
    first, last = sorted((better.passage, other.passage), key=lambda stored: stored.passage.start)
    start, end = first.passage.start, last.passage.end
    passage = replace(
        first,
        passage=Passage(start, end, first.passage.section, first.passage.page),
        text=better.index.stretch(first.record_pk, start, end),
    )
    return replace(
        better,
        passage=passage,
        closeness=max(better.closeness, other.closeness),
        all_words=better.all_words or other.all_words,
        why=joined([better.why, "with the passage beside it"]),
    )
