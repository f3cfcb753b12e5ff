"""General prose against evidence: signs of support, and the learned rule that weighs them.

For sentences without a clinical normal form. The signs are counted from words alone; the rule is a logistic regression
whose coefficients `prose.json` holds, made by `benchmarks/verify_prose.py` from development data.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from math import fsum

from assistant.verify.wording import NEIGHBOURS, Wording, opposite, weight

SIGNS = ("told", "told_near", "scattered", "denial", "opposite", "sweeping", "number", "unknown")
_SWEEPING = re.compile(
    r"\b(?:always|never|all|every|only|must|most|completely|entirely|proven?|any|none|first|best|solely)\b",
    re.IGNORECASE,
)


_ASKS = re.compile(
    r"\b(?:whether|(?:the|our)\s+(?:aim|purpose|objective|goal)s?|aim(?:ed|s)?\s+(?:to|of|was)|sought\s+to|hypothes[ie]\w+"
    r"|(?:to|we)\s+(?:determine|evaluate|examine|assess|investigate|study|compare)d?)\b|\?\s*$",
    re.IGNORECASE,
)


def asks(text: str) -> bool:
    """Whether a sentence says what a study asks: it neither supports nor contradicts an answer."""
    return _ASKS.search(text) is not None


@dataclass(frozen=True, slots=True)
class Signs:
    """How a sentence of prose stands to evidence; each sign in [0, 1].

    `words` is the share of its words that one sentence of the evidence has; `told` the same with the words of most of
    the evidence's sentences counting little, for they are the topic and not the news; `told_near` that of two
    neighbours, `scattered` that of the whole. The others tell errors, each as far as the evidence speaks of the thing
    at all (times `words`): one denies and the other does not, an opposite stands instead, the claim sweeps
    ("always") where the evidence does not, a number or a drug or finding is not in the evidence. `sentence` tells it
    best. What the evidence only asks ("to determine whether …") carries nothing.
    """

    words: float
    told: float
    told_near: float
    scattered: float
    denial: float
    opposite: float
    sweeping: float
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
        return Signs(0, 0, 0, 0, 0, 0, 0, 0, 0, "")
    hits = [[features & sentence.meant for sentence in piece] for piece in pieces]
    every = [hit for piece in hits for hit in piece]
    plain = {feature: weight(feature) for feature in features}
    news = {feature: plain[feature] / (1 + sum(feature in hit for hit in every)) for feature in features}
    shares = [_share(hit, news) for hit in every]
    at = max(range(len(flat)), key=shares.__getitem__)
    near = max((_share(one | two, news) for piece in hits for one, two in pairwise(piece)), default=0.0)
    words = max(_share(hit, plain) for hit in every)
    best = flat[at]
    unknown = any(feature[0] == "@" and feature not in known for feature in features)
    sweeps = bool(_SWEEPING.search(claim.text)) and not _SWEEPING.search(best.text)
    return Signs(
        words=words,
        told=shares[at],
        told_near=max(shares[at], NEIGHBOURS * near),
        scattered=_share(frozenset().union(*every), news),
        denial=words * (bool(claim.denials) != bool(best.denials)),
        opposite=words * (opposite(claim, best) is not None),
        sweeping=words * sweeps,
        number=words * number,
        unknown=words * unknown,
        sentence=best.text,
    )


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
