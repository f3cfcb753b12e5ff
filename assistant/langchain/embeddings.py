"""Any text encoder of the registry as LangChain's `Embeddings`."""

from __future__ import annotations

from langchain_core.embeddings import Embeddings

from assistant.embed import Encoder, open_encoder
from assistant.settings import EmbedSettings, Settings


class WardroundEmbeddings(Embeddings):
    """Texts to vectors of length 1, so that a dot product is a cosine. The weights are loaded at the first text.

    Safe to share among threads. The asynchronous methods run in LangChain's executor.
    """

    def __init__(self, model: str | None = None, *, settings: EmbedSettings | None = None) -> None:
        """
        Args:
            model: a text encoder's registry name (docs/encoders.md): "minilm-int8",
                "sentence-transformers:<name or folder>"; by default what the settings say (`embed.text`,
                WARDROUND_EMBED__TEXT).
            settings: threads, and whether weights may be fetched; by default those of the environment.

        Raises:
            RecipeError: no text encoder is called so; the message lists those that are.
        """
        settings = settings or Settings().embed
        self.model = model or settings.text
        self._encoder: Encoder = open_encoder("text", self.model, settings)

    @property
    def dim(self) -> int:
        """How long a vector is."""
        return self._encoder.dim

    @property
    def fingerprint(self) -> str:
        """What an index's vectors are known by."""
        return self._encoder.fingerprint

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector a text, in their order. Raises WeightsMissing."""
        return self._encoder.encode(texts).tolist() if texts else []

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question; questions and passages are encoded alike. Raises WeightsMissing."""
        return self.embed_documents([text])[0]
