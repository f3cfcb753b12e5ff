"""Pictures at full depth: the file's values, the frame that is asked for, and black where nothing must be seen."""

import gzip
import io
from pathlib import Path

import numpy as np
import pydicom
import pydicom.data
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import pixel_array
from pydicom.pixels.processing import apply_modality_lut
from pydicom.uid import ExplicitVRLittleEndian
from series_files import ct_slice

from assistant.errors import UnreadableFile
from assistant.ingest import Deidentifier, iter_items, load_recipe, read_clean, read_file, read_item
from assistant.ingest.depth import OpenFiles, frames_of, own_frame
from assistant.pseudonyms import Pseudonyms
from assistant.settings import DeidSettings, IngestSettings

LIMITS = IngestSettings()


def deep(path, frame=None, record=None):
    record = record or read_file(path, LIMITS)[0]
    return OpenFiles(LIMITS).depth(record, frame, path, record.uri)


@pytest.mark.parametrize(
    "name",
    [
        "CT_small.dcm", "MR_small.dcm", "MR_small_bigendian.dcm", "JPEG2000.dcm", "JPEG-lossy.dcm",
        "examples_palette.dcm", "examples_rgb_color.dcm", "examples_overlay.dcm", "image_dfl.dcm",
        "SC_rgb_rle_16bit_2frame.dcm",
    ],
)  # fmt: skip
def test_seen_through_the_files_own_window_it_is_the_picture_that_is_indexed(name):
    path = _test_file(name)
    for record in read_file(path, LIMITS):
        found = deep(path, record=record)
        assert np.array_equal(found.picture(), record.image.pixels)
        assert (found.frame, found.frames) == (own_frame(record), frames_of(record))


def _test_file(name):
    return Path(pydicom.data.get_testdata_file(name))


def test_every_value_of_a_ct_is_there_in_hounsfield_units():
    path = _test_file("CT_small.dcm")
    dataset = pydicom.dcmread(path)
    found = deep(path)
    assert found.codes.dtype == np.uint16 and found.unit == "HU"
    assert np.array_equal(found.values[found.codes], apply_modality_lut(dataset.pixel_array, dataset))


def test_windows_and_their_names_are_those_of_the_file(tmp_path):
    (tmp_path / "a.dcm").write_bytes(
        _dicom(
            np.arange(64 * 64).reshape(64, 64) % 2000, WindowCenter=[900, 300], WindowWidth=[1800, 100],
            WindowCenterWidthExplanation=["WIDE", "BONE"], PhotometricInterpretation="MONOCHROME1",
        )
    )  # fmt: skip
    found = deep(tmp_path / "a.dcm")
    assert [(w.name, w.centre, w.width, w.function) for w in found.windows] == [
        ("WIDE", 900, 1800, "LINEAR"), ("BONE", 300, 100, "LINEAR"),
    ]  # fmt: skip
    assert (found.centre, found.width, found.inverse) == (900, 1800, True)
    assert found.shown[0] == 255 and found.shown[-1] == 0


def test_tables_of_the_file_are_gone_through(tmp_path):
    values = np.arange(300 * 300).reshape(300, 300) % 4
    modality = _lut([0, 500, 600, 1000], ModalityLUTType="US")
    (tmp_path / "a.dcm").write_bytes(
        _dicom(values, ModalityLUTSequence=modality, VOILUTSequence=_lut(list(range(0, 65_000, 64))))
    )
    found = deep(tmp_path / "a.dcm")
    assert found.values.tolist() == [0, 500, 600, 1000]
    assert np.array_equal(found.picture(), read_file(tmp_path / "a.dcm", LIMITS)[0].image.pixels)
    assert found.centre == 500 and found.width == 1000


def _lut(entries, **elements):
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [len(entries), 0, 16], np.array(entries, dtype="<u2").tobytes()
    for name, value in elements.items():
        setattr(item, name, value)
    return [item]


def test_padding_has_no_meaning_and_is_black(tmp_path):
    values = np.arange(64 * 64).reshape(64, 64) % 1000
    values[:8] = 4000
    (tmp_path / "a.dcm").write_bytes(_dicom(values, PixelPaddingValue=4000))
    found = deep(tmp_path / "a.dcm")
    meaning = found.values[found.codes]
    assert np.isnan(meaning[:8]).all() and np.array_equal(meaning[8:], values[8:])
    assert not found.picture()[:8].any() and found.centre + found.width / 2 < 1000


def test_any_frame_of_a_loop_can_be_asked_for_and_no_other():
    path = _test_file("examples_ybr_color.dcm")
    record = read_file(path, LIMITS)[0]
    files = OpenFiles(LIMITS, mask=False)
    seventh = files.depth(record, 6, path, record.uri)
    assert (seventh.frame, seventh.frames) == (6, 30)
    assert np.array_equal(seventh.codes, pixel_array(path, index=6))
    for frame in (-1, 30):
        with pytest.raises(UnreadableFile, match=f"there is no frame {frame + 1}: it has 30"):
            files.depth(record, frame, path, record.uri)


