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
    grey[1] = 99
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
    values = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    Pillow.fromarray(np.array(values, dtype=np.uint8)).save(tmp_path / "a.png")
    for name in ("photo.jpg", "photo", "photo.dcm", "photo.txt"):
        (tmp_path / name).write_bytes((tmp_path / "a.png").read_bytes())
        assert pixels_of(tmp_path / name).tolist() == values


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


def saved(picture, fmt, **options):
    stream = io.BytesIO()
    picture.save(stream, fmt, **options)
    return stream.getvalue()


def ramp(height=60, width=90):
    """Red rises to the right, green to the bottom."""
    rows, columns = np.mgrid[:height, :width]
    blue = np.full_like(rows, 30)
    return np.stack([columns * 255 // (width - 1), rows * 255 // (height - 1), blue], axis=-1).astype(np.uint8)


LOSSLESS = {
    "PNG": {}, "BMP": {}, "WEBP": {"lossless": True}, "TIFF": {}, "TIFF lzw": {"compression": "tiff_lzw"},
    "TIFF deflate": {"compression": "tiff_adobe_deflate"}, "TIFF big": {"big_tiff": True},
}  # fmt: skip
LOSSY = {"JPEG": {"quality": 95}, "JPEG progressive": {"quality": 95, "progressive": True}, "GIF": {},
         "TIFF jpeg": {"compression": "jpeg"}}  # fmt: skip


@pytest.mark.parametrize("name", LOSSLESS | LOSSY)
def test_formats_give_the_same_picture_and_a_cut_off_one_none(name, tmp_path):
    options = (LOSSLESS | LOSSY)[name]
    data = saved(Pillow.fromarray(ramp()), name.split()[0], **options)
    (tmp_path / "a").write_bytes(data)
    difference = np.abs(pixels_of(tmp_path / "a").astype(int) - ramp())
    assert difference.max() == 0 if name in LOSSLESS else difference.mean() < 8
    for share in (0.5, 0.9):
        (tmp_path / "a").write_bytes(data[: int(share * len(data))])
        with pytest.raises(UnreadableFile, match="damaged picture"):
            read_file(tmp_path / "a", LIMITS)


def test_cmyk_becomes_rgb(tmp_path):
    (tmp_path / "a.tif").write_bytes(saved(Pillow.fromarray(ramp()).convert("CMYK"), "TIFF"))
    assert np.abs(pixels_of(tmp_path / "a.tif").astype(int) - ramp()).max() <= 1


def test_white_is_zero_is_turned_round(tmp_path):
    values = np.linspace(0, 60_000, 64 * 64).reshape(64, 64).astype(np.uint16)
    data = saved(Pillow.fromarray(values), "TIFF")
    black_is_zero = bytes.fromhex("0601 0300 01000000 0100")  # PhotometricInterpretation, one SHORT
    assert black_is_zero in data
    (tmp_path / "a.tif").write_bytes(data.replace(black_is_zero, black_is_zero[:-2] + b"\0\0"))
    pixels = pixels_of(tmp_path / "a.tif")
    assert (pixels[0, 0], pixels[-1, -1]) == (255, 0)


def test_floating_point_is_stretched_and_gaps_are_dark(tmp_path):
    values = np.linspace(-1, 1, 64 * 64).reshape(64, 64).astype(np.float32)
    values[10] = np.nan
    Pillow.fromarray(values).save(tmp_path / "a.tif")
    pixels = pixels_of(tmp_path / "a.tif")
    assert (pixels[0, 0], pixels[-1, -1], pixels[10, 5]) == (0, 255, 0)


def test_of_many_pages_three_are_read(tmp_path):
    pages = [Pillow.fromarray(np.tile(np.arange(60, dtype=np.uint8), (40, 1)) + n) for n in range(9)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    records = read_file(tmp_path / "a.tif", LIMITS)
    assert [record.part for record in records] == ["frame 2", "frame 5", "frame 8"]
    assert [record.image.pixels[0, 0] for record in records] == [1, 4, 7]
    assert {record.fields["frames"] for record in records} == {9}
    with pytest.raises(UnreadableFile, match=r"9 frames .*ingest\.max_frames"):
        read_file(tmp_path / "a.tif", IngestSettings(max_frames=8))


def test_a_blank_picture_is_set_aside_and_a_poor_one_says_so(tmp_path):
    Pillow.new("RGB", (200, 200), (0, 0, 0)).save(tmp_path / "black.png")
    with pytest.raises(UnreadableFile, match="blank: every pixel has the same value"):
        read_file(tmp_path / "black.png", LIMITS)
    noise = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)
    cases = {"": noise, "tiny": noise[:90], "blank": 100 + noise // 200, "saturated": noise.copy()}
    cases["saturated"][40:160] = 255
    for words, values in cases.items():
        Pillow.fromarray(values).save(tmp_path / "a.png")
        (record,) = read_file(tmp_path / "a.png", LIMITS)
        assert record.fields.get("quality", "") == words


def test_metadata_of_a_photograph_becomes_no_field(tmp_path):
    exif = Pillow.Exif()
    exif[0x010E], exif[0x013B], exif[0x9286] = "Jane Doe, born 1950", "Dr Roe", "MRN 12345"
    Pillow.fromarray(ramp()).save(tmp_path / "a.jpg", exif=exif, comment=b"Jane Doe")
    (record,) = read_file(tmp_path / "a.jpg", LIMITS)
    assert set(record.fields) == {"width", "height", "format", "quality"}
    assert record.title is None
