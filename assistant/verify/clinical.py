"""A claim against evidence in clinical normal form: same finding, same status, side, severity, place, change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.findings.attributes import Attributes
from assistant.findings.mentions import Mention
from assistant.findings.vocabulary import related, vocabulary
from assistant.records import ErrorKind, Verdict
from assistant.verify.rivals import rivalry
from assistant.wording import worded

_GRADE = {"minimal": 0, "mild": 1, "moderate": 2, "severe": 3}
_TURNED_CHANGE = {
    frozenset(pair) for pair in (("worse", "better"), ("new", "stable"), ("worse", "stable"), ("better", "stable"))
}


@dataclass(frozen=True, slots=True)
class Said:
    """A mention of the evidence with the sentence that speaks of it."""

    mention: Mention
    sentence: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the evidence bears on one mention; `implied` where only a wider or narrower finding decides."""

    verdict: Verdict
    score: float
    kind: ErrorKind | None
    why: str
    implied: bool = False


def judge_mention(claim: Mention, evidence: Sequence[Said]) -> Outcome:
    """The best that the evidence says for the claim; what contradicts it directly outweighs what implies it."""
    outcomes = [_compare(claim, said) for said in evidence]
    met = [outcome for outcome in outcomes if outcome is not None]
    bilateral = _both_sides(claim, evidence)
    if bilateral is not None:
        met.append(bilateral)
    rival = _rival(claim, evidence)
    if not met:
        return rival or Outcome(
            "unsupported", 0.1, "fabrication", worded("the evidence does not speak of {entity}", entity=claim.entity)
        )
    supports = [outcome for outcome in met if outcome.verdict == "supported"]
    against = [outcome for outcome in met if outcome.verdict == "contradicted"]
    if _stated_there(claim, evidence):  # what the evidence has on the other side, or elsewhere, is another finding
        against = [outcome for outcome in against if outcome.kind not in ("laterality", "location")]
        met = [outcome for outcome in met if outcome.verdict != "contradicted" or outcome in against]
    if supports:
        best = max(supports, key=lambda outcome: (not outcome.implied, outcome.score))
        hard = [outcome for outcome in against if outcome.kind == "negation" and not outcome.implied]
        if hard and (best.implied or not _compatible(claim)):
            return hard[0]
        return best
    if rival is not None:
        return rival
    if against:
        return max(against, key=lambda outcome: (not outcome.implied, outcome.score))
    return max(met, key=lambda outcome: (not outcome.implied, outcome.score))


def _rival(claim: Mention, evidence: Sequence[Said]) -> Outcome | None:
    """The evidence has the other of two findings that exclude one another: the left bundle branch, not the right."""
    if claim.status == "uncertain" or claim.past:
        return None
    for said in evidence:
        stated = said.mention
        if stated.status != "present" or stated.past or "old" in stated.ages:
            continue
        kind = rivalry(claim.entity, stated.entity)
        if kind is not None:
            why = worded(
                "the evidence has {entity} instead: {shown}", entity=stated.entity, shown=_shown(said.sentence)
            )
            if claim.status == "absent":
                return Outcome("supported", 0.85, None, why, True)
            return Outcome("contradicted", 0.1, kind, why)
    return None


def _stated_there(claim: Mention, evidence: Sequence[Said]) -> bool:
    """Whether the evidence has the finding on the claim's side and in its place, whatever degree or course it gives."""
    return any(
        said.mention.status == "present"
        and related(claim.entity, said.mention.entity) in ("same", "kind")
        and (not claim.sides or _side_fits(claim, said.mention))
        and (not claim.locations or _places_meet(claim.locations, said.mention.locations))
        for said in evidence
    )


def _compatible(claim: Mention) -> bool:
    """A claim that names a side or place may stand beside a denial elsewhere; a bare one may not."""
    return bool(claim.sides or claim.locations)


def _compare(claim: Mention, said: Said) -> Outcome | None:
    stated = said.mention
    relation = related(claim.entity, stated.entity)
    if relation is None:
        return None
    implied = relation != "same"
    quote = _shown(said.sentence)
    if claim.status == "absent":
        return _compare_denied(claim, stated, relation, implied, quote)
    if stated.status == "absent":
        if relation == "kind" or not _same_ground(claim, stated):
            return None
        if stated.severities and not claim.severities & stated.severities:
            return None  # "no large effusion" leaves room for a small one
        if _ages(stated) and _ages(claim) and not _ages(claim) & _ages(stated):
            return None  # "no acute fracture" leaves room for an old one
        return Outcome("contradicted", 0.05, "negation", _told("the evidence denies it: {quote}", quote), implied)
    if relation == "umbrella":
        if stated.status == "present" or claim.status == "present":
            why = worded("the evidence speaks only of {entity}: {quote}", entity=stated.entity, quote=quote)
            return Outcome("unsupported", 0.3, "fabrication", why, True)
        return None
    if claim.status == "present" and stated.status == "uncertain":
        return Outcome(
            "unsupported", 0.45, "unverifiable", _told("the evidence is not certain of it: {quote}", quote), implied
        )
    return _compare_attributes(claim, stated, implied, quote)


