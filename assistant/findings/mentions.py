"""Mentions: every finding that a sentence speaks of, with status, sides, severities, places and change.

A mention is the working form behind `Finding`: it keeps sets where a text says "mild to moderate".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from assistant.findings.age import read_ages
from assistant.findings.attributes import Attributes, all_attributes, read_attributes
from assistant.findings.quantities import Quantity, quantities
from assistant.findings.scope import VERBS, Scopes, Sentence, read_scopes
from assistant.findings.vocabulary import Match, vocabulary
from assistant.findings.words import words
from assistant.records import Status

_PREDICATE_REACH = 14  # words between a part and what is said of it
_BETWEEN_PLACES = frozenset(("in", "of", "on", "at", "with", "above", "below", "over"))
_DEVICE = "device"
_PLACES_DEVICE = frozenset(("in", "on", "over", "within", "overlying", "along"))
_WENT_AWAY = frozenset(("resolved", "resolution", "cleared", "disappeared", "gone", "longer", "removed", "removal"))
# In "the heart, lungs and upper abdomen are normal" these name one of the parts, not where the others are normal.
_OTHER_PARTS = frozenset(
    ("upper abdomen", "lower abdomen", "aortic arch", "ascending aorta", "descending aorta", "upper extremity",
     "lower extremity")
)  # fmt: skip
_QUALIFIES = frozenset(
    (
        "side",
        "severity",
        "location",
        "change",
        "negation",
        "denied_after",
        "doubt",
        "doubted_after",
        "affirmed",
        "history",
    )
)


@dataclass(frozen=True, slots=True)
class Mention:
    """One finding as a sentence speaks of it; `start` and `end` are offsets into the sentence, as are those of `spans`,
    the words behind status, side, severity, location and change. `resolved`: denied as something that was there."""

    entity: str
    status: Status
    sides: frozenset[str]
    severities: frozenset[str]
    locations: frozenset[str]
    changes: frozenset[str]
    past: bool
    start: int
    end: int
    ages: frozenset[str] = frozenset()
    resolved: bool = False
    spans: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a sentence says in normal form: mentions, numbers, every side, degree, place and course in it,
    and the offsets that its phrases cover."""

    text: str
    mentions: tuple[Mention, ...]
    quantities: tuple[Quantity, ...]
    attributes: Attributes
    covered: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class _Found:
    """A finding met at words [start, end); `deny` is where its denial is looked up; `inverted` for "normal"."""

    entity: str
    start: int
    end: int
    decides: int
    inverted: bool = False
    borderline: bool = False
    if_denied: str | None = None
    listed: bool = False  # one of several parts of which one thing is said


@lru_cache(maxsize=2_000)
def read_phrases(text: str) -> Sentence:
    """The words of a sentence and the phrases of the vocabulary in it; not to be changed, for it is kept."""
    tokens = words(text)
    return Sentence(tokens, vocabulary().match(tokens))


@lru_cache(maxsize=20_000)
def read_sentence(text: str) -> Reading:
    """The normal form of one sentence. Kept per text: evidence is judged against many claims."""
    sentence = read_phrases(text)
    tokens = sentence.tokens
    scopes = read_scopes(sentence)
    if text.rstrip("\"'”’) ").endswith("?"):  # who asks, states nothing
        scopes.doubted = [True] * len(tokens)
    predicates = _predicates(sentence, scopes)
    found = sorted(_entities(sentence, predicates) + predicates, key=lambda f: (f.start, f.end))
    attributes = read_attributes(sentence, scopes, [(f.start, f.end) for f in found])
    mentions: list[Mention] = []
    for finding, told in zip(found, attributes, strict=True):
        if scopes.family[finding.decides]:
            continue
        mentions.extend(_mention(finding, told, sentence, scopes))
    mentions = _aged(text, mentions)
    used = {at for f in found for at in range(f.start, f.end)}
    covered = tuple(
        (tokens[m.start].start, tokens[m.end - 1].end)
        for m in sentence.matches
        if m.start in used or any(label.kind in _QUALIFIES for label in m.labels)
    )
    return Reading(text, tuple(mentions), tuple(quantities(text)), all_attributes(sentence, scopes), covered)


def _aged(text: str, mentions: list[Mention]) -> list[Mention]:
    """The mentions with their ages; a word between two findings is before the second, or right after the first."""
    aged = []
    for mention in mentions:
        previous = max((m.end for m in mentions if m.end <= mention.start), default=0)
        following = min((m.start for m in mentions if m.start >= mention.end), default=len(text))
        ages = read_ages(text, previous, mention.start, mention.end, following, mention.entity)
        aged.append(replace(mention, ages=ages))
    return aged


def _entities(sentence: Sentence, predicates: list[_Found]) -> list[_Found]:
    """Entities named; "pulmonary vascular engorgement is normal" is said of a part, and names none."""
    found = []
    for match in sentence.matches:
        if match.value("part") and any(
            p.inverted and p.start <= match.start and match.end <= p.end for p in predicates
        ):
            continue
        for name in dict.fromkeys(label.value for label in match.labels if label.kind == "entity"):
            borderline = match.start > 0 and sentence.has(match.start - 1, "borderline")
            found.append(_Found(name, match.start, match.end, match.start, borderline=borderline))
        if denied := match.value("denied"):  # "nontender"
            found.append(_Found(denied, match.start, match.end, match.start, inverted=True, if_denied=denied))
    return found


