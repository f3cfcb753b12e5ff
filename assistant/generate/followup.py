"""Follow-up questions made to stand alone: "and on the left?" after "Is there a right pleural effusion?".

Rules first: a side, a finding or a part of the body takes the place of its like in the earlier question, "it" becomes
what that question was about. Where they find nothing to put in, a model may rewrite the question, but only with words
of the conversation: a rewriting that brings in a finding or a number of its own is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.findings.vocabulary import vocabulary
from assistant.findings.words import words
from assistant.retrieve.relevance import content_words

_OPENS = re.compile(
    r"^\W*(?:and|but|or|also|so|then|ok(?:ay)?)?[\s,]*(?:what|how)\s+about\s+|^\W*(?:and|but|or|also)\b[\s,]*"
    r"|^\W*(?:any|same\s+(?:question\s+)?for)\s+(?=\w+\W*$)",
    re.IGNORECASE,
)
_AND = re.compile(r"^\W*(?:and|but|also|so|then)\b[\s,]*", re.IGNORECASE)
_IT = re.compile(
    r"\b(?:its|it|they|them|their|those|that\s+one|the\s+same)\b|\b(?:that|this)(?=\s*\?)|\bthat(?=\s+\w+\W*$)",
    re.IGNORECASE,
)
_POSSESSIVE = ("its", "their")
# Bare follow-ups that name nothing: "Why?", "Since when?", "How large?", "Which side?", "Are you sure?"
_BARE = re.compile(
    r"^\W*(?:why(?:\s+not)?|how\s+(?:so|come|large|big|small|severe|bad|old|long|often|many|much|sure|certain)|since\s+when"
    r"|when|where|which(?:\s+(?:side|one|lobe|lead))?|what\s+(?:size|else|side)|any\s+(?:change|changes|others?)"
    r"|are\s+you\s+(?:sure|certain)|(?:tell\s+me\s+)?more|go\s+on|really|on\s+what\s+side|compared\s+to\s+what)\W*$",
    re.IGNORECASE,
)
_OTHER_SIDE = re.compile(r"\b(?:the\s+)?(?:other|opposite|contralateral)(?:\s+side)?\b", re.IGNORECASE)
_SIDE = re.compile(
    r"\b(?:on\s+(?:the|both)\s+)?(left|right|both|bilateral)(?:[- ]sided)?(?:\s+sides?)?\b", re.IGNORECASE
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|do|does|did|has|have|had|can|could|should|show\w*|explain|describe|compare|list|find|give)\b",
    re.IGNORECASE,
)
_YES_NO = re.compile(r"^\W*(?:is|are|was|were|do|does|has|have)\b", re.IGNORECASE)
_PREPOSITION = re.compile(r"\b(?:of|in|on|at|for|with|from|about)\s+$", re.IGNORECASE)
_ADJECTIVES = re.compile(
    r"(?:\b(?:an?|the|any|some|small|large|mild|moderate|severe|new|old|left|right|bilateral)\s+)+$", re.IGNORECASE
)
_VALUE = re.compile(r"\b(?:rate|rhythm|axis|qtc?|qrs|pr|st|intervals?|quality|voltage)\b", re.IGNORECASE)
_NO_TOPIC = re.compile(r"stud(?:y|ies)|images?|patients?|findings?|reports?|x-?rays?|radiographs?|ecgs?", re.IGNORECASE)
_NOUNS = re.compile(r"[A-Za-z][\w'’-]*")
_NOT_A_TOPIC = frozenset(
    """
    a an the of on in at to for and or is are was were there any some this that these those it its what which who how
    why when where do does did has have had can could should would may might will be been being show shows shown me my
    you your we our us i please tell explain describe give find list about with without from by treated treat treatment
    treatments symptoms symptom signs causes cause caused risks risk factors prevent prevented diagnosed diagnosis mean
    means outlook one ones usually common commonly often main most best work works patient patients
    """.split()  # noqa: SIM905
)
_LONGEST = 300  # characters of a rewriting


@dataclass(frozen=True, slots=True)
class Standalone:
    """A question that can be read alone; `how` is "as asked", "rules" or "model"."""

    text: str
    how: str


Model = Callable[[str, Sequence[str]], str | None]
"""A question and those before it, to a rewriting or nothing."""


def stand_alone(question: str, earlier: Sequence[str], model: Model | None = None) -> Standalone:
    """`question` so that it can be understood without `earlier`, the standalone questions before it, oldest first.

    Where neither rules nor the model can tell, the last question is put before it: nothing is lost then.
    """
    asked = " ".join(question.split())
    if not earlier or not is_follow_up(asked):
        return Standalone(_capital(_AND.sub("", asked, count=1)) if earlier else asked, "as asked")
    ruled = _by_rules(asked, earlier)
    if ruled:
        return Standalone(ruled, "rules")
    written = model(asked, earlier) if model is not None else None
    if written and _only_their_words(written, [asked, *earlier]):
        return Standalone(" ".join(written.split()), "model")
    return Standalone(f"{_bare(earlier[-1])} – {asked}", "rules")


def is_follow_up(question: str) -> bool:
    """Whether a question leaves out what it is about: "and on the left?", "how large is it?", "why?"."""
    if _BARE.match(question):
        return True
    rest = _OPENS.sub("", question, count=1)
    if rest != question:
        return not (_VERB.search(rest) and _topic(rest) and not _IT.search(rest))
    if _IT.search(question) and not _topic(_IT.sub(" ", question)):
        return True
    return not _VERB.search(question) and bool(_SIDE.search(question)) and _topic(question) is None


def _by_rules(asked: str, earlier: Sequence[str]) -> str | None:
    last = earlier[-1]
    topic = next((found for said in reversed(earlier) if (found := _topic(said) or _nouns(said))), None)
    rest = _OPENS.sub("", asked, count=1)
    fragment = _bare(rest)
    if _BARE.match(asked):
        return f"{_bare(asked)}, about the {topic}?" if topic else None
    if _IT.search(asked):
        whole = fragment if _VERB.search(fragment) else f"What about {fragment}"
        return f"{_capital(_with_topic(whole, topic))}?" if topic else None
    if _VERB.search(fragment):
        return f"{_capital(fragment)}, about the {topic}?" if topic else None
    if other := _OTHER_SIDE.search(fragment):
        fragment = fragment[: other.start()] + _opposite(last) + fragment[other.end() :]
    kinds = _kinds(fragment)
    if not kinds and (side := _SIDE.search(fragment)):
        return _on_side(last, side[1].lower())
    if not kinds:
        return f"What is {fragment}?" if _VALUE.search(fragment) else f"{_bare(last)}, {fragment}?"
    return _put_in(fragment, kinds, last)


def _put_in(fragment: str, kinds: frozenset[str], last: str) -> str:
    """The last question about another finding or part of the body."""
    said = _named(last)
    if said is None:
        return f"{_bare(last)}, about {fragment}?"
    start, end = said
    before = last[:start]
    before = before[: len(before) - len(_before(before))]
    if "part" in kinds and _YES_NO.match(last) and not _PREPOSITION.search(before):
        return f"Is there anything abnormal in {fragment}?"
    if same := _PREPOSITION.search(before):
        fragment = re.sub(rf"^{same[0].strip()}\s+", "", fragment, flags=re.IGNORECASE)
    return before + fragment + last[end:]


def _before(text: str) -> str:
    """Article and adjectives right before a topic, which go with it: "a", "the small"."""
    found = _ADJECTIVES.search(text)
    return found[0] if found else ""


def _kinds(text: str) -> frozenset[str]:
    """Whether a text names a finding ("entity") or a part of the body ("part")."""
    return frozenset(kind for _, _, kind in _names(text))


def _named(text: str) -> tuple[int, int] | None:
    """Where the last finding or part of the body stands that a text names."""
    names = _names(text)
    return names[-1][:2] if names else None


def _names(text: str) -> list[tuple[int, int, str]]:
    tokens = words(text)
    found = []
    for match in vocabulary().match(tokens):
        kinds = {label.kind for label in match.labels if label.value != "abnormality"}
        start, end = tokens[match.start].start, tokens[match.end - 1].end
        if kinds & {"entity", "part"} and not _NO_TOPIC.fullmatch(text[start:end]):
            found.append((start, end, "entity" if "entity" in kinds else "part"))
    return found


def _topic(text: str) -> str | None:
    """The last finding or part of the body that a text names, with its side and degree, as it stands there."""
    named = _named(text)
    if named is None:
        return None
    adjectives = re.sub(r"^(?:an?|the|any|some)\s+", "", _before(text[: named[0]]), flags=re.IGNORECASE)
    return adjectives + text[slice(*named)]


def _nouns(text: str) -> str | None:
    """The longest run of words that say what a question is about, where the vocabulary knows none of them."""
    runs: list[list[str]] = [[]]
    for word in _NOUNS.findall(text):
        if word.lower() in _NOT_A_TOPIC:
            runs.append([])
        else:
            runs[-1].append(word)
    best = max(runs, key=len)
    return " ".join(best) or None


def _with_topic(asked: str, topic: str) -> str:
    """The first "it" of a question replaced by what is meant."""
    found = _IT.search(asked)
    assert found is not None
    meant = f"the {topic}" if _names(topic) else topic
    if found[0].lower() in _POSSESSIVE:
        meant += "'s"
    return asked[: found.start()] + meant + asked[found.end() :]


def _on_side(last: str, side: str) -> str:
    """The last question about another side."""
    said = "on both sides" if side in ("both", "bilateral") else f"on the {side}"
    found = _SIDE.search(last)
    if found is None:
        return f"{_bare(last)} {said}?"
    plain = found[0].lower() in ("left", "right", "bilateral")
    put = said if not plain else "bilateral" if side in ("both", "bilateral") else side
    return last[: found.start()] + put + last[found.end() :]


def _opposite(last: str) -> str:
    found = _SIDE.search(last)
    return {"left": "right", "right": "left"}.get(found[1].lower() if found else "", "other side")


def _bare(text: str) -> str:
    return text.strip().rstrip("?!. ").strip()


def _only_their_words(written: str, said: Sequence[str]) -> bool:
    """Whether a rewriting is short and made of the conversation's own words."""
    known = {word for text in said for word in content_words(text)}
    return 0 < len(written) <= _LONGEST and set(content_words(written)) <= known


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
