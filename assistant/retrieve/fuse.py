"""Fusion: one score from meaning and words, with a weight of the words that the question itself decides.

A fixed weight can't win everywhere. Where no passage holds more than a part of the question's words ("What is the
combined effect of Nfat and miR-25?"), the rare ones that match count; where the best one holds nearly all of them, so
do many others ("What are the symptoms of asthma?"), and meaning has to tell those apart. The score of a candidate is

    meaning + w · words + u · told apart + f · feedback

- meaning: the passage's cosine to the question, averaged with that of its document's first passage, which names what
  the document is about where a later passage says "it";
- words: BM25 over the rarest word's own weight, so that it does not grow with the index;
- told apart: the share of the words that tell the first candidates apart, by their rarity among these alone;
- feedback: the cosine to the mean of the first candidates (Rocchio 1971, pseudo-relevance feedback).

`w` falls with the coverage (what share of the question's weight in words the best passage holds) and with the best
cosine. Its two slopes are learned, everything else is one number for all questions; `fusion.toml` says from what.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from math import exp

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates of a question over all indexes, n of them, and its m words.

    `cosine`, `lead_cosine` and `bm25` are (n,), `bm25` over the rarest word's weight in the candidate's own index.
    `share` (n, m) is what each word's BM25 is of its weight, in [0, 1]; `rarity` (n, m) that weight in the candidate's
    index, 0 for words that are not in it. `spaces` has, for each encoder, which candidates' vectors it made and these
    vectors (·, dim), each of length 1.
    """

    cosine: Vector
    lead_cosine: Vector
    bm25: Vector
    share: Vector
    rarity: Vector
    spaces: Sequence[tuple[NDArray[np.int64], NDArray[np.float32]]]

    def __len__(self) -> int:
        return len(self.cosine)


@dataclass(frozen=True, slots=True)
class Feature:
    """A property of a question in the weight: its mean and deviation over development questions, and the slope."""

    mean: float
    deviation: float
    slope: float

    def of(self, value: float) -> float:
        """Bounded to three deviations, so that an odd question or index can't run away with the weight."""
        return self.slope * max(-3.0, min(3.0, (value - self.mean) / self.deviation))


@dataclass(frozen=True, slots=True)
class Fusion:
    """The fitted numbers. The weight of words is exp(bias + coverage + closeness), within `least` and `most`."""

    bias: float
    coverage: Feature
    closeness: Feature
    least: float
    most: float
    lead: float
    apart: float
    apart_first: int
    feedback: float
    feedback_first: int

    def words_weight(self, coverage: float, closeness: float) -> float:
        """The weight of words beside a weight of 1 for meaning."""
        weight = exp(self.bias + self.coverage.of(coverage) + self.closeness.of(closeness))
        return min(max(weight, self.least), self.most)


@lru_cache(maxsize=1)
def fusion() -> Fusion:
    """The packaged numbers, made by benchmarks/retrieval_text.py."""
    raw = tomllib.loads(files("assistant.retrieve").joinpath("fusion.toml").read_text(encoding="utf-8"))
    coverage, closeness = Feature(**raw.pop("coverage")), Feature(**raw.pop("closeness"))
    return Fusion(coverage=coverage, closeness=closeness, **raw)


def fuse(found: Candidates, model: Fusion, words_weight: float | None = None) -> tuple[Vector, float]:
    """Scores (n,) of the candidates and the weight that words had, which `words_weight` fixes where it is given.

    The scores are scaled so that the best one is the best cosine, which makes those of different questions comparable.
    """
    if not len(found):
        return np.empty(0), 0.0
    weight = model.words_weight(*features(found)) if words_weight is None else words_weight
    score = (found.cosine + model.lead * found.lead_cosine) / (1 + model.lead) + weight * found.bm25
    score = score + model.apart * _told_apart(found, _first(score, model.apart_first))
    score = score + model.feedback * _like_the_first(found, score, model.feedback_first)
    best = max(float(score.max()), 1e-9)
    return score / best * max(float(found.cosine.max()), 0.0), weight


def features(found: Candidates) -> tuple[float, float]:
    """What the weight of words depends on: the coverage in [0, 1], 0 where no word is known, and the best cosine."""
    known = found.rarity.sum(axis=1)
    held = (found.share * found.rarity).sum(axis=1)
    return float(np.divide(held, known, out=np.zeros_like(held), where=known > 0).max()), float(found.cosine.max())


def _first(score: Vector, number: int) -> NDArray[np.int64]:
    return np.argsort(-score, kind="stable")[:number]


def _told_apart(found: Candidates, first: NDArray[np.int64]) -> Vector:
    """Each candidate's share of the question's words, each weighted by its rarity among the first, in [0, 1]."""
    number = len(first)
    holding = (found.share[first] > 0).sum(axis=0)
    rarity = np.log((number + 1) / (holding + 0.5)) / np.log((number + 1) / 0.5)
    return np.asarray(found.share @ np.where(holding > 0, np.maximum(rarity, 0.0), 0.0))


def _like_the_first(found: Candidates, score: Vector, number: int) -> Vector:
    """Cosines to the mean of the first candidates, within the vectors of each encoder."""
    like = np.zeros(len(found))
    for members, rows in found.spaces:
        mean = rows[_first(score[members], number)].mean(axis=0)
        like[members] = rows @ mean / max(float(np.linalg.norm(mean)), 1e-9)
    return like
