"""What a viewer would show: LUTs, windows, polarity, palettes, overlays, padding, and where the picture lies."""

import io

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.dicom.geometry import orientation
from assistant.ingest.formats import read_content
from assistant.settings import IngestSettings

LIMITS = IngestSettings()


def picture(values, **elements):
    values = np.asarray(values)
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    dataset.Modality = "DX"
    dataset.Rows, dataset.Columns = values.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    bits = 8 * values.dtype.itemsize
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit, dataset.PixelRepresentation = bits - 1, int(values.dtype.kind == "i")
    if values.ndim == 3:
        dataset.NumberOfFrames = len(values)
    if values.dtype.kind == "f":
        dataset.FloatPixelData = values.tobytes()
        for keyword in ("BitsStored", "HighBit", "PixelRepresentation"):
            delattr(dataset, keyword)
    else:
        dataset.PixelData = values.tobytes()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return Content("a.dcm", stream.getvalue())


def shown(values, **elements):
    return read_content(picture(values, **elements), LIMITS)[0]


def lut(entries, first, bits, **more):
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, bits]
    item.LUTData = np.asarray(entries, dtype="<u2").tobytes()
    for keyword, value in more.items():
        setattr(item, keyword, value)
    return [item]


RAMP = np.arange(300 * 300, dtype=np.uint16).reshape(300, 300) % 4096
SMALL = np.array([[0, 1000, 2000, 4095]], dtype=np.uint16)


@pytest.mark.parametrize(
    "elements",
    [
        {"WindowCenter": 2000, "WindowWidth": 1000},
        {"WindowCenter": 2000, "WindowWidth": 1000, "VOILUTFunction": "SIGMOID"},
        {"WindowCenter": 2000, "WindowWidth": 1000, "VOILUTFunction": "LINEAR_EXACT"},
        {"RescaleSlope": "2.5", "RescaleIntercept": "-1024", "WindowCenter": 900, "WindowWidth": 3000},
    ],
)
@pytest.mark.parametrize("signed", [False, True])
def test_windows_are_those_of_pydicom_whether_by_table_or_directly(elements, signed):
    ramp = RAMP.astype(np.int16) - 500 if signed else RAMP
    record = shown(ramp, **elements)
    few = shown(ramp[:40], **elements)  # small enough to be computed without a table
    assert np.array_equal(record.image.pixels[:40], few.image.pixels)
    dataset = pydicom.dcmread(io.BytesIO(picture(ramp, **elements).data))
    expected = apply_voi_lut(apply_modality_lut(ramp, dataset), dataset)
    # pydicom's range of output is that of the rescaled values
    low, high = (float(v) * float(dataset.get("RescaleSlope", 1)) + float(dataset.get("RescaleIntercept", 0))
                 for v in ((-32768, 32767) if signed else (0, 65535)))  # fmt: skip
    assert np.abs(record.image.pixels - (expected - low) / (high - low) * 255).max() <= 0.51


def test_the_first_window_that_shows_something_is_taken():
    record = shown(SMALL, WindowCenter=[9000, 2048], WindowWidth=[10, 4096])
    assert record.fields["window"] == "centre 2048, width 4096"