def test_every_slice_of_a_series_can_be_reached_from_one(tmp_path):
    (tmp_path / "scans").mkdir()
    for number in range(12):
        (tmp_path / f"scans/IM{(number * 7) % 12:03}").write_bytes(ct_slice(number))
    (tmp_path / "scans/note.txt").write_text("The lungs are clear. No effusion is seen today.")
    (tmp_path / "scans.toml").write_text('name = "scans"\n[[source]]\npath = "scans"\n')
    recipe = load_recipe(tmp_path / "scans.toml")
    records = [r for item in iter_items(recipe) for r in read_item(item, recipe, LIMITS).records if r.image is not None]
    record = records[1]
    path, files = tmp_path / "scans" / record.uri, OpenFiles(LIMITS)
    own = files.depth(record, None, path, record.uri)
    assert (own.frame, own.frames) == (int(record.fields["slice"]) - 1, 12)
    means = [
        float(np.nanmean(d.values[d.codes])) for d in (files.depth(record, n, path, record.uri) for n in range(12))
    ]
    assert means == sorted(means) and len(set(means)) == 12
    path.with_name("IM000").unlink()  # the lowest slice is gone, and with it the numbers of the rest
    assert np.array_equal(files.depth(record, own.frame, path, record.uri).codes, own.codes)
    with pytest.raises(UnreadableFile, match="slice 1 of its series is not at hand"):
        files.depth(record, 0, path, record.uri)


def test_letters_burned_into_any_frame_are_black(tmp_path):
    frames = []
    for n in range(9):
        page = Pillow.new("L", (640, 480), 0)
        draw = ImageDraw.Draw(page)
        draw.rectangle((200, 150, 440, 330), fill=90 + 10 * n)
        draw.text((40 + 6 * n, 20), "MUSTERMANN ERIKA 1962-03-04", fill=230, font=ImageFont.load_default(18))
        frames.append(np.asarray(page))
    (tmp_path / "a.dcm").write_bytes(_dicom(np.stack(frames), Modality="US"))
    record = read_clean(tmp_path / "a.dcm", LIMITS, Deidentifier(Pseudonyms(b"k" * 32), DeidSettings())).records[0]
    assert record.fields["burned_in_text"] == "masked"
    for frame in range(9):
        found = deep(tmp_path / "a.dcm", frame, record)
        assert found.codes[:60].any() == 0 and found.picture()[:60].max() == 0
        assert found.values[found.codes[240, 320]] == 90 + 10 * frame


def test_a_file_that_changed_is_not_shown(tmp_path):
    path = tmp_path / "a.png"
    Pillow.fromarray(np.arange(4096, dtype=np.uint8).reshape(64, 64)).save(path)
    record = read_file(path, LIMITS)[0]
    Pillow.fromarray(np.arange(4096, dtype=np.uint8).reshape(64, 64).T.copy()).save(path)
    with pytest.raises(UnreadableFile, match="has changed since it was indexed"):
        deep(path, record=record)


def test_a_picture_of_sixteen_bits_keeps_them(tmp_path):
    values = (np.arange(64 * 64).reshape(64, 64) * 13).astype(np.uint16)
    Pillow.fromarray(values).save(tmp_path / "a.png")
    found = deep(tmp_path / "a.png")
    assert np.array_equal(found.values[found.codes], values)
    assert np.array_equal(found.picture(), read_file(tmp_path / "a.png", LIMITS)[0].image.pixels)


@pytest.mark.parametrize("packed", [False, True])
def test_the_slices_of_a_volume_keep_their_values(tmp_path, packed):
    import nibabel

    voxels = np.random.default_rng(3).normal(0, 500, (20, 24, 8)).astype(np.float32)
    data = nibabel.Nifti1Image(voxels, np.diag([1, 1, 1, 1])).to_bytes()
    path = tmp_path / ("a.nii.gz" if packed else "a.nii")
    path.write_bytes(gzip.compress(data) if packed else data)
    record = read_file(path, LIMITS)[0]
    found = deep(path, 2, record)
    assert (found.frame, found.frames) == (2, 8)
    shown = found.values[found.codes]
    expected = np.flip(np.flip(voxels[:, :, 2].T, 0), 1)  # the patient's right on the left, anterior at the top
    assert np.abs(shown - expected).max() < (voxels.max() - voxels.min()) / 65_000


def _dicom(values, **elements):
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    dataset.Modality, dataset.PatientID, dataset.StudyInstanceUID = "DX", "P-1", "1.2.3"
    dataset.Rows, dataset.Columns = values.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    if values.ndim == 3:
        dataset.NumberOfFrames = len(values)
    dataset.PixelData = values.astype(np.uint16).tobytes()
    for name, value in elements.items():
        setattr(dataset, name, value)
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
