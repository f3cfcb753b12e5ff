"""Fewer dimensions, for encoders that were trained to be cut, and for no others."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.embed import open_encoder
from assistant.embed.truncated import TruncatedEncoder, is_trained_for_it
from assistant.errors import RecipeError
from assistant.settings import EmbedSettings


class Nested:
    """Three vectors of four dimensions, the first two of which say nearly all."""

    name, kind, dim, fingerprint, truncatable = "nested", "text", 4, "abc", True

    def encode(self, items):
        rows = np.array([[0.8, 0.6, 0, 0], [0.6, 0.8, 0, 0], [0, 0, 0, 1]], np.float32)
        return rows[: len(items)]


def test_the_first_dimensions_are_kept_and_made_length_one():
    cut = TruncatedEncoder(Nested(), 1)
    vectors = cut.encode(["a", "b", "c"])
    assert vectors.shape == (3, 1) == (3, cut.dim)
    np.testing.assert_allclose(vectors, [[1], [1], [0]], atol=1e-6)
    np.testing.assert_allclose(TruncatedEncoder(Nested(), 2).encode(["a"]), [[0.8, 0.6]], atol=1e-6)


def test_cut_vectors_are_another_encoders_vectors():
    assert len({TruncatedEncoder(Nested(), n).fingerprint for n in (1, 2, 4)}) == 3
    assert TruncatedEncoder(Nested(), 4).fingerprint == Nested.fingerprint


def test_what_was_not_trained_for_it_is_refused():
    with pytest.raises(RecipeError, match=r"minilm-int8.*not trained to be cut"):
        open_encoder("text", "minilm-int8", EmbedSettings(text_dimensions=128))
    with pytest.raises(RecipeError, match="has 4 dimensions"):
        TruncatedEncoder(Nested(), 5)


def test_the_models_card_says_whether_it_may_be_cut(tmp_path):
    assert not is_trained_for_it(str(tmp_path))
    (tmp_path / "README.md").write_text("---\ntags:\n- sentence-transformers\n- loss:MatryoshkaLoss\n---\n")
    assert is_trained_for_it(str(tmp_path))
    assert not is_trained_for_it("no/such-model-anywhere")