def _compare_denied(claim: Mention, stated: Mention, relation: str, implied: bool, quote: str) -> Outcome | None:
    if stated.status == "absent":
        if relation == "kind":
            return Outcome(
                "unsupported",
                0.35,
                "fabrication",
                worded("the evidence denies only {entity}: {quote}", entity=stated.entity, quote=quote),
                True,
            )
        of_one_degree = not (claim.severities and stated.severities) or _severity_fits(claim, stated)
        if stated.resolved and of_one_degree and _same_ground(claim, stated):
            # "the left effusion has cleared" speaks of the effusion that there was, not of the left side alone
            gone = implied or bool(stated.sides - claim.sides or stated.locations - claim.locations)
            return Outcome(
                "supported", 0.8 if gone else 0.97, None, _told("gone, says the evidence: {quote}", quote), gone
            )
        if stated.sides and stated.sides != frozenset({"bilateral"}) and claim.sides != stated.sides:
            return Outcome(
                "unsupported", 0.4, "laterality", _told("the evidence denies it for one side: {quote}", quote), implied
            )
        if stated.locations and not _places_meet(claim.locations, stated.locations):
            kind: ErrorKind = "location"
            if not implied and not claim.locations and _is_whole(stated):
                return Outcome("supported", 0.9, None, _told("denied in the evidence: {quote}", quote), implied)
            return Outcome(
                "unsupported", 0.4, kind, _told("the evidence denies it for one place: {quote}", quote), implied
            )
        if stated.severities and not claim.severities & stated.severities:
            return Outcome(
                "unsupported",
                0.4,
                "severity",
                _told("the evidence denies only a degree of it: {quote}", quote),
                implied,
            )
        if "new" in stated.changes and "new" not in claim.changes:
            return Outcome(
                "unsupported", 0.4, "time", _told("the evidence denies only a new one: {quote}", quote), implied
            )
        return Outcome(
            "supported", 0.85 if implied else 0.97, None, _told("denied in the evidence: {quote}", quote), implied
        )
    if relation == "umbrella":
        return None
    if not _same_ground(claim, stated):
        return None
    if claim.severities and stated.severities and not _severity_fits(claim, stated):
        return None  # "no large effusion" beside "small effusion"
    if _ages(claim) and _ages(stated) and not _ages(claim) & _ages(stated):
        return None  # "no acute fracture" beside "old fracture"
    if "new" in claim.changes and "new" not in stated.changes:
        return None
    if stated.status == "uncertain":
        return Outcome("unsupported", 0.3, "negation", _told("the evidence leaves it open: {quote}", quote), implied)
    if stated.past:
        return None
    return Outcome("contradicted", 0.04, "negation", _told("the evidence states it: {quote}", quote), implied)


def _is_whole(stated: Mention) -> bool:
    """Places that a finding always has ("mediastinum is unremarkable") do not narrow its denial."""
    return bool(stated.locations <= {"mediastinum", "hilum", "costophrenic angle", "fissure", "thoracic spine"})


def _compare_attributes(claim: Mention, stated: Mention, implied: bool, quote: str) -> Outcome:
    if claim.sides and not _side_fits(claim, stated):
        if stated.sides and "bilateral" not in claim.sides:
            return Outcome(
                "contradicted", 0.1, "laterality", _told("the evidence has the other side: {quote}", quote), implied
            )
        return Outcome(
            "unsupported", 0.3, "laterality", _told("the evidence does not state that side: {quote}", quote), implied
        )
    if claim.severities and not _severity_fits(claim, stated):
        if stated.severities:
            return Outcome(
                "contradicted", 0.15, "severity", _told("the evidence has another degree: {quote}", quote), implied
            )
        return Outcome(
            "unsupported", 0.35, "severity", _told("the evidence does not state that degree: {quote}", quote), implied
        )
    if claim.locations and not _places_meet(claim.locations, stated.locations):
        if stated.locations:
            return Outcome(
                "contradicted", 0.15, "location", _told("the evidence has another place: {quote}", quote), implied
            )
        return Outcome(
            "unsupported", 0.35, "location", _told("the evidence does not state that place: {quote}", quote), implied
        )
    if stated.past and not claim.past:
        return Outcome("unsupported", 0.35, "time", _told("the evidence gives it as history: {quote}", quote), implied)
    aged = _age(claim, stated, implied)
    if aged is not None:
        why = (
            _told("of another age: {quote}", quote)
            if stated.ages
            else _told("the evidence does not state that age: {quote}", quote)
        )
        return Outcome(aged, 0.15 if aged == "contradicted" else 0.4, "time", why, implied)
    changed = _change(claim, stated)
    if changed is not None:
        return Outcome(
            changed,
            0.15 if changed == "contradicted" else 0.4,
            "time",
            _told("changed otherwise: {quote}", quote),
            implied,
        )
    score = 0.9 if implied else 0.97
    return Outcome("supported", score, None, _told("stated in the evidence: {quote}", quote), implied)


