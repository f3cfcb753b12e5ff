"""DICOM headers after PS3.15 Annex E, edition 2026c: the Basic Application Level Confidentiality Profile.

Of its options: Clean Graphics, Clean Structured Content, Clean Descriptors, Retain Patient Characteristics, and Retain
Longitudinal Temporal Information with Modified Dates (Full Dates where the dates are to stay). Where the table leaves
a choice by the attribute's type (X/Z, X/D …) the action that suits every type is taken: an empty or a dummy value.
`data/ps3_15_2026c.csv` is Table E.1-1 as the package dicom-anonymizer 2.1.0 carries it (Kitware, BSD 3-Clause).
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from assistant.ingest.deid.cleaned import cleaned
from assistant.ingest.deid.header_known import known_of, values_of
from assistant.pseudonyms import Pseudonyms
from assistant.records import Known
from assistant.settings import DeidSettings

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset

EDITION = "DICOM PS3.15 2026c"
# Option Clean Descriptors: free text that is cleaned instead of removed.
_DESCRIPTORS = frozenset((
    "AcquisitionComments", "AcquisitionDeviceProcessingDescription", "AcquisitionProtocolDescription",
    "AdditionalPatientHistory", "AdmittingDiagnosesDescription", "CommentsOnThePerformedProcedureStep",
    "ContrastBolusAgent", "ContributionDescription", "DerivationDescription", "DischargeDiagnosisDescription",
    "FrameComments", "IdentifyingComments", "ImageComments", "ImagePresentationComments",
    "ImagingServiceRequestComments", "Impressions", "InterpretationDiagnosisDescription", "InterpretationText",
    "MedicalAlerts", "Occupation", "PatientComments", "PatientTransportArrangements",
    "PerformedProcedureStepDescription", "ProtocolName", "PyramidDescription", "ReasonForStudy",
    "ReasonForTheImagingServiceRequest", "ReasonForTheRequestedProcedure", "RequestedContrastAgent",
    "RequestedProcedureComments", "RequestedProcedureDescription", "RequestedProcedureLocation", "ResultsComments",
    "ScheduledProcedureStepDescription", "SeriesDescription", "ServiceEpisodeDescription", "StudyComments",
    "StudyDescription", "TextComments", "TextString", "VisitComments", "VisualComment", "Allergies", "PatientState",
    "PreMedication", "SpecialNeeds", "TextValue", "UnformattedTextValue",
))  # fmt: skip
# Option Retain Patient Characteristics; an age over 89 becomes 90.
_CHARACTERISTICS = frozenset((
    "EthnicGroup", "PatientAge", "PatientSex", "PatientSexNeutered", "PatientSize", "PatientWeight",
    "PregnancyStatus", "SmokingStatus",
))  # fmt: skip
# Sequences whose items are cleaned instead of removed: Clean Structured Content, Clean Graphics, Clean Descriptors.
_CLEANED_SEQUENCES = frozenset((
    "ContentSequence", "GraphicAnnotationSequence", "WaveformAnnotationSequence", "AcquisitionContextSequence",
    "RequestAttributesSequence", "ReferencedImageSequence", "SourceImageSequence",
))  # fmt: skip
_TEXTS = ("LO", "LT", "SH", "ST", "UC", "UT")
_DUMMIES: Mapping[str, Any] = {
    "AE": "REMOVED", "AS": "000Y", "CS": "REMOVED", "DS": "0", "IS": "0", "LO": "REMOVED", "LT": "REMOVED",
    "PN": "REMOVED", "SH": "REMOVED", "ST": "REMOVED", "UC": "REMOVED", "UR": "urn:removed", "UT": "REMOVED",
    "TM": "000000", "DA": "19000101", "DT": "19000101", "OB": b"\0\0", "OW": b"\0\0", "UN": b"\0\0",
}  # fmt: skip
_METHOD_CODES = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113103", "Clean Graphics Option"),
    ("113104", "Clean Structured Content Option"),
    ("113105", "Clean Descriptors Option"),
    ("113108", "Retain Patient Characteristics Option"),
)
_SHIFTED = ("113107", "Retain Longitudinal Temporal Information Modified Dates Option")
_KEPT_DATES = ("113106", "Retain Longitudinal Temporal Information Full Dates Option")
CLEAN_PIXELS = ("113101", "Clean Pixel Data Option")


@dataclass(frozen=True, slots=True)
class CleanHeader:
    """A header without identifiers; `changes` counts what was done with each attribute ("PatientName: replaced")."""

    dataset: Dataset
    changes: Mapping[str, int]


@cache
def profile() -> dict[int, str]:
    """Table E.1-1 of PS3.15: the action of the basic profile by tag."""
    text = files("assistant.ingest.deid").joinpath("data/ps3_15_2026c.csv").read_text(encoding="utf-8")
    return {int(row["tag"], 16): row["action"] for row in csv.DictReader(text.splitlines())}


def clean_header(dataset: Dataset, pseudonyms: Pseudonyms, settings: DeidSettings, namespace: str = "") -> CleanHeader:
    """A copy of a data set (its file meta information apart) after the profile; its pixel data stays as it is.

    PatientID and PatientName, StudyID and AccessionNumber become pseudonyms, UIDs 2.25.… of a keyed hash: the same ones
    in every file of the workspace, and with its key alone. Raises RecursionError for sequences nested without end.
    """
    patient = str(dataset.get("PatientID", "") or "").strip()
    study = str(dataset.get("StudyInstanceUID", "") or "").strip()
    shift = pseudonyms.shift_days(patient or study) if settings.dates == "shift" else None
    cleaner = _Cleaner(pseudonyms, namespace, patient, known_of(dataset), shift)
    clean = cleaner.dataset(dataset)
    _tell_method(clean, settings)
    return CleanHeader(clean, dict(sorted(cleaner.changes.items())))


class _Cleaner:
    """One file's cleaning: what is known of its patient, and by how many days its dates move."""

    def __init__(self, pseudonyms: Pseudonyms, namespace: str, patient: str, known: Known, shift: int | None) -> None:
        self._pseudonyms = pseudonyms
        self._namespace = namespace
        self._patient = patient
        self._known = known
        self._shift = shift
        self.changes: Counter[str] = Counter()

    def dataset(self, dataset: Dataset) -> Dataset:
        from pydicom import Dataset

        clean = Dataset()
        for element in dataset:
            if (kept := self._element(element)) is not None:
                clean.add(kept)
        return clean

    def _element(self, element: DataElement) -> DataElement | None:
        """The element as it may stay, None where it goes."""
        tag, keyword, vr = element.tag, element.keyword, element.VR
        action = profile().get(int(tag), "")
        if tag.is_private:
            return self._gone("private elements")
        if tag.group >> 8 in (0x50, 0x60) and tag.group % 2 == 0:
            return self._gone("curves" if tag.group >> 8 == 0x50 else "overlays")
        if keyword in _CHARACTERISTICS:
            if vr == "AS" and _over_89(element.value):
                return self._changed(element, "090Y")
            return self._cleaned(element) if vr in _TEXTS else element
        if keyword.startswith("PatientBirth") or keyword == "IssuerOfPatientID":
            return self._without(element, action)
        if (pseudonym := self._pseudonym(keyword, element)) is not None:
            return self._changed(element, pseudonym)
        if vr == "SQ":
            if action == "X" and keyword not in _CLEANED_SEQUENCES:
                return self._gone(keyword)
            return self._items(element)
        if vr == "TM" and action:
            return element
        if vr in ("DA", "DT"):
            return self._moved(element, action)
        if vr == "UI":
            return self._remapped(element)
        if keyword in _DESCRIPTORS or (not action and vr in _TEXTS):
            return self._cleaned(element)
        if action:
            return self._without(element, action)
        if vr == "PN":
            return self._without(element, "D")
        return self._gone("elements of unknown type") if vr == "UN" else element

    def _pseudonym(self, keyword: str, element: DataElement) -> str | None:
        value = str(element.value or "").strip()
        if not value:
            return None
        match keyword:
            case "PatientID":
                return self._pseudonyms.patient(value, self._namespace)
            case "PatientName":
                return self._pseudonyms.patient(self._patient or value, self._namespace)
            case "StudyID" | "AccessionNumber":
                return self._pseudonyms.study(value, f"{self._namespace}/{keyword}")
        return None

    def _without(self, element: DataElement, action: str) -> DataElement | None:
        """The basic profile's action: remove, empty, or replace by a dummy."""
        if action == "X":
            return self._gone(element.keyword)
        if action in ("Z", "X/Z"):
            return self._changed(element, "") if element.value not in (None, "") else element
        return self._changed(element, _DUMMIES.get(element.VR, 0))

    def _items(self, element: DataElement) -> DataElement:
        from pydicom import DataElement, Sequence

        return DataElement(element.tag, "SQ", Sequence([self.dataset(item) for item in element.value or []]))

    def _remapped(self, element: DataElement) -> DataElement:
        """UIDs of instances by keyed ones; those that the standard registers (classes, syntaxes) stay."""
        from pydicom._uid_dict import UID_dictionary

        old = [str(uid) for uid in values_of(element)]
        new = [uid if not uid or uid in UID_dictionary else self._pseudonyms.uid(uid) for uid in old]
        return self._changed(element, new if len(new) != 1 else new[0]) if new != old else element

    def _moved(self, element: DataElement, action: str) -> DataElement | None:
        """Dates moved by the patient's days; what is no date is treated as the profile says."""
        if self._shift is None:
            return element
        old = [str(value).strip() for value in values_of(element)]
        new = [_moved_date(value, self._shift) if value else value for value in old]
        if any(value is None for value in new):
            return self._without(element, action or "Z")
        return self._changed(element, new if len(new) != 1 else new[0]) if new != old else element

    def _cleaned(self, element: DataElement) -> DataElement:
        old = [str(value) for value in values_of(element)]
        new = [cleaned(value, self._known, self._shift)[0].text for value in old]
        return self._changed(element, new if len(new) != 1 else new[0]) if new != old else element

    def _changed(self, element: DataElement, value: Any) -> DataElement:
        from pydicom import DataElement

        self.changes[f"{element.keyword}: {'emptied' if value == '' else 'replaced'}"] += 1
        return DataElement(element.tag, element.VR, value)

    def _gone(self, what: str) -> DataElement | None:
        self.changes[f"{what}: removed"] += 1
        return None


