"""NIfTI volumes become representative slices in radiological display; masks become their labels and volumes."""

import gzip
from pathlib import Path

import nibabel
import numpy as np
import pytest
from nibabel.orientations import axcodes2ornt, inv_ornt_aff, io_orientation, ornt_transform

from assistant.errors import UnreadableFile
from assistant.ingest import read_file
from assistant.ingest.content import Content
from assistant.ingest.formats import read_content
from assistant.settings import IngestSettings

LIMITS = IngestSettings()
SAMPLES = Path(nibabel.__file__).parent / "tests" / "data"


def head_phantom() -> nibabel.Nifti1Image:
    """40 × 50 × 30 voxels in RAS order, 2 mm: bright on the patient's right, brighter in front, with a fine grain."""
    x, y, z = np.mgrid[:40, :50, :30]
    values = np.where(x > 20, 100, 0) + np.where(y > 25, 50, 0) + (x + 2 * y + z) % 5
    return nibabel.Nifti1Image(values.astype(np.int16), np.diag([2.0, 2.0, 2.0, 1.0]))


def reoriented(image, codes):
    change = ornt_transform(io_orientation(image.affine), axcodes2ornt(codes))
    affine = image.affine @ inv_ornt_aff(change, image.shape)
    return nibabel.Nifti1Image(nibabel.apply_orientation(np.asarray(image.dataobj), change).astype(np.int16), affine)


@pytest.mark.parametrize("codes", ["RAS", "LAS", "LPS", "RSA", "PIR", "SLA"])
def test_right_is_left_and_front_is_up_whatever_the_voxel_order(codes, tmp_path):
    nibabel.save(reoriented(head_phantom(), codes), tmp_path / "head.nii.gz")
    records = read_file(tmp_path / "head.nii.gz", LIMITS)
    assert len(records) == 3
    for record in records:
        pixels = record.image.pixels
        assert pixels.shape == (50, 40)  # rows from front to back, columns from the patient's right to the left
        assert pixels[0, 0] > pixels[-1, 0] > pixels[0, -1] > pixels[-1, -1]
        assert record.fields["orientation"] == "axial"
        assert record.fields["voxel_axes"] == codes
        assert "right is on the left" in record.fields["display"]
        assert record.fields["spacing_mm"] == "2 × 2"


def test_thick_slices_are_shown_in_the_plane_of_acquisition(tmp_path):
    volume = np.random.default_rng(0).integers(0, 1000, (40, 12, 50)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(volume, np.diag([1.0, 5.0, 1.0, 1.0])), tmp_path / "coronal.nii")
    record = read_file(tmp_path / "coronal.nii", LIMITS)[0]
    assert record.fields["orientation"] == "coronal"
    assert (record.fields["slices"], record.fields["slice_spacing_mm"]) == (12, 5.0)
    assert record.image.pixels.shape == (50, 40)
    column = volume[::-1, 3, ::-1].T  # head at the top, the patient's right on the left
    assert np.array_equal(np.argsort(record.image.pixels[10], kind="stable")[-1], np.argmax(column[10]))


def test_a_scan_over_time_shows_its_first_moment(tmp_path):
    volume = np.random.default_rng(0).integers(0, 1000, (20, 20, 10, 5)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), tmp_path / "bold.nii")
    record = read_file(tmp_path / "bold.nii", LIMITS)[0]
    assert (record.fields["time_points"], record.fields["time_point"]) == (5, 1)


def test_colours_stay_colours(tmp_path):
    dtype = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
    volume = np.zeros((20, 30, 8), dtype)
    volume["R"][:10] = 200
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), tmp_path / "rgb.nii")
    record = read_file(tmp_path / "rgb.nii", LIMITS)[1]
    assert record.image.pixels.shape == (30, 20, 3)
    assert record.image.pixels[0, -1].tolist() == [200, 0, 0]  # low x is the patient's left: on the right


def test_a_ct_is_shown_in_the_body_window(tmp_path):
    volume = np.full((30, 30, 9), -1000, np.int16)
    volume[8:22, 8:22] = 40
    volume[14:16, 14:16] = 900
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), tmp_path / "ct.nii")
    record = read_file(tmp_path / "ct.nii", LIMITS)[0]
    assert "taken for Hounsfield units" in record.fields["window"]
    assert {0, 128, 255} == set(np.unique(record.image.pixels).tolist())


