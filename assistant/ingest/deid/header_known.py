"""What a DICOM header says of its patient and of the people around, to be found again in the texts of the same file."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from assistant.ingest.dates import parse_date
from assistant.records import Known

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset
    from pydicom.tag import BaseTag

_NAMES = (
    "PatientName", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName", "ReferringPhysicianName",
    "ConsultingPhysicianName", "PerformingPhysicianName", "PhysiciansOfRecord", "NameOfPhysiciansReadingStudy",
    "OperatorsName", "RequestingPhysician", "ResponsiblePerson", "ScheduledPerformingPhysicianName",
    "VerifyingObserverName", "PersonName", "ReviewerName", "OrderEnteredBy", "InterpretationRecorder",
    "ContentCreatorName",
)  # fmt: skip
_IDS = (
    "PatientID", "OtherPatientIDs", "AccessionNumber", "StudyID", "AdmissionID", "MedicalRecordLocator",
    "InsurancePlanIdentification", "RequestedProcedureID", "PerformedProcedureStepID", "ScheduledProcedureStepID",
    "FillerOrderNumberImagingServiceRequest", "PlacerOrderNumberImagingServiceRequest", "DeviceSerialNumber",
    "PatientTelephoneNumbers", "ReferringPhysicianTelephoneNumbers", "MilitaryRank", "StationName",
)  # fmt: skip
_PLACES = (
    "InstitutionName", "InstitutionAddress", "PatientAddress", "ReferringPhysicianAddress", "ResponsibleOrganization",
)  # fmt: skip
_OF_PEOPLE = (
    "VerifyingObserverSequence", "AuthorObserverSequence", "ParticipantSequence", "ContentSequence",
    "OtherPatientIDsSequence", "RequestAttributesSequence", "OriginalAttributesSequence", "ModifiedAttributesSequence",
)  # fmt: skip
_PATIENTS = ("PatientName", "OtherPatientNames", "PatientBirthName")
_BIRTH = ("PatientBirthDate",)
_MAX_DEPTH = 40


def known_of(dataset: Dataset) -> Known:
    """What a header says of its patient and of the people around: names, ids, places, the day of birth."""
    found: tuple[list[str], ...] = ([], [], [])
    for item in _with_people(dataset):
        present = item.keys()
        for texts, keywords in zip(found, (_NAMES, _IDS, _PLACES), strict=True):
            texts += [text for tag in _tags(keywords) if tag in present for text in _texts(item, tag)]
    names, ids, places = (tuple(dict.fromkeys(texts)) for texts in found)
    birth = parse_date(next((text for tag in _tags(_BIRTH) for text in _texts(dataset, tag)), None))
    patients = tuple(text for tag in _tags(_PATIENTS) for text in _texts(dataset, tag))
    return Known(names, ids, places, birth.date() if birth else None, patients)


def _with_people(dataset: Dataset, depth: int = 0) -> Iterator[Dataset]:
    yield dataset
    if depth < _MAX_DEPTH:
        present = dataset.keys()
        for tag in _tags(_OF_PEOPLE):
            for item in (dataset[tag].value or []) if tag in present else []:
                yield from _with_people(item, depth + 1)


@lru_cache(maxsize=8)
def _tags(keywords: tuple[str, ...]) -> tuple[BaseTag, ...]:
    from pydicom.tag import Tag

    return tuple(Tag(keyword) for keyword in keywords)


def _texts(dataset: Dataset, tag: BaseTag) -> list[str]:
    try:
        values = values_of(dataset[tag]) if tag in dataset.keys() else []  # noqa: SIM118 - quicker than `in dataset`
    except Exception:  # a damaged value is converted when it is first looked at
        return []
    return [text for value in values if (text := str(value).strip())]


def values_of(element: DataElement) -> list[Any]:
    value = element.value
    if value is None:
        return []
    return list(value) if element.VM > 1 else [value]


def ultrasound_regions(dataset: Dataset) -> tuple[tuple[int, int, int, int], ...]:
    """The boxes (x0, y0, x1, y1; ends excluded) that an ultrasound's header says were imaged (PS3.3 C.8.5.5)."""
    found = []
    for item in dataset.get("SequenceOfUltrasoundRegions", None) or []:
        edges = [item.get(f"RegionLocation{edge}") for edge in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
        if all(isinstance(edge, int) for edge in edges):
            x0, y0, x1, y1 = edges
            found.append((x0, y0, x1 + 1, y1 + 1))
    return tuple(found)
