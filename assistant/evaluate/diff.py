"""What became of one case in one run and not in another, to read: answered or not, sentences, verdicts, citations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from assistant.evaluate.case import Case
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Metric
from assistant.records import Claim

ChangeKind = Literal["answered", "claim", "verdict", "citations", "choice", "judgement", "ranking", "measured"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that became different. `before` is what the other run had, `after` what this one has; "" for nothing.

    `text` is the sentence that a verdict or citations belong to.
    """

    kind: ChangeKind
    before: str
    after: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class CaseDiff:
    """A case in which something became different.

    `moved` gives for each metric of known direction how far this case moved it (this − other, of the case's own value).
    `harm` adds up the moves for the worse less those for the better; details are left out of it.
    """

    case: str
    changes: tuple[Change, ...]
    moved: Mapping[str, float]
    harm: float

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.case,
            "harm": round(self.harm, 6),
            "moved": {name: round(value, 6) for name, value in self.moved.items()},
            "changes": [asdict(change) for change in self.changes],
        }


def case_diff(case: Case, sample: Sample, other: Sample, metrics: Mapping[str, Metric]) -> CaseDiff | None:
    """What became different in `sample` from `other`, both of `case`; None where nothing did."""
    changes = tuple(_changes(case, sample, other))
    moved = dict(_moved(sample, other, metrics))
    if not changes and not moved:
        return None
    harm = sum(
        move if metrics[name].better == "low" else -move for name, move in moved.items() if not metrics[name].detail
    )
    return CaseDiff(case.id, changes, moved, harm)


def _moved(sample: Sample, other: Sample, metrics: Mapping[str, Metric]) -> Iterator[tuple[str, float]]:
    """Metrics of known direction and bounds that both samples have a value of their own for, where it differs."""
    for name, metric in metrics.items():
        if metric.better is None or metric.bounds is None:
            continue
        ours, theirs = sample.scores.get(name, (0.0, 0.0)), other.scores.get(name, (0.0, 0.0))
        if ours[1] and theirs[1] and (move := ours[0] / ours[1] - theirs[0] / theirs[1]):
            low, high = metric.bounds
            yield name, move / (high - low)


def _changes(case: Case, sample: Sample, other: Sample) -> Iterator[Change]:
    if sample.answer is not None and other.answer is not None:
        if sample.answer.abstained != other.answer.abstained:
            sides = (other.answer, sample.answer)
            yield Change("answered", *("not answered" if side.abstained else "answered" for side in sides))
        yield from _claims(sample.answer.claims, other.answer.claims)
    if sample.draft is not None and other.draft is not None:
        yield from _claims(*([c for s in side.sections for c in s.claims] for side in (sample.draft, other.draft)))
    if sample.choice != other.choice:
        yield Change("choice", *(_choice(case, side) for side in (other, sample)))
    verdicts = [side.judgement.verdict for side in (other, sample) if side.judgement is not None]
    if len(set(verdicts)) == 2:
        yield Change("judgement", verdicts[0], verdicts[1], case.claim)
    if sample.ranked != other.ranked and case.reference.grades:
        before, after = (_places(case, side.ranked) for side in (other, sample))
        if before != after:
            yield Change("ranking", before, after)
    if sample.measured is not None and other.measured is not None and sample.measured != other.measured:
        for name in sorted({*sample.measured, *other.measured}):
            before, after = (_number(side.get(name)) for side in (other.measured, sample.measured))
            if before != after:
                yield Change("measured", before, after, name)


def _claims(ours: Sequence[Claim], theirs: Sequence[Claim]) -> Iterator[Change]:
    """Sentences that one side alone has, then those whose verdict or citations differ; by their words."""
    mine, known = {c.text: c for c in ours}, {c.text: c for c in theirs}
    yield from (Change("claim", text, "") for text in known if text not in mine)
    yield from (Change("claim", "", text) for text in mine if text not in known)
    for text, claim in mine.items():
        if (before := known.get(text)) is None:
            continue
        if before.verdict != claim.verdict:
            yield Change("verdict", _verdict(before), _verdict(claim), text)
        if before.citations != claim.citations:
            yield Change("citations", ", ".join(before.citations), ", ".join(claim.citations), text)


def _verdict(claim: Claim) -> str:
    return claim.verdict if claim.error_kind is None else f"{claim.verdict} ({claim.error_kind})"


def _choice(case: Case, sample: Sample) -> str:
    if sample.choice is None:
        return "could not be parsed" if sample.unparsed else "none"
    right = case.reference.choice
    mark = "" if right is None else ", right" if sample.choice == right else ", wrong"
    return f"{case.choices[sample.choice]}{mark}"


def _places(case: Case, ranked: Sequence[str]) -> str:
    """Where the gold stands: "12: 1, 40: not found"."""
    place = {name: str(number) for number, name in enumerate(ranked, start=1)}
    return ", ".join(f"{name}: {place.get(name, 'not found')}" for name in case.reference.grades)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
