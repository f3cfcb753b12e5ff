"""Reranking: the first passages of a ranking read once more, together with the question.

    none                               the ranking stays as it is
    cross-encoder:<name or folder>     a cross-encoder reads question and passage as one text (Nogueira and Cho 2019)
    late-interaction:<name or folder>  each word of the question finds its nearest in the passage (ColBERT, Khattab and
                                       Zaharia 2020)
    late-interaction:minilm-int8       the same over the token vectors of the packaged text encoder

The first two families need the extra `models`. A folder is read without a network; a hub name is looked for in the
local Hugging Face cache, and fetched only where the settings allow weights to be fetched.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.errors import MissingExtra, RecipeError, WeightsMissing
from assistant.settings import EmbedSettings

FAMILIES = ("cross-encoder", "late-interaction")
PACKAGED = "minilm-int8"


class Reranker(Protocol):
    """Scores passages for a question; only their order and differences mean something."""

    name: str

    def score(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """One score for each passage, float32 (len(passages),), higher is better."""
        ...


def max_sim(question: NDArray[np.float32], passage: NDArray[np.float32]) -> float:
    """Mean over the question's token vectors (n, dim) of the best cosine among the passage's (m, dim), in [-1, 1].

    Rows have length 1. ColBERT sums over the tokens; the mean orders alike and does not grow with the question. An
    empty passage has -1.
    """
    if not len(question) or not len(passage):
        return -1.0
    return float((question @ passage.T).max(axis=1).mean())


@lru_cache(maxsize=4)
def open_reranker(name: str, settings: EmbedSettings) -> Reranker | None:
    """The reranker of that name, opened once a process; None for "none".

    Raises:
        RecipeError: no such reranker; the message says which there are.
        MissingExtra: sentence-transformers is not installed.
        WeightsMissing: the model is neither in a folder nor in the cache, and could not be fetched.
    """
    if name == "none":
        return None
    family, _, model = name.partition(":")
    if family not in FAMILIES or not model:
        raise RecipeError(
            f"no reranker named {name!r} (option retrieve.reranker): use none, cross-encoder:<name or folder>, "
            f"late-interaction:<name or folder> or late-interaction:{PACKAGED}"
        )
    if family == "cross-encoder":
        return CrossEncoderReranker(model, settings)
    if model == PACKAGED:
        return TokenReranker(settings)
    return LateInteractionReranker(model, settings)


class CrossEncoderReranker:
    """Any cross-encoder of sentence-transformers; longer pairs are cut at the model's limit."""

    def __init__(self, model: str, settings: EmbedSettings) -> None:
        self.name = f"cross-encoder:{model}"
        self._model = _opened("CrossEncoder", self.name, model, settings)
        self._one_at_a_time = threading.Lock()  # a tokenizer's padding is state that threads would share

    def score(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        if not passages:
            return np.empty(0, np.float32)
        with self._one_at_a_time:
            scores = self._model.predict([(question, passage) for passage in passages], show_progress_bar=False)
        scores = np.asarray(scores, np.float32)
        if scores.shape != (len(passages),):
            raise RecipeError(
                f"{self.name} gives {scores.shape[-1]} scores for a pair where a reranker gives one: use a model that "
                f"was trained to rank (num_labels = 1)"
            )
        return scores


class LateInteractionReranker:
    """Any multi-vector model that sentence-transformers opens: its own, PyLate's or Stanford's ColBERT."""

    def __init__(self, model: str, settings: EmbedSettings) -> None:
        self.name = f"late-interaction:{model}"
        self._model = _opened("MultiVectorEncoder", self.name, model, settings)
        self._one_at_a_time = threading.Lock()

    def score(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        if not passages:
            return np.empty(0, np.float32)
        with self._one_at_a_time:
            asked = self._model.encode_query([question], show_progress_bar=False)[0]
            read = self._model.encode_document(list(passages), show_progress_bar=False)
        return np.array([max_sim(_unit_rows(asked), _unit_rows(passage)) for passage in read], np.float32)


class TokenReranker:
    """Late interaction over the token vectors of the packaged text encoder, which was trained for their mean alone."""

    def __init__(self, settings: EmbedSettings) -> None:
        from assistant.embed.minilm import MiniLmEncoder

        self.name = f"late-interaction:{PACKAGED}"
        self._encoder = MiniLmEncoder(settings)

    def score(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        if not passages:
            return np.empty(0, np.float32)
        asked, *read = self._encoder.encode_tokens([question, *passages])
        return np.array([max_sim(asked, passage) for passage in read], np.float32)


def rerank(
    question: str, order: Sequence[int], texts: Sequence[str], reranker: Reranker
) -> tuple[list[int], dict[int, float]]:
    """The order with its first entries, those that `texts` are of, sorted anew by the reranker; and their scores."""
    head, scores = order[: len(texts)], reranker.score(question, texts)
    ranked = [head[n] for n in np.argsort(-scores, kind="stable")]
    return ranked + list(order[len(texts) :]), dict(zip(head, scores.tolist(), strict=True))


def _unit_rows(vectors: Any) -> NDArray[np.float32]:
    rows = np.asarray(vectors.detach().cpu() if hasattr(vectors, "detach") else vectors, np.float32)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def _opened(class_name: str, name: str, model: str, settings: EmbedSettings) -> Any:
    if find_spec("sentence_transformers") is None:  # one that is there but broken shall show its own error
        raise MissingExtra("sentence-transformers", "models")
    import sentence_transformers
    import torch

    if not hasattr(sentence_transformers, class_name):
        raise MissingExtra(f"sentence-transformers with {class_name} (version 6 or newer)", "models")
    torch.set_num_threads(settings.threads)
    local = Path(model).expanduser()
    try:
        return getattr(sentence_transformers, class_name)(
            str(local) if local.is_dir() else model,
            device="cuda" if torch.cuda.is_available() else "cpu",
            local_files_only=local.is_dir() or not settings.fetch_weights,
        )
    except (OSError, ValueError) as error:
        raise WeightsMissing(
            f"{name} could not be opened: it is neither a folder that sentence-transformers saved nor a model that the "
            f"Hugging Face hub or its local cache gives ({error})"
        ) from error
