"""A large JPEG 2000 picture at a fraction of its size: its own values, where they lie, and only where they mean it."""

import io
from pathlib import Path

import numpy as np
import pydicom
import pydicom.data
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless, generate_uid

from assistant.ingest import read_file
from assistant.ingest.content import Content, load
from assistant.ingest.deid.pixels import BURNED_IN, MASKED
from assistant.ingest.depth import OpenFiles
from assistant.ingest.dicom.coarse import coarse_values
from assistant.ingest.dicom.decode import stored_values
from assistant.ingest.dicom.depth import read_depth
from assistant.ingest.dicom.header import read_header
from assistant.settings import IngestSettings

LIMITS = IngestSettings()
WITHIN = (300, 300)


def quarters(rows, columns, values):
    """Four areas of one value each, which meet at the pixel (600, 600)."""
    picture = np.empty((rows, columns), int)
    (a, b), (c, d) = values
    picture[:600, :600], picture[:600, 600:], picture[600:, :600], picture[600:, 600:] = a, b, c, d
    return picture


def save(path, pixels, *, signed=False, syntax=JPEG2000Lossless, **elements):
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.Modality, data.PatientID = "DX", "coarse-1"
    data.Rows, data.Columns = pixels.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, int(signed)
    data.WindowCenter, data.WindowWidth = 0 if signed else 2048, 4096
    data.PixelData = pixels.astype("<i2" if signed else "<u2").tobytes()
    if syntax != ExplicitVRLittleEndian:
        data.compress(syntax, generate_instance_uid=False)
    for name, value in elements.items():
        setattr(data, name, value)
    data.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(("rows", "columns"), [(1200, 1200), (1205, 1201), (1199, 1203), (1601, 1301)])
def test_each_sample_is_what_lies_at_every_fourth_pixel(tmp_path, rows, columns, signed):
    values = ((-1500, -20), (700, 1900)) if signed else ((100, 1000), (2000, 4000))
    pixels = quarters(rows, columns, values)
    path = save(tmp_path / "large.dcm", pixels, signed=signed)
    found = read_depth(load(path, LIMITS), 0, LIMITS, WITHIN)
    assert (found.coarse.width, found.coarse.height, found.coarse.halvings) == (columns, rows, 2)
    means = found.values[found.codes]
    assert means.shape == (-(-rows // 4), -(-columns // 4))  # rounded up
    away = np.ones(means.shape, bool)  # from the seams, where a wavelet is of both sides
    away[147:153] = away[:, 147:153] = False
    assert np.abs(means - pixels[::4, ::4])[away].max() <= 1


def test_it_is_no_smaller_than_it_is_seen_and_the_whole_picture_follows(tmp_path):
    pixels = quarters(1200, 1200, ((1, 2), (3, 4)))
    file = load(save(tmp_path / "large.dcm", pixels), LIMITS)
    assert read_depth(file, 0, LIMITS, (599, 599)).coarse.halvings == 1
    assert read_depth(file, 0, LIMITS, (601, 601)).coarse is None
    assert read_depth(file, 0, LIMITS, (300, 5_000)).coarse.halvings == 2  # what is fitted is bound by one side
    whole = read_depth(file, 0, LIMITS)
    assert whole.coarse is None and np.array_equal(whole.values[whole.codes], pixels)


@pytest.mark.parametrize(
    "elements",
    [
        {"PhotometricInterpretation": "PALETTE COLOR"},  # codes of colours have no mean
        {"PixelPresentation": "MIXED"},
        {"PixelRepresentation": 1},  # not as the stream says
        {"PixelData": encapsulate([b"no JPEG 2000"])},
    ],
)
def test_what_can_not_be_halved_is_left_whole(tmp_path, elements):
    path = save(tmp_path / "large.dcm", quarters(1200, 1200, ((1, 2), (3, 4))), **elements)
    assert coarse_values(read_header(load(path, LIMITS), LIMITS), 0, 2) is None


def test_other_syntaxes_and_small_pictures_come_whole(tmp_path):
    pixels = quarters(1200, 1200, ((1, 2), (3, 4)))
    for n, (picture, syntax) in enumerate(
        [(pixels, ExplicitVRLittleEndian), (pixels, RLELossless), (pixels[:900, :900], JPEG2000Lossless)]
    ):
        found = read_depth(load(save(tmp_path / f"{n}.dcm", picture, syntax=syntax), LIMITS), 0, LIMITS, WITHIN)
        assert found.coarse is None and np.array_equal(found.values[found.codes], picture)


def test_a_picture_in_which_letters_were_blackened_is_never_coarse(tmp_path):
    path = save(tmp_path / "large.dcm", quarters(1200, 1200, ((100, 1000), (2000, 4000))))
    (record,) = read_file(path, LIMITS)
    files = OpenFiles(LIMITS)
    assert files.depth(record, None, path, record.uri, within=WITHIN).coarse
    record.fields[BURNED_IN] = MASKED
    assert files.depth(record, None, path, record.uri, within=WITHIN).coarse is None


def test_a_frame_that_is_decoded_apart_goes_there_alone():
    """JPEG lossless, by GDCM: the second of two frames without a table is the file's first."""
    path = Path(pydicom.data.get_testdata_file("SC_rgb_jpeg_gdcm.dcm"))
    single = load(path, LIMITS)
    whole = stored_values(single, read_header(single, LIMITS), 0)
    data = pydicom.dcmread(path)
    stream = next(iter(pydicom.encaps.generate_frames(data.PixelData, number_of_frames=1)))
    two = pydicom.dcmread(path)
    two.PixelData = encapsulate([stream[:40], stream], has_bot=False)  # the first is cut off: it is not looked at
    two["PixelData"].is_undefined_length = True
    two.NumberOfFrames = 2
    out = io.BytesIO()
    two.save_as(out)
    file = Content("two.dcm", out.getvalue())
    assert np.array_equal(stored_values(file, read_header(file, LIMITS), 1), whole)
