"""What people make of a draft: each sentence accepted, changed, rejected or added, and the report that comes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from assistant.records.answer import Claim, Draft, Section

Action = Literal["accept", "change", "reject", "add", "restore"]
ACTIONS: tuple[Action, ...] = get_args(Action)
State = Literal["open", "accepted", "changed", "rejected", "added"]
STATES: tuple[State, ...] = get_args(State)
_STATE: Mapping[Action, State] = {
    "accept": "accepted", "change": "changed", "reject": "rejected", "add": "added", "restore": "open",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Edit:
    """A decision on the sentence of that key: who took it, when (UTC), the claims that stood there before and after."""

    sentence: str
    action: Action
    by: str
    at: datetime
    before: tuple[Claim, ...]
    after: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a draft as it stands.

    `key` is its section and its number there ("FINDINGS/2"; "FINDINGS/a1" for the first that a person added),
    `original` what was drafted, `claims` what stands there now: none where it was rejected.
    """

    key: str
    section: str
    original: Claim | None
    claims: tuple[Claim, ...]
    state: State = "open"
    history: tuple[Edit, ...] = ()

    @property
    def last(self) -> Edit | None:
        return self.history[-1] if self.history else None

    @property
    def text(self) -> str:
        return " ".join(claim.text for claim in self.claims)


@dataclass(frozen=True, slots=True)
class Review:
    """A draft with the decisions on it; made by `review_of`."""

    draft: Draft
    sentences: tuple[Sentence, ...]

    @property
    def counts(self) -> Mapping[State, int]:
        """How many sentences are in each state; a sentence that was added and taken away again is none."""
        return Counter(s.state for s in self.sentences if s.original is not None or s.claims)

    @property
    def is_begun(self) -> bool:
        return any(sentence.history for sentence in self.sentences)

    @property
    def is_finished(self) -> bool:
        """Whether somebody has decided on every sentence."""
        return self.is_begun and not self.counts["open"]

    @property
    def people(self) -> tuple[str, ...]:
        """Who decided, in the order of the sentences."""
        return tuple(dict.fromkeys(edit.by for sentence in self.sentences for edit in sentence.history))

    @property
    def last_at(self) -> datetime | None:
        return max((edit.at for sentence in self.sentences for edit in sentence.history), default=None)

    def sections(self) -> list[tuple[str, list[Sentence]]]:
        """The sentences by section, in order; sections of the draft without sentences too."""
        found: dict[str, list[Sentence]] = {section.name: [] for section in self.draft.sections}
        for sentence in self.sentences:
            found.setdefault(sentence.section, []).append(sentence)
        return list(found.items())

    def edited(self) -> Draft:
        """The report as it stands; its flags are still those of the draft."""
        return replace(
            self.draft,
            sections=tuple(
                Section(name, claims)
                for name, sentences in self.sections()
                if (claims := tuple(claim for sentence in sentences for claim in sentence.claims))
            ),
        )

    def to_json(self) -> dict[str, Any]:
        """Counts, people, and every decision in the order of the sentences."""
        return {
            "finished": self.is_finished,
            "by": list(self.people),
            "last_at": _utc(self.last_at) if self.last_at else None,
            "counts": {state: self.counts[state] for state in STATES},
            "decisions": [
                {
                    "sentence": edit.sentence,
                    "action": edit.action,
                    "by": edit.by,
                    "at": _utc(edit.at),
                    "before": [claim.to_json() for claim in edit.before],
                    "after": [claim.to_json() for claim in edit.after],
                }
                for sentence in self.sentences
                for edit in sentence.history
            ],
        }


def counts_of(sentences: int, last: Mapping[str, Action]) -> Mapping[State, int]:
    """`Review.counts` of a draft of so many sentences, from what was decided last on each; for lists of many drafts."""
    counts: Counter[State] = Counter()
    for key, action in last.items():
        if key.rpartition("/")[2].startswith("a"):  # a person's own: changed or restored, it is still theirs
            counts[_STATE[action] if action == "change" else "added"] += action != "reject"
        elif action != "restore":
            counts[_STATE[action]] += 1
            sentences -= 1
    counts["open"] = sentences
    return counts


def _utc(when: datetime) -> str:
    return when.replace(tzinfo=UTC).isoformat(timespec="seconds")


def review_of(draft: Draft, edits: Iterable[Edit] = ()) -> Review:
    """The draft with its decisions, oldest first."""
    found = {
        f"{section.name}/{number}": Sentence(f"{section.name}/{number}", section.name, claim, (claim,))
        for section in draft.sections
        for number, claim in enumerate(section.claims)
    }
    for edit in edits:
        section, _, _ = edit.sentence.rpartition("/")
        had = found.get(edit.sentence) or Sentence(edit.sentence, section, None, ())
        state = _STATE[edit.action] if edit.action != "restore" or had.original else "added"
        found[edit.sentence] = replace(had, claims=edit.after, state=state, history=(*had.history, edit))
    return Review(draft, tuple(found.values()))


def next_added(review: Review, section: str) -> str:
    """The key of the next sentence that a person adds to a section."""
    count = sum(s.section == section and s.original is None for s in review.sentences)
    return f"{section}/a{count + 1}"
