"""all-MiniLM-L6-v2 with its products in integers: the same int8 weights, and activations of eight bits too.

Quantised as in SmoothQuant (Xiao et al. 2023): where a channel of the activations is large, its size is moved into the
weights that it meets. The ranges are fixed and not taken from each batch, so a text's vector depends on neither its
neighbours nor the size of its batch. `benchmarks/encoding.py` tells how fast it is and how near to the exact model;
`benchmarks/minilm_ranges.py` made the ranges.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import weights
from assistant.embed.minilm import MAX_TOKENS, MiniLmEncoder
from assistant.embed.onnx_session import open_session
from assistant.embed.registry import fingerprint
from assistant.errors import MissingExtra
from assistant.settings import EmbedSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RANGES = Path(__file__).parent / "data" / "minilm_ranges.npz"
GRAPH = 1  # goes up when the graph changes and vectors with it


class MiniLmIntegerEncoder(MiniLmEncoder):
    """Texts to 384 dimensions, about three times as fast as `minilm-int8` where the processor has VNNI."""

    name = "minilm-w8a8"
    tokens_per_batch = 512

    def __init__(self, settings: EmbedSettings) -> None:
        if find_spec("onnx") is None:
            raise MissingExtra("onnx, which writes the model down for this encoder,", "fast")
        super().__init__(settings)
        ranges = hashlib.sha256(RANGES.read_bytes()).hexdigest()
        weights_hash = weights.weights("minilm-int8").sha256
        self.fingerprint = fingerprint(weights_hash, "bert-uncased", MAX_TOKENS, "mean", "w8a8", GRAPH, ranges)

    @cached_property
    def _session(self) -> Any:
        from assistant.embed.minilm_graph import integer_model, products_saturate

        model = weights.locate("minilm-int8", fetch=self._fetch)
        return open_session(integer_model(model, RANGES, unsigned_weights=products_saturate()))

    def _hidden(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        (hidden,) = self._session.run(["last_hidden_state"], {"input_ids": ids, "attention_mask": mask})
        return hidden
