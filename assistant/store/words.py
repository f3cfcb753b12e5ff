"""The word index: BM25 over passages (bm25s), stemmed, memory-mapped, holding no text.

Building takes the passages one after the other and keeps four bytes of each of their words; searching maps the scores
from the disk and touches only those of the question's own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import DamagedIndex

Keys = NDArray[np.int64]
_WORD = re.compile(r"(?u)\b\w\w+\b")  # bm25s' own pattern
# Chosen on the even-numbered questions of BioASQ (nDCG@10 of the words alone 0.795; 0.785 with the usual 1.5 and 0.75).
K1, B = 0.9, 0.6
_NO_POSTINGS = np.empty(0, np.int32), np.empty(0, np.float32)


class WordIndex:
    """BM25 scores of passages for a query; ids are the passages' primary keys.

    English stop words are dropped and words stemmed (Snowball), as measured on BioASQ (docs/performance.md).
    """

    def __init__(self, bm25: Any, ids: Keys, leads: Keys) -> None:
        self._bm25 = bm25
        self.ids = ids
        self._leads = leads
        self._order = None if len(ids) < 2 or bool((ids[1:] > ids[:-1]).all()) else np.argsort(ids, kind="stable")

    @classmethod
    def build(
        cls, ids: Sequence[int] | Keys, texts: Iterable[str], leads: Sequence[int] | Keys | None = None
    ) -> WordIndex | None:
        """`leads` are the keys of the first passage of each passage's document (default: each is a document).

        None when the texts hold no word at all: BM25 over nothing is undefined. Texts are not kept.
        """
        import bm25s

        tokenizer = bm25s.tokenization.Tokenizer(stopwords="en", stemmer=_stemmer().stemWord)
        stream = tokenizer.streaming_tokenize(texts, allow_empty=False)
        tokens = [np.array(found, np.int32) for found in stream]
        if not any(map(len, tokens)):
            return None
        bm25 = bm25s.BM25(k1=K1, b=B)
        bm25.index((tokens, dict(tokenizer.stem_to_sid)), show_progress=False)
        keys = np.asarray(ids, np.int64)
        return cls(bm25, keys, keys if leads is None else np.asarray(leads, np.int64))

    @classmethod
    def load(cls, folder: Path) -> WordIndex:
        """Raises DamagedIndex where a file of it can't be read."""
        import bm25s

        try:
            bm25 = bm25s.BM25.load(str(folder), mmap=True, load_corpus=False)
            ids = np.load(folder / "ids.npy", mmap_mode="r", allow_pickle=False)
            leads = np.load(folder / "leads.npy", mmap_mode="r", allow_pickle=False)
            # the same mapped memory without the subclass, whose slices cost more than what is done with them
            bm25.scores |= {name: np.asarray(bm25.scores[name]) for name in ("data", "indices", "indptr")}
            ids, leads = np.asarray(ids), np.asarray(leads)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedIndex(f"{folder}: the word index can't be read ({error}); build the index again") from error
        if not bm25.scores["num_docs"] == len(ids) == len(leads):
            raise DamagedIndex(
                f"{folder}: {len(ids)} keys and {len(leads)} first passages for {bm25.scores['num_docs']} passages; "
                f"build the index again"
            )
        return cls(bm25, ids, leads)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._bm25.save(str(folder), show_progress=False)
        np.save(folder / "ids.npy", self.ids, allow_pickle=False)
        np.save(folder / "leads.npy", self._leads, allow_pickle=False)

    def __len__(self) -> int:
        return len(self.ids)

    def search(
        self,
        query: str,
        k: int,
        *,
        allowed: Keys | None = None,
        excluded: Keys | None = None,
    ) -> tuple[NDArray[np.float32], Keys]:
        """BM25 scores above 0 and passage ids, at most k of each, best first."""
        return self.scored(query).best(k, allowed=allowed, excluded=excluded)

    def scored(self, query: str | Mapping[str, float]) -> WordScores:
        """Every passage's score for a query: its text, or stemmed words with their weights (1 counts once)."""
        counted = query_terms(query) if isinstance(query, str) else query
        words = {word: weight for word, weight in counted.items() if word in self._bm25.vocab_dict}
        return WordScores(self, words, complete=len(words) == len(counted))

    def look_up(self, keys: Keys) -> tuple[Keys, NDArray[np.bool_]]:
        """Where each key stands among the passages, and whether it is there at all."""
        if not len(self.ids):
            return np.zeros(len(keys), np.int64), np.zeros(len(keys), bool)
        at = np.searchsorted(self.ids, keys, sorter=self._order).clip(max=len(self.ids) - 1)
        positions = at if self._order is None else self._order[at]
        return positions, np.asarray(self.ids)[positions] == keys

    def positions(self, keys: Keys) -> Keys:
        """Where those of the keys stand that are here."""
        positions, there = self.look_up(np.asarray(keys, np.int64))
        return positions[there]

    def postings(self, word: str) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The passages that hold a stemmed word, ascending, and what it adds to the score of each."""
        scores, column = self._bm25.scores, self._bm25.vocab_dict[word]
        if column + 1 >= len(scores["indptr"]):  # the empty word, which no passage holds
            return np.empty(0, np.int32), np.empty(0, np.float32)
        start, end = int(scores["indptr"][column]), int(scores["indptr"][column + 1])
        return np.asarray(scores["indices"][start:end]), np.asarray(scores["data"][start:end])

    def leads(self, keys: Keys) -> Keys:
        """The first passage of each passage's document; a key that is not here leads itself."""
        if not len(self.ids):
            return np.asarray(keys)
        positions, there = self.look_up(keys)
        return np.where(there, np.asarray(self._leads)[positions], keys)

    def weights(self, words: Sequence[str]) -> NDArray[np.float64]:
        """The weight of each stemmed word, the logarithm of its rarity: (len(words),), 0 for one that is not here."""
        return np.array([self._weight(self.held_by(word)) for word in words], np.float64)

    @property
    def greatest_weight(self) -> float:
        """The weight of a word that stands in a single passage."""
        return self._weight(1)

    def shares(self, keys: Keys, words: Sequence[str]) -> NDArray[np.float64]:
        """How much of each word's weight goes into each passage's score: (len(keys), len(words)) in [0, 1)."""
        shares = np.zeros((len(keys), len(words)), np.float64)
        rows, there = self.look_up(keys)
        for column, word in enumerate(words):
            passages, added = self.postings(word) if word in self._bm25.vocab_dict else _NO_POSTINGS
            if len(passages):
                at = np.searchsorted(passages, rows).clip(max=len(passages) - 1)
                held = (passages[at] == rows) & there
                shares[held, column] = added[at[held]] / self._weight(len(passages))
        return shares

    def held_by(self, word: str) -> int:
        """How many passages hold a stemmed word."""
        return len(self.postings(word)[0]) if word in self._bm25.vocab_dict else 0

    def _weight(self, holding: int) -> float:
        """bm25s' idf (Lucene's) of a word that so many passages hold; 0 for a word that none does."""
        return float(np.log1p((len(self) - holding + 0.5) / (holding + 0.5))) if holding else 0.0


