"""The chance that a passage answers a question, from two things that mean the same in every archive.

How near the passage is to the question in meaning (the cosine), and how much of the question it holds in words (its
coverage: the share of the question's content words, under whatever name, each by its rarity in the index; a word that
the index does not know counts as the rarest). Neither depends on how rankings are fused. The two are put together by a
logistic function fitted on development questions, so that the result can be read as a probability: of a hundred
passages with a chance of 0.7, about seventy are good ones (docs/retrieval.md has the check). Patients' reports have a
function of their own: a report says many things, so that it is near to none of them, and the words count for more.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from assistant.retrieve.expand import expand
from assistant.retrieve.rank import BLOCK, Hit
from assistant.store.vectors.interface import Keys
from assistant.store.words import WordIndex, query_terms
from assistant.wording import worded

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Chance:
    """The fitted numbers."""

    cosine: float
    coverage: float
    bias: float

    def of(self, cosine: Vector, coverage: Vector) -> Vector:
        """Probabilities (n,) for cosines and coverages (n,)."""
        return np.asarray(1 / (1 + np.exp(-(self.cosine * cosine + self.coverage * coverage + self.bias))))


@dataclass(frozen=True, slots=True)
class Chances:
    """The fits of passages of general knowledge and of patients' reports, and the text encoders that they hold for."""

    knowledge: Chance
    reports: Chance
    encoders: tuple[str, ...]


@lru_cache(maxsize=1)
def fitted_chances() -> Chances:
    """The packaged numbers, made by benchmarks/abstention.py."""
    raw = tomllib.loads(files("assistant.retrieve").joinpath("chance.toml").read_text(encoding="utf-8"))
    return Chances(Chance(**raw["knowledge"]), Chance(**raw["reports"]), tuple(raw["encoders"]))


def coverage(held: NDArray[np.bool_], weights: Vector, rarest: float) -> Vector:
    """The share of a question in each passage: (n,) in [0, 1], 0 for a question without content words.

    `held` (n, m) says which of its words a passage holds, `weights` (m,) are their rarities, 0 where a word is not in
    the index; `rarest` is the weight of a word that stands in a single passage.
    """
    known = np.where(weights > 0, weights, rarest)
    total = float(known.sum())
    return np.asarray(held @ known / total) if total > 0 else np.zeros(len(held))


def covered(words: WordIndex, keys: Keys, text: str) -> Vector:
    """The share of a question in each passage (n,), by their keys in a word index. A word is in a passage as well
    where it stands under another name or in the other spelling: "SOB" in one on "shortness of breath"."""
    asked = list(query_terms(text))
    same = expand(text).same
    every = list(dict.fromkeys([*asked, *(word for _, names in same for name in names for word in name)]))
    there = words.shares(keys, every) > 0
    column = {word: n for n, word in enumerate(every)}
    held = there[:, : len(asked)].copy()
    for said, names in same:
        own = [column[word] for word in said if word in column and column[word] < len(asked)]
        for name in names:
            if name:
                stands = np.asarray(there[:, [column[word] for word in name]].all(axis=1))
                held[:, own] |= stands[:, None]
    return coverage(held, words.weights(asked), words.greatest_weight)


def with_chances(text: str, hits: Iterable[Hit]) -> Iterator[Hit]:
    """The passages found for a question, each with its chance; without one where its index has another text encoder
    than those that the chance was fitted on, or no words."""
    ranking = iter(hits)
    while block := list(islice(ranking, BLOCK)):
        yield from _chances_of(text, block)


def _chances_of(text: str, hits: Sequence[Hit]) -> list[Hit]:
    done = list(hits)
    fitted = fitted_chances()
    for index in {hit.index.name: hit.index for hit in hits}.values():
        at = [n for n, hit in enumerate(hits) if hit.index is index and hit.passage is not None]
        if index.words is None or index.encoder_name("text") not in fitted.encoders:
            continue
        keys = np.array([hits[n].passage.pk for n in at], np.int64)  # type: ignore[union-attr]
        cosines = np.array([hits[n].closeness for n in at])
        shares = covered(index.words, keys, text)
        is_case = np.array([hits[n].stored.is_case for n in at], bool)
        chances = np.where(is_case, fitted.reports.of(cosines, shares), fitted.knowledge.of(cosines, shares))
        for n, found, share in zip(at, chances, shares, strict=True):
            why = worded(
                "chance to answer {chance:.0%}: {share:.0%} of the question's words, {rest}",
                chance=found, share=share, rest=hits[n].why,
            )  # fmt: skip
            done[n] = replace(hits[n], chance=float(found), why=why)
    return done