def _over_89(value: object) -> bool:
    text = str(value or "").strip()
    return text[-1:] == "Y" and text[:-1].isdigit() and int(text[:-1]) > 89


def _moved_date(text: str, days: int) -> str | None:
    """A DA or DT value some days later; year and month alone are moved from the middle of what they span."""
    digits = text[:8]
    form = {8: "%Y%m%d", 6: "%Y%m", 4: "%Y"}.get(len(digits) if digits.isdigit() else 0)
    if form is None:
        return None
    try:
        moment = datetime.strptime({8: digits, 6: f"{digits}15", 4: f"{digits}0701"}[len(digits)], "%Y%m%d")
        return (moment + timedelta(days=days)).strftime(form) + text[8:]
    except (ValueError, OverflowError):
        return None


def _tell_method(dataset: Dataset, settings: DeidSettings) -> None:
    """Write where a data set says that and how it was de-identified (PS3.3 C.7.1.1 and C.12.1)."""
    shifted = settings.dates == "shift"
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = ["Wardround", EDITION, "Basic Application Level Confidentiality Profile"]
    dataset.LongitudinalTemporalInformationModified = "MODIFIED" if shifted else "UNMODIFIED"
    dataset.DeidentificationMethodCodeSequence = []
    for code, meaning in (*_METHOD_CODES, _SHIFTED if shifted else _KEPT_DATES):
        tell_code(dataset, code, meaning)


def tell_code(dataset: Dataset, code: str, meaning: str) -> None:
    """Add an option to those that the data set says were applied (context group CID 7050)."""
    from pydicom import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, "DCM", meaning
    dataset.DeidentificationMethodCodeSequence.append(item)
