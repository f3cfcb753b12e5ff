"""How alike two texts are: ROUGE-L, BLEU and BERTScore, for anyone who has a text and its reference.

They see words, not what is said: "no effusion" and "effusion" are nearly the same to all three.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assistant.findings import sentences
from assistant.settings import EmbedSettings

if TYPE_CHECKING:
    from assistant.embed.minilm import MiniLmEncoder

ORDER = 4  # n-grams of BLEU
REMEMBERED = 2048  # sentences whose vectors are kept, about 30 kB each
_KNOWN: dict[str, NDArray[np.float32]] = {}
_TOKEN = re.compile(r"[a-z0-9]+")


def tokens(text: str) -> list[str]:
    """Runs of letters and digits, lower case: what rouge-score takes for tokens, without stemming."""
    return _TOKEN.findall(text.lower())


def rouge_l(candidate: str, reference: str) -> float:
    """The F measure of the longest common subsequence of tokens, in [0, 1] (Lin 2004); 0 where a side is empty."""
    ours, theirs = tokens(candidate), tokens(reference)
    common = _longest_common_subsequence(ours, theirs)
    return 2 * common / (len(ours) + len(theirs)) if common else 0.0


def bleu_counts(candidate: str, reference: str) -> tuple[int, ...]:
    """What a pair adds to a corpus's BLEU: tokens of both, then of each order the matching and all n-grams."""
    ours, theirs = tokens(candidate), tokens(reference)
    counts = [len(ours), len(theirs)]
    for order in range(1, ORDER + 1):
        said, wanted = _ngrams(ours, order), _ngrams(theirs, order)
        counts += [(said & wanted).total(), said.total()]
    return tuple(counts)


def bleu(counts: Sequence[float] | NDArray[np.float64]) -> float:
    """BLEU-4 of a corpus, in [0, 1], from the sums of its pairs' counts (Papineni et al. 2002): the geometric mean of
    the n-gram precisions, not smoothed, times the brevity penalty; 0 where an order has no match."""
    ours, theirs = counts[0], counts[1]
    matching, total = np.asarray(counts[2::2], dtype=np.float64), np.asarray(counts[3::2], dtype=np.float64)
    if not ours or not matching.all():
        return 0.0
    penalty = min(0.0, 1.0 - theirs / ours)
    return float(np.exp(penalty + np.log(matching / total).mean()))


def bert_score(candidate: str, reference: str) -> tuple[float, float, float]:
    """Precision, recall and F of greedily matched word pieces, by cosine (Zhang et al. 2020).

    The vectors are the last layer of the packaged all-MiniLM-L6-v2, each sentence encoded by itself, without weights by
    rarity and without rescaling: values can be compared with one another, not with published ones, which rest on
    RoBERTa-large. Zeros where a side is empty.
    """
    ours, theirs = _pieces((candidate, reference))
    if not len(ours) or not len(theirs):
        return 0.0, 0.0, 0.0
    alike = ours @ theirs.T
    precision, recall = float(alike.max(axis=1).mean()), float(alike.max(axis=0).mean())
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def remember(texts: Iterable[str]) -> None:
    """Encode the sentences of many texts at once, which takes two thirds of the time, and on all processors: half of
    what is remembered at most."""
    every = dict.fromkeys(sentence for text in texts for sentence in sentences(text))
    new = [sentence for sentence in every if sentence not in _KNOWN][: REMEMBERED // 2]
    _KNOWN.update(_encoded(new))


def _longest_common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """Its length, bit-parallel over the rows of the table (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for place, token in enumerate(first):
        places[token] = places.get(token, 0) | 1 << place
    everywhere = (1 << len(first)) - 1
    row = everywhere
    for token in second:
        matching = row & places.get(token, 0)
        row = (row + matching | row - matching) & everywhere
    return len(first) - row.bit_count()


def _ngrams(words: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[place : place + order]) for place in range(len(words) - order + 1))


def _pieces(texts: Sequence[str]) -> list[NDArray[np.float32]]:
    """The vectors of each text's word pieces, shape (pieces, 384), each of length 1; none of an empty text.

    Without the signs at the ends of its sentences. Reports repeat their sentences, so the last ones are remembered.
    """
    found = [sentences(text) for text in texts]
    every = list(dict.fromkeys(sentence for text in found for sentence in text))
    new = [sentence for sentence in every if sentence not in _KNOWN]
    _KNOWN.update(_encoded(new))
    known = {sentence: _KNOWN[sentence] for sentence in every}
    while len(_KNOWN) > REMEMBERED:
        del _KNOWN[next(iter(_KNOWN))]
    empty = np.empty((0, 384), np.float32)
    return [np.concatenate([known[sentence] for sentence in text]) if text else empty for text in found]


def _encoded(some: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """The vectors of sentences, without the signs at their ends."""
    vectors = _encoder().encode_tokens(some) if some else ()
    return {sentence: rows[1:-1] for sentence, rows in zip(some, vectors, strict=True)}


@lru_cache(maxsize=1)
def _encoder() -> MiniLmEncoder:
    from assistant.embed.minilm import MiniLmEncoder

    return MiniLmEncoder(EmbedSettings())
