"""Side, severity, place and change: which word belongs to which finding of a sentence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from assistant.findings.scope import Scopes, Sentence
from assistant.findings.vocabulary import Match, vocabulary

_PREPOSITIONS = frozenset(("in", "at", "on", "of", "within", "along", "involving", "over", "overlying", "near", "from"))
_CONJUNCTIONS = frozenset((",", "and", "or", "/", "&"))
_SIDES = ("left", "right", "bilateral")
# what comes in twos without having sides: "both sexes", "both groups"
_NO_SIDES = frozenset(
    ("man", "woman", "boy", "girl", "sex", "gender", "group", "cohort", "adult", "child", "patient", "mother", "parent",
     "drug", "trial", "study", "model", "method", "test", "treatment", "report", "type", "form", "condition", "disease")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is said of a finding; `spans` are the words [start, end) that say it, each with what it says."""

    sides: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    locations: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    past: bool = False
    spans: frozenset[tuple[str, int, int]] = frozenset()


def read_attributes(sentence: Sentence, scopes: Scopes, spans: list[tuple[int, int]]) -> list[list[Attributes]]:
    """For each finding at words [start, end), in order, what is said of it; two for "moderate right and small left".

    Findings that share one span (several denied by one "normal") share their attributes.
    """
    places = sorted(set(spans))
    cuts = _cuts(sentence, scopes, places)
    told: dict[tuple[int, int], list[Attributes]] = {}
    for i, (start, end) in enumerate(places):
        before = range(cuts[i], start)
        after = range(end, cuts[i + 1])
        told[(start, end)] = _gather(sentence, scopes, before, range(start, end), after)
    _share(sentence, places, told)
    return [told[span] for span in spans]


def all_attributes(sentence: Sentence, scopes: Scopes) -> Attributes:
    """Every side, severity, place and change that the sentence names, whatever it belongs to."""
    return _collect(sentence, scopes, range(len(sentence.tokens)), range(0), whole=True)


def _cuts(sentence: Sentence, scopes: Scopes, places: list[tuple[int, int]]) -> list[int]:
    """Word at which each finding's surroundings begin; one more for the end of the last."""
    n = len(sentence.tokens)
    cuts = []
    previous_end = 0
    for i, (start, _) in enumerate(places):
        gap = range(previous_end, max(start, previous_end))
        cuts.append(_first_cut(sentence, scopes, gap) if i == 0 else _cut(sentence, scopes, gap))
        previous_end = max(previous_end, places[i][1])
    last = n
    for at in range(previous_end, n):
        if scopes.hard[at] or sentence.has(at, "negation") or sentence.norm(at) in ("with", "without"):
            last = at
            break
    return [*cuts, last]


def _first_cut(sentence: Sentence, scopes: Scopes, gap: range) -> int:
    if sentence.norm(gap.start) in _PREPOSITIONS:  # "In the right upper lobe, there is a nodule"
        return gap.start
    return max((at + 1 for at in gap if scopes.hard[at]), default=gap.start)


def _cut(sentence: Sentence, scopes: Scopes, gap: range) -> int:
    """Where the words between two findings turn from the first to the second."""
    for at in gap:
        if scopes.hard[at] or sentence.norm(at) in ("with", "without") or sentence.has(at, "negation", "doubt"):
            return at
    joined = [at for at in gap if sentence.norm(at) in _CONJUNCTIONS and not sentence.has(at, "side")]
    if joined:
        return joined[-1]
    if len(gap) and sentence.norm(gap.start) in _PREPOSITIONS:
        return gap.stop
    return gap.start


def _gather(sentence: Sentence, scopes: Scopes, before: range, inside: range, after: range) -> list[Attributes]:
    split = _two_sided(sentence, before)
    rest = _collect(sentence, scopes, inside, after)
    if split is not None:
        first = _collect(sentence, scopes, range(before.start, split), range(0))
        second = _collect(sentence, scopes, range(split, before.stop), range(0))
        if first.severities or second.severities:
            return [_joined(first, rest), _joined(second, rest)]
    return [_joined(_collect(sentence, scopes, before, range(0)), rest)]


def _two_sided(sentence: Sentence, before: range) -> int | None:
    """The "and" of "moderate right and small left" right before a finding."""
    for at in before:
        if sentence.norm(at) == "and" and not sentence.has(at, "side"):
            left = {side for k in range(before.start, at) for side in _side_at(sentence, k)}
            right = {side for k in range(at, before.stop) for side in _side_at(sentence, k)}
            if left and right and left != right:
                return at
    return None


def _side_at(sentence: Sentence, at: int) -> list[str]:
    match = sentence.by_word[at]
    value = match.value("side") if match else None
    return [value] if value else []


