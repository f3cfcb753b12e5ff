"""Fewer dimensions of an encoder that was trained for it (Matryoshka representations, Kusupati et al. 2022).

Such a model puts what matters most into its first dimensions, so that a quarter of them keeps most of the ranking at a
quarter of the memory. Of a model that was not, the first dimensions are worth no more than any others: it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.embed.registry import Encoder, fingerprint
from assistant.errors import RecipeError
from assistant.records import Image, Kind, Signal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# What sentence-transformers writes into the card of a model that it trained so.
TRAINED = "MatryoshkaLoss"


class TruncatedEncoder:
    """The first `dimensions` of another encoder's vectors, made length 1 again."""

    def __init__(self, encoder: Encoder, dimensions: int) -> None:
        """Raises RecipeError where the encoder was not trained to be cut, or has fewer dimensions."""
        if not getattr(encoder, "truncatable", False):
            raise RecipeError(
                f"encoder {encoder.name!r} was not trained to be cut (Matryoshka): leave out embed.text_dimensions, or "
                f"use a model whose card names {TRAINED}"
            )
        if dimensions > encoder.dim:
            raise RecipeError(
                f"embed.text_dimensions = {dimensions}: encoder {encoder.name!r} has {encoder.dim} dimensions"
            )
        self._encoder = encoder
        self.name = encoder.name
        self.kind: Kind = encoder.kind
        self.dim = dimensions
        self.fingerprint = (
            encoder.fingerprint if dimensions == encoder.dim else fingerprint(encoder.fingerprint, dimensions)
        )

    def encode(self, items: Sequence[str | Image | Signal]) -> NDArray[np.float32]:
        """Vectors of the items, float32 (len(items), dim), each of length 1."""
        import numpy as np

        cut = self._encoder.encode(items)[:, : self.dim]
        lengths = np.linalg.norm(cut, axis=1, keepdims=True)
        return np.ascontiguousarray(cut / np.maximum(lengths, 1e-12), np.float32)


def is_trained_for_it(model: str) -> bool:
    """Whether the card of a sentence-transformers model, in its folder or in the local cache, says it may be cut."""
    card: Path | None = Path(model).expanduser() / "README.md"
    if card is not None and not card.is_file():
        try:
            from huggingface_hub import try_to_load_from_cache

            cached = try_to_load_from_cache(model, "README.md")
        except (ImportError, ValueError):  # no hub library, or a name that no hub would give
            cached = None
        card = Path(cached) if isinstance(cached, str) else None
    return card is not None and TRAINED in card.read_text(encoding="utf-8", errors="replace")
