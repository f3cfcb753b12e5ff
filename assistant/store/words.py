"""The word index: BM25 over passages (bm25s), stemmed, memory-mapped, holding no text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class WordIndex:
    """BM25 scores of passages for a query; ids are the passages' primary keys.

    English stop words are dropped and words stemmed (Snowball), as measured on BioASQ (docs/performance.md).
    """

    def __init__(self, bm25: Any, ids: NDArray[np.int64]) -> None:
        self._bm25 = bm25
        self.ids = ids

    @classmethod
    def build(cls, ids: Sequence[int], texts: Sequence[str]) -> WordIndex | None:
        """None when the texts hold no word at all: BM25 over nothing is undefined."""
        import bm25s

        tokens = _tokens(texts)
        if not any(tokens.ids):
            return None
        bm25 = bm25s.BM25()
        bm25.index(tokens, show_progress=False)
        return cls(bm25, np.asarray(ids, np.int64))

    @classmethod
    def load(cls, folder: Path) -> WordIndex:
        import bm25s

        bm25 = bm25s.BM25.load(str(folder), mmap=True, load_corpus=False)
        return cls(bm25, np.load(folder / "ids.npy", mmap_mode="r", allow_pickle=False))

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._bm25.save(str(folder), show_progress=False)
        np.save(folder / "ids.npy", self.ids, allow_pickle=False)

    def search(
        self,
        query: str,
        k: int,
        *,
        allowed: NDArray[np.int64] | None = None,
        excluded: NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """BM25 scores above 0 and passage ids, at most k of each, best first."""
        words = [token for token in _tokens([query], vocabulary=False)[0] if token in self._bm25.vocab_dict]
        if not words or not len(self.ids):
            return np.empty(0, np.float32), np.empty(0, np.int64)
        scores = self._bm25.get_scores(words)
        if allowed is not None:
            scores = np.where(np.isin(self.ids, allowed), scores, 0.0)
        if excluded is not None and len(excluded):
            scores = np.where(np.isin(self.ids, excluded), 0.0, scores)
        k = min(k, len(scores))
        top = np.argpartition(-scores, k - 1)[:k]
        # equal scores in the order of ids, so that a result does not depend on the partition
        top = top[np.lexsort((self.ids[top], -scores[top]))]
        top = top[scores[top] > 0]
        return scores[top].astype(np.float32), np.asarray(self.ids[top])


def query_words(text: str) -> set[str]:
    """The stemmed content words of a text, as the index sees them."""
    return set(_tokens([text], vocabulary=False)[0])


def _tokens(texts: Sequence[str], *, vocabulary: bool = True) -> Any:
    import bm25s

    return bm25s.tokenize(list(texts), stopwords="en", stemmer=_stemmer(), show_progress=False, return_ids=vocabulary)


def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")
