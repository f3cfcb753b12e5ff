"""Where a DICOM picture lies in the patient, and how large its pixels are, as fields of the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assistant.ingest.dicom.header import frame_item, numbers, value

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

Fields = dict[str, str | int | float]

_AXES = (("L", "R"), ("P", "A"), ("H", "F"))  # of +x, -x, +y … in the patient's coordinates (PS3.3 C.7.6.2.1.1)
_PLANES = {0: "sagittal", 1: "coronal", 2: "axial"}
_OBLIQUE_DEG = 15.0  # a plane further from every axis is called oblique, the nearest axis named with it
_CM = 3  # physical units of an ultrasound region (PS3.3 C.8.5.5.1.15)


def geometry(dataset: Dataset, frame: int) -> Fields:
    """Spacing and its kind, orientation, slice position and thickness of frame `frame` (from 0), as far as stated."""
    fields: Fields = {}
    measures = frame_item(dataset, frame, "PixelMeasuresSequence")
    fields |= spacing(dataset, measures)
    for name, keyword in (
        ("slice_thickness_mm", "SliceThickness"),
        ("spacing_between_slices_mm", "SpacingBetweenSlices"),
        ("slice_location_mm", "SliceLocation"),
    ):
        if found := numbers(measures, keyword) or numbers(dataset, keyword):
            fields[name] = round(found[0], 3)
    directions = numbers(frame_item(dataset, frame, "PlaneOrientationSequence"), "ImageOrientationPatient")
    if words := orientation(directions):
        fields |= words
    for name, keyword in (("patient_orientation", "PatientOrientation"), ("patient_position", "PatientPosition")):
        if stated := value(dataset, keyword):
            fields[name] = stated.replace("\\", " / ")
    return fields


def spacing(dataset: Dataset, measures: Dataset) -> Fields:
    """Row and column spacing in mm, and where it holds (PS3.3 10.7): of a radiograph it is measured at the detector
    unless it was calibrated."""
    if (found := numbers(measures, "PixelSpacing") or numbers(dataset, "PixelSpacing")) and len(found) == 2:
        at_detector = numbers(dataset, "ImagerPixelSpacing")
        calibrated = value(dataset, "PixelSpacingCalibrationType")
        kind = f"calibrated ({calibrated.lower()})" if calibrated else "in the patient"
        if not calibrated and at_detector == found:
            kind = "at the detector"
    elif (found := numbers(dataset, "ImagerPixelSpacing")) and len(found) == 2:
        kind = "at the detector"
    elif (found := numbers(dataset, "NominalScannedPixelSpacing")) and len(found) == 2:
        kind = "of the scanned film"
    elif found := _ultrasound(dataset):
        kind = "in the patient (ultrasound region)"
    else:
        return {}
    if min(found) <= 0:
        return {}
    return {"spacing_mm": " × ".join(f"{one:.6g}" for one in found), "spacing_kind": kind}


def _ultrasound(dataset: Dataset) -> list[float]:
    """Of the first region whose axes are both lengths."""
    for region in dataset.get("SequenceOfUltrasoundRegions", None) or []:
        units = numbers(region, "PhysicalUnitsYDirection") + numbers(region, "PhysicalUnitsXDirection")
        deltas = numbers(region, "PhysicalDeltaY") + numbers(region, "PhysicalDeltaX")
        if units == [_CM, _CM] and len(deltas) == 2 and all(deltas):
            return [abs(delta) * 10 for delta in deltas]
    return []


def orientation(directions: list[float]) -> dict[str, str]:
    """The plane of Image Orientation (Patient) and what its rows and columns run towards; {} where that is no plane.

    Rows and columns are named by the letters of the axes within reach of them, the nearest first: "L", "PF".
    """
    if (normal := plane_normal(directions)) is None:
        return {}
    axis = int(np.argmax(np.abs(normal)))
    tilt = np.degrees(np.arccos(min(1.0, float(np.abs(normal[axis])))))
    plane = _PLANES[axis] if tilt <= _OBLIQUE_DEG else f"oblique, nearest {_PLANES[axis]}"
    row, column = np.array(directions[:3]), np.array(directions[3:])
    return {"orientation": plane, "row_direction": _letters(row), "column_direction": _letters(column)}


def plane_normal(directions: list[float]) -> NDArray[np.float64] | None:
    """The unit normal of rows × columns, shape (3,); None for directions that span no plane."""
    if len(directions) != 6:
        return None
    normal = np.cross(directions[:3], directions[3:])
    length = float(np.linalg.norm(normal))
    return normal / length if length > 0.5 else None


def _letters(direction: NDArray[np.float64]) -> str:
    order = np.argsort(-np.abs(direction), kind="stable")
    near = [n for n in order if abs(direction[n]) > np.sin(np.radians(_OBLIQUE_DEG))]
    return "".join(_AXES[n][0 if direction[n] > 0 else 1] for n in near)
