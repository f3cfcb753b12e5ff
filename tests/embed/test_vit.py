"""The default image encoder: the preparation by hand, the vectors on the real model where its weights are here."""

from __future__ import annotations

import numpy as np
import pytest

from assistant import weights
from assistant.embed import open_encoder
from assistant.embed.vit import prepare
from assistant.errors import WeightsMissing
from assistant.records import Image
from assistant.settings import EmbedSettings

BLACK = np.array([-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225], np.float32)
WHITE = np.array([0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225], np.float32)


def test_a_wide_picture_keeps_its_shape_between_black_bars() -> None:
    prepared = prepare(Image(np.full((50, 100), 255, np.uint8)))  # becomes 112 rows of 224
    assert prepared.shape == (3, 224, 224)
    assert prepared.dtype == np.float32
    for row, expected in ((0, BLACK), (55, BLACK), (56, WHITE), (167, WHITE), (168, BLACK)):
        assert prepared[:, row, 100] == pytest.approx(expected, abs=1e-5)


def test_grey_and_the_same_in_colour_are_the_same() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    assert (prepare(Image(grey)) == prepare(Image(np.stack([grey] * 3, axis=2)))).all()


def test_a_line_of_pixels_is_still_a_picture() -> None:
    assert prepare(Image(np.zeros((1, 5_000), np.uint8))).shape == (3, 224, 224)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((8, 8), np.uint16),
        np.zeros((8, 8), np.float32),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((2, 8, 8, 3), np.uint8),
        np.zeros((0, 8), np.uint8),
    ],
)
def test_other_pixels_are_refused_with_what_came(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"must be uint8, \(h, w\) or \(h, w, 3\); got " + str(pixels.dtype)):
        prepare(Image(pixels))


@pytest.fixture(scope="module")
def encoder():  # type: ignore[no-untyped-def]
    try:
        weights.locate("vit-s-focus")
    except WeightsMissing as missing:
        pytest.skip(str(missing))
    return open_encoder("image", "vit-s-focus", EmbedSettings())


def test_likeness_survives_size_and_brightness_but_not_content(encoder) -> None:  # type: ignore[no-untyped-def]
    rows, columns = np.mgrid[0:200, 0:160]
    disc = np.where((rows - 100) ** 2 + (columns - 80) ** 2 < 50**2, 200, 30).astype(np.uint8)
    larger, darker = np.kron(disc, np.ones((2, 2), np.uint8)), (disc * 0.9).astype(np.uint8)
    stripes = (columns // 8 % 2 * 255).astype(np.uint8)
    vectors = encoder.encode([Image(p) for p in (disc, larger, darker, stripes)])
    assert vectors.shape == (4, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    like, unlike = vectors[0] @ vectors[1:3].T, vectors[0] @ vectors[3]
    assert like.min() > 0.95
    assert unlike < like.min() - 0.2


def test_neighbours_do_not_change_a_vector(encoder) -> None:  # type: ignore[no-untyped-def]
    first, second = (Image(np.full((20, 20), grey, np.uint8)) for grey in (10, 240))
    assert encoder.encode([first, second])[1] == pytest.approx(encoder.encode([second])[0], abs=1e-5)
    assert encoder.encode([]).shape == (0, 384)


def test_a_text_is_refused(encoder) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TypeError, match="images only"):
        encoder.encode(["chest"])
