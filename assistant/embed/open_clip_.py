"""Any open_clip model as image encoder whose space texts share: "open-clip:<model>[@<pretrained>]".

Needs the extra `models`. `model` is an architecture ("ViT-B-32") with the tag or the checkpoint file of its weights
behind the @, or names both at once: "hf-hub:microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224",
"local-dir:/models/unimed-clip". Radford et al. 2021 (CLIP); Cherti et al. 2023 (open_clip).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from assistant.embed.registry import fingerprint
from assistant.errors import MissingExtra, RecipeError, WeightsMissing
from assistant.records import Image, Kind, Signal
from assistant.settings import EmbedSettings

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

BATCH = 16
CARRIES_WEIGHTS = ("hf-hub:", "local-dir:")


class OpenClipEncoder:
    """Pictures and texts to the model's joint space; pictures are prepared as the model's own settings say."""

    kind: Kind = "image"

    def __init__(self, model: str, settings: EmbedSettings) -> None:
        if find_spec("open_clip") is None:  # one that is there but broken shall show its own error
            raise MissingExtra("open_clip_torch", "models")
        import open_clip
        import torch

        from assistant.embed.torch_weights import state_digest

        architecture, _, pretrained = model.partition("@")
        if not pretrained and not architecture.startswith(CARRIES_WEIGHTS):
            tags = ", ".join(open_clip.list_pretrained_tags_by_model(architecture)) or "a checkpoint file of yours"
            raise RecipeError(f"open-clip:{model} names no weights: use open-clip:{architecture}@ and one of {tags}")
        torch.set_num_threads(settings.threads)
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            self._model, _, self._prepare = open_clip.create_model_and_transforms(
                architecture, pretrained=pretrained or None, device=self._device, weights_only=True
            )
            self._tokenize = open_clip.get_tokenizer(architecture)
        except (OSError, RuntimeError, ValueError) as error:
            raise WeightsMissing(f"open-clip:{model} could not be opened: {error}") from error
        self._model.eval()
        self._one_at_a_time = threading.Lock()  # its tokenizer keeps state that threads would share
        self.name = f"open-clip:{model}"
        self.dim = self.encode_text(["length"]).shape[1]
        self.fingerprint = fingerprint(state_digest(self._model), str(self._prepare), "unit length", 1)

    def encode(self, items: Sequence[str | Image | Signal]) -> NDArray[np.float32]:
        """Vectors of pictures, float32 (len(items), dim), each of length 1."""
        import torch
        from PIL import Image as Picture

        images = [item for item in items if isinstance(item, Image)]
        if len(images) != len(items):
            raise TypeError(f"{self.name} encodes images; texts go to encode_text")
        vectors = []
        for start in range(0, len(images), BATCH):
            pictures = [Picture.fromarray(image.pixels).convert("RGB") for image in images[start : start + BATCH]]
            pixels = torch.stack([self._prepare(picture) for picture in pictures]).to(self._device)
            with torch.inference_mode():
                vectors.append(self._model.encode_image(pixels, normalize=True))
        return self._joined(vectors)

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of texts in the pictures' space, float32 (len(texts), dim), each of length 1."""
        import torch

        vectors = []
        for start in range(0, len(texts), BATCH):
            with self._one_at_a_time:
                tokens = self._tokenize(list(texts[start : start + BATCH])).to(self._device)
            with torch.inference_mode():
                vectors.append(self._model.encode_text(tokens, normalize=True))
        return self._joined(vectors)

    def _joined(self, batches: list[torch.Tensor]) -> NDArray[np.float32]:
        import numpy as np

        if not batches:
            return np.empty((0, self.dim), np.float32)
        return np.concatenate([batch.float().cpu().numpy() for batch in batches])
