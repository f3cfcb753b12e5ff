"""A DICOM file as a copy without identifiers: its header after PS3.15, text burned into its pictures blackened."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.errors import UnreadableFile
from assistant.ingest.deid.header_known import ultrasound_regions
from assistant.ingest.deid.headers import CLEAN_PIXELS, clean_header, tell_code
from assistant.ingest.deid.pixels import Box, mask_burned_in
from assistant.pseudonyms import Pseudonyms
from assistant.records import Image
from assistant.settings import DeidSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

_LOOKED_AT = 3  # frames in which text is looked for: a banner stands in all of them


@dataclass(frozen=True, slots=True)
class Exported:
    """What was done with a copy: `changes` counts each ("PatientName: replaced"), `masked` are the blackened boxes.

    `suspect` says that there may be text in the picture that was not found: look at it before it is passed on.
    """

    changes: Mapping[str, int]
    masked: tuple[Box, ...] = ()
    suspect: bool = False

    def to_json(self) -> dict[str, Any]:
        return {"changes": dict(self.changes), "masked": [list(box) for box in self.masked], "suspect": self.suspect}


def deidentify_file(path: Path, out: Path, pseudonyms: Pseudonyms, settings: DeidSettings) -> Exported:
    """Write a de-identified copy of a DICOM file to `out`, which must not exist.

    Raises UnreadableFile for what is no DICOM file, is damaged, or holds a document that can't be cleaned inside.
    """
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        dataset = dcmread(io.BytesIO(path.read_bytes()))
        return _copy(dataset, path, out, pseudonyms, settings)
    except UnreadableFile:
        raise
    except FileExistsError:
        raise UnreadableFile(out, "is there already: name a new file") from None
    except InvalidDicomError:
        raise UnreadableFile(
            path,
            "no DICOM file: copies are written of DICOM files; others are cleaned when they are indexed or asked about",
        ) from None
    except OSError as error:
        raise UnreadableFile(error.filename or path, error.strerror or str(error)) from None
    except Exception as error:  # damaged elements raise from any depth of pydicom
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UnreadableFile(path, "a damaged DICOM file ({reason})", reason=reason) from None


def _copy(dataset: Dataset, path: Path, out: Path, pseudonyms: Pseudonyms, settings: DeidSettings) -> Exported:
    from pydicom.dataset import FileMetaDataset
    from pydicom.filewriter import dcmwrite

    if "DirectoryRecordSequence" in dataset:
        raise UnreadableFile(path, "a DICOMDIR: it lists a disc's files by patient, and is not to be passed on")
    if "EncapsulatedDocument" in dataset:
        raise UnreadableFile(path, "holds a whole document (a PDF or the like), inside of which nothing can be removed")
    boxes, suspect = _mask(dataset) if settings.mask_burned_in and "PixelData" in dataset else ((), False)
    cleaned = clean_header(dataset, pseudonyms, settings)
    clean = cleaned.dataset
    if boxes:
        clean.BurnedInAnnotation = "NO"
        tell_code(clean, *CLEAN_PIXELS)
    clean.file_meta = FileMetaDataset()
    clean.file_meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    whole = io.BytesIO()
    dcmwrite(whole, clean, enforce_file_format=True)
    with out.open("xb") as stream:
        stream.write(whole.getbuffer())
    return Exported(cleaned.changes, boxes, suspect)


def _mask(dataset: Dataset) -> tuple[tuple[Box, ...], bool]:
    """Blacken burned-in text in every frame of a data set; its pixels are stored uncompressed then."""
    fields = {name: str(dataset.get(keyword, "") or "") for name, keyword in (
        ("burned_in_annotation", "BurnedInAnnotation"), ("conversion_type", "ConversionType"))}  # fmt: skip
    modality = str(dataset.get("Modality", "") or "OT")
    colour = int(dataset.get("SamplesPerPixel", 1)) > 1
    raw = dataset.pixel_array
    frames = raw.reshape(-1, *raw.shape[-3:]) if colour else raw.reshape(-1, *raw.shape[-2:])
    boxes: set[Box] = set()
    suspect = False
    for n in sorted({round(n) for n in np.linspace(0, len(frames) - 1, _LOOKED_AT)}):
        image = Image(_eight_bits(frames[n]), ultrasound_regions(dataset))
        found = mask_burned_in(image, modality, fields)
        boxes |= set(found.boxes)
        suspect |= found.suspect
    if boxes:
        if dataset.file_meta.TransferSyntaxUID.is_compressed:
            dataset.decompress(as_rgb=True)
        _blacken(dataset, boxes, colour)
    return tuple(sorted(boxes)), suspect and not boxes


def _blacken(dataset: Dataset, boxes: set[Box], colour: bool) -> None:
    pixels = dataset.pixel_array.copy()
    dark = pixels.max() if dataset.PhotometricInterpretation == "MONOCHROME1" else pixels.min()
    frames = pixels.reshape(-1, *pixels.shape[-3:]) if colour else pixels.reshape(-1, *pixels.shape[-2:])
    for x0, y0, x1, y1 in boxes:
        frames[:, y0:y1, x0:x1] = dark
    dataset.set_pixel_data(pixels, dataset.PhotometricInterpretation, dataset.BitsStored, generate_instance_uid=False)


def _eight_bits(frame: NDArray[Any]) -> NDArray[np.uint8]:
    """A frame in which print can be looked for; its grey values need not be those that a viewer would show."""
    if frame.dtype == np.uint8:
        return frame
    values = frame.astype(np.float64)
    low, high = np.percentile(values, (0.5, 99.9))
    return np.rint(np.clip((values - low) / max(high - low, 1), 0, 1) * 255).astype(np.uint8)