def test_voi_and_modality_luts_are_applied():
    record = shown(SMALL // 1024, VOILUTSequence=lut([0, 10, 100, 255], 0, 8))
    assert (record.image.pixels.tolist(), record.fields["window"]) == ([[0, 0, 10, 100 + 155]], "VOI LUT")
    record = shown(
        SMALL // 1024, ModalityLUTSequence=lut([0, 500, 600, 1000], 0, 16, ModalityLUTType="US"),
        WindowCenter=500.5, WindowWidth=1001,
    )  # fmt: skip
    assert record.image.pixels.tolist() == [[0, 0, 128, 255]]


@pytest.mark.parametrize(
    ("elements", "turned"),
    [
        ({}, False),
        ({"PhotometricInterpretation": "MONOCHROME1"}, True),
        ({"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"}, True),
        ({"PresentationLUTShape": "IDENTITY"}, False),
        ({"PresentationLUTShape": "INVERSE"}, True),
    ],
)
def test_polarity_follows_shape_and_photometric_interpretation(elements, turned):
    pixels = shown(SMALL, WindowCenter=2048, WindowWidth=4096, **elements).image.pixels
    assert pixels[0, 0] == (255 if turned else 0)
    assert pixels[0, -1] == (0 if turned else 255)


def test_a_presentation_lut_is_applied():
    table = np.linspace(65535, 0, 256).astype(np.uint16)
    record = shown(SMALL, WindowCenter=2048, WindowWidth=4096, PresentationLUTSequence=lut(table.tolist(), 0, 16))
    assert record.image.pixels[0, [0, -1]].tolist() == [255, 0]


def test_padding_is_dark_and_counts_for_no_range():
    values = np.array([[-2000, 100, 150, 200]], dtype=np.int16)
    record = shown(values, PixelPaddingValue=-2000, PhotometricInterpretation="MONOCHROME1")
    assert record.image.pixels.tolist() == [[0, 255, 128, 0]]


def test_floating_point_and_32_bits_are_shown():
    values = np.linspace(-5, 5, 64, dtype=np.float32).reshape(8, 8)
    pixels = shown(values).image.pixels
    assert (pixels[0, 0], pixels[-1, -1]) == (0, 255)
    pixels = shown(np.arange(64, dtype=np.uint32).reshape(8, 8) * 50_000_000).image.pixels
    assert (pixels[0, 0], pixels[-1, -1]) == (0, 255)


def test_overlays_are_told_and_not_burnt_in():
    with_overlay = pydicom.dcmread(get_testdata_file("examples_overlay.dcm"))
    stream = io.BytesIO()
    with_overlay.save_as(stream)
    (record,) = read_content(Content("a.dcm", stream.getvalue()), LIMITS)
    assert (record.fields["overlays"], record.fields["overlay_kinds"]) == (1, "graphics")
    for group in list(with_overlay.group_dataset(0x6000)):
        del with_overlay[group.tag]
    stream = io.BytesIO()
    with_overlay.save_as(stream)
    (bare,) = read_content(Content("b.dcm", stream.getvalue()), LIMITS)
    assert "overlays" not in bare.fields
    assert np.array_equal(record.image.pixels, bare.image.pixels)


def test_an_overlay_in_unused_bits_is_no_part_of_the_picture():
    stored = SMALL.copy()
    stored[0, 1] |= 0x8000
    elements = {"BitsStored": 12, "HighBit": 11, "WindowCenter": 2048, "WindowWidth": 4096}
    assert shown(stored, **elements).image.pixels.tolist() == shown(SMALL, **elements).image.pixels.tolist()


def test_a_blank_picture_is_refused_and_of_many_frames_only_the_blank_ones():
    with pytest.raises(UnreadableFile, match="blank"):
        shown(np.full((20, 20), 7, np.uint16))
    frames = np.stack([np.full((20, 20), 7), np.arange(400).reshape(20, 20)]).astype(np.uint16)
    file = picture(frames)
    assert [record.part for record in read_content(file, LIMITS)] == ["frame 2"]
    assert file.aside == [("frame 1", "blank: every pixel has the same value")]


@pytest.mark.parametrize(
    ("directions", "plane", "row", "column"),
    [
        ([1, 0, 0, 0, 1, 0], "axial", "L", "P"),
        ([1, 0, 0, 0, 0, -1], "coronal", "L", "F"),
        ([0, 1, 0, 0, 0, -1], "sagittal", "P", "F"),
        ([-1, 0, 0, 0, -1, 0], "axial", "R", "A"),
        ([1, 0, 0, 0, 0.866, -0.5], "oblique, nearest axial", "L", "PF"),
    ],
)
def test_planes_are_named(directions, plane, row, column):
    words = {"orientation": plane, "row_direction": row, "column_direction": column}
    assert orientation([float(one) for one in directions]) == words


def test_no_plane_has_no_name():
    assert orientation([]) == orientation([0.0] * 6) == orientation([1, 0, 0, 1, 0, 0]) == {}


@pytest.mark.parametrize(
    ("elements", "kind"),
    [
        ({"PixelSpacing": [0.2, 0.3]}, "in the patient"),
        ({"ImagerPixelSpacing": [0.2, 0.3]}, "at the detector"),
        ({"PixelSpacing": [0.2, 0.3], "ImagerPixelSpacing": [0.2, 0.3]}, "at the detector"),
        ({"PixelSpacing": [0.2, 0.3], "PixelSpacingCalibrationType": "GEOMETRY"}, "calibrated (geometry)"),
        ({"NominalScannedPixelSpacing": [0.2, 0.3]}, "of the scanned film"),
    ],
)
def test_spacing_says_where_it_holds(elements, kind):
    fields = shown(SMALL, **elements).fields
    assert (fields["spacing_mm"], fields["spacing_kind"]) == ("0.2 × 0.3", kind)


def test_supplemental_colours_lie_over_the_grey(data_dir):
    data = (data_dir / "dicom" / "eCT_Supplemental.dcm").read_bytes()
    records = read_content(Content("a.dcm", data), LIMITS)
    assert {record.image.pixels.shape for record in records} == {(512, 512, 3)}


def test_labels_of_slides_and_retired_colours_are_refused():
    with pytest.raises(UnreadableFile, match="label of a slide"):
        shown(SMALL, TotalPixelMatrixColumns=4, TotalPixelMatrixRows=1, ImageType=["ORIGINAL", "PRIMARY", "LABEL"])
    with pytest.raises(UnreadableFile, match="HSV"):
        shown(SMALL, PhotometricInterpretation="HSV")
