"""A claim against evidence by its words: content words and synonyms, numbers, denials, opposites, modality.

For what has no clinical normal form. No statistics of any corpus go in, so a verdict is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import fsum  # exact, so that the order of a set does not change a score

import Stemmer

from assistant.findings.mentions import read_phrases, read_sentence
from assistant.findings.quantities import Quantity, agree, covers, leaves_open, named_measures
from assistant.findings.vocabulary import vocabulary
from assistant.records import ErrorKind

_FUNCTION = """
    above below exceed least exceeding
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
    measure measured measures duration interval value one there's it's known called common commonly usually often
    typically generally sometimes
    """
FUNCTION_WORDS = frozenset(_FUNCTION.split())
FILLER_WORDS = frozenset(_FILLER.split())
_DENIALS = frozenset(
    (
        "no",
        "not",
        "n't",
        "never",
        "none",
        "neither",
        "nor",
        "without",
        "cannot",
        "lack",
        "absent",
        "deny",
        "inadequate",
        "insufficient",
        "unable",
        "unlikely",
    )
)
_OPPOSITES = (
    ("increase", "decrease"), ("increased", "decreased"), ("higher", "lower"), ("high", "low"), ("more", "less"),
    ("effective", "ineffective"), ("safe", "unsafe"), ("before", "after"), ("improve", "worsen"),
    ("improved", "worsened"), ("benign", "malignant"), ("acute", "chronic"), ("hypertension", "hypotension"),
    ("hyperthyroidism", "hypothyroidism"), ("positive", "negative"), ("left", "right"), ("male", "female"),
    ("upper", "lower"), ("minor", "major"), ("common", "rare"), ("superior", "inferior"), ("rise", "fall"),
    ("hyperglycemia", "hypoglycemia"), ("hyperkalemia", "hypokalemia"), ("tachycardia", "bradycardia"),
    ("always", "never"), ("better", "worse"), ("significant", "insignificant"), ("possible", "impossible"),
    ("early", "late"), ("short", "long"), ("dominant", "recessive"), ("recommended", "contraindicated"),
    ("small", "large"), ("mild", "severe"), ("wide", "narrow"), ("thick", "thin"), ("regular", "irregular"),
    ("normal", "abnormal"), ("single", "multiple"), ("proximal", "distal"), ("medial", "lateral"), ("strong", "weak"),
    ("fast", "slow"), ("gain", "loss"), ("inhibit", "activate"), ("reduce", "increase"), ("reduced", "increased"),
    ("systolic", "diastolic"), ("anterior", "posterior"),
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
_STEMMER = Stemmer.Stemmer("english")


@dataclass(frozen=True, slots=True)
class Wording:
    """The content words of one sentence, its numbers and how often it denies.

    `meant` are the words with all that their entities also are: a sentence on pneumonia speaks of consolidation;
    `places` the content words in order, each with its offset.
    """

    text: str
    features: frozenset[str]
    meant: frozenset[str]
    plain: frozenset[str]
    quantities: tuple[Quantity, ...]
    denials: int
    places: tuple[tuple[int, str], ...]


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The word's Snowball stem (Porter 2001): "treatment", "treated" and "treat" come together."""
    return str(_STEMMER.stemWord(word))


_CLASS = {stem(word): stem(group[0]) for group in _ALIKE for word in group}
_OPPOSITE_KINDS: dict[ErrorKind, frozenset[str]] = {
    "laterality": frozenset(("left", "right")),
    "location": frozenset(
        ("upper", "lower", "superior", "inferior", "anterior", "posterior", "proximal", "distal", "medial", "lateral")
    ),
    "severity": frozenset(("small", "large", "mild", "severe")),
    "negation": frozenset(("normal", "abnormal", "positive", "negative", "possible", "impossible", "always", "never")),
    "time": frozenset(
        ("increase", "decrease", "increased", "decreased", "improve", "worsen", "improved", "worsened", "before",
         "after", "early", "late", "acute", "chronic", "better", "worse", "rise", "fall", "new", "stable")
    ),
}  # fmt: skip
_TURNED: dict[str, set[str]] = {}
for _a, _b in _OPPOSITES:
    _TURNED.setdefault(_a, set()).add(_b)
    _TURNED.setdefault(_b, set()).add(_a)


