"""DICOM files: told by content, with their facts, handed to the reader of their kind of object."""

from __future__ import annotations

import contextlib
import io
import re
import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.dates import dicom_moment
from assistant.ingest.quiet import quiet
from assistant.ingest.text.plain import clean
from assistant.records import Record
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from pydicom import Dataset

_VR = {b"AE", b"AS", b"CS", b"DA", b"DS", b"DT", b"IS", b"LO", b"LT", b"OB", b"OW", b"PN", b"SH", b"SQ", b"ST", b"TM",
       b"UI", b"UL", b"UN", b"US", b"UT"}  # fmt: skip
_FIELDS = {
    "age": "PatientAge",
    "sex": "PatientSex",
    "body_part": "BodyPartExamined",
    "view_position": "ViewPosition",
    "laterality": "ImageLaterality",
    "study_description": "StudyDescription",
    "series_description": "SeriesDescription",
    "burned_in_annotation": "BurnedInAnnotation",
}


_NO_PICTURE = {"SEG": "segmentation", "RTDOSE": "radiotherapy dose", "REG": "registration"}


def recognises(file: Content) -> bool:
    return file.data[128:132] == b"DICM" or _starts_with_element(file.data)


def _starts_with_element(data: bytes) -> bool:
    """Whether data without the 128-byte preamble opens with an element of group 0002 or 0008."""
    if len(data) < 16:
        return False
    for order in ("<", ">"):
        group, element = struct.unpack(order + "HH", data[:4])
        if group not in (0x0002, 0x0008) or element > 0x1200 or (group == 0x0002 and element > 0x0200):
            continue
        if data[4:6] in _VR:
            return True
        (length,) = struct.unpack(order + "I", data[4:8])
        if length <= 1024 and element in (0x0000, 0x0001, 0x0005, 0x0008, 0x0012, 0x0016, 0x0018):
            return True
    return False


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """Records of an image, a waveform or a structured report; other objects are set aside by name."""
    from assistant.ingest.dicom import image, report, waveform

    dataset = _dataset(file)
    with quiet():
        try:
            if "WaveformSequence" in dataset:
                records = waveform.read(file, dataset, limits)
            elif (kind := _NO_PICTURE.get(str(dataset.get("Modality", "")))) is not None:
                raise file.refuse(f"a DICOM {kind}, which is no picture of its own: not read yet")
            elif any(name in dataset for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
                records = image.read(file, dataset, limits)
            elif "EncapsulatedDocument" in dataset:
                records = _encapsulated(file, dataset, limits)
            elif "ContentSequence" in dataset:
                records = report.read(file, dataset, limits)
            else:
                raise file.refuse(f"a DICOM file ({_object_name(dataset)}) without picture, signal or report")
            return [_with_facts(record, dataset) for record in records]
        except UnreadableFile:
            raise
        except MemoryError:
            raise file.refuse("the DICOM object does not fit into memory") from None
        except RecursionError:
            raise file.refuse("damaged DICOM file (sequences nested without end)") from None
        except Exception as error:  # mutated elements raise from any depth of pydicom
            raise file.refuse(f"damaged DICOM file ({type(error).__name__}: {_brief(error)})") from None


def _dataset(file: Content) -> Dataset:
    import pydicom
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    with quiet():
        try:
            dataset = pydicom.dcmread(io.BytesIO(file.data), force=True)
            if "DirectoryRecordSequence" in dataset:
                raise file.refuse("a DICOMDIR, the table of contents of a disc: index the folder of its files")
            if not getattr(dataset.file_meta, "TransferSyntaxUID", None):
                implicit, little = dataset.original_encoding
                explicit = ExplicitVRLittleEndian if little is not False else ExplicitVRBigEndian
                dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit
        except UnreadableFile:
            raise
        except Exception as error:
            raise file.refuse(f"damaged DICOM file (its header can't be read: {_brief(error)})") from None
    if len(dataset) == 0:
        raise file.refuse("damaged DICOM file (it ends before the first element)")
    return dataset


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _object_name(dataset: Dataset) -> str:
    uid = getattr(dataset, "SOPClassUID", None)
    return f"SOP class {uid.name}" if uid else "no SOP class"


def value(dataset: Dataset, keyword: str) -> str | None:
    """An element's value as one line of text, None if it is absent, blank or unreadable."""
    try:
        found = getattr(dataset, keyword, None)
    except Exception:  # a damaged value is converted when it is first looked at
        return None
    if found is None:
        return None
    if not isinstance(found, str) and hasattr(found, "__iter__") and not hasattr(found, "components"):
        found = "\\".join(str(part) for part in found)
    return " ".join(clean(str(found)).split()) or None


def _encapsulated(file: Content, dataset: Dataset, limits: IngestSettings) -> list[Record]:
    """The document inside, read as what its content says it is (nearly always a PDF)."""
    from assistant.ingest.text import pdf

    inner = Content(file.uri, bytes(dataset.EncapsulatedDocument))
    if not pdf.recognises(inner):
        raise file.refuse(f"a DICOM file around a document of type {value(dataset, 'MIMETypeOfEncapsulatedDocument')}")
    title = value(dataset, "DocumentTitle")
    return [replace(record, sha256=file.sha256, title=title or record.title) for record in pdf.read(inner, limits)]


def _with_facts(record: Record, dataset: Dataset) -> Record:
    """The record with who, when and what from the header; what the reader already set stays."""
    facts: dict[str, str | int | float] = {
        name: found for name, keyword in _FIELDS.items() if (found := value(dataset, keyword))
    }
    if isinstance(age := facts.get("age"), str) and re.fullmatch(r"0*\d+Y", age):
        facts["age"] = int(age[:-1])  # in years, as other formats have it
    if "laterality" not in facts and (side := value(dataset, "Laterality")):
        facts["laterality"] = side
    if spacing := _spacing(dataset):
        facts["spacing_mm"] = spacing
    description = value(dataset, "StudyDescription") or value(dataset, "SeriesDescription")
    return replace(
        record,
        patient_id=value(dataset, "PatientID"),
        study_id=value(dataset, "StudyInstanceUID"),
        taken_at=record.taken_at or _taken_at(dataset),
        title=record.title or description,
        fields={**facts, **record.fields},
    )


def _spacing(dataset: Dataset) -> str | None:
    """Row and column spacing; of a radiograph it is measured at the detector unless calibrated."""
    item: Any = dataset
    with contextlib.suppress(AttributeError, IndexError, TypeError):
        item = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    found = value(item, "PixelSpacing") or value(dataset, "PixelSpacing") or value(dataset, "ImagerPixelSpacing")
    return found.replace("\\", " × ") if found else None


def _taken_at(dataset: Dataset) -> Any:
    acquired = value(dataset, "AcquisitionDateTime") or ""
    if moment := dicom_moment(acquired[:8], acquired[8:]):
        return moment
    for name in ("Acquisition", "Content", "Series", "Study"):
        if moment := dicom_moment(value(dataset, f"{name}Date"), value(dataset, f"{name}Time")):
            return moment
    return None
