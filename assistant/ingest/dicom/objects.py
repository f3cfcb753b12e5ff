"""DICOM files: told by content, with their facts, handed to the reader of their kind of object."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.dates import dicom_moment
from assistant.ingest.deid.header_known import known_of, ultrasound_regions
from assistant.ingest.dicom.header import Header, brief, object_name, read_header, value
from assistant.ingest.quiet import quiet
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
    "conversion_type": "ConversionType",
}


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


_THREE_D = {"model/stl": "STL", "model/obj": "OBJ", "model/mtl": "MTL"}


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """Records of an image, a waveform, a structured report, an encapsulated document, or of what another object says
    of pictures; what is none of that is set aside by name."""
    header = read_header(file, limits)
    with quiet():
        try:
            return [_with_facts(record, header.dataset) for record in _records(file, header, limits)]
        except UnreadableFile:
            raise
        except MemoryError:
            raise file.refuse("the DICOM object does not fit into memory") from None
        except RecursionError:
            raise file.refuse("damaged DICOM file (sequences nested without end)") from None
        except Exception as error:  # mutated elements raise from any depth of pydicom
            raise file.refuse(
                "damaged DICOM file ({fault}: {brief})", fault=type(error).__name__, brief=brief(error)
            ) from None


def document_of(file: Content, limits: IngestSettings) -> Content | None:
    """The document that a DICOM file holds; None where the file is none, or holds no document."""
    if not recognises(file):
        return None
    dataset = read_header(file, limits).dataset
    return Content(file.uri, document_in(dataset)) if "EncapsulatedDocument" in dataset else None


def _records(file: Content, header: Header, limits: IngestSettings) -> list[Record]:
    from assistant.ingest.dicom import derived, image, report, waveform

    dataset = header.dataset
    if "WaveformSequence" in dataset:
        return waveform.read(file, dataset, limits)
    if derived.describes(dataset):
        return derived.read(file, header, limits)
    if header.pixels is not None:
        return image.read(file, header, limits)
    if "EncapsulatedDocument" in dataset:
        return _encapsulated(file, dataset, limits)
    if "ContentSequence" in dataset or value(dataset, "Modality") == "KO":
        return report.read(file, header, limits)
    if "Rows" in dataset or object_name(dataset).endswith("Image Storage"):
        raise file.refuse(
            "cut off: a DICOM file ({object_name}) that ends before its picture", object_name=object_name(dataset)
        )
    raise file.refuse(
        "a DICOM file ({object_name}) without picture, signal or report", object_name=object_name(dataset)
    )


def document_in(dataset: Dataset) -> bytes:
    """The bytes of the document inside, without the padding to an even length."""
    data = bytes(dataset.EncapsulatedDocument)
    length = dataset.get("EncapsulatedDocumentLength", None)
    return data[: int(length)] if length else data.rstrip(b"\0")


def _encapsulated(file: Content, dataset: Dataset, limits: IngestSettings) -> list[Record]:
    """The document inside (PS3.3 C.24.2), read as what its content says it is: a PDF, a clinical document (CDA) …"""
    from assistant.ingest.formats import FORMATS, format_of

    kind = value(dataset, "MIMETypeOfEncapsulatedDocument") or "unknown"
    if model := _THREE_D.get(kind.lower()):
        raise file.refuse("a DICOM file around a three-dimensional model ({model}), which is no picture", model=model)
    inner = Content(file.uri, document_in(dataset), aside=file.aside)
    name = format_of(inner) if inner.data else None
    if name is None or name in ("dicom", "archive"):
        raise file.refuse("a DICOM file around a document of type {kind}", kind=kind)
    title = value(dataset, "DocumentTitle")
    return [
        replace(record, sha256=file.sha256, title=title or record.title) for record in FORMATS[name].read(inner, limits)
    ]


def _with_facts(record: Record, dataset: Dataset) -> Record:
    """The record with who, when and what from the header; what the reader already set stays."""
    facts: dict[str, str | int | float] = {
        name: found for name, keyword in _FIELDS.items() if (found := value(dataset, keyword))
    }
    if isinstance(age := facts.get("age"), str) and re.fullmatch(r"0*\d+Y", age):
        facts["age"] = int(age[:-1])  # in years, as other formats have it
    if "laterality" not in facts and (side := value(dataset, "Laterality")):
        facts["laterality"] = side
    description = value(dataset, "StudyDescription") or value(dataset, "SeriesDescription")
    return replace(
        record,
        patient_id=value(dataset, "PatientID"),
        study_id=value(dataset, "StudyInstanceUID"),
        taken_at=record.taken_at or _taken_at(dataset),
        title=record.title or description,
        fields={**facts, **record.fields},
        image=replace(record.image, regions=ultrasound_regions(dataset)) if record.image else None,
        known=record.known | known_of(dataset),
    )


def _taken_at(dataset: Dataset) -> Any:
    acquired = value(dataset, "AcquisitionDateTime") or ""
    if moment := dicom_moment(acquired[:8], acquired[8:]):
        return moment
    for name in ("Acquisition", "Content", "Series", "Study"):
        if moment := dicom_moment(value(dataset, f"{name}Date"), value(dataset, f"{name}Time")):
            return moment
    return None
