"""A small cross-encoder on onnxruntime, as `benchmarks/entailment_train.py` makes it: "trained:<file.onnx>".

all-MiniLM-L6-v2 reads claim and text as one, with int8 weights and without torch. Its word vectors are those of the
packaged text encoder, so the file holds only the layers above them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant import weights
from assistant.embed.onnx_session import for_each_batch, initializer, open_session
from assistant.embed.registry import fingerprint
from assistant.errors import WeightsMissing
from assistant.settings import Settings
from assistant.verify.entail.parts import in_parts, judge_in_parts

if TYPE_CHECKING:
    import tokenizers
    from numpy.typing import NDArray

LONGEST_CLAIM = 96  # word pieces; a longer claim is cut
LONGEST = 192  # word pieces of a claim and a text together, as it was trained
_WORDS = "inner.embeddings.word_embeddings.weight"


class TrainedModel:
    """Judges each pair by itself: activations are quantised by their own range, so a batch would change its rows."""

    def __init__(self, model: str, settings: Settings) -> None:
        self._file = Path(model).expanduser()
        self._embed = settings.embed
        if not self._file.is_file():
            raise WeightsMissing(f"trained:{model}: no such file: benchmarks/entailment_train.py makes one")
        self.name = f"trained:{self._file.stem}"
        words = weights.weights("minilm-int8").sha256
        self.fingerprint = fingerprint(weights.digest(self._file), words, LONGEST_CLAIM, LONGEST, 1)

    def judge(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """As `EntailmentModel.judge`."""
        pieces = self._pieces({text for pair in pairs for text in pair})

        def cut(claim: str, evidence: str) -> list[str]:
            room = LONGEST - min(len(pieces[claim]) + 2, LONGEST_CLAIM) - 1
            return in_parts(evidence, room, lambda text: len(pieces[text] if text in pieces else self._ids(text)))

        return judge_in_parts(pairs, cut, self._judge)

    def _judge(self, pairs: list[tuple[str, str]]) -> NDArray[np.float32]:
        pieces = self._pieces({text for pair in pairs for text in pair})
        rows = np.empty((len(pairs), 3), np.float32)
        session, (vectors, scales) = self._session, self._words

        def compute(at: int) -> None:
            claim, text = (pieces[part] for part in pairs[at])
            first = [_CLS, *claim[: LONGEST_CLAIM - 2], _SEP]
            second = [*text[: LONGEST - len(first) - 1], _SEP]
            ids = np.array(first + second)
            kinds = np.repeat(np.array([[0, 1]], np.int64), [len(first), len(second)], axis=1)
            feed = {"words": (vectors[ids] * scales[ids])[None], "kinds": kinds}
            (rows[at : at + 1],) = session.run(["probabilities"], feed)

        for_each_batch(compute, range(len(pairs)), self._embed.threads)
        return rows

    def _pieces(self, texts: set[str]) -> dict[str, list[int]]:
        known = list(texts)
        return {
            t: e.ids for t, e in zip(known, self._tokenizer.encode_batch(known, add_special_tokens=False), strict=True)
        }

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    @cached_property
    def _tokenizer(self) -> tokenizers.Tokenizer:
        from assistant.embed.minilm import load_tokenizer

        tokenizer = load_tokenizer()
        tokenizer.no_truncation()
        return tokenizer

    @cached_property
    def _session(self) -> Any:
        return open_session(self._file)

    @cached_property
    def _words(self) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
        """The text encoder's word vectors, int8 (30522, 384), and their scales, float32 (30522, 1)."""
        model = weights.locate("minilm-int8", fetch=self._embed.fetch_weights).read_bytes()
        shape, vectors = initializer(model, f"{_WORDS}_q")
        _, scales = initializer(model, f"{_WORDS}_scale")
        return np.frombuffer(vectors, np.int8).reshape(shape), np.frombuffer(scales, np.float32).reshape(-1, 1)


_CLS, _SEP = 101, 102  # of BERT's uncased vocabulary