def _change(claim: Mention, stated: Mention) -> Verdict | None:
    """Whether the course claimed differs from the course stated; a course unstated supports none."""
    if not claim.changes or claim.changes & stated.changes:
        return None
    turned = any(frozenset((a, b)) in _TURNED_CHANGE for a in claim.changes for b in stated.changes)
    return "contradicted" if turned else "unsupported"


def _ages(mention: Mention) -> frozenset[str]:
    if mention.past:
        return mention.ages | {"old"}
    return mention.ages | {"recent"} if "new" in mention.changes else mention.ages


def _age(claim: Mention, stated: Mention, implied: bool) -> Verdict | None:
    """Whether the age claimed ("acute", "old") differs from the one stated; an age unstated supports none."""
    claimed = _ages(claim)
    known = _ages(stated)
    if not claimed or claimed & known or (claimed == {"unknown"} and not known):
        return None
    if known:
        return "unsupported" if "unknown" in claimed | known else "contradicted"
    if "recent" in claim.ages:
        return "unsupported"
    return "unsupported" if "old" in claim.ages and not implied and "stable" not in stated.changes else None


def _both_sides(claim: Mention, evidence: Sequence[Said]) -> Outcome | None:
    """ "Bilateral effusions" from one sentence about the left and one about the right; "no effusion" likewise."""
    if (
        claim.severities
        or claim.locations
        or (claim.sides if claim.status == "absent" else "bilateral" not in claim.sides)
    ):
        return None
    relations = ("same", "kind") if claim.status == "present" else ("same",)
    told = [said.mention for said in evidence if related(claim.entity, said.mention.entity) in relations]
    whole = [
        m for m in told if m.status == claim.status and (m.status == "present" or not (m.locations or m.severities))
    ]
    if {"left", "right"} <= {side for mention in whole for side in mention.sides}:
        return Outcome("supported", 0.9, None, "the evidence states both sides")
    return None


def _same_ground(claim: Mention, stated: Mention) -> bool:
    """Whether both can speak of the same side and place."""
    a, b = claim.sides, stated.sides
    if a and b and not a & b and "bilateral" not in a | b:
        return False
    return not (claim.locations and stated.locations) or _places_meet(claim.locations, stated.locations)


def _side_fits(claim: Mention, stated: Mention) -> bool:
    return bool(claim.sides & stated.sides) or "bilateral" in stated.sides


def _severity_fits(claim: Mention, stated: Mention) -> bool:
    if claim.severities & stated.severities:
        return True
    grades = {_GRADE[s] for s in claim.severities} | {_GRADE[s] for s in stated.severities}
    return bool(stated.severities) and max(grades) <= 1  # trace, minimal, slight, small and mild are one degree


def _places_meet(claimed: frozenset[str], stated: frozenset[str]) -> bool:
    same = vocabulary().same_place
    return any(b in same.get(a, frozenset({a})) for a in claimed for b in stated)


def attribute_pairs(
    claimed: Attributes, stated: Sequence[Attributes]
) -> Iterator[tuple[ErrorKind, list[str], list[str]]]:
    """(kind, claimed, stated instead) for each side, place, degree or course of a claim that no evidence has."""
    sides = frozenset().union(*(a.sides for a in stated))
    if claimed.sides and not (claimed.sides & sides or "bilateral" in sides or {"left", "right"} <= sides):
        yield "laterality", sorted(claimed.sides), sorted(sides)
    places = frozenset().union(*(a.locations for a in stated))
    if claimed.locations and not _places_meet(claimed.locations, places):
        yield "location", sorted(claimed.locations), sorted(places)
    degrees = frozenset().union(*(a.severities for a in stated))
    grades = {_GRADE[s] for s in claimed.severities}
    if (
        grades
        and not grades & {_GRADE[s] for s in degrees}
        and (not degrees or max(grades | {_GRADE[s] for s in degrees}) > 1)
    ):
        yield "severity", sorted(claimed.severities), sorted(degrees)
    courses = frozenset().union(*(a.changes for a in stated))
    if claimed.changes - {"stable"} - courses or (claimed.changes and not claimed.changes & courses):
        yield "time", sorted(claimed.changes), sorted(courses)


def _told(wording: str, quote: str) -> str:
    return worded(wording, quote=quote)


def _shown(sentence: str) -> str:
    sentence = " ".join(sentence.split())
    return f"“{sentence if len(sentence) <= 160 else sentence[:157] + '…'}”"
