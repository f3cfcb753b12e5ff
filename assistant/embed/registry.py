"""The one front door to every encoder: `open_encoder("text", "minilm-int8", settings)`.

An entry names a module and a class in it; nothing is imported before it is asked for. A family ("open-clip:…")
takes what stands behind the colon as its model. A new encoder is a new file and a line in `ENTRIES`.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from assistant.errors import RecipeError
from assistant.records import Image, Kind, Signal
from assistant.settings import EmbedSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Encoder(Protocol):
    """Items of one kind to vectors.

    `dim` is the vectors' length. `fingerprint` is a short hex that changes whenever the vectors of the same items
    would: an index built with one fingerprint is not searched with another.
    """

    name: str
    kind: Kind
    dim: int
    fingerprint: str

    def encode(self, items: Sequence[str | Image | Signal]) -> NDArray[np.float32]:
        """Vectors of the items, in their order: float32, (len(items), dim), each of length 1."""
        ...


class JointEncoder(Encoder, Protocol):
    """An encoder of images whose space texts share."""

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of texts in the same space: float32, (len(texts), dim), each of length 1."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """Where an encoder's class is: a module of this room. A `family` takes (model, settings), the others (settings).
    What is `joint` is a `JointEncoder`. `languages` are those alone that a text encoder understands (ISO 639-1 codes);
    () where it may understand any."""

    name: str
    kinds: tuple[Kind, ...]
    module: str
    class_name: str
    family: bool = False
    joint: bool = False
    languages: tuple[str, ...] = ()


ENTRIES: tuple[Entry, ...] = (
    Entry("minilm-int8", ("text",), "minilm", "MiniLmEncoder", languages=("en",)),
    Entry("minilm", ("text",), "minilm", "MiniLmEncoder", languages=("en",)),
    Entry("minilm-w8a8", ("text",), "minilm_w8a8", "MiniLmIntegerEncoder", languages=("en",)),
    Entry("vit-s-focus", ("image",), "vit", "VitFocusEncoder"),
    Entry("ecg-shape", ("signal",), "ecg", "EcgShapeEncoder"),
    Entry("sentence-transformers", ("text",), "sentence_transformers_", "SentenceTransformersEncoder", family=True),
    Entry("open-clip", ("image",), "open_clip_", "OpenClipEncoder", family=True, joint=True),
)

_opened: dict[tuple[str, str, str], Encoder] = {}
_opening = threading.Lock()


def open_encoder(kind: Kind, name: str, settings: EmbedSettings) -> Encoder:
    """The encoder of that name, opened once a process for each name and settings; safe to share among threads.

    Args:
        kind: what it must encode: "text", "image" or "signal".
        name: "minilm-int8", "minilm-w8a8", "vit-s-focus", "ecg-shape", "sentence-transformers:<name or folder>" or
            "open-clip:<model>[@<pretrained tag or file>]".
        settings: threads, and whether weights may be fetched.

    Raises:
        RecipeError: no such encoder, or it encodes another kind; the message lists those that would do. Also where
            `embed.text_dimensions` asks a text encoder for fewer dimensions that was not trained to give them.
        WeightsMissing: its weights are not here and could not be fetched.
        MissingExtra: the library behind a family is not installed.
    """
    entry, model = _find(kind, name)
    key = (entry.class_name, model, settings.model_dump_json())
    with _opening:
        if key not in _opened:
            encoder_class = getattr(importlib.import_module(f"assistant.embed.{entry.module}"), entry.class_name)
            encoder: Any = encoder_class(model, settings) if entry.family else encoder_class(settings)
            if kind == "text" and settings.text_dimensions:
                from assistant.embed.truncated import TruncatedEncoder

                encoder = TruncatedEncoder(encoder, settings.text_dimensions)
            _opened[key] = cast(Encoder, encoder)
        return _opened[key]


def is_joint(name: str) -> bool:
    """Whether the encoder of that name puts texts into the space of its pictures; it need not be opened for that."""
    family = name.partition(":")[0]
    return any(entry.joint for entry in ENTRIES if entry.name == family)


def languages_of(name: str) -> tuple[str, ...]:
    """The languages alone that the encoder of that name understands; () where it may understand any."""
    family = name.partition(":")[0]
    return next((entry.languages for entry in ENTRIES if entry.name == family), ())


def fingerprint(*parts: object) -> str:
    """Short hex of what decides an encoder's vectors: weights' hash, version of the preparation, output settings."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _find(kind: Kind, name: str) -> tuple[Entry, str]:
    family, colon, model = name.partition(":")
    for entry in ENTRIES:
        if entry.name != family or entry.family != bool(colon and model):
            continue
        if kind not in entry.kinds:
            raise RecipeError(
                f"encoder {name!r} is for {' and '.join(entry.kinds)}, not for {kind}: use {_choices(kind)}"
            )
        return entry, model
    raise RecipeError(f"no {kind} encoder named {name!r}: use {_choices(kind)}")


def _choices(kind: Kind) -> str:
    names = [f"{e.name}:<model>" if e.family else e.name for e in ENTRIES if kind in e.kinds]
    return " or ".join(names)
