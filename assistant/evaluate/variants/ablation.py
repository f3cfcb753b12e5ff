"""Ablations: what a part of the assistant is worth, by what comes of the same cases without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.evaluate.log import Sample
from assistant.evaluate.variants.interface import Variant
from assistant.records import Answer, Claim, Draft, SearchResult
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.retrieve.query import Query

NOT_CHECKED = "not checked"
_Change = Callable[[tuple[Claim, ...]], tuple[Claim, ...]]


def nothing_found(query: Query, found: SearchResult, _: Settings) -> SearchResult:
    """Nothing of the archive; passages of uploaded texts stay."""
    uploaded = {upload.record.record_id for upload in query.uploads}
    own = tuple(piece for piece in found.evidence if piece.record_id in uploaded)
    kept = any(piece.kept for piece in own)
    reason = "" if kept else "Nothing was looked up in the archive."
    return replace(found, evidence=own, abstained=not kept, reason=reason)


def best_as_ranked(_: Query, found: SearchResult, settings: Settings) -> SearchResult:
    """The first `retrieve.max_contexts` pieces as they were ranked, whatever selection thought of them."""
    limit = settings.retrieve.max_contexts
    evidence = tuple(
        replace(piece, kept=place < limit, why=f"{piece.why}; without selection: place {place + 1}")
        for place, piece in enumerate(found.evidence)
    )
    return replace(found, evidence=evidence, abstained=not evidence, reason=found.reason if not evidence else "")


def words_only(query: Query) -> Query:
    """The question and uploaded texts alone, put to the texts of the archive."""
    texts = tuple(upload for upload in query.uploads if upload.record.kind == "text")
    return replace(query, uploads=texts, kinds=frozenset({"text"}))


def own_knowledge_told(sample: Sample) -> Sample:
    """What a model says without any source, read as its answer: every sentence of it is without support."""
    if sample.answer is None or not sample.answer.own_knowledge:
        return sample
    why = "the model's own knowledge, without a source"
    claims = tuple(
        Claim(sentence, "general", "unsupported", "fabrication", why=why, written=())
        for sentence in sample.answer.own_knowledge
    )
    return replace(sample, answer=replace(sample.answer, claims=claims, abstained=False, reason=""))


def as_checked(sample: Sample) -> Sample:
    """What is left for a reader who is shown supported sentences alone, with the citations that carry them."""

    def kept(claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
        return tuple(replace(c, written=c.citations) for c in claims if c.verdict == "supported")

    return _with_claims(sample, kept)


def as_written(sample: Sample) -> Sample:
    """What a reader would see had nothing been checked: every sentence, with its citations as they were written.

    Nothing marks a sentence as doubtful, so all stand as if they were supported; nothing is an abstention for want of
    support.
    """

    def told(claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
        return tuple(
            replace(c, verdict="supported", error_kind=None, citations=c.written or (), score=1.0, why=NOT_CHECKED)
            for c in claims
        )

    return _with_claims(sample, told)


def _with_claims(sample: Sample, change: _Change) -> Sample:
    answer, draft = sample.answer, sample.draft
    return replace(
        sample,
        answer=_answer(answer, change) if answer else None,
        draft=_draft(draft, change) if draft else None,
    )


def _answer(answer: Answer, change: _Change) -> Answer:
    claims = change(answer.claims)
    return replace(answer, claims=claims, abstained=not claims, reason="" if claims else answer.reason)


def _draft(draft: Draft, change: _Change) -> Draft:
    return replace(draft, sections=tuple(replace(s, claims=change(s.claims)) for s in draft.sections))


ABLATIONS: tuple[Variant, ...] = (
    Variant(
        "no-retrieval",
        "Nothing of the archive is handed over; uploads stay. A language model answers from its own knowledge.",
        "ablation",
        settings={"llm": {"own_knowledge": True}},
        tasks=frozenset({"ask", "choose", "draft"}),
        evidence=nothing_found,
        reading=own_knowledge_told,
    ),
    Variant(
        "no-selection",
        "The best pieces as ranked are handed over: no relevance floors, nothing dropped.",
        "ablation",
        tasks=frozenset({"ask", "search", "choose", "draft"}),
        evidence=best_as_ranked,
    ),
    Variant(
        "no-verification",
        "Every sentence as the answerer wrote it, with its citations as written, against what is left when only "
        "supported sentences are shown. The same answers are read twice; judged rates are left out, since the judge "
        "is the checker itself.",
        "ablation",
        tasks=frozenset({"ask", "draft"}),
        reading=as_written,
        base_reading=as_checked,
        reference_only=True,
    ),
    Variant(
        "text-only",
        "No picture and no signal, neither uploaded nor of the archive; texts stay.",
        "ablation",
        settings={"llm": {"images": 0}},
        tasks=frozenset({"ask", "search", "choose"}),
        applies=lambda case: bool(case.question.strip()),
        query=words_only,
    ),
    Variant(
        "quote",
        "The answerer that only quotes and counts, in place of the run's own.",
        "ablation",
        settings={"llm": {"name": "quote"}},
        tasks=frozenset({"ask", "choose", "draft"}),
    ),
)
