"""Radiographs projected from a CT: geometry that can be checked by hand."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from assistant.demo.radiographs import Pose, Volume, attenuation_of_body, line_integrals, radiograph, read_nifti
from assistant.errors import UnreadableFile


def nifti(path: Path, samples: np.ndarray, *, sample_type: int = 4, x_step: float = -2.0) -> Path:
    """A NIfTI-1 file whose samples are stored x fastest, as the format has it; water is stored as 1024."""
    header = bytearray(352)
    header[0:4] = (348).to_bytes(4, "little")
    header[40:48] = np.array([3, *samples.shape], "<i2").tobytes()
    header[70:72] = np.array([sample_type], "<i2").tobytes()
    header[108:120] = np.array([352, 1, -1024], "<f4").tobytes()
    header[280:328] = np.array([[x_step, 0, 0, 0], [0, 2, 0, 0], [0, 0, 5, 0]], "<f4").tobytes()
    path.write_bytes(gzip.compress(bytes(header) + samples.astype("<i2").tobytes(order="F")))
    return path


def test_nifti_gives_hounsfield_units_on_their_axes(tmp_path: Path) -> None:
    stored = np.zeros((3, 4, 2), np.int16)
    stored[1, 2, 0], stored[0, 0, 1] = 1024, 2024
    volume = read_nifti(nifti(tmp_path / "ct.nii.gz", stored))
    assert volume.hu.shape == (3, 4, 2)
    assert volume.hu[1, 2, 0] == 0
    assert volume.hu[0, 0, 1] == 1000
    assert volume.hu[2, 3, 1] == -1024
    assert volume.spacing_mm == (2.0, 2.0, 5.0)


def test_another_orientation_or_format_is_refused(tmp_path: Path) -> None:
    stored = np.zeros((2, 2, 2), np.int16)
    with pytest.raises(UnreadableFile, match="orientation"):
        read_nifti(nifti(tmp_path / "turned.nii.gz", stored, x_step=2.0))
    with pytest.raises(UnreadableFile, match="sample type"):
        read_nifti(nifti(tmp_path / "float.nii.gz", stored, sample_type=16))
    (tmp_path / "none.nii.gz").write_bytes(gzip.compress(bytes(400)))
    with pytest.raises(UnreadableFile, match="no NIfTI"):
        read_nifti(tmp_path / "none.nii.gz")


def test_rays_add_up_along_their_direction() -> None:
    block = np.zeros((9, 9, 1), np.float32)
    block[2, 3:7, 0] = 1.0  # one column wide, four voxels deep
    from_front = line_integrals(block, 0)[:, 0]
    assert from_front.tolist() == [0, 0, 4, 0, 0, 0, 0, 0, 0]
    from_side = line_integrals(block, 90)[:, 0]
    np.testing.assert_allclose(from_side, [0, 0, 0, 1, 1, 1, 1, 0, 0], atol=1e-5)


@pytest.mark.parametrize("degrees", [0, 7, 33, 90, -13])
def test_turning_loses_no_attenuation(degrees: float) -> None:
    block = np.zeros((21, 21, 2), np.float32)
    block[8:13, 6:14] = np.random.default_rng(1).random((5, 8, 2))
    np.testing.assert_allclose(line_integrals(block, degrees).sum(axis=0), block.sum(axis=(0, 1)), rtol=1e-5)


def person() -> Volume:
    """A water cylinder 40 voxels wide on a table, with a dense spot at its right, front and top."""
    hu = np.full((64, 64, 20), -1000, np.int16)
    x, y = np.meshgrid(np.arange(64), np.arange(64), indexing="ij")
    hu[(x - 32) ** 2 + (y - 36) ** 2 < 20**2] = 0
    hu[18:22, 46:50, 16:19] = 1400
    hu[4:60, 4:8, :] = 300
    return Volume(hu, (2.0, 2.0, 4.0))


def test_the_table_is_left_out_and_the_body_kept() -> None:
    attenuation = attenuation_of_body(person())
    assert attenuation[:, 4:8].max() == 0
    assert attenuation[32, 36, 10] == pytest.approx(0.0195)
    assert attenuation[0, 0, 0] == 0


def test_a_film_hangs_as_it_is_read() -> None:
    volume = person()
    attenuation = attenuation_of_body(volume)

    def brightest(lateral: bool) -> tuple[float, float]:
        film = radiograph(attenuation, volume.spacing_mm, Pose(0, 1.0), lateral=lateral)
        row, column = np.unravel_index(np.argmax(film), film.shape)
        return row / film.shape[0], column / film.shape[1]

    row, column = brightest(lateral=False)
    assert row < 0.35, "the head end is at the top"
    assert column < 0.5, "the patient's right is at the viewer's left"
    row, column = brightest(lateral=True)
    assert row < 0.35
    assert column < 0.5, "the front of the chest is at the viewer's left"