def _collect(sentence: Sentence, scopes: Scopes, one: range, two: range, whole: bool = False) -> Attributes:
    sides: set[str] = set()
    severities: set[str] = set()
    locations: set[str] = set()
    changes: set[str] = set()
    past = False
    spans: set[tuple[str, int, int]] = set()
    seen: Match | None = None
    for at in [*one, *two]:
        match = sentence.by_word[at]
        if match is None or match is seen:
            continue
        seen = match
        for label in match.labels:
            if label.kind in _SIDES or label.kind == "side":
                if sentence.norm(match.start) == "both" and not _means_sides(sentence, match):
                    continue
                sides.add(label.value)
                spans.add(("side", match.start, match.end))
            elif label.kind == "severity" and not _turned(sentence, scopes, at):
                severities.add(label.value)
                spans.add(("severity", match.start, match.end))
            elif label.kind == "location":
                locations.add(label.value)
                spans.add(("location", match.start, match.end))
                if label.side:
                    sides.add(label.side)
            elif label.kind == "change" and not _turned(sentence, scopes, at):
                changes.add(label.value)
                spans.add(("change", match.start, match.end))
            elif label.kind == "history":
                past = True
            elif label.kind == "entity" and at in one:
                sides |= _inner_sides(sentence, match, label.value)
                locations |= _inner_locations(sentence, match, label.value)
    if {"left", "right"} <= sides and not whole:
        sides = {"bilateral"}
    return Attributes(
        frozenset(sides), frozenset(severities), frozenset(locations), frozenset(changes), past, frozenset(spans)
    )


def _means_sides(sentence: Sentence, both: Match) -> bool:
    """ "Both lungs" names sides; "both a film and a book", "both are antihistamines" and "both sexes" do not."""
    for at in range(both.end, min(both.end + 5, len(sentence.tokens))):
        token = sentence.tokens[at]
        if sentence.has(at, "location", "side"):
            return True
        if token.norm in ("and", "are", "were", "is", "have", "had"):
            return False
        if token.norm != token.raw.lower():  # a plural
            return token.norm not in _NO_SIDES
    return True


def _turned(sentence: Sentence, scopes: Scopes, at: int) -> bool:
    """Whether the word alone is denied ("the effusion is not large"), rather than the finding with it."""
    return scopes.denied[at] and at > 0 and sentence.norm(at - 1) in ("not", "n't")


def _inner_sides(sentence: Sentence, match: Match, entity: str) -> set[str]:
    """Sides inside a finding's own words: "elevated left hemidiaphragm"; not those of its name ("left axis")."""
    if "left" in entity or "right" in entity:
        return set()
    return {sentence.norm(at) for at in range(match.start, match.end)} & {"left", "right", "bilateral"}


def _inner_locations(sentence: Sentence, match: Match, entity: str) -> set[str]:
    """Places inside a finding's own words: "apical scar"; not those of its name ("mediastinal widening")."""
    found = set()
    for at in range(match.start, match.end):
        norm = sentence.norm(at)
        for phrase, capitals, labels in vocabulary().phrases.get(norm, ()):
            if len(phrase) == 1 and capitals is None and norm not in entity:
                found |= {label.value for label in labels if label.kind == "location" and label.value not in entity}
    return found


def _joined(a: Attributes, b: Attributes) -> Attributes:
    sides = a.sides | b.sides
    if "bilateral" in sides or {"left", "right"} <= sides:
        sides = frozenset({"bilateral"})
    return Attributes(
        sides, a.severities | b.severities, a.locations | b.locations, a.changes | b.changes, a.past or b.past,
        a.spans | b.spans,
    )  # fmt: skip


def _share(sentence: Sentence, places: list[tuple[int, int]], told: dict[tuple[int, int], list[Attributes]]) -> None:
    """ "Left effusion and atelectasis", "effusion and atelectasis on the left": both are left."""
    for first, second in pairwise(places):
        between = range(first[1], second[0])
        if not len(between) or any(sentence.norm(at) not in _CONJUNCTIONS for at in between):
            continue
        a, b = told[first], told[second]
        if len(a) > 1 or len(b) > 1:
            continue
        if (a[0].sides or a[0].locations) and not (b[0].sides or b[0].locations):
            told[second] = [_with_place(b[0], a[0])]
        elif (b[0].sides or b[0].locations) and not (a[0].sides or a[0].locations):
            told[first] = [_with_place(a[0], b[0])]


def _with_place(placeless: Attributes, placed: Attributes) -> Attributes:
    spans = {span for span in placed.spans if span[0] in ("side", "location")}
    return replace(placeless, sides=placed.sides, locations=placed.locations, spans=placeless.spans | spans)
