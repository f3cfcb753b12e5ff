"""A model's sentences as statements: their citations, and whom they are about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from assistant.generate.citations import split_citations
from assistant.generate.streaming import stream_sentences
from assistant.records import About, Evidence, Statement

_ABSTAINS = re.compile(r"\W*(abstain(ed|s|ing)?|i can(no|')t answer\b.*)\W*", re.IGNORECASE)
# Marks of lists, headings and bold type, and the fences of data that a model copies.
_MARKUP = re.compile(r"</?data\b[^>]*>\s*|^\s*(?:[-*•]|\d{1,2}[.)])\s+|^\s*(?:A|Answer)\s*:\s+|\*\*|^#+\s*")


def statements(tokens: Iterable[str], ids: Mapping[str, str], evidence: Iterable[Evidence]) -> Iterator[Statement]:
    """The statements of a reply, each as soon as its sentence is complete; it ends where the model abstains."""
    given = tuple(evidence)
    for sentence in stream_sentences(tokens):
        statement = as_statement(sentence, ids, given)
        if statement is None:
            return
        if statement.text:
            yield statement


def as_statement(sentence: str, ids: Mapping[str, str], evidence: Iterable[Evidence]) -> Statement | None:
    """A sentence of the model as a statement; None when it abstains.

    `ids` maps the labels that a model cites ("E1") to evidence ids.
    """
    text, citations = split_citations(_MARKUP.sub("", sentence), ids)
    if _ABSTAINS.fullmatch(text):
        return None
    return Statement(text if any(c.isalnum() for c in text) else "", citations, _about(citations, evidence))


def _about(citations: tuple[str, ...], evidence: Iterable[Evidence]) -> About:
    """Whom a model's sentence is about, by what it cites, or might have cited if it cites nothing known.

    Where a patient's evidence is in play an uncited sentence counts as about the patient: judged most strictly.
    """
    evidence = tuple(evidence)
    relations = {piece.relation for piece in evidence if piece.id in citations}
    if not relations:
        return "general" if all(piece.relation == "knowledge" for piece in evidence) else "patient"
    if "own" in relations:
        return "patient"
    return "similar" if "similar" in relations else "general"
