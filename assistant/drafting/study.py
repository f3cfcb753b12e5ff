"""One study's draft, from its own measurements and the reports of the most similar other studies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.answering import without_orders
from assistant.drafting.content import Content
from assistant.drafting.flags import flags_of
from assistant.drafting.prior import COMPARISON, compared, is_prior, prior_evidence
from assistant.generate import Answerer, Context, DraftTask, harmless, load_prompt
from assistant.records import Claim, Draft, SearchResult, Section, Statement

if TYPE_CHECKING:
    from assistant.assistant import Assistant


@dataclass(frozen=True, slots=True)
class Made:
    """A draft with what it was made from: the study's content, the task, what of it a prompt showed, and what the
    answerer wrote, each statement with its section and its claims."""

    draft: Draft
    content: Content
    task: DraftTask
    context: Context | None
    checked: tuple[tuple[str, Statement, tuple[Claim, ...]], ...]


def considered(assistant: Assistant) -> int:
    """How many pieces of evidence a draft's search looks at."""
    return assistant.settings.retrieve.max_similar * 4


def write_draft(
    assistant: Assistant, content: Content, found: SearchResult, answerer: Answerer, template: str | None = None
) -> Made:
    """A study's draft from what was found for it. Every statement is checked; only claims are in the draft.

    The study itself, its patient and copies of its files were left out of the search; the prior study of the patient,
    where it was asked for, supports the comparison and nothing else. Raises ModelUnavailable.
    """
    from assistant.experts import expert_evidence
    from assistant.retrieve.own import upload_evidence

    found = without_orders(found)
    own = tuple(
        harmless(evidence)
        for upload in content.uploads
        for evidence in (
            *upload_evidence(upload.record, content.measured.get(upload.record.record_id)),
            *expert_evidence(upload.record, assistant.settings.experts),
        )
    )
    similar = tuple(evidence for evidence in found.evidence if evidence.kept and evidence.relation == "similar")
    prior = prior_evidence(assistant, found.evidence)
    name = template or content.template(similar)
    compares = COMPARISON in load_prompt(name, assistant.workspace / "prompts").sections
    task = DraftTask(
        content.in_words(), name, (*own, *prior) if compares else own, similar,
        assistant.pictures([*own, *similar], {record.record_id: record for record in content.records}),
        assistant.text_encoder(),
    )  # fmt: skip
    context = answerer.context_for(task)
    present = {evidence.id: evidence for evidence in (*own, *similar)}
    with_prior = {**present, **{evidence.id: evidence for evidence in prior}}
    checker = assistant.checker()

    def check(section: str, said: Statement) -> tuple[str, Statement, tuple[Claim, ...]]:
        return section, said, tuple(checker.verify(said, with_prior if section == COMPARISON else present))

    quoted = tuple(check(COMPARISON, said) for said in compared(prior))
    checked = tuple(check(section, said) for section, said in answerer.draft(task))
    sections: dict[str, list[Claim]] = {}
    for section, _, found_claims in (*quoted, *checked):
        sections.setdefault(section, []).extend(found_claims)
    claims = [claim for said in sections.values() for claim in said]
    told = [piece for piece in found.evidence if not is_prior(piece)]
    draft = Draft(
        content.request.study_id,
        tuple(Section(name, shown) for name, said in sections.items() if (shown := tuple(assistant.shown(said)))),
        (*own, *prior, *told),
        (
            *(f"model: {note}" for note in (*task.notes, checker.lost) if note),
            *(["dates: moved by de-identification, not the study's own"] if any(c.dates_moved for c in claims) else []),
            *flags_of(content, found, similar, claims, name, assistant.settings),
        ),
        answerer.model,
        answerer.prompt_for(task),
        content.in_words(),
        name,
    )
    return Made(draft, content, task, context, checked)
