"""Pictures of DICOM objects: of a multi-frame object a representative few, each frame decoded by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.dicom.decode import stored_values
from assistant.ingest.dicom.display import from_palette, show_colour, show_grey
from assistant.ingest.dicom.geometry import geometry, plane_normal
from assistant.ingest.dicom.header import Header, frame_item, numbers, value
from assistant.ingest.dicom.overlays import overlays
from assistant.ingest.image.paper import shows
from assistant.ingest.image.picture import check_pixels
from assistant.ingest.image.quality import BLANK, is_blank, quality
from assistant.ingest.image.slices import central, even
from assistant.records import Image, Record
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

_NOT_SHOWN = {  # photometric interpretations that no decoder turns into RGB
    "HSV", "ARGB", "CMYK", "YBR_PARTIAL_422", "YBR_PARTIAL_420",
}  # fmt: skip


def read(file: Content, header: Header, limits: IngestSettings) -> list[Record]:
    """A record for the picture, or for each representative frame of many: `part` "frame 12", counted from 1, and the
    fields `frame` and `frames`. A frame that can't be decoded or shows nothing is set aside."""
    dataset = header.dataset
    frames = check(file, dataset, limits)
    modality = (value(dataset, "Modality") or "OT").upper()
    records, trouble = [], None
    for frame in _representative(dataset, frames, limits.representative_slices):
        part = f"frame {frame + 1}" if frames > 1 else ""
        try:
            pixels, fields = _shown(file, header, frame)
        except UnreadableFile as error:
            trouble = trouble or error
            if frames > 1:
                file.set_aside(part, error.reason)
            continue
        if frames > 1:
            fields = {"frames": frames, "frame": frame + 1, **fields}
        records.append(
            Record(
                kind="image", modality=modality, uri=file.uri, sha256=file.sha256, part=part, fields=fields,
                image=Image(pixels),
            )
        )  # fmt: skip
    if trouble is not None and not records:
        raise trouble
    return records


def check(file: Content, dataset: Dataset, limits: IngestSettings) -> int:
    """The number of its frames. Raises UnreadableFile for a picture that is beyond the limits, or can't be shown."""
    frames = max(1, int(getattr(dataset, "NumberOfFrames", 1) or 1))
    rows, columns = int(getattr(dataset, "Rows", 0) or 0), int(getattr(dataset, "Columns", 0) or 0)
    if not rows or not columns:
        raise file.refuse("a DICOM object with pixel data but without a number of rows and columns")
    check_pixels(file, columns, rows, limits)
    total = numbers(dataset, "TotalPixelMatrixColumns") + numbers(dataset, "TotalPixelMatrixRows")
    if frames > limits.max_frames:
        slide = f", the tiles of a slide of {total[0]:.0f} × {total[1]:.0f} pixels," if len(total) == 2 else ""
        raise file.refuse(
            f"{frames:,} frames{slide} are more than the limit of {limits.max_frames} (ingest.max_frames)"
            + ("; its smaller levels can be read" if slide else "")
        )
    kind = value(dataset, "ImageType") or ""
    if len(total) == 2 and "LABEL" in kind.split("\\"):
        raise file.refuse("the label of a slide, on which the patient's name or number stands")
    if (colours := value(dataset, "PhotometricInterpretation") or "") in _NOT_SHOWN:
        raise file.refuse("its colours are stored as {colours}, retired from DICOM: export it as RGB", colours=colours)
    return frames


def _shown(file: Content, header: Header, frame: int) -> tuple[NDArray[np.uint8], dict[str, str | int | float]]:
    """A frame as it is looked at, and what is known of it."""
    dataset = header.dataset
    raw = stored_values(file, header, frame)
    fields: dict[str, str | int | float] = {"width": raw.shape[1], "height": raw.shape[0]}
    if value(dataset, "PhotometricInterpretation") == "PALETTE COLOR" and raw.ndim == 2:
        pixels = from_palette(dataset, raw)
    elif raw.ndim == 3:
        pixels = show_colour(dataset, raw)
    else:
        pixels, fields["window"] = show_grey(dataset, raw, frame)
    if is_blank(pixels):
        raise file.refuse(BLANK)
    return pixels, {**fields, **geometry(dataset, frame), **overlays(dataset), **(shows(pixels) or quality(pixels))}


def _representative(dataset: Dataset, frames: int, wanted: int) -> list[int]:
    """Frames from 0 in the order they are shown in: of a volume, along the normal of its slices; else in time."""
    places = _places(dataset, frames)
    if places is None:
        return even(frames, wanted)
    order = sorted(range(frames), key=lambda frame: (places[frame], frame))
    return [order[n] for n in central(frames, wanted)]


def _places(dataset: Dataset, frames: int) -> list[float] | None:
    """Where each frame lies along the normal, in mm; None where that is not stated of all or the same everywhere."""
    if frames < 2 or "PerFrameFunctionalGroupsSequence" not in dataset:
        return None
    directions = numbers(frame_item(dataset, 0, "PlaneOrientationSequence"), "ImageOrientationPatient")
    if (normal := plane_normal(directions)) is None:
        return None
    places: list[float] = []
    for frame in range(frames):
        position = numbers(frame_item(dataset, frame, "PlanePositionSequence"), "ImagePositionPatient")
        if len(position) != 3:
            return None
        places.append(float(np.dot(position, normal)))
    return places if max(places) > min(places) else None
