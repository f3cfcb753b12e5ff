"""The default text encoder, on the real model."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from assistant.embed import open_encoder
from assistant.embed.minilm import length_sorted_batches, load_tokenizer
from assistant.records import Image
from assistant.settings import EmbedSettings

TEXTS = [
    "There is a small right pleural effusion.",
    "Fluid in the right pleural space.",
    "The lungs are clear.",
    "Sinus rhythm, 61 beats per minute.",
    "",
    "Effusion. " * 500,
    "Épanchement pleural à droite — 中文",
]


@pytest.fixture(scope="module")
def encoder():  # type: ignore[no-untyped-def]
    return open_encoder("text", "minilm-int8", EmbedSettings())


def test_vectors_have_length_one_also_for_nothing_and_for_too_much(encoder) -> None:  # type: ignore[no-untyped-def]
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (7, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(7), abs=1e-5)


def test_what_means_the_same_lies_nearest(encoder) -> None:  # type: ignore[no-untyped-def]
    vectors = encoder.encode(TEXTS[:4])
    assert (vectors[0] @ vectors[1:].T).argmax() == 0


def test_neighbours_and_order_do_not_change_a_vector(encoder) -> None:  # type: ignore[no-untyped-def]
    together = encoder.encode(TEXTS)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    backwards = encoder.encode(TEXTS[::-1])[::-1]
    assert np.abs(together - alone).max() < 1e-5
    assert np.abs(together - backwards).max() < 1e-5


def test_beyond_256_word_pieces_nothing_is_seen(encoder) -> None:  # type: ignore[no-untyped-def]
    long = "effusion " * 254  # and [CLS], [SEP]
    seen, ignored = encoder.encode([long, long + "pneumothorax " * 50])
    assert seen == pytest.approx(ignored, abs=1e-6)


def test_no_texts_give_no_vectors(encoder) -> None:  # type: ignore[no-untyped-def]
    assert encoder.encode([]).shape == (0, 384)


def test_an_image_is_refused(encoder) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TypeError, match="texts only"):
        encoder.encode([Image(np.zeros((4, 4), np.uint8))])


def test_threads_share_one_encoder(encoder) -> None:  # type: ignore[no-untyped-def]
    expected = encoder.encode(TEXTS[:5])
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: encoder.encode(TEXTS[:5]), range(8)):
            assert np.abs(vectors - expected).max() < 1e-5


def test_word_pieces_are_berts() -> None:
    # BERT uncased's own ids: [CLS] 101, [SEP] 102, "the" 1996, "lungs" 8948, "are" 2024, "clear" 3154, "." 1012
    assert load_tokenizer().encode("The LUNGS are clear.").ids == [101, 1996, 8948, 2024, 3154, 1012, 102]
    assert load_tokenizer().encode("Pleuritis").tokens[1:-1] == ["pl", "##eur", "##itis"]


def test_batches_hold_like_lengths_within_the_budget() -> None:
    batches = list(length_sorted_batches([3, 10, 4, 300, 9], 20))
    assert batches == [[3], [1, 4], [2, 0]]  # 300 alone is over the budget; 2 × 10; 2 × 4
    assert list(length_sorted_batches([], 20)) == []


def test_word_pieces_have_vectors_of_their_own(encoder) -> None:  # type: ignore[no-untyped-def]
    tokens = encoder.encode_tokens(TEXTS)
    assert [len(vectors) for vectors in tokens][4] == 2 and len(tokens[5]) == 256  # the special pieces alone; cut off
    mean = tokens[0] @ encoder.encode(TEXTS[:1])[0]
    assert np.linalg.norm(tokens[0], axis=1) == pytest.approx(np.ones(len(tokens[0])), abs=1e-5) and mean.min() > 0