def _predicates(sentence: Sentence, scopes: Scopes) -> list[_Found]:
    """Parts joined to what is said of them: "normal heart size", "the cardiac silhouette is mildly enlarged"."""
    found: list[_Found] = []
    spoken_of: set[int] = set()
    for match in sentence.matches:
        kinds = {label.kind for label in match.labels}
        if not kinds & {"normal", "abnormal", "borderline", "state"} or kinds & {"entity", "part"}:
            continue
        subjects = _attributive(sentence, match) or _predicative(sentence, match, scopes, spoken_of)
        for subject in subjects:
            spoken_of.add(subject.start)
            joined = _join(sentence, subject, match, kinds)
            found.extend(replace(one, listed=len(subjects) > 1) for one in joined)
    return found


def _join(sentence: Sentence, subject: Match, predicate: Match, kinds: set[str]) -> list[_Found]:
    part = vocabulary().parts[int(subject.value("part") or 0)]
    start, end = min(subject.start, predicate.start), max(subject.end, predicate.end)
    at = predicate.start
    if "normal" in kinds:
        return [_Found(name, start, end, at, inverted=True, if_denied=part.abnormal) for name in part.normal]
    if "borderline" in kinds:
        return [_Found(name, start, end, at, borderline=True) for name in part.normal[:1]]
    if "abnormal" in kinds:
        return [_Found(part.abnormal, start, end, at)] if part.abnormal else []
    entity = part.state(sentence.norm(at))
    return [_Found(entity, start, end, at)] if entity else []


def _attributive(sentence: Sentence, match: Match) -> list[Match]:
    """Parts right after the word: "normal heart size and mediastinal contours"."""
    subjects: list[Match] = []
    at = match.end
    while at < len(sentence.tokens):
        phrase = sentence.by_word[at]
        if phrase is not None and phrase.value("part") is not None:
            if subjects and _has_own_predicate(sentence, phrase):
                break
            subjects.append(phrase)
            at = phrase.end
            continue
        passes = sentence.has(at, "side") or (subjects and sentence.norm(at) in (",", "and", "/", "or", "the"))
        if not passes and (subjects or not sentence.has(at, "severity")):
            break
        at += 1
    return subjects


def _has_own_predicate(sentence: Sentence, part: Match) -> bool:
    for at in range(part.end, len(sentence.tokens)):
        if sentence.has(at, "normal", "abnormal", "borderline", "state"):
            return True
        if sentence.norm(at) in (",", ";", ".") or sentence.has(at, "entity"):
            return False
    return False


def _predicative(sentence: Sentence, match: Match, scopes: Scopes, spoken_of: set[int]) -> list[Match]:
    """Parts before the word, with those joined to them: "heart size and pulmonary vascularity appear normal"."""
    subjects: list[Match] = []
    at = match.start - 1
    while at >= 0:
        if (scopes.hard[at] and sentence.norm(at) != "which") or sentence.has(at, "entity"):
            break
        phrase = sentence.by_word[at]
        if phrase is not None and phrase.value("part") is not None:
            if phrase.start in spoken_of or (not subjects and _holds_device(sentence, phrase)):
                break
            subjects.append(phrase)
            at = phrase.start
        elif (subjects and _parts_subjects(sentence, at)) or (not subjects and match.start - at > _PREDICATE_REACH):
            break
        at -= 1
    return subjects


def _holds_device(sentence: Sentence, part: Match) -> bool:
    """Whether a part is where a device lies: "an AICD in the left chest wall with intact leads" calls no chest so."""
    at = part.start - 1
    while at >= 0 and (sentence.has(at, "side") or sentence.norm(at) in ("the", "upper", "lower", "mid")):
        at -= 1
    if at < 1 or sentence.norm(at) not in _PLACES_DEVICE:
        return False
    named = sentence.by_word[at - 1]
    device = named.value("entity") if named is not None else None
    return device is not None and _DEVICE in vocabulary().ancestors.get(device, ())


def _parts_subjects(sentence: Sentence, at: int) -> bool:
    """Whether the word stands between two things said, rather than between two subjects of one."""
    norm = sentence.norm(at)
    return norm in VERBS or norm in _BETWEEN_PLACES or sentence.has(at, "normal", "state", "negation")


def _mention(finding: _Found, told: list[Attributes], sentence: Sentence, scopes: Scopes) -> list[Mention]:
    at = finding.decides
    denied = scopes.denied[at] or (finding.start < at and scopes.denied[finding.start] and not finding.inverted)
    entity = finding.entity
    status: Status = "present"
    if finding.inverted:
        status = "present" if denied else "absent"
        if denied:
            if finding.if_denied is None:
                return []
            entity = finding.if_denied
    elif denied:
        status = "absent"
    if (scopes.doubted[at] or finding.borderline) and not denied:
        status = "uncertain"
    tokens = sentence.tokens
    cue = (scopes.cues[at] or scopes.cues[finding.start]) if denied or scopes.doubted[at] else None
    resolved = (
        status == "absent" and cue is not None and bool(_WENT_AWAY & {w.norm for w in tokens[cue.start : cue.end]})
    )
    elsewhere = _OTHER_PARTS if finding.listed else frozenset[str]()
    return [
        Mention(
            entity, status, told_once.sides, told_once.severities, told_once.locations - elsewhere, told_once.changes,
            scopes.past[at] or told_once.past, tokens[finding.start].start, tokens[finding.end - 1].end,
            resolved=resolved, spans=_spans(sentence, told_once, cue),
        )
        for told_once in told
    ]  # fmt: skip


def _spans(sentence: Sentence, told: Attributes, cue: Match | None) -> tuple[tuple[str, int, int], ...]:
    said = set(told.spans)
    if cue is not None:
        said.add(("status", cue.start, cue.end))
    tokens = sentence.tokens
    return tuple(sorted((what, tokens[start].start, tokens[end - 1].end) for what, start, end in said))
