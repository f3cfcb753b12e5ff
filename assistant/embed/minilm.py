"""The default text encoder: all-MiniLM-L6-v2 with int8 weights, on onnxruntime, without torch.

Reimers and Gurevych 2019 (Sentence-BERT); Wang et al. 2020 (MiniLM). 384 dimensions, English, word pieces of
BERT uncased, mean of the token vectors, length 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import weights
from assistant.embed.onnx_session import for_each_batch, open_session
from assistant.embed.registry import fingerprint
from assistant.records import Image, Kind, Signal
from assistant.settings import EmbedSettings

if TYPE_CHECKING:
    import numpy as np
    import tokenizers
    from numpy.typing import NDArray

MAX_TOKENS = 256  # what the model was trained with; the rest of a longer text is not seen
VOCABULARY = Path(__file__).parent / "data" / "bert_uncased_vocab.txt"


class MiniLmEncoder:
    """Texts to 384 dimensions. Texts beyond 256 word pieces are cut; an empty text has a vector too."""

    name = "minilm-int8"
    kind: Kind = "text"
    dim = 384
    tokens_per_batch = 1024  # padded; larger ones fall out of the cache, see docs/encoders.md

    def __init__(self, settings: EmbedSettings) -> None:
        self._fetch = settings.fetch_weights
        self._threads = settings.threads
        self.fingerprint = fingerprint(weights.weights("minilm-int8").sha256, "bert-uncased", MAX_TOKENS, "mean", 1)

    @cached_property
    def _session(self) -> Any:
        """Opened at the first text: an index that is up to date asks for the fingerprint alone."""
        return open_session(weights.locate("minilm-int8", fetch=self._fetch))

    @cached_property
    def _tokenizer(self) -> tokenizers.Tokenizer:
        return load_tokenizer()

    def encode(self, items: Sequence[str | Image | Signal]) -> NDArray[np.float32]:
        """Vectors of texts, float32 (len(items), 384), each of length 1; a text's does not depend on its neighbours."""
        import numpy as np

        vectors = np.empty((len(items), self.dim), np.float32)

        def pool(batch: list[int], hidden: NDArray[np.float32], mask: NDArray[np.float32]) -> None:
            mean = np.einsum("bsd,bs->bd", hidden, mask) / mask.sum(axis=1, keepdims=True)
            vectors[batch] = mean / np.linalg.norm(mean, axis=1, keepdims=True)

        self._for_each_batch(items, pool)
        return vectors

    def encode_tokens(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """The vectors of each text's word pieces, the first and last special ones among them: float32 (pieces, 384),
        each of length 1."""
        import numpy as np

        vectors: list[NDArray[np.float32]] = [np.empty((0, self.dim), np.float32)] * len(texts)

        def keep(batch: list[int], hidden: NDArray[np.float32], mask: NDArray[np.float32]) -> None:
            for index, rows, length in zip(batch, hidden, mask.sum(axis=1).astype(int), strict=True):
                vectors[index] = rows[:length] / np.linalg.norm(rows[:length], axis=1, keepdims=True)

        self._for_each_batch(texts, keep)
        return vectors

    def _for_each_batch(
        self,
        items: Sequence[str | Image | Signal],
        use: Callable[[list[int], NDArray[np.float32], NDArray[np.float32]], None],
    ) -> None:
        """Call `use` with the places of each batch's texts, their last hidden states (texts, pieces, 384), and which
        pieces are no padding (texts, pieces)."""
        texts = [item for item in items if isinstance(item, str)]
        if len(texts) != len(items):
            raise TypeError(f"{self.name} encodes texts only")
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]

        def compute(batch: list[int]) -> None:
            ids, mask = padded([tokens[i] for i in batch])
            use(batch, self._hidden(ids, mask), mask.astype("float32"))

        batches = length_sorted_batches([len(t) for t in tokens], self.tokens_per_batch)
        for_each_batch(compute, batches, self._threads)

    def _hidden(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": ids * 0}
        (hidden,) = self._session.run(["last_hidden_state"], feed)
        return hidden


def load_tokenizer() -> tokenizers.Tokenizer:
    """BERT's uncased word-piece tokenizer over the vocabulary that is shipped; cuts at 256, does not pad."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordPiece.from_file(str(VOCABULARY), unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    ids = tokenizer.get_vocab()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def padded(tokens: Sequence[list[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids and mask of some texts, (texts, longest), 0 where there is padding."""
    import numpy as np

    ids = np.zeros((len(tokens), max(map(len, tokens))), np.int64)
    mask = np.zeros_like(ids)
    for row, sequence in enumerate(tokens):
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
    return ids, mask


def length_sorted_batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Indices of all items in batches of like length: longest × count is within `budget`, or the batch is one item."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and lengths[batch[0]] * (len(batch) + 1) > budget:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
