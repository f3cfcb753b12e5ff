"""Structured reports of DICOM (SR) as text: the content tree of PS3.3 C.17.3, read in order.

Names of persons and what tells who observed whom (HAS OBS CONTEXT) are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistant.ingest.content import Content
from assistant.ingest.dicom.header import Header, value
from assistant.ingest.text.encodings import clean
from assistant.ingest.text.passages import Stretch, cut
from assistant.records import Record
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from pydicom import Dataset

_MAX_DEPTH = 40
_KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
_MODIFIER = "HAS CONCEPT MOD"
_OBSERVERS = "HAS OBS CONTEXT"
# Codes of DCM (PS3.16 annex D) for names, numbers and organisations of observers and subjects, wherever they stand.
_IDENTIFYING = {
    "121008", "121009", "121010", "121011", "121012", "121013", "121014", "121015", "121016", "121017", "121018",
    "121022", "121023", "121025", "121028", "121029", "121030", "121031", "128774", "128775",
}  # fmt: skip
_UNITLESS = {"1", "{ratio}", "[ratio]", "ratio"}


@dataclass(slots=True)
class _Section:
    title: str | None
    lines: list[str] = field(default_factory=list)


def read(file: Content, header: Header, limits: IngestSettings) -> list[Record]:
    """One text record: a line for each item that says something, what depends on it indented below, its modifiers in
    brackets; a section for each titled container. A key object selection says how many pictures it marks."""
    dataset = header.dataset
    sections = [_Section(None)]
    _walk(dataset, sections, indent=0, depth=0)
    title = _meaning(dataset, "ConceptNameCodeSequence") or None
    if value(dataset, "SOPClassUID") == _KEY_OBJECTS:
        sections[0].lines.insert(0, f"Key objects: {title or 'selected'}; {_selected(dataset)} objects are marked")
    text, stretches = _joined(sections)
    if not text:
        raise file.refuse("a DICOM structured report without any text or value")
    fields: dict[str, str | int | float] = {
        name: stated.lower()
        for name, keyword in (("completion", "CompletionFlag"), ("verification", "VerificationFlag"))
        if (stated := value(dataset, keyword))
    }
    return [text_of(file, text, limits, stretches, title=title, modality="SR", fields=fields)]


def text_of(
    file: Content,
    text: str,
    limits: IngestSettings,
    stretches: list[Stretch] | None = None,
    *,
    title: str | None,
    modality: str,
    fields: dict[str, str | int | float],
) -> Record:
    """What a DICOM object says, as a text record."""
    return Record(
        kind="text", modality=modality, uri=file.uri, sha256=file.sha256, title=title, text=text, fields=fields,
        passages=cut(text, limits.passage_words, stretches),
    )  # fmt: skip


def _joined(sections: list[_Section]) -> tuple[str, list[Stretch]]:
    text, stretches = "", []
    for section in sections:
        if not section.lines:
            continue
        text += "\n\n" if text else ""
        text += f"{section.title}:\n" if section.title else ""
        block = "\n".join(section.lines)
        stretch: Stretch = (len(text), len(text) + len(block), section.title, None)
        stretches.append(stretch)
        text += block
    return text, stretches


def _walk(item: Dataset, sections: list[_Section], indent: int, depth: int) -> None:
    if depth > _MAX_DEPTH:
        return
    inside = sections[-1].title
    for child in item.get("ContentSequence", None) or []:
        if _is_left_out(child) or _relation(child) == _MODIFIER:
            continue
        name = _meaning(child, "ConceptNameCodeSequence")
        if value(child, "ValueType") == "CONTAINER":
            if name:
                sections.append(_Section(name))
            _walk(child, sections, 0 if name else indent, depth + 1)
            if name:
                sections.append(_Section(inside if depth else None))  # what follows belongs to the outer container
            continue
        if line := _line(child, name):
            sections[-1].lines.append("  " * indent + line)
        _walk(child, sections, indent + bool(line), depth + 1)


def _is_left_out(item: Dataset) -> bool:
    codes = item.get("ConceptNameCodeSequence", None)
    code = (value(codes[0], "CodeValue") or "") if codes else ""
    return _relation(item) == _OBSERVERS or code in _IDENTIFYING


def _relation(item: Dataset) -> str:
    return value(item, "RelationshipType") or ""


def _line(item: Dataset, name: str) -> str:
    """ "name: value (modifier, modifier)"; empty for an item that says nothing in words."""
    if not (said := _said(item)):
        return ""
    modifiers = [
        _line(child, _meaning(child, "ConceptNameCodeSequence"))
        for child in item.get("ContentSequence", None) or []
        if _relation(child) == _MODIFIER and not _is_left_out(child)
    ]
    told = f" ({', '.join(modifiers)})" if (modifiers := [one for one in modifiers if one]) else ""
    return (f"{name}: {said}" if name else said) + told


def _said(item: Dataset) -> str:
    match value(item, "ValueType"):
        case "TEXT":
            return clean(str(item.get("TextValue", "") or "")).strip()
        case "CODE":
            return _meaning(item, "ConceptCodeSequence")
        case "NUM":
            return _number(item)
        case "DATE" | "TIME" | "DATETIME" as kind:
            return value(item, {"DATE": "Date", "TIME": "Time", "DATETIME": "DateTime"}[kind]) or ""
        case _:  # PNAME, UIDREF, references to pictures and waveforms, coordinates
            return ""


def _number(item: Dataset) -> str:
    """The measured value with its unit, or in words why there is none."""
    values = item.get("MeasuredValueSequence", None) or []
    number = (value(values[0], "NumericValue") or "") if values else ""
    if not number:
        return _meaning(item, "NumericValueQualifierCodeSequence")
    units = values[0].get("MeasurementUnitsCodeSequence", None)
    unit = (value(units[0], "CodeValue") or "") if units else ""
    return f"{number} {'' if unit in _UNITLESS or unit.startswith('{') else unit}".strip()


def _meaning(item: Dataset, keyword: str) -> str:
    sequence = item.get(keyword, None)
    return (value(sequence[0], "CodeMeaning") or value(sequence[0], "CodeValue") or "") if sequence else ""


def _selected(dataset: Dataset) -> int:
    """How many objects the evidence of a key object selection names (PS3.3 C.17.6.2)."""
    return sum(
        len(series.get("ReferencedSOPSequence", None) or [])
        for study in dataset.get("CurrentRequestedProcedureEvidenceSequence", None) or []
        for series in study.get("ReferencedSeriesSequence", None) or []
    )
