"""General prose against evidence: signs of support, and the learned rule that weighs them.

For sentences without a clinical normal form. The signs are counted from words alone; the rule is a logistic regression
whose coefficients `prose.json` holds, made by `benchmarks/verify_prose.py` from development data.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from math import fsum

from assistant.verify.wording import NEIGHBOURS, Wording, opposite, read_wording, stem, weight

SIGNS = (
    "told", "told_near", "scattered", "weakest", "denial", "opposite", "emphasis", "doubt", "no_effect", "number",
    "unknown",
)  # fmt: skip
ON_IT = 0.6  # of the best sentence's share, from which on another one speaks of the same thing
MOST_ON_IT = 3  # sentences

_EMPHASIS = re.compile(
    r"\b(?:always|never|all|every|only|must|most|completely?|entirely|proven?|any|none|first|best|solely|significant\w*"
    r"|definitive\w*|strongly|highly|essential|crucial|necessary|exclusively|regardless|consistently|primar(?:y|ily)"
    r"|alone|directly|indeed)\b",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"\b(?:may|might|could|unclear|unknown|possib\w+|potential\w*|controvers\w+|hypothe\w+|whether|suggested|believed"
    r"|thought|considered|debated?|lacking|few\s+studies|little\s+is\s+known|not\s+known|uncertain)\b",
    re.IGNORECASE,
)
_NO_EFFECT = re.compile(
    r"\b(?:not?|nor|neither|without)\s+(?:\w+\s+){0,3}?(?:significan\w+|differen\w+|associat\w+|correlat\w+|effect"
    r"|increase\w*|decrease\w*|improve\w*|benefit\w*|chang\w+|relat\w+)|\bnon-?significan\w+"
    r"|\bp\s*[=>]\s*0?\.(?:[1-9]|0[6-9])|\bsimilar\b|\bcomparable\b",
    re.IGNORECASE,
)
# Between the parts of a sentence: its reason, its comparison, whom it is about …
_JOINT = re.compile(
    r"[,;:]\s|\s[–—-]\s|\b(?:due|because|owing|leading|resulting|indicat\w+|suggest\w+|showing|negating|meaning|compared"
    r"|than|particularly|especially|despite|although|but|and|while|whereas|regardless|when|if|by|to|before|after|prior"
    r"|which|that|as|with|without|among|in|for)\b",
    re.IGNORECASE,
)
# "Here is a summary of the passage:", "The text mentions two topics:"
_ANNOUNCES = re.compile(
    r"\b(?:here\s*(?:is|are|['’]s)|(?:the\s+)?following|summary|passage|article|text|answer|points|topics)\b.*:\s*$",
    re.IGNORECASE | re.DOTALL,
)
_ANNOUNCING = frozenset(
    stem(word)
    for word in (
        "based", "solely", "provided", "cover", "core", "piece", "topic", "point", "distinct", "different", "main",
        "describe", "below", "follow", "key", "brief", "short", "overview", "two", "three", "four", "several",
        "unrelated", "separate", "subject", "answer", "contain", "discuss", "summary", "passage", "text", "article",
        "tell", "people", "entity", "named", "titled",
    )
)  # fmt: skip
_ASKS = re.compile(
    r"\b(?:whether|(?:the|our)\s+(?:aim|purpose|objective|goal)s?|aim(?:ed|s)?\s+(?:to|of|was)|sought\s+to|hypothes[ie]\w+"
    r"|(?:to|we)\s+(?:determine|evaluate|examine|assess|investigate|study|compare)d?)\b|\?\s*$",
    re.IGNORECASE,
)


def asks(text: str) -> bool:
    """Whether a sentence says what a study asks: it neither supports nor contradicts an answer."""
    return _ASKS.search(text) is not None


def announces(text: str) -> bool:
    """Whether a sentence only says that something follows; a finding, a drug or two words of its own say more."""
    if _ANNOUNCES.search(text) is None:
        return False
    wording = read_wording(text)
    own = wording.features - _ANNOUNCING
    counted = all(quantity.is_spelled_count for quantity in wording.quantities)
    return counted and not wording.denials and len(own) <= 1 and not any(word[0] in "@#" for word in own)


@dataclass(frozen=True, slots=True)
class Signs:
    """How a sentence of prose stands to evidence; each sign in [0, 1].

    `words` is the share of its words that one sentence of the evidence has; `told` the same with the words of most of
    the evidence's sentences counting little, for they are the topic and not the news; `told_near` that of two
    neighbours, `scattered` that of the whole; `weakest` the share of the least told part of the claim (its reason, its
    comparison, whom it is about) in the sentences on the same thing. The others tell errors, each as far as the
    evidence speaks of the thing at all (times `words`): one denies and the other does not, an opposite stands instead,
    the claim stresses ("always", "significantly") what no sentence on it stresses, it is sure of what the evidence
    doubts, the evidence finds no effect and the claim denies nothing, a number or a drug or finding is not in the
    evidence. `sentence` tells it best. What the evidence only asks ("to determine whether …") carries nothing.
    """

    words: float
    told: float
    told_near: float
    scattered: float
    weakest: float
    denial: float
    opposite: float
    emphasis: float
    doubt: float
    no_effect: float
    number: float
    unknown: float
    sentence: str

    @property
    def values(self) -> tuple[float, ...]:
        return tuple(getattr(self, name) for name in SIGNS)


def read_signs(claim: Wording, pieces: Sequence[Sequence[Wording]], known: frozenset[str], *, number: bool) -> Signs:
    """The signs of a claim; `known` are all words of the evidence, `number` whether one of the claim's is not in it."""
    if not asks(claim.text):
        pieces = [[sentence for sentence in piece if not asks(sentence.text)] for piece in pieces]
    flat = [sentence for piece in pieces for sentence in piece]
    features = claim.features
    if not features or not flat:
        return Signs(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "")
    hits = [[features & sentence.meant for sentence in piece] for piece in pieces]
    every = [hit for piece in hits for hit in piece]
    plain = {feature: weight(feature) for feature in features}
    news = {feature: plain[feature] / (1 + sum(feature in hit for hit in every)) for feature in features}
    shares = [_share(hit, news) for hit in every]
    ranked = sorted(range(len(flat)), key=lambda at: -shares[at])
    on_it = [at for at in ranked[:MOST_ON_IT] if shares[at] >= ON_IT * shares[ranked[0]]]
    best = flat[ranked[0]]
    told = shares[ranked[0]]
    near = max((_share(one | two, news) for piece in hits for one, two in pairwise(piece)), default=0.0)
    words = max(_share(hit, plain) for hit in every)
    unknown = any(feature[0] == "@" and feature not in known for feature in features)
    tone, tones = read_tone(claim.text), [read_tone(flat[at].text) for at in on_it]
    return Signs(
        words=words,
        told=told,
        told_near=max(told, NEIGHBOURS * near),
        scattered=_share(frozenset().union(*every), news),
        weakest=_weakest(claim, frozenset().union(*(every[at] for at in on_it)), plain),
        denial=words * (bool(claim.denials) != bool(best.denials)),
        opposite=words * (opposite(claim, best) is not None),
        emphasis=words * bool(tone.stressed.difference(*(other.stressed for other in tones))),
        doubt=words * (tones[0].doubts and not tone.doubts),
        no_effect=words * (not claim.denials and not tone.no_effect and any(other.no_effect for other in tones)),
        number=words * number,
        unknown=words * unknown,
        sentence=best.text,
    )


