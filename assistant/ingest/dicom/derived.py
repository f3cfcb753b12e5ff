"""Objects that say something of pictures without being one: segmentations, radiotherapy, presentation states.

What they state in words and numbers becomes a text record; where there is nothing of that, the reason names the object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from assistant.ingest.content import Content
from assistant.ingest.dicom.header import Header, numbers, object_name, value
from assistant.ingest.dicom.report import text_of
from assistant.ingest.text.encodings import clean
from assistant.records import Record
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from pydicom import Dataset

Fields = dict[str, str | int | float]


def describes(dataset: Dataset) -> bool:
    """Whether an object is one of these; some of them hold pixels, which are masks or doses and no picture."""
    return _modality(dataset) in _WORDS


def read(file: Content, header: Header, limits: IngestSettings) -> list[Record]:
    """One text record of what the object states. Raises UnreadableFile for one that states nothing."""
    dataset = header.dataset
    modality = _modality(dataset)
    name, words = _WORDS[modality]
    fields: Fields = {}
    lines = list(words(dataset, fields))
    if not lines:
        raise file.refuse(
            "a DICOM {name} ({object_name}), which is no picture of its own and says nothing",
            name=name,
            object_name=object_name(dataset),
        )
    label = next((said for keyword in _LABELS if (said := value(dataset, keyword))), None)
    title = f"{name[:1].upper()}{name[1:]}" + (f": {label}" if label else "")
    text = "\n".join([f"{title}.", *lines])
    return [text_of(file, text, limits, title=title, modality=modality, fields=fields)]


_LABELS = ("ContentLabel", "StructureSetLabel", "RTPlanLabel", "SeriesDescription")


def _modality(dataset: Dataset) -> str:
    return (value(dataset, "Modality") or "").upper()


def _sequence(item: Dataset, keyword: str) -> list[Dataset]:
    return list(item.get(keyword, None) or [])


def _meaning(item: Dataset, keyword: str) -> str | None:
    found = _sequence(item, keyword)
    return value(found[0], "CodeMeaning") if found else None


def _segmentation(dataset: Dataset, fields: Fields) -> Iterator[str]:
    """Segments by name, category, place and algorithm (PS3.3 C.8.20.4)."""
    segments = _sequence(dataset, "SegmentSequence")
    kind = (value(dataset, "SegmentationType") or "").lower()
    fields |= {"segments": len(segments), "frames": int((numbers(dataset, "NumberOfFrames") or [1.0])[0])}
    if kind:
        fields["segmentation_type"] = kind
    for item in segments:
        name = value(item, "SegmentLabel") or _meaning(item, "SegmentedPropertyTypeCodeSequence") or "unnamed"
        told = [
            _meaning(item, "SegmentedPropertyTypeCodeSequence"),
            _meaning(item, "AnatomicRegionSequence"),
            _how(item),
        ]
        words = ", ".join(one for one in dict.fromkeys(told) if one and one.lower() != name.lower())
        yield f"Segment {value(item, 'SegmentNumber') or '?'}: {name}" + (f" ({words})" if words else "")


def _how(item: Dataset) -> str | None:
    kind = value(item, "SegmentAlgorithmType")
    by = value(item, "SegmentAlgorithmName")
    return " ".join(filter(None, ((kind or "").lower() or None, f"by {by}" if by else None))) or None


def _structures(dataset: Dataset, fields: Fields) -> Iterator[str]:
    """Regions of interest by name and interpretation (PS3.3 C.8.8.5 and C.8.8.8)."""
    kinds = {
        value(item, "ReferencedROINumber"): value(item, "RTROIInterpretedType")
        for item in _sequence(dataset, "RTROIObservationsSequence")
    }
    contours = {
        value(item, "ReferencedROINumber"): len(_sequence(item, "ContourSequence"))
        for item in _sequence(dataset, "ROIContourSequence")
    }
    regions = _sequence(dataset, "StructureSetROISequence")
    fields["structures"] = len(regions)
    for item in regions:
        number = value(item, "ROINumber")
        kind = (kinds.get(number) or "").lower()
        told = [kind, f"{contours[number]} contours" if contours.get(number) else "", _volume(item)]
        told = [one for one in told if one]
        yield f"Structure {number}: {value(item, 'ROIName') or 'unnamed'}" + (f" ({', '.join(told)})" if told else "")


def _volume(item: Dataset) -> str:
    found = numbers(item, "ROIVolume")
    return f"{found[0]:g} cm3" if found else ""


def _plan(dataset: Dataset, fields: Fields) -> Iterator[str]:
    """Doses prescribed, fractions and beams (PS3.3 C.8.8.10, C.8.8.13, C.8.8.14)."""
    for item in _sequence(dataset, "DoseReferenceSequence"):
        dose = numbers(item, "TargetPrescriptionDose") or numbers(item, "DeliveryMaximumDose")
        what = (value(item, "DoseReferenceType") or "dose").replace("_", " ").lower()
        if dose:
            yield f"{what.capitalize()}: {dose[0]:g} Gy"
    for item in _sequence(dataset, "FractionGroupSequence"):
        if planned := numbers(item, "NumberOfFractionsPlanned"):
            fields["fractions_planned"] = int(planned[0])
            yield f"Fractions planned: {planned[0]:g}"
    beams = _sequence(dataset, "BeamSequence") or _sequence(dataset, "IonBeamSequence")
    if beams:
        fields["beams"] = len(beams)
    for item in beams:
        told = [value(item, "RadiationType"), value(item, "BeamType"), value(item, "TreatmentDeliveryType")]
        words = ", ".join(one.lower() for one in told if one)
        yield f"Beam {value(item, 'BeamNumber') or '?'}: {value(item, 'BeamName') or 'unnamed'}" + (
            f" ({words})" if words else ""
        )


def _dose(dataset: Dataset, fields: Fields) -> Iterator[str]:
    """What kind of dose it is and on which grid (PS3.3 C.8.8.3); the grid itself is no picture."""
    units = (value(dataset, "DoseUnits") or "").capitalize()
    for name, keyword in (("dose_type", "DoseType"), ("dose_summation", "DoseSummationType")):
        if stated := value(dataset, keyword):
            fields[name] = stated.lower()
            yield f"{name.replace('_', ' ').capitalize()}: {stated.lower()}"
    if units:
        fields["dose_units"] = units
        yield f"Units: {units}"
    grid = [numbers(dataset, keyword) for keyword in ("Columns", "Rows", "NumberOfFrames")]
    if grid[0] and grid[1]:
        yield "Grid: " + " × ".join(f"{found[0]:.0f}" for found in grid if found) + " points"


def _presentation(dataset: Dataset, fields: Fields) -> Iterator[str]:
    """The words that a reader wrote onto the pictures (PS3.3 C.10.5)."""
    if description := value(dataset, "ContentDescription"):
        yield description
    for annotation in _sequence(dataset, "GraphicAnnotationSequence"):
        for item in _sequence(annotation, "TextObjectSequence"):
            if said := clean(str(item.get("UnformattedTextValue", "") or "")).strip():
                yield f"Annotation: {said}"


_Words = Callable[["Dataset", Fields], Iterator[str]]
_WORDS: dict[str, tuple[str, _Words]] = {
    "SEG": ("segmentation", _segmentation),
    "RTSTRUCT": ("radiotherapy structure set", _structures),
    "RTPLAN": ("radiotherapy plan", _plan),
    "RTDOSE": ("radiotherapy dose", _dose),
    "PR": ("presentation state", _presentation),
}
