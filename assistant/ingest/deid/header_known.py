"""What a DICOM header says of its patient and of the people around, to be found again in the texts of the same file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assistant.ingest.dates import parse_date
from assistant.records import Known

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset

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
_MAX_DEPTH = 40


def known_of(dataset: Dataset) -> Known:
    """What a header says of its patient and of the people around: names, ids, places, the day of birth."""
    found: dict[str, list[str]] = {"names": [], "ids": [], "places": []}
    for item in _with_people(dataset):
        for kind, keywords in (("names", _NAMES), ("ids", _IDS), ("places", _PLACES)):
            found[kind] += [text for keyword in keywords for text in _texts(item, keyword)]
    names, ids, places = (tuple(dict.fromkeys(texts)) for texts in found.values())
    birth = parse_date(next(iter(_texts(dataset, "PatientBirthDate")), None))
    return Known(names, ids, places, birth.date() if birth else None)


def _with_people(dataset: Dataset, depth: int = 0) -> Iterator[Dataset]:
    yield dataset
    if depth < _MAX_DEPTH:
        for keyword in _OF_PEOPLE:
            for item in dataset.get(keyword, None) or []:
                yield from _with_people(item, depth + 1)


def _texts(dataset: Dataset, keyword: str) -> list[str]:
    try:
        values = values_of(dataset[keyword]) if keyword in dataset else []
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
