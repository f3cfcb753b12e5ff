"""Chest radiographs projected from a real CT.

No package carries chest X-rays with a licence that says what may be done with them; one carries a real chest CT.
Summed along parallel rays, its attenuation gives what a detector behind the patient would have seen (a digitally
reconstructed radiograph: Sherouse et al., Int J Radiat Oncol Biol Phys 1990). Every picture says so.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.demo.manifest import Row, write_manifest
from assistant.errors import UnreadableFile

ORIGIN = "projected from a real CT"

_WATER_PER_MM = 0.0195  # linear attenuation of water at about 70 keV
_INT16 = 4  # NIfTI-1 code of the only sample type that is read here


@dataclass(frozen=True, slots=True)
class Volume:
    """A CT: `hu` is int16 Hounsfield units, (right to left, back to front, feet to head); `spacing_mm` alike."""

    hu: NDArray[np.int16]
    spacing_mm: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Pose:
    """How the patient stands: turned by `degrees` about the long axis; `field` is the share of the height shown."""

    degrees: float
    field: float


POSES = (
    Pose(0, 0.76),
    Pose(5, 0.72),
    Pose(-5, 0.80),
    Pose(9, 0.76),
    Pose(-9, 0.70),
    Pose(13, 0.80),
    Pose(-13, 0.74),
    Pose(17, 0.72),
)


def make(material: Path, folder: Path) -> None:
    """Write a frontal and a lateral PNG for each pose, and their manifest, into `folder`.

    All come from one person, so they share one patient; each pose is a study of its own.
    """
    from PIL import Image

    volume = read_nifti(material)
    attenuation = attenuation_of_body(volume)
    rows: list[Row] = []
    for number, pose in enumerate(POSES, start=1):
        for view in ("frontal", "lateral"):
            picture = radiograph(attenuation, volume.spacing_mm, pose, lateral=view == "lateral")
            name = f"pose-{number}-{view}.png"
            Image.fromarray(picture).save(folder / name, optimize=True)
            rows.append(_row(name, number, view, pose))
    write_manifest(folder, rows)


def _row(name: str, number: int, view: str, pose: Pose) -> Row:
    side = "left" if pose.degrees > 0 else "right"
    turned = f", turned {abs(pose.degrees):g}° to the {side}" if pose.degrees else ""
    return {
        "id": f"projected-{number}-{view}",
        "path": name,
        "patient_id": "projected-ct",
        "study_id": f"projected-ct-{number}",
        "title": f"Chest, {view} view{turned}: {ORIGIN}",
        "view": view,
        "origin": ORIGIN,
    }


def read_nifti(path: Path) -> Volume:
    """A gzipped NIfTI-1 volume of int16 samples whose axes run right to left, back to front, feet to head.

    Raises UnreadableFile for any other layout.
    """
    with gzip.open(path) as file:
        raw = file.read()
    shape = np.frombuffer(raw, "<i2", 4, offset=40)
    if int.from_bytes(raw[:4], "little") != 348 or shape[0] != 3:
        raise UnreadableFile(path, "no NIfTI-1 file of three dimensions")
    sample_type = int(np.frombuffer(raw, "<i2", 1, offset=70)[0])
    to_patient = np.frombuffer(raw, "<f4", 12, offset=280).reshape(3, 4)[:, :3]
    if sample_type != _INT16 or tuple(np.sign(np.diag(to_patient))) != (-1, 1, 1):
        raise UnreadableFile(path, "another sample type or orientation than int16, left-anterior-superior")
    start, slope, intercept = np.frombuffer(raw, "<f4", 3, offset=108)
    nx, ny, nz = (int(n) for n in shape[1:])
    stored = np.frombuffer(raw, "<i2", nx * ny * nz, offset=int(start)).reshape(nz, ny, nx).transpose(2, 1, 0)
    hu = (stored * (slope or np.float32(1)) + intercept).astype(np.int16)
    dx, dy, dz = (float(abs(step)) for step in np.diag(to_patient))
    return Volume(np.ascontiguousarray(hu), (dx, dy, dz))


def attenuation_of_body(volume: Volume) -> NDArray[np.float32]:
    """Linear attenuation per mm, same shape; nothing outside the largest solid piece: the table is left out."""
    from scipy import ndimage

    step = 4
    solid = ndimage.binary_opening(volume.hu[::step, ::step, ::2] > -400)
    pieces, _ = ndimage.label(solid)
    body = pieces == np.bincount(pieces.ravel())[1:].argmax() + 1
    body = ndimage.binary_dilation(np.stack([ndimage.binary_fill_holes(s) for s in body.transpose(2, 0, 1)], axis=2))
    nx, ny, nz = volume.hu.shape
    mask = body.repeat(step, 0)[:nx].repeat(step, 1)[:, :ny].repeat(2, 2)[:, :, :nz]
    # Water has 0 HU, air -1000; metal and dense contrast would else outshine the ribs.
    return np.where(mask, np.clip(volume.hu, -1000, 1500) + 1000, 0).astype(np.float32) * (_WATER_PER_MM / 1000)


def radiograph(
    attenuation: NDArray[np.float32], spacing_mm: tuple[float, float, float], pose: Pose, *, lateral: bool
) -> NDArray[np.uint8]:
    """One projection as a film is looked at: uint8, (height, width), air dark.

    The patient's right is on the left of a frontal picture; the breastbone is on the left of a lateral one.
    """
    from scipy import ndimage

    dx, _, dz = spacing_mm
    depth = line_integrals(attenuation, pose.degrees + (90 if lateral else 0)) * dx
    film = ndimage.zoom(depth.T[::-1], (dz / dx, 1), order=1)
    film = film[: int(len(film) * pose.field), :: -1 if lateral else 1]
    film = film + 0.7 * (film - ndimage.gaussian_filter(film, 16))  # what a reader's console does to show vessels
    inside = film[film > 0.5]
    dark, bright = np.percentile(inside, [0.5, 99.5])
    columns = np.flatnonzero((film > 0.3).any(axis=0))
    film = film[:, max(columns[0] - 8, 0) : columns[-1] + 8]
    return (np.clip((film - dark) / (bright - dark), 0, 1) * 255).astype(np.uint8)


def line_integrals(attenuation: NDArray[np.float32], degrees: float) -> NDArray[np.float32]:
    """Sums along parallel rays across the long axis, shape (nx, nz), in voxels.

    At 0° the rays run from front to back, at 90° from side to side. Each voxel is shared between the two
    detector columns next to where its centre falls, so the sum over a row is the slice's whole attenuation.
    """
    from scipy import sparse

    nx, ny, nz = attenuation.shape
    turn = np.deg2rad(degrees)
    x, y = np.meshgrid(np.arange(nx) - (nx - 1) / 2, np.arange(ny) - (ny - 1) / 2, indexing="ij")
    column = (x * np.cos(turn) + y * np.sin(turn) + (nx - 1) / 2).ravel()
    left = np.floor(column).astype(np.int32)
    share = (column - left).astype(np.float32)
    # Voxels of the slice's corners fall beside the detector, and air beside the body needs no adding up.
    used = np.flatnonzero((left >= 0) & (left < nx - 1) & attenuation.any(axis=2).ravel())
    rays = sparse.csr_matrix(
        (
            np.concatenate([1 - share[used], share[used]]),
            (np.concatenate([left[used], left[used] + 1]), np.tile(np.arange(len(used)), 2)),
        ),
        shape=(nx, len(used)),
    )
    return np.asarray(rays @ attenuation.reshape(nx * ny, nz)[used])
