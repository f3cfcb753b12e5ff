"""What the families on torch share: a model and its tokenizer, opened from a folder or by hub name."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from assistant.errors import MissingExtra, WeightsMissing
from assistant.settings import EmbedSettings


def open_config(family: str, model: str, settings: EmbedSettings) -> Any:
    """The model's configuration. Raises as `open_transformers`."""
    return _from_pretrained("AutoConfig", family, model, settings)


def open_transformers(auto_class: str, family: str, model: str, settings: EmbedSettings) -> tuple[Any, Any, str]:
    """(tokenizer, model on its device, digest of its weights). Code that a model brings along is not run.

    Raises:
        MissingExtra: transformers or torch is not installed.
        WeightsMissing: neither a folder nor a name that the hub or its local cache gives.
    """
    tokenizer = _from_pretrained("AutoTokenizer", family, model, settings)
    opened = _from_pretrained(auto_class, family, model, settings)
    import torch

    from assistant.embed.torch_weights import state_digest

    torch.set_num_threads(settings.threads)
    opened = opened.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    return tokenizer, opened, state_digest(opened)


def _from_pretrained(auto_class: str, family: str, model: str, settings: EmbedSettings) -> Any:
    for library in ("transformers", "torch"):
        if find_spec(library) is None:  # one that is there but broken shall show its own error
            raise MissingExtra(library, "models")
    import transformers

    local = Path(model).expanduser()
    try:
        return getattr(transformers, auto_class).from_pretrained(
            str(local) if local.is_dir() else model, local_files_only=local.is_dir() or not settings.fetch_weights
        )
    except (OSError, ValueError) as error:
        raise WeightsMissing(
            f"{family}:{model} could not be opened: it is neither a folder that transformers saved nor a model that "
            f"the Hugging Face hub or its local cache gives ({error})"
        ) from error


def window(tokenizer: Any, model: Any, otherwise: int) -> int:
    """How many tokens the model reads at once; some tokenizers say an absurd number instead, some models too few."""
    limits = [tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", None)]
    sane = [int(limit) for limit in limits if limit and limit < 100_000]
    offset = 2 if "roberta" in str(getattr(model.config, "model_type", "")) else 0  # positions 0 and 1 are padding
    return min(sane) - offset if sane else otherwise
