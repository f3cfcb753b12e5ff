"""What was annotated on an HL7 aECG: statements and measurements, with who said so (MDC codes of IEEE 11073-10102)."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from assistant.ingest.safe_xml import text_of
from assistant.ingest.signal.recording import Said, number, value_line

_NAMES = {
    "MDC_ECG_HEART_RATE": "Heart rate",
    "MDC_ECG_HEART_RATE_VENT": "Heart rate",
    "MDC_ECG_HEART_RATE_ATRIAL": "Atrial rate",
    "MDC_ECG_TIME_PD_RR": "RR interval",
    "MDC_ECG_TIME_PD_PP": "PP interval",
    "MDC_ECG_TIME_PD_P": "P duration",
    "MDC_ECG_TIME_PD_PR": "PR interval",
    "MDC_ECG_TIME_PD_PQ": "PQ interval",
    "MDC_ECG_TIME_PD_QRS": "QRS duration",
    "MDC_ECG_TIME_PD_QT": "QT interval",
    "MDC_ECG_TIME_PD_QTc": "QTc interval",
    "MDC_ECG_TIME_PD_QTcB": "QTc interval (Bazett)",
    "MDC_ECG_TIME_PD_QTcF": "QTc interval (Fridericia)",
    "MDC_ECG_ANGLE_P_FRONT": "P axis",
    "MDC_ECG_ANGLE_QRS_FRONT": "QRS axis",
    "MDC_ECG_ANGLE_T_FRONT": "T axis",
}
_UNITS = {"bpm": "bpm", "/min": "bpm", "{beats}/min": "bpm", "1/min": "bpm", "deg": "degrees", "degrees": "degrees"}
_MARKS = ("MDC_ECG_WAVC", "MDC_ECG_BEAT", "MDC_ECG_NOISE")  # where a wave, beat or noise lies: many, no statement


def said_in(root: Element) -> list[Said]:
    """For each annotation set what it says, statements and measurements apart; a person's set counts as confirmed.

    A measurement that was taken of every beat is given once: as it is where all agree, else as the median with its
    range.
    """
    return [_said(one) for one in root.iter("annotationSet")]


def _said(one: Element) -> Said:
    author = one.find("./author/assignedEntity/assignedAuthorType")
    by_person = author is not None and author.find("assignedPerson") is not None
    statements: list[str] = []
    measured: dict[tuple[str, str], list[float]] = {}
    for annotation in _walk(one):
        code, value = annotation.find("code"), annotation.find("value")
        name = code.get("code", "") if code is not None else ""
        if value is None or not name or name.startswith(_MARKS):
            continue
        if (quantity := number(value.get("value"))) is not None:
            unit = value.get("unit", "")
            measured.setdefault((_name(code, name), _UNITS.get(unit, unit)), []).append(quantity)
        elif text := text_of(value) or value.get("displayName", ""):
            statements.append(text)
        elif coded := value.get("code"):
            statements.append(f"{_name(code, name)}: {_words(coded.removeprefix(name))}")
    lines = [_line(label, values, unit) for (label, unit), values in measured.items()]
    return Said(statements, lines, confirmed=by_person)


def _walk(element: Element) -> Iterator[Element]:
    """The annotations of a set in their order, those inside others too."""
    for component in element.findall("component"):
        for annotation in component.findall("annotation"):
            yield annotation
            yield from _walk(annotation)


def _name(code: Element | None, name: str) -> str:
    return _NAMES.get(name) or (code.get("displayName") if code is not None else None) or _words(name)


def _words(code: str) -> str:
    """MDC_ECG_RHY_SINUS_RHY → "Rhy sinus rhy": all that a code without a name says of itself."""
    return " ".join(code.removeprefix("MDC_ECG_").replace("_", " ").split()).capitalize()


def _line(label: str, values: list[float], unit: str) -> str:
    if min(values) == max(values):
        return value_line(label, values[0], unit)
    spread = f"median of {len(values)} beats, {min(values):g} to {max(values):g}"
    return f"{value_line(label, statistics.median(values), unit)} ({spread})"
