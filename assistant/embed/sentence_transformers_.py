"""Any sentence-transformers model as text encoder: "sentence-transformers:<hub name or folder>".

Needs the extra `models`. A folder is read without a network; a hub name is looked for in the local Hugging Face
cache, and fetched only where the settings allow weights to be fetched. Code that a model brings along is not run.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.embed.registry import fingerprint
from assistant.embed.truncated import is_trained_for_it
from assistant.errors import MissingExtra, WeightsMissing
from assistant.records import Image, Kind, Signal
from assistant.settings import EmbedSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 32


class SentenceTransformersEncoder:
    """Texts to the model's own dimensions, each vector made length 1; longer texts are cut at the model's limit."""

    kind: Kind = "text"

    def __init__(self, model: str, settings: EmbedSettings) -> None:
        if find_spec("sentence_transformers") is None:  # one that is there but broken shall show its own error
            raise MissingExtra("sentence-transformers", "models")
        import torch
        from sentence_transformers import SentenceTransformer

        from assistant.embed.torch_weights import state_digest

        torch.set_num_threads(settings.threads)
        local = Path(model).expanduser()
        is_folder = local.is_dir()
        try:
            self._model = SentenceTransformer(
                str(local) if is_folder else model,
                device="cpu" if not torch.cuda.is_available() else "cuda",
                local_files_only=is_folder or not settings.fetch_weights,
            )
        except (OSError, ValueError) as error:
            raise WeightsMissing(
                f"sentence-transformers model {model!r} could not be opened: it is neither a folder that "
                f"sentence-transformers saved nor a model that the Hugging Face hub or its local cache gives ({error})"
            ) from error
        self._one_at_a_time = threading.Lock()  # its tokenizer's padding is state that threads would share
        self.truncatable = is_trained_for_it(model)
        self.name = f"sentence-transformers:{model}"
        self.dim = len(self._model.encode("length", show_progress_bar=False))
        self.fingerprint = fingerprint(state_digest(self._model), str(self._model), "unit length", 1)

    def encode(self, items: Sequence[str | Image | Signal]) -> NDArray[np.float32]:
        """Vectors of texts, float32 (len(items), dim), each of length 1."""
        import numpy as np

        texts = [item for item in items if isinstance(item, str)]
        if len(texts) != len(items):
            raise TypeError(f"{self.name} encodes texts only")
        if not texts:
            return np.empty((0, self.dim), np.float32)
        with self._one_at_a_time:
            vectors = self._model.encode(
                texts, batch_size=BATCH, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
            )
        return np.asarray(vectors, np.float32)
