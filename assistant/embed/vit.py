"""The default image encoder: the ViT-S/14 backbone of a saliency model, on onnxruntime, without torch.

The backbone has DINOv2-small's shape (Oquab et al. 2023). It was not trained on medical pictures: it puts pictures
of the same make-up side by side and knows no findings. docs/encoders.md says how far that goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assistant import weights
from assistant.embed.onnx_session import for_each_batch, open_session, with_output
from assistant.embed.registry import fingerprint
from assistant.records import Image, Kind, Signal
from assistant.settings import EmbedSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDE = 224
TOKENS_OUTPUT = "/backbone/layernorm/Add_1_output_0"  # (batch, 1 + 16 × 16, 384): CLS, then the patches
MEAN = (0.485, 0.456, 0.406)  # ImageNet's, of pixels in 0..1; the model was trained with them
DEVIATION = (0.229, 0.224, 0.225)


class VitFocusEncoder:
    """Pictures to 384 dimensions: `Image.pixels`, uint8, (height, width) grey or (height, width, 3) RGB."""

    name = "vit-s-focus"
    kind: Kind = "image"
    dim = 384

    def __init__(self, settings: EmbedSettings) -> None:
        self._fetch = settings.fetch_weights
        self._threads = settings.threads
        self.fingerprint = fingerprint(weights.weights("vit-s-focus").sha256, "longest side 224, black", "cls", 1)

    @cached_property
    def _session(self) -> Any:
        """Opened at the first picture: an index that is up to date asks for the fingerprint alone."""
        path = weights.locate("vit-s-focus", fetch=self._fetch)
        return open_session(with_output(path.read_bytes(), TOKENS_OUTPUT))

    def encode(self, items: Sequence[str | Image | Signal]) -> NDArray[np.float32]:
        """Vectors of pictures, float32 (len(items), 384), each of length 1.

        Raises ValueError when pixels are not uint8, (height, width) or (height, width, 3).
        """
        import numpy as np

        images = [item for item in items if isinstance(item, Image)]
        if len(images) != len(items):
            raise TypeError("vit-s-focus encodes images only")
        vectors = np.empty((len(images), self.dim), np.float32)

        def compute(index: int) -> None:  # one at a time: batches of up to 8 were no faster and take more memory
            (tokens,) = self._session.run([TOKENS_OUTPUT], {"input_image": prepare(images[index])[None]})
            cls = tokens[0, 0]
            vectors[index] = cls / np.linalg.norm(cls)

        for_each_batch(compute, range(len(images)), self._threads)
        return vectors


def prepare(image: Image) -> NDArray[np.float32]:
    """What the model takes: float32 (3, 224, 224), about -2.1 to 2.6.

    The longest side becomes 224 and the rest is black, so the aspect ratio is kept and nothing is cropped away.
    Grey becomes three like channels.
    """
    import numpy as np
    from PIL import Image as Picture

    pixels = image.pixels
    grey, colour = pixels.ndim == 2, pixels.ndim == 3 and pixels.shape[2] == 3
    if pixels.dtype != np.uint8 or not (grey or colour) or pixels.size == 0:
        raise ValueError(f"an image's pixels must be uint8, (h, w) or (h, w, 3); got {pixels.dtype} {pixels.shape}")
    picture = Picture.fromarray(pixels).convert("RGB")
    scale = SIDE / max(picture.size)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    canvas = Picture.new("RGB", (SIDE, SIDE))
    canvas.paste(
        picture.resize((width, height), Picture.Resampling.BICUBIC), ((SIDE - width) // 2, (SIDE - height) // 2)
    )
    scaled = np.asarray(canvas, np.float32) / 255.0
    return np.ascontiguousarray(
        ((scaled - np.array(MEAN, np.float32)) / np.array(DEVIATION, np.float32)).transpose(2, 0, 1)
    )