@dataclass(frozen=True, slots=True)
class Tone:
    """What a sentence stresses, whether it doubts, whether it finds no effect, and where its parts are joined."""

    stressed: frozenset[str]
    doubts: bool
    no_effect: bool
    joints: tuple[int, ...]


@lru_cache(maxsize=20_000)
def read_tone(text: str) -> Tone:
    """The tone of a sentence; kept, for a sentence is held against many."""
    return Tone(
        frozenset(word.lower() for word in _EMPHASIS.findall(text)),
        _DOUBT.search(text) is not None,
        _NO_EFFECT.search(text) is not None,
        tuple(joint.start() for joint in _JOINT.finditer(text)),
    )


def _weakest(claim: Wording, hit: frozenset[str], weights: dict[str, float]) -> float:
    """The share told of that part of the claim of which least is told; commas and conjunctions part it."""
    joints = read_tone(claim.text).joints
    parts: dict[int, set[str]] = {}
    for offset, feature in claim.places:
        parts.setdefault(bisect(joints, offset), set()).add(feature)
    return min((_share(hit & part, {f: weights[f] for f in part}) for part in parts.values()), default=1.0)


def _share(hit: frozenset[str], weights: dict[str, float]) -> float:
    total = fsum(weights.values())
    return fsum(weights[feature] for feature in hit) / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Rule:
    """Coefficients of the signs, in their order, with the intercept; and the probability from which on is supported."""

    coefficients: tuple[float, ...]
    intercept: float
    supported_from: float

    def probability(self, signs: Signs) -> float:
        """How likely the evidence supports the sentence, in [0, 1]."""
        z = self.intercept + fsum(c * v for c, v in zip(self.coefficients, signs.values, strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


@lru_cache(maxsize=1)
def rule() -> Rule:
    """The packaged rule."""
    told = json.loads(files("assistant.verify").joinpath("prose.json").read_text(encoding="utf-8"))
    return Rule(tuple(told["coefficients"][name] for name in SIGNS), told["intercept"], told["supported_from"])
