"""A claim against evidence by its words: content words and synonyms, numbers, denials, opposites, modality.

For what has no clinical normal form. No statistics of any corpus go in, so a verdict is the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.findings.quantities import Quantity, agree, quantities
from assistant.findings.scope import Sentence
from assistant.findings.vocabulary import vocabulary
from assistant.findings.words import words

_FUNCTION = """
    a an the and or but nor of in on at to for from by with without within into onto over under about as than then that
    this these those there here it its he she they them his her their we our you your i me my who whom whose which what
    when where why how if is are was were be been being am do does did done has have had having can could may might
    must shall should will would not no n't also such so very more most some any each other another same own both
    all only just too much many such s t up out off down again further once due via per etc e g i.e eg ie vs
    """
# words a report or an answer may add without saying anything
_FILLER = """
    seen see noted note identified identify present evidence finding findings show shows shown demonstrate demonstrated
    appear appears appearing patient study image imaging radiograph film view xray x ray exam examination report chest
    visualized visible evident observe observed reveal suggest indicate include involve involving associate associated
    specifically overall currently compatible consistent represent reflect level impression conclusion
    area region size change changes state statement mention mentioned describe described
    one there's it's known called common commonly usually often typically generally sometimes
    """
FUNCTION_WORDS = frozenset(_FUNCTION.split())
FILLER_WORDS = frozenset(_FILLER.split())
_DENIALS = frozenset(["no", "not", "n't", "never", "none", "neither", "nor", "without", "cannot", "nobody", "nothing", "lack", "absent", "denied", "deny"])
_OPPOSITES = (
    ("increase", "decrease"), ("increased", "decreased"), ("higher", "lower"), ("high", "low"), ("more", "less"),
    ("effective", "ineffective"), ("safe", "unsafe"), ("before", "after"), ("improve", "worsen"),
    ("improved", "worsened"), ("benign", "malignant"), ("acute", "chronic"), ("hypertension", "hypotension"),
    ("hyperthyroidism", "hypothyroidism"), ("positive", "negative"), ("left", "right"), ("male", "female"),
    ("upper", "lower"), ("minor", "major"), ("common", "rare"), ("superior", "inferior"), ("rise", "fall"),
    ("hyperglycemia", "hypoglycemia"), ("hyperkalemia", "hypokalemia"), ("tachycardia", "bradycardia"),
    ("always", "never"), ("better", "worse"), ("significant", "insignificant"), ("possible", "impossible"),
    ("early", "late"), ("short", "long"), ("dominant", "recessive"), ("recommended", "contraindicated"),
    ("reduce", "increase"), ("reduced", "increased"), ("systolic", "diastolic"), ("anterior", "posterior"),
)  # fmt: skip
_ALIKE = (
    ("doctor", "physician", "clinician"), ("drug", "medication", "medicine", "pharmaceutical"),
    ("child", "pediatric", "infant", "kid"), ("illness", "disease", "disorder", "condition"),
    ("symptom", "sign"), ("therapy", "treatment", "treat", "treated", "manage"), ("cancer", "malignancy", "tumor"),
    ("kidney", "renal"), ("liver", "hepatic"), ("heart", "cardiac"), ("lung", "pulmonary"), ("brain", "cerebral"),
    ("stomach", "gastric"), ("skin", "dermal", "cutaneous"), ("high", "elevated", "raised"),
    ("cause", "lead", "result"), ("help", "aid", "assist"), ("prevent", "avoid"), ("use", "used", "utilize"),
    ("risk", "likelihood", "chance"), ("woman", "female"), ("man", "male"), ("elderly", "older"), ("gene", "genetic"),
    ("inherited", "hereditary"), ("side", "adverse"), ("effect", "reaction"), ("dose", "dosage"), ("swelling", "edema"),
    ("surgery", "surgical", "operation"), ("bleeding", "hemorrhage"), ("pregnant", "pregnancy"), ("death", "mortality"),
    ("baby", "newborn", "infant"), ("begin", "start", "initiate"), ("stop", "discontinue"), ("consult", "contact"),
    ("tell", "inform"), ("serious", "severe"), ("people", "person", "individual", "patient"), ("eat", "food", "diet"),
)  # fmt: skip
_SUFFIX = re.compile(
    r"(?:ization|ational|fulness|iveness|ations?|ingly|ment|ness|able|ible|ally|ance|ence|ical|tion|sion|ings?|ed|es|ly|er|al|ic|ive|ity|ous|e|s|y)$"
)


@dataclass(frozen=True, slots=True)
class Wording:
    """The weighed content words of one sentence, its numbers and whether it denies."""

    features: frozenset[str]
    plain: frozenset[str]
    quantities: tuple[Quantity, ...]
    denials: int


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A crude stem: good enough to bring "treatment", "treated" and "treat" together."""
    if len(word) <= 4 or not word.isalpha():
        return word
    cut = _SUFFIX.sub("", word)
    if len(cut) > 5:
        cut = _SUFFIX.sub("", cut)
    return cut if len(cut) >= 3 else word


