"""The text encoder that multiplies in integers, against the exact one."""

from __future__ import annotations

import numpy as np
import pytest

from assistant import weights
from assistant.embed import open_encoder
from assistant.embed.minilm_graph import FloatModel, integer_model, points, products_saturate, read_weights
from assistant.embed.minilm_w8a8 import RANGES, MiniLmIntegerEncoder
from assistant.embed.onnx_session import open_session
from assistant.errors import MissingExtra
from assistant.settings import EmbedSettings

pytest.importorskip("onnx", reason="install wardround[fast]")

TEXTS = [
    "There is a small right pleural effusion.",
    "Fluid in the right pleural space.",
    "Sinus rhythm, 61 beats per minute. " * 9,
    "",
    "What is the treatment of acute asthma in children?",
    "Effusion. " * 500,
    "Épanchement pleural à droite — 中文",
]


@pytest.fixture(scope="module")
def exact():
    return open_encoder("text", "minilm-int8", EmbedSettings())


@pytest.fixture(scope="module")
def quick():
    return open_encoder("text", "minilm-w8a8", EmbedSettings())


def test_its_vectors_are_near_the_exact_ones(exact, quick):
    found = quick.encode(TEXTS)
    assert found.shape == (7, 384) and np.linalg.norm(found, axis=1) == pytest.approx(np.ones(7), abs=1e-5)
    cosines = (found * exact.encode(TEXTS)).sum(axis=1)
    assert np.delete(cosines, 3).min() > 0.99 and cosines[3] > 0.97  # the one of no words
    assert quick.fingerprint != exact.fingerprint


def test_a_vector_does_not_depend_on_what_stands_beside_it(quick):
    together = quick.encode(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        assert np.array_equal(quick.encode([text])[0], vector)
    assert np.array_equal(quick.encode(TEXTS[::-1])[::-1], together)


def test_processors_that_need_unsigned_weights_get_the_same_vectors(quick):
    """Without VNNI a product of unsigned and signed bytes would overflow; the other form gives the same integers."""
    assert products_saturate() in (False, True)
    other = MiniLmIntegerEncoder(EmbedSettings())
    for unsigned in (False, True):
        model = integer_model(weights.locate("minilm-int8"), RANGES, unsigned_weights=unsigned)
        other.__dict__["_session"] = open_session(model)
        if not unsigned and products_saturate():
            continue
        assert np.array_equal(other.encode(TEXTS), quick.encode(TEXTS))


def test_the_compact_graph_computes_what_the_packaged_one_does(exact):
    model = read_weights(weights.locate("minilm-int8"))
    session = open_session(FloatModel().model(model, ("0.in", "5.wide")).SerializeToString())
    ids = np.array([[101, 2182, 2003, 1037, 102], [101, 4895, 102, 0, 0]])
    feed = {"input_ids": ids, "attention_mask": np.int64(ids > 0)}
    hidden, first, wide = session.run(None, feed)
    assert (hidden.shape, first.shape, wide.shape) == ((2, 5, 384), (2, 5, 384), (2, 5, 1536))
    packaged = open_session(weights.locate("minilm-int8"))
    (told,) = packaged.run(["last_hidden_state"], {**feed, "token_type_ids": ids * 0})
    assert np.abs(hidden - told)[ids > 0].max() < 1e-4


def test_the_ranges_hold_a_factor_a_channel_at_every_point():
    with np.load(RANGES) as stored:
        assert set(stored.files) == {"bounds", *points()}
        assert stored["bounds"].shape == (24, 2) and (stored["bounds"][:, 0] <= 0).all()
        assert {name: len(stored[name]) for name in points()} == {
            name: 1536 if name.endswith("wide") else 384 for name in points()
        }


def test_without_onnx_the_error_names_the_extra(monkeypatch):
    monkeypatch.setattr("assistant.embed.minilm_w8a8.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"wardround\[fast\]"):
        MiniLmIntegerEncoder(EmbedSettings())
