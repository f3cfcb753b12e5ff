"""Decisions on a draft's sentences: a change is checked as the draft was, and everything that was decided is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from assistant.drafting.flags import flags_after
from assistant.drafting.prior import COMPARISON, is_prior
from assistant.errors import WardroundError
from assistant.export import edited_pair
from assistant.findings.sentences import sentences
from assistant.generate import DraftTask, Prompt, load_prompt
from assistant.records import ACTIONS, Action, Claim, Draft, Evidence, Review, Statement, next_added, review_of
from assistant.store.edits import add_edit, edits_of
from assistant.verify import join_claims

if TYPE_CHECKING:
    from assistant.assistant import Assistant

LONGEST = 2_000  # characters of a sentence that a person writes


def review(assistant: Assistant, digest: str, draft: Draft) -> Review:
    """A draft with all that was decided on it."""
    return review_of(draft, edits_of(assistant.db, {digest}).get(digest, ()))


def decide(
    assistant: Assistant, digest: str, draft: Draft, sentence: str, action: str, text: str = ""
) -> tuple[Claim, ...]:
    """Accept, change, reject or restore a sentence, or add one to a section; gives the claims that stand there now.

    `sentence` is the sentence's key, or with "add" the section's name. `text` is what a changed or added one says: it
    goes without what identifies a person, and is checked against the draft's own evidence, whatever comes of it. A
    change to what stands there already is an acceptance. Raises WardroundError for what can't be decided.
    """
    if action not in ACTIONS:
        raise WardroundError("{action!r}: a sentence is accepted, changed, rejected, added or restored", action=action)
    now = review(assistant, digest, draft)
    chosen: Action = action
    before: tuple[Claim, ...]
    after: tuple[Claim, ...]
    if chosen == "add":
        if sentence not in sections_of(assistant, draft):
            raise WardroundError("section {sentence!r}: the report has none of that name", sentence=sentence)
        key, before, original = next_added(now, sentence), (), None
    else:
        found = next((s for s in now.sentences if s.key == sentence), None)
        if found is None:
            raise WardroundError(
                "sentence {sentence!r}: the draft has none of that name; open it again", sentence=sentence
            )
        key, before, original = found.key, found.claims, found.original
    section = key.rpartition("/")[0]
    if chosen in ("change", "add"):
        said = assistant.without_identifiers(" ".join(text.split()))
        if not said:
            raise WardroundError("the sentence is empty: write one, or reject it")
        if len(said) > LONGEST:
            raise WardroundError(
                "the sentence has {count} characters; say it in {longest}, or in several",
                count=len(said),
                longest=LONGEST,
            )
        if original is not None and said == original.text:
            chosen, after = "accept", (original,)
        else:
            cited = original.citations if original else ()
            after = checked(assistant, draft, section, said, cited)
    elif chosen == "reject":
        after = ()
    elif chosen == "accept":
        if not before:
            raise WardroundError("a rejected sentence can't be accepted: restore it first")
        after = before
    else:
        after = (original,) if original else _written(now, key)
    add_edit(assistant.db, digest, key, chosen, before, after, concerned(draft, (*before, *after)))
    return after


def checked(assistant: Assistant, draft: Draft, section: str, text: str, citations: Sequence[str]) -> tuple[Claim, ...]:
    """A claim for each sentence that a person wrote, in their words, judged against the evidence of the draft.

    What is worded of no similar study is said of the patient. A sentence of several statements has the verdict of the
    worst. Only where the section is a comparison does the prior study count. A sentence that cites nothing that carries
    it is given evidence that does, where there is any; what carries no part of it is not cited any more.
    """
    checker, evidence = assistant.checker(), evidence_for(draft, section)
    written = sentences(text)
    if " ".join(written) != text:  # cut otherwise than at spaces: the wording stays
        written = [text]
    judged = {s: checker.verify(Statement(s, tuple(citations), "patient"), evidence) for s in written}
    return tuple(_of_person(join_claims(s, [_without_silent(part) for part in judged[s]])) for s in written)


def _without_silent(claim: Claim) -> Claim:
    """A claim that nothing supports or contradicts cites nothing: what stood there was for other words."""
    return replace(claim, citations=()) if claim.verdict == "unsupported" else claim


def _of_person(claim: Claim) -> Claim:
    """A person may know what no evidence says: that is no fabrication."""
    if claim.error_kind != "fabrication":
        return claim
    is_silence = claim.verdict == "unsupported" and not claim.citations
    told = "nothing that this draft was made from says it" if is_silence else claim.why
    return replace(claim, error_kind=None, why=told)


def evidence_for(draft: Draft, section: str) -> Mapping[str, Evidence]:
    """The evidence of a draft that a sentence of a section may rest on, by id."""
    return {
        piece.id: piece
        for piece in draft.evidence
        if (piece.relation == "own" and (section == COMPARISON or not is_prior(piece)))
        or (piece.relation == "similar" and piece.kept)
    }


def edited(found: Review) -> Draft:
    """The report as it stands, with the reasons to look that its sentences give now."""
    draft = found.edited()
    claims = [claim for section in draft.sections for claim in section.claims]
    return replace(draft, flags=flags_after(draft.flags, claims))


def sections_of(assistant: Assistant, draft: Draft) -> list[str]:
    """The sections that a report may have, in order: those that it has, and the rest of its template's."""
    had = [section.name for section in draft.sections]
    return list(dict.fromkeys((*had, *_template(assistant, draft).sections)))


def pair_of(assistant: Assistant, found: Review) -> dict[str, Any] | None:
    """The preference pair of a draft that people went through to its end; see `edited_pair`."""
    from assistant.generate.served import context_of

    draft, prompts = found.draft, assistant.workspace / "prompts"
    template = _template(assistant, draft)
    own = tuple(evidence_for(draft, COMPARISON if COMPARISON in template.sections else "").values())
    task = DraftTask(
        draft.given, template.name, tuple(e for e in own if e.relation == "own"),
        tuple(e for e in own if e.relation == "similar"),
    )  # fmt: skip
    return edited_pair(found, task, context_of(task, assistant.settings.llm), prompts)


def _template(assistant: Assistant, draft: Draft) -> Prompt:
    """The draft's template; the general one for a draft of an earlier version, or where it is no longer there."""
    prompts = assistant.workspace / "prompts"
    try:
        return load_prompt(draft.template or (draft.prompt or "draft").partition("@")[0], prompts)
    except WardroundError:
        return load_prompt("draft", prompts)


def concerned(draft: Draft, claims: Sequence[Claim]) -> set[str]:
    """The pseudonyms of whom some sentences of a draft are about, or cite."""
    cited = {key for claim in claims for key in claim.citations}
    return {
        name
        for piece in draft.evidence
        if piece.relation == "own" or piece.id in cited
        for name in (piece.patient_id, piece.study_id)
        if name
    }


def _written(found: Review, key: str) -> tuple[Claim, ...]:
    """What a person had written where a sentence that they added was taken away."""
    return next(e.after for s in found.sentences if s.key == key for e in reversed(s.history) if e.after)


def records_seen(draft: Draft) -> Iterator[tuple[str, str | None]]:
    """The records (id, patient's pseudonym) that whoever reads a draft reads of, for the access log."""
    yield from dict.fromkeys((piece.record_id, piece.patient_id) for piece in draft.evidence if piece.kept)