_CLASS = {stem(word): stem(group[0]) for group in _ALIKE for word in group}
_TURNED: dict[str, set[str]] = {}
for _a, _b in _OPPOSITES:
    _TURNED.setdefault(_a, set()).add(_b)
    _TURNED.setdefault(_b, set()).add(_a)


@lru_cache(maxsize=20_000)
def read_wording(text: str) -> Wording:
    """The words of a sentence; phrases of the vocabulary count as their entity, so synonyms meet."""
    tokens = words(text)
    sentence = Sentence(tokens, vocabulary().match(tokens))
    features: set[str] = set()
    plain: set[str] = set()
    for at, token in enumerate(tokens):
        plain.add(token.norm)
        match = sentence.by_word[at]
        entity = match.value("entity") if match else None
        if entity is not None:
            features.add("@" + entity)
        elif token.norm not in FUNCTION_WORDS and token.norm not in FILLER_WORDS and token.norm[0].isalnum():
            base = stem(token.norm)
            features.add(_CLASS.get(base, base))
    denials = sum(token.norm in _DENIALS for token in tokens)
    affirmed = sum(1 for match in sentence.matches if match.value("affirmed"))
    return Wording(frozenset(features), frozenset(plain), tuple(quantities(text)), max(0, denials - affirmed))


def weight(feature: str) -> float:
    """Long words, entities and numbers tell more than short words."""
    if feature[0] == "@" or feature[0].isdigit():
        return 1.5
    return min(len(feature), 9) / 6


def coverage(claim: frozenset[str], evidence: frozenset[str]) -> float:
    """Weighed share of the claim's content words that the evidence has, in [0, 1]."""
    total = sum(map(weight, claim))
    if not total:
        return 0.0
    ancestors = vocabulary().ancestors
    above = {"@" + up for feature in evidence if feature[0] == "@" for up in ancestors[feature[1:]]}
    return sum(weight(feature) for feature in claim if feature in evidence or feature in above) / total


@dataclass(frozen=True, slots=True)
class Fit:
    """How well one stretch of evidence carries a claim by its words, and the sentence that does most."""

    score: float
    single: float
    sentence: str


def best_fit(claim: Wording, pieces: Sequence[Sequence[str]]) -> Fit:
    """The best of single sentences, neighbouring pairs and triples, and whole pieces; the wider, the less it counts."""
    best, single, sentence = 0.0, 0.0, ""
    for piece in pieces:
        read = [read_wording(text).features for text in piece]
        for at, features in enumerate(read):
            alone = coverage(claim.features, features)
            if alone > single:
                single, sentence = alone, piece[at]
            best = max(best, alone)
            if at and best < 0.97:
                best = max(best, 0.97 * coverage(claim.features, features | read[at - 1]))
            if at > 1 and best < 0.93:
                best = max(best, 0.93 * coverage(claim.features, features | read[at - 1] | read[at - 2]))
        if best < WHOLE_PIECE and read:
            best = max(best, WHOLE_PIECE * coverage(claim.features, frozenset().union(*read)))
    return Fit(best, single, sentence)


WHOLE_PIECE = 0.88  # what a claim's words are worth when they lie scattered over a passage


def opposite(claim: Wording, evidence: Wording) -> tuple[str, str] | None:
    """A word of the claim of which the evidence has the opposite instead."""
    for word in claim.plain:
        for turned in _TURNED.get(word, ()):
            if turned in evidence.plain and word not in evidence.plain and turned not in claim.plain:
                return word, turned
    return None


def missing_numbers(claim: Wording, evidence: Sequence[Quantity]) -> list[tuple[Quantity, Quantity | None]]:
    """Numbers of the claim that the evidence does not state, each with what it states instead, if anything."""
    missing: list[tuple[Quantity, Quantity | None]] = []
    for claimed in claim.quantities:
        rivals = [q for q in evidence if not (claimed.name and q.name) or claimed.name == q.name]
        if any(agree(claimed, stated) for stated in rivals):
            continue
        if (
            claimed.name is None
            and claimed.dimension == "count"
            and any(q.value == claimed.value and q.dimension == "count" for q in evidence)
        ):
            continue
        instead = next((q for q in rivals if q.dimension == claimed.dimension and (q.name == claimed.name)), None)
        if instead is None and claimed.name:
            instead = next((q for q in evidence if q.name == claimed.name), None)
        missing.append((claimed, instead))
    return missing
