"""Ranking of text by words and meaning, over one or several indexes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from assistant.embed import Encoder, open_encoder
from assistant.records import Kind
from assistant.retrieve.expand import expand
from assistant.retrieve.fuse import fuse, fusion
from assistant.retrieve.gather import Gathered, Nearest, Source, gather
from assistant.retrieve.passages import in_section, neighbours_joined
from assistant.retrieve.rerank import Reranker, rerank
from assistant.settings import EmbedSettings, RetrieveSettings
from assistant.store.filters import Filter
from assistant.store.index import OpenIndex
from assistant.store.rows import StoredPassage, StoredRecord
from assistant.store.words import query_terms
from assistant.wording import joined, worded

BLOCK = 16  # hits read from the catalogue at a time: a list of ten with what it passes over


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
    all_words: bool = False  # the passage holds every content word, or the study states all that was wished for
    why: str = ""
    chance: float | None = None  # that the passage answers the question (`assistant.retrieve.chance`)
    unwanted: bool = False  # its study states otherwise than the words wish
    apart: str | None = None  # why a chosen patient's text is not handed on, "" where it is; None: judged as others


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
    reranker: Reranker | None = None,
    whole: bool = False,
) -> Iterator[Hit]:
    """Passages and captions for a question, best first, a few of each document, read from the catalogue as one looks.

    `vectors`, `nearest` and `filters` are one for each index, and all of these hold text. A reranker reads the first
    `settings.rerank_first` and sorts them anew. With `whole`, all passages of a document count.
    """
    if not indexes:
        return iter(())
    own, asked = list(query_terms(text)), expand(text).terms
    sources = [_source(*of_index) for of_index in zip(indexes, vectors, nearest, filters, strict=True)]
    gathered = gather(sources, own, asked, settings.candidates)
    scores, weight = fuse(gathered.found, fusion(), settings.words_weight)
    order = by_document(gathered, scores, settings.candidates if whole else settings.passages_per_document)
    given: dict[int, float] = {}
    if reranker is not None:
        read = order[: settings.rerank_first]
        order, given = rerank(text, order, _texts(indexes, gathered, read), reranker)
        scores[order[: len(read)]] = scores[read]  # a hit's score says its place
    first = in_section(_hits(indexes, gathered, scores, weight, given, order[:BLOCK]), text)
    rest = (order[start : start + BLOCK] for start in range(BLOCK, len(order), BLOCK))
    return chain(
        neighbours_joined(first, settings.long_document_chars),
        (hit for block in rest for hit in _hits(indexes, gathered, scores, weight, given, block)),
    )


def by_document(gathered: Gathered, scores: NDArray[np.float64], most: int) -> list[int]:
    """The candidates best first, at most so many of each document; equal scores in the order of keys."""
    taken: Counter[tuple[int, int]] = Counter()
    documents = list(zip(gathered.source.tolist(), gathered.leads.tolist(), strict=True))
    order = []
    for n in np.lexsort((gathered.keys, gathered.source, -scores)).tolist():
        taken[documents[n]] += 1
        if taken[documents[n]] <= most:
            order.append(n)
    return order


def _source(index: OpenIndex, vector: NDArray[np.float32], nearest: Nearest, filter_: Filter) -> Source:
    allowed, excluded = index.keys(filter_, "text")
    dense = index.vectors("text")
    assert dense is not None
    encoder = index.meta.get("fingerprints", {}).get("text", index.encoder_name("text"))
    return Source(dense, index.words, vector, nearest, allowed, excluded, encoder)


def _texts(indexes: Sequence[OpenIndex], gathered: Gathered, entries: Sequence[int]) -> list[str]:
    """The texts of some candidates' passages."""
    of_index = [[int(gathered.keys[n]) for n in entries if gathered.source[n] == i] for i in range(len(indexes))]
    passages = [index.passages(keys) for index, keys in zip(indexes, of_index, strict=True)]
    found = (passages[gathered.source[n]].get(int(gathered.keys[n])) for n in entries)
    return [passage.text if passage else "" for passage in found]


def _hits(
    indexes: Sequence[OpenIndex],
    gathered: Gathered,
    scores: NDArray[np.float64],
    weight: float,
    given: Mapping[int, float],
    order: Sequence[int],
) -> list[Hit]:
    hits: dict[int, Hit] = {}
    for number, index in enumerate(indexes):
        of_index = {n: int(gathered.keys[n]) for n in order if gathered.source[n] == number}
        found = index.found(list(of_index.values()))
        for n, key in of_index.items():
            if key in found:
                passage, stored = found[key]
                cosine = float(gathered.found.cosine[n])
                why = worded(
                    "meaning {meaning:.2f}, words {words:.1f}, weight of words {weight:.2f}",
                    meaning=cosine, words=gathered.bm25[n], weight=weight,
                )  # fmt: skip
                if n in given:
                    why = joined([why, worded("read once more {score:.2f}", score=given[n])], ", ")
                has_all = bool(gathered.has_all[n])
                hits[n] = Hit(index, stored, "text", float(scores[n]), cosine, passage, has_all, why)
    return [hits[n] for n in order if n in hits]