class WordScores:
    """The scores of all passages of a word index for one query."""

    def __init__(self, index: WordIndex, words: Mapping[str, float], *, complete: bool) -> None:
        self._index = index
        self._complete = complete and bool(words)
        self._postings = [index.postings(word) for word in words]
        self._scores = np.zeros(len(index), np.float32)
        for (passages, added), weight in zip(self._postings, words.values(), strict=True):
            self._scores[passages] += added if weight == 1 else added * np.float32(weight)  # each passage once

    def best(
        self, k: int, *, allowed: Keys | None = None, excluded: Keys | None = None
    ) -> tuple[NDArray[np.float32], Keys]:
        """Scores above 0 and passage keys, at most k of each, best first; of equal scores the lower key."""
        index, scores = self._index, self._scores
        if allowed is not None:
            positions = np.unique(index.positions(allowed))
            if excluded is not None and len(excluded):
                positions = np.setdiff1d(positions, index.positions(excluded), assume_unique=True)
            found = scores[positions]
        else:
            if excluded is not None and len(excluded):
                scores = scores.copy()
                scores[index.positions(excluded)] = 0
            positions = np.flatnonzero(
                scores > 0
            )  # most passages hold none of the words; of truth values it is quicker
            found = scores[positions]
        k = min(k, len(found))
        if k == 0:
            return np.empty(0, np.float32), np.empty(0, np.int64)
        # not below the k-th best: of equal scores at the edge the lower keys are taken, whatever the partition did
        least = max(float(np.partition(found, len(found) - k)[len(found) - k]), 1e-30)
        at = np.flatnonzero(found >= least)
        keys = np.asarray(index.ids)[positions[at]]
        order = np.lexsort((keys, -found[at]))[:k]
        return found[at][order], keys[order]

    def of(self, keys: Keys) -> NDArray[np.float32]:
        """The scores of some passages, in their order; 0 for keys that are not here."""
        positions, there = self._index.look_up(np.asarray(keys, np.int64))
        return np.where(there, self._scores[positions], np.float32(0))

    def hold_all(self, keys: Keys) -> NDArray[np.bool_]:
        """Which of some passages hold every word of the query; where it has none, no passage does."""
        positions, there = self._index.look_up(np.asarray(keys, np.int64))
        there = there & self._complete
        for passages, _ in self._postings:
            at = np.searchsorted(passages, positions).clip(max=max(len(passages) - 1, 0))
            there &= passages[at] == positions if len(passages) else False
        return there


def query_terms(text: str) -> dict[str, float]:
    """The stemmed content words of a text, each with the number of times that it stands there."""
    counted: dict[str, float] = {}
    for word in _tokens(text):
        counted[word] = counted.get(word, 0.0) + 1.0
    return counted


def query_words(text: str) -> set[str]:
    """The stemmed content words of a text, as the index sees them."""
    return set(_tokens(text))


@lru_cache(maxsize=256)
def _tokens(text: str) -> tuple[str, ...]:
    """What `bm25s.tokenize` makes of one text, without what it sets up for many: a search asks for the same question's
    words several times."""
    stop_words = _stop_words()
    return tuple(_stemmer().stemWords([word for word in _WORD.findall(text.lower()) if word not in stop_words]))


@cache
def _stop_words() -> frozenset[str]:
    from bm25s.stopwords import STOPWORDS_EN

    return frozenset(STOPWORDS_EN)


def _stemmer() -> Any:
    """A new one each time: they are not safe to share among threads."""
    import Stemmer

    return Stemmer.Stemmer("english")
