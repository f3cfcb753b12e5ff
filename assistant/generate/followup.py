"""Follow-up questions made to stand alone: "and on the left?" after "Is there a right pleural effusion?".

Rules first: a side, a finding or a part of the body takes the place of its like in the earlier question, "it" becomes
what that question was about. Where they find nothing to put in, a model may rewrite the question, but only with words
of the conversation: a rewriting that brings in a finding or a number of its own is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.generate.subject import (
    DETERMINER,
    adjectives_before,
    after_name,
    bare,
    kinds_of,
    meant,
    named,
    names_a_thing,
    topic_of,
    with_article,
)
from assistant.generate.values import asks_of_recording
from assistant.measure import leads_named
from assistant.retrieve.drugs import names_a_drug
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
# Words that name nothing. A question of nothing else ("And?", "What is this?", "And the other one?") is read as no
# follow-up: "this" may be the file that lies there as well as what was spoken of, and "the other one" another file.
_SAYS_NOTHING = """
    and but or also so then ok okay well what what's who who's how about is are was were do does did this that these
    those the a an another other one ones not all true correct
"""
_HOLLOW = frozenset(_SAYS_NOTHING.split())
_STANDS_FOR = frozenset(("it", "they"))  # "What is it?" has a reading, "Is it?" none
_ASKS_WHAT = frozenset(("what", "what's", "how"))
_WORDS = re.compile(r"[\w'’]+")
# Where another part of a question begins, whose "it" is what the part before names: "the LVEF and what was it before?"
_ANOTHER_PART = re.compile(r"[,;]|\b(?:and|but|or|if|when|because)\b", re.IGNORECASE)
# Bare follow-ups that name nothing: "Why?", "Since when?", "How large?", "Which side?", "Are you sure?"
_BARE = re.compile(
    r"^\W*(?:why(?:\s+not)?|how\s+(?:so|come|large|big|small|severe|bad|old|long|often|many|much|sure|certain)|since\s+when"
    r"|when|where|which(?:\s+(?:side|one|lobe|lead))?|what\s+(?:size|else|side)|any\s+(?:change|changes|others?)"
    r"|are\s+you\s+(?:sure|certain)|(?:tell\s+me\s+)?more|go\s+on|really|on\s+what\s+side|compared\s+to\s+what"
    r"|(?:for|since|until|at|with|by|in|on|after|from|to|per)\s+(?:how(?:\s+\w+){1,2}|(?:what|which)(?:\s+\w+){0,2}"
    r"|when|whom?))\W*$",
    re.IGNORECASE,
)
# "Any allergies?" is whole, and a follow-up after a question by which it is asked too: "Is there an effusion?"
_ANY = re.compile(r"^\W*any\s+(\w+)\W*$", re.IGNORECASE)
# What is asked of an upload itself, and no finding has: when it was taken, its projection
_OF_THE_UPLOAD = re.compile(r"\b(?:taken|recorded|acquired|projections?|views?)\b", re.IGNORECASE)
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
_VALUE = re.compile(r"\b(?:rate|rhythm|axis|qtc?|qrs|pr|st|intervals?|quality|voltage)\b", re.IGNORECASE)
# A value of an ECG by its name and nothing else: it needs no question before it.
_VALUES_ALONE = re.compile(
    rf"^(?:(?:the|its|heart|ventricular|electrical|frontal|durations?|segment|and|{_VALUE.pattern})\b\W*)+$",
    re.IGNORECASE,
)
_LONGEST = 300  # characters of a rewriting
_ASKS = re.compile(r"^(?:what|which|who|whom|why|when|where|how)\b(?!\s+about)", re.IGNORECASE)
_ONE = re.compile(r"^((?:(?:an?|any|the)\s+)?(?:[\w-]+\s+)+?)ones?$", re.IGNORECASE)
# What is asked of a thing, and needs one: "the dose?", "What are the symptoms?"
_ASPECT = (
    r"(?:(?:starting|usual|maximum|daily|normal|typical|common|main|possible|best|first-line)\s+)*"
    r"(?:dos(?:e|age)s?|treatments?|therap(?:y|ies)|symptoms?|signs|causes?|risks?(?:\s+factors?)?|side[- ]effects?"
    r"|complications?|prognosis|outlook|prevention|contraindications?|mechanism|alternatives?|incidence|prevalence)"
)
_BARE_ASPECT = re.compile(rf"^(?:the\s+)?({_ASPECT})$", re.IGNORECASE)
_ASKS_ASPECT = re.compile(
    rf"^\W*((?:what\s+(?:is|are|was|were)|are\s+there|is\s+there)\s+(?:the\s+|any\s+|an?\s+)?{_ASPECT})\W*$",
    re.IGNORECASE,
)
# Questions on a thing as such, which a question on another aspect of it may follow: "What is asthma?", "How is gout
# treated?"; after "What was the potassium?" the symptoms are not those of potassium.
_ON_A_THING = re.compile(
    rf"^\W*(?:what\s+(?:is|are)\s+(?!the\b|this\b|that\b|these\b|wrong\b)|define\b|(?:what|how)\b.*\b{_ASPECT}\s+(?:of|for)\b"
    r"|what\b.*\babout\b|tell\s+me\s+about\b|how\s+(?:is|are|do|does|can)\b.*\b(?:treat|diagnos|prevent|manag)|what\s+causes\b)",
    re.IGNORECASE,
)
_PREPOSITIONS = re.compile(r"\b(?:of|about|for|with|on|in|at|to|from|after|before|during)\s+", re.IGNORECASE)
_STARTS_WITH_ONE = re.compile(r"^(?:of|about|for|with|on|in|at|to|from|after|before|during)\b", re.IGNORECASE)
_OF_A_VALUE = re.compile(
    r"^(\W*(?:what|which|how\s+\w+)\s+(?:is|are|was|were)\s+)((?:the\s+|an?\s+)?[^,?]+?)(\W*)$", re.I
)


@dataclass(frozen=True, slots=True)
class Standalone:
    """A question that can be read alone; `how` is "as asked", "spelling", "rules" or "model"."""

    text: str
    how: str


Model = Callable[[str, Sequence[str]], str | None]
"""A question and those before it, to a rewriting or nothing."""


def stand_alone(
    question: str, earlier: Sequence[str], model: Model | None = None, said: Sequence[str] = ()
) -> Standalone:
    """`question` so that it can be understood without `earlier`, the standalone questions before it, oldest first.

    `said` are the sentences that answered the last one: they tell what is spoken of where that question names nothing
    ("What does the report say?"). Where neither rules nor the model can tell, the last question is put before it:
    nothing is lost then.
    """
    asked = " ".join(question.split())
    if not earlier:
        return Standalone(asked, "as asked")
    if _is_hollow(asked) or _is_of_elsewhere(asked, earlier[-1]):
        alone = _AND.sub("", asked, count=1)
        return Standalone(_capital(alone if _VERB.search(alone) else asked), "as asked")
    if _names_its_own(asked, earlier, said):
        return Standalone(_capital(asked), "as asked")
    if not (is_follow_up(asked) or _asks_aspect_of(asked, earlier[-1], said)):
        return Standalone(_capital(_AND.sub("", asked, count=1)), "as asked")
    ruled = _by_rules(asked, earlier, said)
    if ruled:
        return Standalone(ruled, "rules")
    written = model(asked, earlier) if model is not None else None
    if written and _only_their_words(written, [asked, *earlier]):
        return Standalone(" ".join(written.split()), "model")
    return Standalone(f"{bare(earlier[-1])} – {asked}", "rules")


def is_follow_up(question: str) -> bool:
    """Whether a question leaves out what it is about: "and on the left?", "how large is it?", "why?"."""
    if _BARE.match(question):
        return True
    rest = _OPENS.sub("", question, count=1)
    pronoun = _pronoun(rest)
    if rest != question:
        has_own = topic_of(rest) or _IT.search(rest)  # which is no `pronoun`: what it stands for is named before it
        return not (_VERB.search(rest) and has_own and not pronoun)
    if pronoun and not topic_of(_IT.sub(" ", question)):
        return True
    return not _VERB.search(question) and bool(_SIDE.search(question)) and topic_of(question) is None


def _is_hollow(question: str) -> bool:
    """Whether a question names nothing that could be read with what was said before."""
    said = [word.lower().replace("’", "'") for word in _WORDS.findall(question)]
    if not set(said) <= _HOLLOW | _STANDS_FOR:
        return False
    first = next((word for word in said if word in _ASKS_WHAT | _STANDS_FOR or _VERB.match(word)), "")
    return not (set(said) & _STANDS_FOR and first in _ASKS_WHAT | _STANDS_FOR)


def _is_of_elsewhere(asked: str, last: str) -> bool:
    """Whether a question that opens as a follow-up names a lead of an ECG after one that is on no ECG: an effusion is
    in no lead."""
    if _OPENS.sub("", asked, count=1) == asked or not leads_named(asked):
        return False
    return not (leads_named(last) or asks_of_recording(last) or _VALUE.search(last))


def _pronoun(question: str) -> re.Match[str] | None:
    """The first "it" of a question, where that stands for something said before and not for what the question itself
    names in an earlier part."""
    found = _IT.search(question)
    if found is None:
        return None
    parts = list(_ANOTHER_PART.finditer(question, 0, found.start()))
    return None if parts and names_a_thing(question[: parts[-1].start()]) else found


def _names_its_own(asked: str, earlier: Sequence[str], answers: Sequence[str]) -> bool:
    """Whether a question that is short as a follow-up has a subject without one: it names it ("until when
    amoxicillin", "any allergies?"), or "it" is the upload ("When was it taken?" after "Is there pneumonia?")."""
    if any_one := _ANY.match(asked):
        asks_alike = _YES_NO.match(earlier[-1]) and named(earlier[-1]) is not None
        return not asks_alike and not _BARE_ASPECT.match(any_one[1]) and topic_of(any_one[1]) is not None
    if _pronoun(asked):
        topic = meant(earlier, answers)
        return bool(_OF_THE_UPLOAD.search(asked) and topic and topic_of(topic) and not names_a_drug(topic))
    return bool(_BARE.match(asked)) and names_a_drug(asked)


def _asks_aspect_of(asked: str, last: str, answers: Sequence[str]) -> bool:
    """Whether a question names an aspect of nothing, after one on a thing: "What are the symptoms?"."""
    return bool(_ASKS_ASPECT.match(asked) and _ON_A_THING.match(last) and meant([last], answers))


def _by_rules(asked: str, earlier: Sequence[str], answers: Sequence[str]) -> str | None:
    last = earlier[-1]
    topic = meant(earlier, answers)
    rest = _OPENS.sub("", asked, count=1)
    fragment = bare(rest)
    if _BARE.match(asked):
        return f"{bare(asked)}, about {with_article(topic)}?" if topic else None
    if pronoun := _pronoun(rest):
        if not topic:
            return None
        put_in = bare(_with_topic(rest, pronoun, topic))
        is_whole = _VERB.search(fragment) or _ASKS.match(fragment)
        return f"{_capital(put_in if is_whole else f'What about {put_in}')}?"
    if aspect := _ASKS_ASPECT.match(asked):
        return f"{_capital(aspect[1].strip())} of {with_article(topic)}?" if topic else None
    if _VERB.search(fragment):
        return f"{_capital(fragment)}, about {with_article(topic)}?" if topic else None
    if other := _OTHER_SIDE.search(fragment):
        fragment = fragment[: other.start()] + _opposite(last) + fragment[other.end() :]
    if (one := _ONE.match(fragment)) and (thing := topic_of(last)):
        is_side = _SIDE.fullmatch(one[1].split()[-1])
        fragment = one[1].strip() if is_side else f"{one[1]}{thing.split()[-1]}"
    if _VALUE.search(fragment) and _VALUES_ALONE.match(fragment):
        return f"What is {fragment}?"
    kinds = kinds_of(fragment)
    if not kinds and (side := _SIDE.search(fragment)):
        return _on_side(last, side[1].lower())
    if kinds and named(last) is not None:
        return _put_in(fragment, kinds, last)
    if (aspect := _BARE_ASPECT.match(fragment)) and topic:
        return f"What about the {aspect[1]} of {with_article(topic)}?"
    if put := _in_its_place(fragment, last):
        return put
    if kinds:
        return _put_in(fragment, kinds, last)
    if _VALUE.search(fragment):
        return f"What is {fragment}?"
    of_drugs = [names_a_drug(said) for said in (last, fragment)]
    if of_drugs == [False, True] or (of_drugs == [True, False] and DETERMINER.match(fragment)):
        return f"What about {fragment}?"  # another subject: "and the diagnoses?" after "until when amoxicillin?"
    return f"{bare(last)}, {fragment}?"


def _in_its_place(fragment: str, last: str) -> str | None:
    """The last question with a fragment for its like: "of X" for "of ticagrelor", "free T4" for "the TSH"."""
    if said := _STARTS_WITH_ONE.match(fragment):
        places = [m for m in _PREPOSITIONS.finditer(last) if m[0].strip().lower() == said[0].lower()]
        if not places:
            return None
        start, end = places[-1].start(), places[-1].end()
        return last[:start] + fragment + after_name(last[end:])
    if (of := list(re.finditer(r"\bof\s+", last, re.IGNORECASE))) and not DETERMINER.match(last[of[-1].end() :]):
        return last[: of[-1].end()] + fragment + after_name(last[of[-1].end() :])
    if (value := _OF_A_VALUE.match(last)) and not _PREPOSITIONS.search(value[2]):
        the = DETERMINER.match(value[2])
        return f"{value[1]}{the[0] if the and not DETERMINER.match(fragment) else ''}{fragment}?"
    return None


def _put_in(fragment: str, kinds: frozenset[str], last: str) -> str:
    """The last question about another finding or part of the body."""
    said = named(last)
    if said is None:
        return f"What about {fragment}?" if names_a_drug(last) else f"{bare(last)}, about {fragment}?"
    start, end = said
    before = last[:start]
    before = before[: len(before) - len(adjectives_before(before))]
    if "part" in kinds and _YES_NO.match(last) and not _PREPOSITION.search(before):
        return f"Is there anything abnormal in {fragment}?"
    if same := _PREPOSITION.search(before):
        fragment = re.sub(rf"^{same[0].strip()}\s+", "", fragment, flags=re.IGNORECASE)
    return before + fragment + last[end:]


def _with_topic(asked: str, pronoun: re.Match[str], topic: str) -> str:
    """The pronoun of a question replaced by what is meant."""
    whose = "'s" if pronoun[0].lower() in _POSSESSIVE else ""
    return f"{asked[: pronoun.start()]}{with_article(topic)}{whose}{asked[pronoun.end() :]}"


def _on_side(last: str, side: str) -> str:
    """The last question about another side."""
    said = "on both sides" if side in ("both", "bilateral") else f"on the {side}"
    found = _SIDE.search(last)
    if found is None:
        return f"{bare(last)} {said}?"
    plain = found[0].lower() in ("left", "right", "bilateral")
    put = said if not plain else "bilateral" if side in ("both", "bilateral") else side
    return last[: found.start()] + put + last[found.end() :]


def _opposite(last: str) -> str:
    found = _SIDE.search(last)
    return {"left": "right", "right": "left"}.get(found[1].lower() if found else "", "other side")


def _only_their_words(written: str, said: Sequence[str]) -> bool:
    """Whether a rewriting is short and made of the conversation's own words."""
    known = {word for text in said for word in content_words(text)}
    return 0 < len(written) <= _LONGEST and set(content_words(written)) <= known


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
