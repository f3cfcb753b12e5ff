"""The families behind the extra `models`, on small models of random weights made here; nothing is downloaded."""

from __future__ import annotations

import contextlib
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.embed import open_encoder
from assistant.errors import MissingExtra, RecipeError, WeightsMissing
from assistant.records import Image
from assistant.settings import EmbedSettings

SETTINGS = EmbedSettings(fetch_weights=False)
EXTRA = "install wardround[models]"


@pytest.fixture(scope="module", autouse=True)
def torchvision_operators() -> Iterator[None]:
    """Where torch is the CPU build and torchvision is not, torchvision's operators must be declared to import it."""
    if not importable("torch"):
        yield
        return
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    for operator in ("nms", "qnms"):
        with contextlib.suppress(RuntimeError):  # it is there
            library.define(operator + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    yield
    del library  # kept until here, or the operators would go


def importable(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


@pytest.mark.skipif(importable("sentence_transformers"), reason="sentence-transformers is installed")
def test_without_the_extra_the_way_to_sentence_transformers_is_named() -> None:
    with pytest.raises(MissingExtra, match=r"pip install 'wardround\[models\]'"):
        open_encoder("text", "sentence-transformers:all-MiniLM-L6-v2", SETTINGS)


@pytest.mark.skipif(importable("open_clip"), reason="open_clip is installed")
def test_without_the_extra_the_way_to_open_clip_is_named() -> None:
    with pytest.raises(MissingExtra, match=r"open_clip_torch is not installed: pip install 'wardround\[models\]'"):
        open_encoder("image", "open-clip:ViT-B-32@openai", SETTINGS)


@pytest.fixture(scope="module")
def bert_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers folder: one layer of BERT, 16 dimensions, over the shipped vocabulary."""
    pytest.importorskip("sentence_transformers", reason=EXTRA)
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    from assistant.embed.minilm import load_tokenizer

    folder = tmp_path_factory.mktemp("bert")
    config = BertConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, max_position_embeddings=64
    )
    BertModel(config).save_pretrained(folder / "plain")
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=load_tokenizer(), **names).save_pretrained(folder / "plain")
    transformer = Transformer(str(folder / "plain"), max_seq_length=32)
    SentenceTransformer(modules=[transformer, Pooling(16)], device="cpu").save(str(folder / "whole"))
    return folder / "whole"


def test_a_sentence_transformers_folder_is_opened_without_a_network(bert_folder: Path) -> None:
    encoder = open_encoder("text", f"sentence-transformers:{bert_folder}", SETTINGS)
    vectors = encoder.encode(["no effusion", "", "effusion " * 100])
    assert (vectors.dtype, vectors.shape, encoder.dim) == (np.float32, (3, 16), 16)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert encoder.encode([]).shape == (0, 16)
    assert len(encoder.fingerprint) == 16


def test_what_is_no_model_is_named(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers", reason=EXTRA)
    with pytest.raises(WeightsMissing, match="could not be opened"):
        open_encoder("text", f"sentence-transformers:{tmp_path / 'nothing'}", SETTINGS)


@pytest.fixture(scope="module")
def clip_name(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A CLIP of one layer and 32 dimensions with random weights, as a local folder in open_clip's layout."""
    open_clip = pytest.importorskip("open_clip", reason=EXTRA)
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("clip")
    config = {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 64, "patch_size": 16},
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 1},
    }
    torch.manual_seed(0)
    model = open_clip.CLIP(**config)
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    preprocess = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": preprocess}))
    return f"open-clip:local-dir:{folder}"


def test_an_open_clip_folder_gives_pictures_and_texts_one_space(clip_name: str) -> None:
    encoder: Any = open_encoder("image", clip_name, SETTINGS)
    grey, colour = Image(np.zeros((40, 20), np.uint8)), Image(np.full((20, 40, 3), 200, np.uint8))
    pictures, texts = encoder.encode([grey, colour]), encoder.encode_text(["chest x-ray", ""])
    for vectors in (pictures, texts):
        assert (vectors.dtype, vectors.shape, encoder.dim) == (np.float32, (2, 32), 32)
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(2), abs=1e-5)
    assert abs(pictures[0] - pictures[1]).max() > 0.01
    assert encoder.encode([]).shape == (0, 32)


def test_an_architecture_without_weights_is_refused_with_its_tags() -> None:
    pytest.importorskip("open_clip", reason=EXTRA)
    with pytest.raises(RecipeError, match="names no weights: use open-clip:ViT-B-32@ and one of openai"):
        open_encoder("image", "open-clip:ViT-B-32", SETTINGS)
