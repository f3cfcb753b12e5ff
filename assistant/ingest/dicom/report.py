"""Structured reports of DICOM (SR) as text: the content tree of PS3.3 C.17.3, read in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.ingest.content import Content
from assistant.ingest.text.passages import Stretch, cut
from assistant.ingest.text.plain import clean
from assistant.records import Record
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from pydicom import Dataset

_MAX_DEPTH = 40


def read(file: Content, dataset: Dataset, limits: IngestSettings) -> list[Record]:
    """One text record: a line for each item that says something, a section for each titled container."""
    text, stretches = "", []
    for section, lines in _sections(dataset):
        if not lines:
            continue
        text += "\n\n" if text else ""
        text += f"{section}:\n" if section else ""
        block = "\n".join(lines)
        stretch: Stretch = (len(text), len(text) + len(block), section, None)
        stretches.append(stretch)
        text += block
    if not text:
        raise file.refuse("a DICOM structured report without any text or value")
    return [
        Record(
            kind="text",
            modality="SR",
            uri=file.uri,
            sha256=file.sha256,
            title=_meaning(dataset, "ConceptNameCodeSequence") or None,
            text=text,
            passages=cut(text, limits.passage_words, stretches),
        )
    ]


def _sections(dataset: Dataset) -> list[tuple[str | None, list[str]]]:
    found: list[tuple[str | None, list[str]]] = [(None, [])]
    _walk(dataset, found, depth=0)
    return found


def _walk(item: Dataset, found: list[tuple[str | None, list[str]]], depth: int) -> None:
    if depth > _MAX_DEPTH:
        return
    for child in item.get("ContentSequence", None) or []:
        name = _meaning(child, "ConceptNameCodeSequence")
        if str(child.get("ValueType", "")) == "CONTAINER":
            found.append((name or found[-1][0], []))
        elif line := _line(child, name):
            found[-1][1].append(line)
        _walk(child, found, depth + 1)


def _line(item: Dataset, name: str) -> str:
    match str(item.get("ValueType", "")):
        case "TEXT":
            said = clean(str(item.get("TextValue", "") or "")).strip()
        case "CODE":
            said = _meaning(item, "ConceptCodeSequence")
        case "NUM":
            said = _number(item)
        case "PNAME" | "UIDREF":
            return ""
        case "DATE" | "TIME" | "DATETIME" as kind:
            said = str(item.get({"DATE": "Date", "TIME": "Time", "DATETIME": "DateTime"}[kind], "") or "")
        case _:
            return ""
    return f"{name}: {said}" if said and name else said


def _number(item: Dataset) -> str:
    values = item.get("MeasuredValueSequence", None) or []
    if not values:
        return ""
    unit = ""
    if units := values[0].get("MeasurementUnitsCodeSequence", None):
        unit = str(units[0].get("CodeValue", "") or "")
    return f"{values[0].get('NumericValue', '')} {'' if unit == '1' else unit}".strip()


def _meaning(item: Dataset, keyword: str) -> str:
    sequence = item.get(keyword, None)
    return str(sequence[0].get("CodeMeaning", "") or "").strip() if sequence else ""
