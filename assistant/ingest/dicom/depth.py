"""A frame of a DICOM object with its stored values, for a viewer."""

from __future__ import annotations

from dataclasses import replace
from math import floor, log2
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.ingest.content import Content
from assistant.ingest.deid.header_known import ultrasound_regions
from assistant.ingest.dicom.coarse import MOST_HALVINGS, SMALL, coarse_values
from assistant.ingest.dicom.decode import stored_values
from assistant.ingest.dicom.display import from_palette, grades, is_inverse, show_colour, show_grey, stated_windows
from assistant.ingest.dicom.header import Header, frame_item, numbers, read_header, value
from assistant.ingest.dicom.image import check
from assistant.ingest.image.depth import Coarse, Depth, Window, deep, plain_depth
from assistant.ingest.quiet import quiet
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

_UNITS = {"HU": "HU", "OD": "OD", "MGML": "mg/ml"}  # of the modality step (PS3.3 C.11.1.1.2)


def read_depth(file: Content, frame: int, limits: IngestSettings, within: tuple[int, int] | None = None) -> Depth:
    """Frame `frame` (from 0) with what its stored values mean and are shown as. Raises UnreadableFile.

    Where the picture is to be fitted `within` so many pixels (width, height) and its file gives a smaller one at once,
    it is that: `coarse`, and no smaller than it will be seen.
    """
    header = read_header(file, limits)
    with quiet():
        dataset = header.dataset
        frames = check(file, dataset, limits)
        if not 0 <= frame < frames:
            raise file.refuse("there is no frame {frame}: it has {frames}", frame=frame + 1, frames=frames)
        size = int(dataset.Columns), int(dataset.Rows)
        halvings = _halvings(size, within) if within else 0
        fewer = coarse_values(header, frame, halvings) if halvings else None
        found = _depth(header, stored_values(file, header, frame) if fewer is None else fewer, frame)
        coarse = None if fewer is None else Coarse(*size, halvings)
        regions = ultrasound_regions(dataset)
        return replace(found, frame=frame, frames=frames, regions=regions, coarse=coarse)


def _halvings(size: tuple[int, int], within: tuple[int, int]) -> int:
    """How often a picture's sides can be halved until it would be smaller than it is seen; of a small one, never."""
    if size[0] * size[1] <= SMALL:
        return 0
    shown = min(inside / side for inside, side in zip(within, size, strict=True))
    return max(0, min(floor(log2(1 / shown)), MOST_HALVINGS))


def _depth(header: Header, raw: NDArray[Any], frame: int) -> Depth:
    dataset = header.dataset
    if value(dataset, "PhotometricInterpretation") == "PALETTE COLOR" and raw.ndim == 2:
        return plain_depth(from_palette(dataset, raw))
    if raw.ndim == 3:
        return plain_depth(show_colour(dataset, raw))
    if raw.dtype == np.bool_ or raw.dtype.kind not in "iuf":
        raw = raw.astype(np.uint8)
    shown = show_grey(dataset, raw, frame)[0] if _is_mixed(dataset) else None
    if shown is not None and shown.ndim == 3:  # a supplemental palette colours a part of it
        return plain_depth(shown)
    windows = tuple(Window(*stated) for stated in stated_windows(dataset, frame))
    if raw.dtype.kind == "f" or raw.dtype.itemsize > 2:
        slope, intercept = _rescale(dataset, frame)
        stated = (windows[0].centre, windows[0].width) if windows else None
        found = deep(raw * slope + intercept, stated, inverse=is_inverse(dataset))
        return replace(found, windows=windows, unit=_unit(dataset, frame))
    known = grades(dataset, raw, frame)
    kind = np.uint8 if len(known.shown) <= 256 else np.uint16
    bits = raw.astype(np.int16 if raw.dtype.kind == "i" else np.uint16).view(np.uint16)
    codes = (bits - np.uint16(known.first & 0xFFFF)).astype(kind)  # modulo 2^16, the same whatever the sign
    return Depth(
        codes, known.values.astype(np.float32), known.shown, *known.window, windows, is_inverse(dataset),
        _unit(dataset, frame),
    )  # fmt: skip


def _is_mixed(dataset: Dataset) -> bool:
    return value(dataset, "PixelPresentation") in ("COLOR", "MIXED")


def _rescale(dataset: Dataset, frame: int) -> tuple[float, float]:
    item = frame_item(dataset, frame, "PixelValueTransformationSequence")
    return (numbers(item, "RescaleSlope") or [1.0])[0], (numbers(item, "RescaleIntercept") or [0.0])[0]


def _unit(dataset: Dataset, frame: int) -> str:
    item = frame_item(dataset, frame, "PixelValueTransformationSequence")
    stated = (value(item, "RescaleType") or "").upper()
    if not stated and value(dataset, "Modality") == "CT" and value(item, "RescaleSlope"):
        return "HU"  # what CT means where nothing else is stated (PS3.3 C.8.2.1.1.3)
    return _UNITS.get(stated, "")