def test_a_mask_is_told_in_labels_and_volumes(tmp_path):
    mask = np.zeros((30, 30, 10), np.uint8)
    mask[5:15, 5:15] = 1
    mask[20:25, 20:25, :5] = 7
    nibabel.save(nibabel.Nifti1Image(mask, np.diag([1.0, 1.0, 2.0, 1.0])), tmp_path / "mask.nii.gz")
    (record,) = read_file(tmp_path / "mask.nii.gz", LIMITS)
    assert (record.kind, record.modality, record.fields["segments"]) == ("text", "SEG", 2)
    assert "Label 1: 1000 voxels, 2 ml" in record.text
    assert "Label 7: 125 voxels, 0.25 ml" in record.text


def test_eight_bits_of_anatomy_are_no_mask(tmp_path):
    anatomy = np.asarray(nibabel.load(SAMPLES / "anatomical.nii").dataobj)
    eight = (255 * (anatomy - anatomy.min()) / np.ptp(anatomy)).astype(np.uint8)
    nibabel.save(nibabel.Nifti1Image(eight, np.eye(4)), tmp_path / "mr.nii")
    assert {record.kind for record in read_file(tmp_path / "mr.nii", LIMITS)} == {"image"}


def test_analyze_and_pairs_are_read_with_their_voxels(tmp_path):
    values = np.asarray(head_phantom().dataobj)
    nibabel.save(nibabel.AnalyzeImage(values, np.eye(4)), tmp_path / "old.img")
    nibabel.save(nibabel.Nifti1Pair(values, np.eye(4)), tmp_path / "pair.img")
    for name in ("old.hdr", "pair.hdr"):
        assert len(read_file(tmp_path / name, LIMITS)) == 3
    assert "assumed" in read_file(tmp_path / "old.hdr", LIMITS)[0].fields["orientation"]
    (tmp_path / "pair.img").unlink()
    with pytest.raises(UnreadableFile, match=r"pair\.img: there is no such file"):
        read_file(tmp_path / "pair.hdr", LIMITS)


def test_bombs_and_cut_off_volumes_are_refused(tmp_path):
    header = head_phantom().to_bytes()[:352]
    bomb = gzip.compress(header + bytes(60_000_000))
    with pytest.raises(UnreadableFile, match=r"50 MB \(ingest\.max_file_mb\)"):
        read_content(Content("bomb.nii.gz", bomb), IngestSettings(max_file_mb=50))
    whole = head_phantom().to_bytes()
    with pytest.raises(UnreadableFile, match="cut off"):
        read_content(Content("cut.nii", whole[:-1000]), LIMITS)
    packed = gzip.compress(whole)
    with pytest.raises(UnreadableFile, match="cut off"):
        read_content(Content("cut.nii.gz", packed[: len(packed) // 2]), LIMITS)
    large = nibabel.Nifti1Image(np.zeros((2, 2, 2), np.uint8), np.eye(4)).header.copy()
    large.set_data_shape((30_000, 30_000, 2))
    with pytest.raises(UnreadableFile, match=r"cut off|max_pixels"):
        read_content(Content("large.nii", large.binaryblock + bytes(2000)), LIMITS)


def test_every_sample_file_gives_records_or_a_reason():
    outcomes = {}
    for path in sorted(SAMPLES.glob("*")):
        if path.suffix in (".py", ".rst", ".m") or path.is_dir():
            continue
        try:
            outcomes[path.name] = len(read_file(path, LIMITS))
        except UnreadableFile as error:
            assert error.reason
            outcomes[path.name] = 0
    read = {name for name, count in outcomes.items() if count and name.endswith((".nii", ".nii.gz"))}
    assert read == {
        "anatomical.nii", "example4d.nii.gz", "example_nifti2.nii.gz", "functional.nii", "reoriented_anat_moved.nii",
        "resampled_anat_moved.nii", "standard.nii.gz",
    }  # fmt: skip