@lru_cache(maxsize=20_000)
def read_wording(text: str) -> Wording:
    """The words of a sentence; phrases of the vocabulary count as their entity, so synonyms meet."""
    sentence = read_phrases(text)
    tokens = sentence.tokens
    places: list[tuple[int, str]] = []
    plain: set[str] = set()
    numbers = read_sentence(text).quantities
    names = named_measures(text) if any(q.name for q in numbers) else []
    measured = {at for q in numbers for at, token in enumerate(tokens) if q.start <= token.start < q.end}
    measured |= {at for start, end, _ in names for at, token in enumerate(tokens) if start <= token.start < end}
    for at, token in enumerate(tokens):
        plain.add(token.norm)
        if at in measured:
            continue
        match = sentence.by_word[at]
        entity = (match.value("entity") or match.value("drug")) if match else None
        if entity is not None:
            places.append((token.start, "@" + entity))
        elif token.norm not in FUNCTION_WORDS and token.norm not in FILLER_WORDS and token.norm[0].isalnum():
            base = stem(token.norm)
            places.append((token.start, _CLASS.get(base, base)))
    features = {feature for _, feature in places} | {"#" + name for _, _, name in names}
    denials = sum(token.norm in _DENIALS for token in tokens)
    affirmed = sum(1 for match in sentence.matches if match.value("affirmed"))
    ancestors = vocabulary().ancestors
    above = {"@" + up for feature in features if feature[0] == "@" for up in ancestors.get(feature[1:], ())}
    above |= {feature.partition(" ")[0] for feature in features if feature[0] == "#"}
    return Wording(
        text, frozenset(features), frozenset(features | above), frozenset(plain), numbers, max(0, denials - affirmed),
        tuple(places),
    )  # fmt: skip


@lru_cache(maxsize=50_000)
def weight(feature: str) -> float:
    """Long words and entities tell more than short words."""
    return 1.5 if feature[0] == "@" or feature[0].isdigit() else min(len(feature), 9) / 6


def coverage(claim: frozenset[str], evidence: frozenset[str]) -> float:
    """Weighed share of the claim's content words that the evidence has, in [0, 1]."""
    total = fsum(map(weight, claim))
    return fsum(map(weight, claim & evidence)) / total if total else 0.0


NEIGHBOURS = 0.97  # what a claim's words are worth when they lie in two neighbouring sentences


def kind_of_opposite(word: str) -> ErrorKind:
    """What kind of error it is to say the opposite of `word`."""
    return next((kind for kind, said in _OPPOSITE_KINDS.items() if word in said), "fabrication")


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
        rivals = [q for q in evidence if covers(claimed.name, q.name)]
        if any(agree(claimed, stated) for stated in rivals):
            continue
        if (
            claimed.name is None
            and claimed.dimension == "count"
            and any(q.value == claimed.value and q.dimension == "count" for q in evidence)
        ):
            continue
        if claimed.is_age and any(q.dimension == "count" and 365.25 * q.value == claimed.value for q in evidence):
            continue  # "21-year-old" for "Keating, 21, …"
        if claimed.name is None and any(q.is_age and q.value == 365.25 * claimed.value for q in evidence):
            continue  # and the other way
        named = [q for q in rivals if (q.name is None) == (claimed.name is None) and not leaves_open(claimed, q)]
        instead = next((q for q in named if q.dimension == claimed.dimension), None)
        if instead is None and claimed.name:
            instead = next(iter(named), None)
        missing.append((claimed, instead))
    return missing
