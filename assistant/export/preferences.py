"""Preference pairs for direct preference optimisation (Rafailov et al. 2023): the checked draft over the unchecked one.

A pair is one line in TRL's conversational format: `prompt`, `chosen` and `rejected` are lists of messages, so that
`DPOTrainer` reads the file as it is (`datasets.load_dataset("json", …)`). The prompt is what the model was given.
Beside them stand the sentences of both with their verdicts and all their citations, by evidence id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.generate.context import Context
from assistant.generate.fence import defused
from assistant.generate.prompts import Prompt, load_prompt
from assistant.generate.task import DraftTask
from assistant.records import Claim, Draft, Review, Statement

ABSTAIN = "ABSTAIN"  # what every template asks for where there is nothing to report
Checked = tuple[str, Statement, tuple[Claim, ...]]  # section, a statement as written, its claims


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence of either side: `shown` are the citations that its report gives, `claims` what checking made of it."""

    section: str
    text: str
    shown: tuple[str, ...]
    claims: tuple[Claim, ...]

    def to_json(self) -> dict[str, Any]:
        """As columns that keep their type from line to line: nothing in them is null."""
        return {
            "section": self.section,
            "text": self.text,
            "verdicts": [claim.verdict for claim in self.claims],
            "error_kinds": [claim.error_kind or "" for claim in self.claims],
            "citations": list(dict.fromkeys((*self.shown, *(key for claim in self.claims for key in claim.citations)))),
        }


def preference_pair(
    draft: Draft, task: DraftTask, context: Context | None, checked: Iterable[Checked], prompts_dir: Path
) -> dict[str, Any] | None:
    """The pair of a draft; None where no prompt was put, or where checking changed nothing.

    `chosen` holds the supported claims with the citations that carry them, or the template's word for an abstention
    where none is left; `rejected` every sentence with its citations as the model wrote them.
    """
    checked = list(checked)
    if context is None or draft.prompt is None or not checked:
        return None
    good = [
        _Said(section, claim.text, claim.citations, (claim,))
        for section, _, claims in checked
        for claim in claims
        if claim.verdict == "supported"
    ]
    written = [_Said(section, s.text, s.citations, claims) for section, s, claims in checked]
    template = load_prompt(draft.prompt.partition("@")[0], prompts_dir)
    return _pair(draft, task, context, template, good, written)


def edited_pair(review: Review, task: DraftTask, context: Context, prompts_dir: Path) -> dict[str, Any] | None:
    """The pair of a draft that people went through to its end: `chosen` is the report as it stands, `rejected` as it
    was drafted. None where nothing was changed, or where a sentence is still open.

    The prompt is what a model is shown of the draft's evidence by the settings and the template as they are now,
    whoever wrote the draft. The quoted comparison with a prior study, which no model writes, is in neither, nor is a
    supported sentence that rests on evidence which the prompt has no room for: no model could write it from there.
    """
    if not review.is_finished:
        return None
    template = load_prompt(task.template, prompts_dir)
    asked = [sentence for sentence in review.sentences if sentence.section in template.sections]
    shown = set(context.ids.values())

    def cited(section: str, claim: Claim) -> _Said:
        return _Said(section, claim.text, tuple(key for key in claim.citations if key in shown), (claim,))

    def carried(claim: Claim) -> bool:
        return claim.verdict != "supported" or shown.issuperset(claim.citations)

    chosen = [cited(s.section, claim) for s in asked for claim in s.claims if carried(claim)]
    written = [cited(s.section, s.original) for s in asked if s.original and carried(s.original)]
    return _pair(review.draft, task, context, template, chosen, written)


def _pair(
    draft: Draft,
    task: DraftTask,
    context: Context,
    template: Prompt,
    good: Sequence[_Said],
    written: Sequence[_Said],
) -> dict[str, Any] | None:
    labels = {key: label for label, key in context.ids.items()}
    chosen = _report(good, labels) or ABSTAIN
    rejected = _report(written, labels) or ABSTAIN
    if chosen == rejected:
        return None
    system, user = template.messages(
        study=defused(task.study), evidence=context.text, sections=", ".join(template.sections)
    )
    return {
        "prompt": [{"role": "system", "content": system}, {"role": "user", "content": user}],
        "chosen": [{"role": "assistant", "content": chosen}],
        "rejected": [{"role": "assistant", "content": rejected}],
        "study_id": draft.study_id,
        "model": draft.model,
        "template": draft.prompt or template.id,
        "chosen_sentences": [said.to_json() for said in good],
        "rejected_sentences": [said.to_json() for said in written],
    }


def _report(sentences: Iterable[_Said], labels: Mapping[str, str]) -> str:
    """A report as the templates ask for it: a line "## NAME" a section, each sentence with its marks below."""
    sections: dict[str, list[str]] = {}
    for said in sentences:
        cited = ", ".join(labels.get(key, key) for key in dict.fromkeys(said.shown))
        sections.setdefault(said.section, []).append(f"{said.text} [{cited}]" if cited else said.text)
    return "\n\n".join(f"## {name}\n" + "\n".join(lines) for name, lines in sections.items())
