"""Text burned into pictures."""

import numpy as np
import pytest
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from assistant.ingest.deid.pixels import mask_burned_in, text_lines
from assistant.records import Image


def written(said, at, size=18, ground=0, grey=230, shape=(480, 640)):
    """A picture with soft structure in the middle and a text, and where the text's ink is."""
    y, x = np.mgrid[: shape[0], : shape[1]] / np.float32(60)
    soft = (80 + 50 * np.sin(x) * np.cos(y)).astype(np.uint8)
    soft[: shape[0] // 6] = ground
    soft[-shape[0] // 8 :] = ground
    picture = Picture.fromarray(soft)
    ink = Picture.new("L", picture.size)
    for drawn, fill in ((picture, grey), (ink, 255)):
        ImageDraw.Draw(drawn).text(at, said, fill=fill, font=ImageFont.load_default(size=size))
    return np.asarray(picture), np.asarray(ink) > 128


@pytest.mark.parametrize("said", ["DOE, JANE", "4711-0815", "15.03.1962 10:32", "St. Elsewhere Hospital"])
@pytest.mark.parametrize("size", [12, 18, 30])
@pytest.mark.parametrize("at", [(6, 4), (300, 6), (6, 436)])
def test_a_banner_of_an_ultrasound_without_regions_is_blackened(said, size, at):
    pixels, ink = written(said, at, size)
    found = mask_burned_in(Image(pixels), "US", {})
    assert found.image.pixels[ink].max() == 0
    assert (found.image.pixels[100:380] == pixels[100:380]).all(), "what was imaged stays"
    assert not found.suspect


def test_everything_outside_the_regions_is_blackened_and_nothing_inside():
    pixels, _ = written("DOE, JANE", (6, 4))
    regions = ((10, 80, 300, 400), (320, 90, 640, 420))
    after = mask_burned_in(Image(pixels, regions), "US", {}).image.pixels
    inside = np.zeros(pixels.shape, bool)
    for x0, y0, x1, y1 in regions:
        inside[y0:y1, x0:x1] = True
    assert (after[inside] == pixels[inside]).all()
    assert after[~inside].max() == 0


@pytest.mark.parametrize("modality", ["CR", "DX", "CT", "MR", "MG"])
def test_plain_anatomy_is_never_touched(modality):
    pixels, _ = written("DOE, JANE", (6, 4))
    image = Image(pixels)
    assert mask_burned_in(image, modality, {"burned_in_annotation": "NO"}).image is image


def test_a_radiograph_that_states_text_loses_the_line_and_keeps_its_side_marker():
    pixels, ink = written("DOE, JANE 15.03.1962", (200, 6))
    marker = pixels.copy()
    drawn = Picture.fromarray(marker)
    ImageDraw.Draw(drawn).text((20, 20), "L", fill=255, font=ImageFont.load_default(size=40))
    pixels = np.asarray(drawn)
    after = mask_burned_in(Image(pixels), "DX", {"burned_in_annotation": "YES"}).image.pixels
    assert after[ink].max() == 0
    assert (after[:80, :80] == pixels[:80, :80]).all()


def test_a_colour_picture_is_masked_in_all_its_channels():
    pixels, ink = written("DOE, JANE", (6, 4))
    colour = np.stack([pixels // 2, pixels, pixels // 3], axis=2)
    assert mask_burned_in(Image(colour), "SC", {}).image.pixels[ink].max() == 0


def test_a_large_picture_is_searched_in_reduced_size():
    pixels, ink = written("HERNANDEZ MARIA", (40, 30), size=80, shape=(2400, 3000))
    assert mask_burned_in(Image(pixels), "US", {}).image.pixels[ink].max() == 0


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (8, 1000), (64, 64)])
def test_odd_sizes_and_blank_pictures_hold_no_lines(shape):
    for value in (0, 128, 255):
        assert text_lines(np.full(shape, value, np.uint8)) == []
