"""PNG, JPEG, TIFF and BMP become pixels that stand the right way up."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow

from assistant.errors import UnreadableFile
from assistant.ingest import read_file
from assistant.settings import IngestSettings

LIMITS = IngestSettings()


def pixels_of(path):
    (record,) = read_file(path, LIMITS)
    assert (record.kind, record.modality) == ("image", "OT")
    return record.image.pixels


def test_grey_png_keeps_its_values(tmp_path):
    values = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
    Pillow.fromarray(values).save(tmp_path / "a.png")
    assert np.array_equal(pixels_of(tmp_path / "a.png"), values)


def test_rgb_of_equal_channels_becomes_grey_and_real_colour_stays(tmp_path):
    grey = np.full((5, 6, 3), 77, dtype=np.uint8)
    Pillow.fromarray(grey).save(tmp_path / "grey.png")
    colour = grey.copy()
    colour[0, 0] = (255, 0, 0)
    Pillow.fromarray(colour).save(tmp_path / "colour.png")
    assert pixels_of(tmp_path / "grey.png").shape == (5, 6)
    assert np.array_equal(pixels_of(tmp_path / "colour.png"), colour)


def test_transparent_parts_are_shown_on_white(tmp_path):
    rgba = np.zeros((2, 2, 4), dtype=np.uint8)
    rgba[0, 0] = (10, 20, 30, 255)
    Pillow.fromarray(rgba, "RGBA").save(tmp_path / "a.png")
    pixels = pixels_of(tmp_path / "a.png")
    assert pixels[0, 0].tolist() == [10, 20, 30]
    assert pixels[1, 1].tolist() == [255, 255, 255]


def test_palette_becomes_rgb(tmp_path):
    picture = Pillow.new("P", (2, 1))
    picture.putpalette([0, 0, 0, 200, 100, 50])
    picture.putpixel((1, 0), 1)
    picture.save(tmp_path / "a.png")
    assert pixels_of(tmp_path / "a.png").tolist() == [[[0, 0, 0], [200, 100, 50]]]


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bits_are_stretched_in_order(tmp_path, name):
    values = np.linspace(0, 4095, 100 * 100).reshape(100, 100).astype(np.uint16)
    Pillow.fromarray(values).save(tmp_path / name)
    pixels = pixels_of(tmp_path / name)
    assert (pixels[0, 0], pixels[-1, -1]) == (0, 255)
    assert abs(int(pixels[50, 0]) - 128) <= 2


def test_exif_orientation_is_applied(tmp_path):
    values = np.zeros((4, 8), dtype=np.uint8)
    values[0, 0] = 255  # top left as stored; orientation 6 means: turn by 90 degrees clockwise to show
    exif = Pillow.Exif()
    exif[0x0112] = 6
    exif[0x0132] = "2019:03:04 05:06:07"
    Pillow.fromarray(values).save(tmp_path / "a.tif", exif=exif)
    (record,) = read_file(tmp_path / "a.tif", LIMITS)
    assert record.image.pixels.shape == (8, 4)
    assert record.image.pixels[0, 3] == 255
    assert record.taken_at.isoformat() == "2019-03-04T05:06:07"


def test_content_counts_and_not_the_name(tmp_path):
    Pillow.new("L", (3, 3), 9).save(tmp_path / "a.png")
    for name in ("photo.jpg", "photo", "photo.dcm", "photo.txt"):
        (tmp_path / name).write_bytes((tmp_path / "a.png").read_bytes())
        assert pixels_of(tmp_path / name).tolist() == [[9] * 3] * 3


def test_cut_off_picture_says_so(tmp_path):
    stream = io.BytesIO()
    Pillow.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8)).save(stream, "PNG")
    (tmp_path / "a.png").write_bytes(stream.getvalue()[:2000])
    with pytest.raises(UnreadableFile, match="damaged picture"):
        read_file(tmp_path / "a.png", LIMITS)


def test_too_many_pixels_are_refused_with_the_limit_named(tmp_path):
    Pillow.new("1", (2000, 1000)).save(tmp_path / "bomb.png")
    with pytest.raises(UnreadableFile, match=r"2000 × 1000 pixels .*ingest\.max_pixels"):
        read_file(tmp_path / "bomb.png", IngestSettings(max_pixels=1_000_000))
