"""The candidates of a question: the nearest passages by meaning and the best by words, of one or several indexes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.retrieve.fuse import Candidates
from assistant.store.vectors import VectorIndex
from assistant.store.words import WordIndex

Keys = NDArray[np.int64]
Nearest = tuple[NDArray[np.float32], Keys]
"""Scores and keys of the nearest vectors, both (n,), best first."""


@dataclass(frozen=True, slots=True)
class Source:
    """What one index offers to a question: its passages' vectors and words, the question's vector (dim,) there, the
    vectors nearest to it, the keys that the filter leaves, and whose encoder made the vectors."""

    dense: VectorIndex
    words: WordIndex | None
    question: NDArray[np.float32]
    nearest: Nearest
    allowed: Keys | None = None
    excluded: Keys | None = None
    encoder: str = ""


@dataclass(frozen=True, slots=True)
class Gathered:
    """The candidates (n,): the number of their source, their keys there, their documents' first passages, whether they
    hold every word of the question, BM25 as it is, and what fusion needs to know."""

    source: Keys
    keys: Keys
    leads: Keys
    has_all: NDArray[np.bool_]
    bm25: NDArray[np.float32]
    found: Candidates


def gather(sources: Sequence[Source], own: Sequence[str], weighted: Mapping[str, float], k: int) -> Gathered:
    """The k nearest and the k best by words of each source.

    `own` are the question's own stemmed words, `weighted` these and what they were expanded to, with their weights.
    """
    parts = [_of_source(source, own, weighted, k) for source in sources]
    numbers = np.repeat(np.arange(len(parts)), [len(part.keys) for part in parts])
    encoders: dict[str, list[int]] = {}
    for n, source in enumerate(sources):
        encoders.setdefault(source.encoder, []).append(n)

    def joined(name: str) -> NDArray[np.float64]:
        return np.concatenate([getattr(part, name) for part in parts])

    return Gathered(
        numbers,
        joined("keys").astype(np.int64),
        joined("leads").astype(np.int64),
        joined("has_all").astype(bool),
        joined("bm25").astype(np.float32),
        Candidates(
            joined("cosine"), joined("lead_cosine"), joined("relative_bm25"), joined("share"), joined("rarity"),
            [
                (np.flatnonzero(np.isin(numbers, members)), np.concatenate([parts[n].rows for n in members]))
                for members in encoders.values()
            ],
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Part:
    keys: Keys
    leads: Keys
    rows: NDArray[np.float32]
    cosine: NDArray[np.float32]
    lead_cosine: NDArray[np.float32]
    bm25: NDArray[np.float32]
    relative_bm25: NDArray[np.float64]
    share: NDArray[np.float64]
    rarity: NDArray[np.float64]
    has_all: NDArray[np.bool_]


def _of_source(source: Source, own: Sequence[str], weighted: Mapping[str, float], k: int) -> _Part:
    keys = np.asarray(source.nearest[1], np.int64)
    words = source.words
    scores = words.scored(weighted) if words is not None else None
    if scores is not None:
        keys = np.union1d(keys, scores.best(k, allowed=source.allowed, excluded=source.excluded)[1])
    rows = source.dense.vectors(keys)
    cosine = rows @ source.question
    number = len(keys)
    if words is None or scores is None:
        none = np.zeros((number, len(own)))
        return _Part(
            keys, keys, rows, cosine, cosine, np.zeros(number, np.float32), np.zeros(number), none, none,
            np.zeros(number, bool),
        )  # fmt: skip
    leads = words.leads(keys)
    lead_cosine = cosine.copy()
    other = np.flatnonzero(leads != keys)
    lead_cosine[other] = source.dense.vectors(leads[other]) @ source.question
    bm25, share = scores.of(keys), words.shares(keys, own)
    has_all = np.all(share > 0, axis=1) if own else np.zeros(number, bool)
    return _Part(
        keys, leads, rows, cosine, lead_cosine, bm25, bm25.astype(np.float64) / words.greatest_weight, share,
        np.broadcast_to(words.weights(own), share.shape), np.asarray(has_all),
    )  # fmt: skip
