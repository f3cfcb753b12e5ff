"""Stored values agree with pydicom's own decoders bit for bit, for every file and every plug-in that can read it."""

import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import pixel_array
from pydicom.uid import JPEGExtended12Bit, SecondaryCaptureImageStorage

from assistant.errors import UnreadableFile
from assistant.ingest import read_file
from assistant.ingest.content import Content, load
from assistant.ingest.dicom.decode import stored_values
from assistant.ingest.dicom.decode_apart import decode_apart, decode_here, expendable
from assistant.ingest.dicom.header import read_header
from assistant.settings import IngestSettings

LIMITS = IngestSettings()
FOLDER = Path(pydicom.__file__).parent / "data" / "test_files"
# What pydicom itself can't decode here: cut off on purpose, frames of "1A", JPEG of 12 bits (see below).
NOT_BY_PYDICOM = {
    "MR_truncated.dcm", "badVR.dcm", "JPEG2000-embedded-sequence-delimiter.dcm", "JPEG-lossy.dcm", "JPGExtended.dcm",
}  # fmt: skip


def pictures(folder: Path) -> list[Path]:
    found = []
    for path in sorted(folder.glob("*.dcm")):
        dataset = pydicom.dcmread(path, force=True)
        if {"PixelData", "FloatPixelData", "DoubleFloatPixelData"} & {e.keyword for e in dataset} and "Rows" in dataset:
            found.append(path)
    return found


def agree(path: Path) -> int:
    """Compare each frame by each plug-in with pydicom's; how many plug-ins could."""
    file = load(path, LIMITS)
    header = read_header(file, LIMITS)
    syntax = header.dataset.file_meta.TransferSyntaxUID
    names = list(get_decoder(syntax).available_plugins) if syntax.is_compressed else [""]
    frames = int(header.dataset.get("NumberOfFrames", 1) or 1)
    able = 0
    dataset = pydicom.dcmread(path, force=True)
    dataset.file_meta.TransferSyntaxUID = syntax
    for name in names:
        for frame in sorted({0, frames // 2, frames - 1}):
            try:
                expected = pixel_array(dataset, index=frame, decoding_plugin=name)
            except RuntimeError:
                continue
            found = stored_values(file, header, frame, name)
            assert found.dtype == expected.dtype, name
            assert np.array_equal(found, expected), name
            able += 1
    return able


@pytest.mark.parametrize("path", pictures(FOLDER), ids=lambda path: path.name)
def test_values_are_those_of_pydicom(path):
    if path.name in NOT_BY_PYDICOM:
        with pytest.raises((RuntimeError, ValueError, NotImplementedError)):
            pixel_array(pydicom.dcmread(path), index=0)
    else:
        assert agree(path)


def test_values_of_the_public_sample_files(data_dir):
    paths = [path for path in pictures(data_dir / "dicom") if path.name not in NOT_BY_PYDICOM]
    assert len(paths) >= 13
    assert all(agree(path) for path in paths)


def test_twelve_bits_of_jpeg_are_decoded():
    """By GDCM; the values are those of libjpeg in 12-bit mode (imagecodecs 2026: 0 to 264, mean 14.36999)."""
    file = load(Path(get_testdata_file("JPGExtended.dcm")), LIMITS)
    values = stored_values(file, read_header(file, LIMITS), 0)
    assert file.data[128:132] == b"DICM"
    assert read_header(file, LIMITS).dataset.file_meta.TransferSyntaxUID == JPEGExtended12Bit
    assert (values.shape, values.min(), values.max()) == ((1024, 256), 0, 264)
    assert values.mean() == pytest.approx(14.369991302490234)


def test_encapsulated_uncompressed_pixels_are_read(tmp_path):
    frames = np.arange(2 * 4 * 6, dtype=np.uint16).reshape(2, 4, 6)
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.98"
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = "1.2.3"
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames, dataset.SamplesPerPixel = 4, 6, 2, 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    dataset.PixelData = encapsulate([frame.tobytes() for frame in frames])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(tmp_path / "a.dcm", implicit_vr=False, little_endian=True, enforce_file_format=True)
    file = load(tmp_path / "a.dcm", LIMITS)
    header = read_header(file, LIMITS)
    assert [stored_values(file, header, n).tolist() for n in (0, 1)] == frames.tolist()
    assert len(read_file(tmp_path / "a.dcm", LIMITS)) == 2


def test_a_process_that_may_die_decodes_by_itself_and_the_same():
    data = Path(get_testdata_file("SC_rgb_jpeg_gdcm.dcm")).read_bytes()
    apart = decode_apart(data, 0)
    expendable()
    try:
        assert np.array_equal(decode_apart(data, 0), apart)
    finally:
        expendable(False)
    assert np.array_equal(decode_here(data, 0), apart)


def test_a_deflated_bomb_is_refused_with_the_limit_named():
    dataset = pydicom.dcmread(get_testdata_file("image_dfl.dcm"))
    data = Path(get_testdata_file("image_dfl.dcm")).read_bytes()
    length = int.from_bytes(data[140:144], "little")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = data[: 144 + length] + packer.compress(bytes(40_000_000)) + packer.flush()
    assert len(bomb) < 100_000
    assert dataset.file_meta.TransferSyntaxUID.is_deflated
    with pytest.raises(UnreadableFile, match=r"10 MB \(ingest\.max_file_mb\)"):
        read_header(Content("bomb.dcm", bomb), IngestSettings(max_file_mb=10))
    with pytest.raises(UnreadableFile, match="cut off"):
        read_header(Content("cut.dcm", data[:-2000]), LIMITS)


def test_the_decoders_that_the_package_asks_for_are_here():
    assert {"gdcm", "pylibjpeg"} <= set(get_decoder("1.2.840.10008.1.2.4.91").available_plugins)
    assert "pyjpegls" in get_decoder("1.2.840.10008.1.2.4.80").available_plugins
    assert "pylibjpeg" in get_decoder("1.2.840.10008.1.2.5").available_plugins
