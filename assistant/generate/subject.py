"""What a question or a sentence is about: the finding or part of the body that it names, else its nouns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.findings.vocabulary import vocabulary
from assistant.findings.words import words

_NO_TOPIC = re.compile(r"stud(?:y|ies)|images?|patients?|findings?|reports?|x-?rays?|radiographs?|ecgs?", re.IGNORECASE)
_NOUNS = re.compile(r"[A-Za-z][\w'’-]*")
_NOT_A_TOPIC = frozenset(
    """
    a an the of on in at to for and or is are was were there any some this that these those it its what which who how
    why when where do does did has have had can could should would may might will be been being show shows shown me my
    you your we our us i please tell explain describe give find list about with without from by treated treat treatment
    treatments symptoms symptom signs causes cause caused risks risk factors prevent prevented diagnosed diagnosis mean
    say says said state mention seen see document letter pdf file article paper guideline leaflet text note report
    means before after during into between per than outlook one ones usually common commonly often main most best work
    works patient patients if so then not no yes ok okay well now thanks thank
    he she they him his her hers their
    """.split()  # noqa: SIM905
)
DETERMINER = re.compile(r"\b(?:the|an?|any|his|her|their|my)\s+", re.IGNORECASE)
_OF = re.compile(r"\b(?:of|about)\s+", re.IGNORECASE)
# The verb of a question with a person before it, which is no name: "anticoagulate" of "Would you anticoagulate …?"
_DONE_BY = re.compile(
    r"(\b(?:would|should|could|can|may|might|must|will|shall|do|does|did)\s+(?:you|we|i|one|he|she|they)\b)\s+\w+",
    re.IGNORECASE,
)
_PARTICIPLE = re.compile(r"(?:ed|ing)$")
_ENDS_A_NAME = re.compile(
    r"\s+(?:is|are|was|were|be|been|do|does|did|has|have|had|can|could|should|will|may|might|of|in|on|at|for|with|from"
    r"|to|after|before|during|and|or|that|which|who|show\w*|given|taken|used)\b.*$|[,?.!;].*$",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(
    r"documents?|letters?|pdfs?|files?|articles?|papers?|guidelines?|leaflets?|texts?|notes?|trials?", re.IGNORECASE
)
_ADJECTIVES = re.compile(
    r"(?:\b(?:an?|the|any|some|small|large|mild|moderate|severe|new|old|left|right|bilateral)\s+)+$", re.IGNORECASE
)


def meant(earlier: Sequence[str], answers: Sequence[str]) -> str | None:
    """What a follow-up speaks of: what the last question names, else what answered it, else the questions before."""
    of_last = topic_of(earlier[-1]) or _object(earlier[-1]) or _nouns(earlier[-1])
    of_answer = next((found for said in answers if (found := topic_of(said))), None)
    before = (found for said in reversed(earlier[:-1]) if (found := topic_of(said) or _object(said) or _nouns(said)))
    return of_last or of_answer or next(before, None)


def names_a_thing(text: str) -> bool:
    """Whether a text names something that a pronoun after it may stand for."""
    return bool(topic_of(text) or _object(text) or _nouns(text))


def topic_of(text: str) -> str | None:
    """The last finding or part of the body that a text names, with its side and degree, as it stands there."""
    where = named(text)
    if where is None:
        return None
    adjectives = re.sub(r"^(?:an?|the|any|some)\s+", "", adjectives_before(text[: where[0]]), flags=re.IGNORECASE)
    return adjectives + text[slice(*where)]


def _object(text: str) -> str | None:
    """The name after the last "of" of a question, else after its last "the": of "the dose of ticagrelor" the drug, of
    "Which drugs raise the INR?" the INR."""
    asked = bare(text)
    starts = [m.end() for m in _OF.finditer(asked)] or [m.end() for m in DETERMINER.finditer(asked)]
    said = _ENDS_A_NAME.sub("", DETERMINER.sub("", asked[starts[-1] :], count=1)).split() if starts else []
    while said and (_PARTICIPLE.search(said[-1]) or said[-1].lower() in _NOT_A_TOPIC):
        said.pop()
    if not said or (len(said) == 1 and _NO_TOPIC.fullmatch(said[0])) or _DOCUMENT.fullmatch(said[-1]):
        return None
    return " ".join(said)


def _nouns(text: str) -> str | None:
    """The longest run of words that say what a question is about, where the vocabulary knows none of them."""
    runs: list[list[str]] = [[]]
    for word in _NOUNS.findall(_DONE_BY.sub(r"\1", text)):
        if word.lower() in _NOT_A_TOPIC:
            runs.append([])
        else:
            runs[-1].append(word)
    runs = [_without_participles(run) for run in runs]
    best = max(runs, key=len)
    return " ".join(best) or None


def _without_participles(run: list[str]) -> list[str]:
    """Names without the verb that closes them: "warfarin stopped" names warfarin."""
    while run and _PARTICIPLE.search(run[-1]):
        run = run[:-1]
    return run


def bare(text: str) -> str:
    """A question without its question mark."""
    return text.strip().rstrip("?!. ").strip()


def named(text: str) -> tuple[int, int] | None:
    """Where the last finding or part of the body stands that a text names."""
    found = names(text)
    return found[-1][:2] if found else None


def names(text: str) -> list[tuple[int, int, str]]:
    """The findings ("entity") and parts of the body ("part") that a text names, by start and end."""
    tokens = words(text)
    found = []
    for match in vocabulary().match(tokens):
        kinds = {label.kind for label in match.labels if label.value != "abnormality"}
        start, end = tokens[match.start].start, tokens[match.end - 1].end
        if kinds & {"entity", "part"} and not _NO_TOPIC.fullmatch(text[start:end]):
            found.append((start, end, "entity" if "entity" in kinds else "part"))
    return found


def kinds_of(text: str) -> frozenset[str]:
    """Whether a text names a finding ("entity") or a part of the body ("part")."""
    return frozenset(kind for _, _, kind in names(text))


def adjectives_before(text: str) -> str:
    """Article and adjectives right before a topic, which go with it: "a", "the small"."""
    found = _ADJECTIVES.search(text)
    return found[0] if found else ""


def with_article(topic: str | None) -> str:
    """A topic in a sentence: "the pleural effusion", but "ticagrelor" as it stands."""
    return f"the {topic}" if topic and names(topic) else topic or ""


def after_name(text: str) -> str:
    """What follows the name that a text begins with: " is given?" of "amoxicillin is given?"."""
    found = _ENDS_A_NAME.search(text)
    return text[found.start() :] if found else "?"
