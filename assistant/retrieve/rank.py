"""Ranking of text by words and meaning, over one or several indexes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from assistant.embed import Encoder, open_encoder
from assistant.records import Kind
from assistant.settings import EmbedSettings, RetrieveSettings
from assistant.store.filters import Filter
from assistant.store.index import OpenIndex, StoredPassage, StoredRecord
from assistant.store.words import query_words


@dataclass(frozen=True, slots=True)
class Hit:
    """One ranked thing. `score` orders within a kind; the relevance floor is held against the cosine `closeness`.

    `by` is the kind of vector that found it: a report may have been found by its study's picture, a picture by words in
    a joint space.
    """

    index: OpenIndex
    stored: StoredRecord
    by: Kind | Literal["joint"]
    score: float
    closeness: float
    passage: StoredPassage | None = None
    all_words: bool = False  # the passage holds every content word of the question
    why: str = ""


Nearest = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Scores and keys of the nearest vectors, both (n,), best first."""


def encoder_of(index: OpenIndex, kind: Kind, settings: EmbedSettings) -> Encoder:
    """The encoder that the index's own vectors of that kind came from. Raises EncoderMismatch."""
    encoder = open_encoder(kind, index.encoder_name(kind), settings)
    index.check_encoder(kind, encoder.fingerprint)
    return encoder


def encode(index: OpenIndex, kind: Kind, content: Sequence[Any], settings: EmbedSettings) -> NDArray[np.float32]:
    """Vectors (n, dim) by the encoder that the index's own vectors of that kind came from."""
    return encoder_of(index, kind, settings).encode(content)


def rank_text(
    indexes: Sequence[OpenIndex],
    text: str,
    vectors: Sequence[NDArray[np.float32]],
    nearest: Sequence[Nearest],
    filters: Sequence[Filter],
    settings: RetrieveSettings,
) -> list[Hit]:
    """Passages and captions for a question, best first; `vectors`, `nearest` and `filters` are one for each index.

    Dense cosines are scaled to [0, 1] between the worst and the best candidate and BM25 by the best one, then
    summed with `settings.words_weight` on BM25; the sum is scaled so that the best hit's score is the best cosine,
    which makes scores of different questions comparable.
    """
    found: dict[tuple[int, int], tuple[float, float]] = {}
    for n, (index, vector, (scores, ids), filter_) in enumerate(zip(indexes, vectors, nearest, filters, strict=True)):
        dense, words = index.vectors("text"), index.words
        if dense is None or words is None:
            continue
        cosines = {int(pk): float(score) for pk, score in zip(ids, scores, strict=True)}
        allowed, excluded = index.keys(filter_, "text")
        found_scores, found_ids = words.search(text, settings.candidates, allowed=allowed, excluded=excluded)
        bm25 = {int(pk): float(score) for pk, score in zip(found_ids, found_scores, strict=True)}
        for pk in {**cosines, **bm25}:
            cosine = cosines.get(pk)
            found[n, pk] = (cosine if cosine is not None else float(dense.vector(pk) @ vector), bm25.get(pk, 0.0))
    if not found:
        return []
    return _hits(indexes, text, found, _fuse(np.array(list(found.values())), settings.words_weight))


def _fuse(scores: NDArray[np.float64], words_weight: float) -> NDArray[np.float64]:
    """Fused scores of candidates, given their (cosine, BM25) of shape (n, 2)."""
    cosines, bm25 = scores[:, 0], scores[:, 1]
    span = float(np.ptp(cosines))
    scaled = (cosines - cosines.min()) / span if span > 0 else np.ones_like(cosines)
    fused = (1 - words_weight) * scaled + words_weight * bm25 / max(float(bm25.max()), 1e-9)
    best = max(float(fused.max()), 1e-9)
    return np.asarray(fused / best * max(float(cosines.max()), 0.0))


def _hits(
    indexes: Sequence[OpenIndex],
    text: str,
    found: dict[tuple[int, int], tuple[float, float]],
    fused: NDArray[np.float64],
) -> list[Hit]:
    wanted = query_words(text)
    order = sorted(zip(found.items(), fused, strict=True), key=lambda pair: (-pair[1], pair[0][0]))
    hits: dict[tuple[int, int], Hit] = {}
    for n, index in enumerate(indexes):
        passages = index.passages([pk for (m, pk) in found if m == n])
        records = index.records({p.record_pk for p in passages.values()})
        for ((m, pk), (cosine, bm25)), score in order:
            if m == n and pk in passages:
                passage = passages[pk]
                has_all = bool(wanted) and bm25 > 0 and wanted <= query_words(passage.text)
                why = f"meaning {cosine:.2f}, words {bm25:.1f}"
                hits[m, pk] = Hit(
                    index, records[passage.record_pk], "text", float(score), cosine, passage, has_all, why
                )
    return [hits[key] for (key, _), _ in order if key in hits]
