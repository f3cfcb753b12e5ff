"""GE MUSE XML (RestingECG): the rhythm waveform of a resting ECG, its diagnosis and its measurements.

Samples are little-endian integers in Base64. MUSE stores I, II and V1 to V6; the other limb leads follow from them.
Median waveforms are only counted. `restecg.dtd`, which files name, is not fetched.

Tried on files written for the tests after the layout in GE's "MUSE XML Developer's Guide" as public readers use it,
and on the one real MUSE file at hand, which comes with the package ecg2dcm (a 10 s ECG at 500 Hz, MUSE 9.0.9).
"""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

import numpy as np

from assistant.ingest.content import Content
from assistant.ingest.dates import parse_date
from assistant.ingest.deid.field_known import known_of_xml
from assistant.ingest.safe_xml import parse, root_name, text_of, without_prefixes
from assistant.ingest.signal.leads import millivolts_per
from assistant.ingest.signal.recording import (
    Facts,
    Fields,
    Said,
    age_in_years,
    check_size,
    from_base64,
    number,
    records_of,
    sex_of,
    side_by_side,
    value_line,
)
from assistant.records import Record, Signal
from assistant.settings import IngestSettings
from assistant.wording import worded

if TYPE_CHECKING:
    from numpy.typing import NDArray

_UNITS = {"MICROVOLTS": "uV", "MILLIVOLTS": "mV", "VOLTS": "V", "NANOVOLTS": "nV", "": "uV"}
_YEARS = {"YEARS": 1.0, "": 1.0, "MONTHS": 1 / 12, "WEEKS": 7 / 365.25, "DAYS": 1 / 365.25, "HOURS": 1 / 8766}
_MEASURED = (
    ("Heart rate", "bpm", "VentricularRate"),
    ("Atrial rate", "bpm", "AtrialRate"),
    ("PR interval", "ms", "PRInterval"),
    ("QRS duration", "ms", "QRSDuration"),
    ("QT interval", "ms", "QTInterval"),
    ("QTc interval", "ms", "QTCorrected"),
    ("QTc interval (Fridericia)", "ms", "QTcFrederica"),
    ("P axis", "degrees", "PAxis"),
    ("QRS axis", "degrees", "RAxis"),
    ("T axis", "degrees", "TAxis"),
)
_NO_ZERO = {"bpm", "ms"}  # a rate or an interval of 0 was not measured


def recognises(file: Content) -> bool:
    return root_name(file) == "RestingECG"


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """An ECG record, and texts of the diagnosis: as the cart made it, and as a person confirmed it."""
    root = without_prefixes(parse(file))
    waveforms = root.findall("Waveform")
    rhythms = [one for one in waveforms if _text(one, "WaveformType").lower() == "rhythm"]
    if not rhythms:
        kinds = ", ".join(sorted({_text(one, "WaveformType") for one in waveforms})) or "no waveform at all"
        raise file.refuse("a MUSE ECG without a rhythm waveform ({kinds})", kinds=kinds[:80])
    signals = [_signal(file, one, limits) for one in rhythms]
    facts = _facts(root, rhythms[0], medians=len(waveforms) - len(rhythms))
    return records_of(file, signals, facts, _said(root), limits, known_of_xml(root))


def _text(element: Element | None, name: str) -> str:
    return text_of(element.find(name)) if element is not None else ""


def _signal(file: Content, waveform: Element, limits: IngestSettings) -> Signal:
    rate = (number(_text(waveform, "SampleBase")) or 0.0) * 10.0 ** _exponent(waveform)
    elements = waveform.findall("LeadData")
    leads = [_lead(file, element, rate) for element in elements]
    damaged = _damaged(file, elements)
    for name, wrong in zip((name for name, _ in leads), damaged, strict=True):
        if wrong:
            file.set_aside(worded("lead {name}", name=name), "its samples do not match their checksum (LeadDataCRC32)")
    leads = [lead for lead, wrong in zip(leads, damaged, strict=True) if not wrong]
    check_size(file, max((len(values) for _, values in leads), default=0), len(leads), rate, limits)
    return side_by_side(leads, rate)


def _damaged(file: Content, elements: list[Element]) -> list[bool]:
    """For each lead whether its checksum is wrong; none where all are, from a writer that counts them otherwise."""
    right = [
        zlib.crc32(from_base64(file, _text(element, "WaveFormData"), "a lead")) == number(stated)
        if (stated := _text(element, "LeadDataCRC32"))
        else None
        for element in elements
    ]
    return [one is False and True in right for one in right]


def _exponent(waveform: Element) -> float:
    found = number(_text(waveform, "SampleExponent")) or 0.0
    return found if abs(found) <= 6 else 0.0


def _lead(file: Content, element: Element, rate: float) -> tuple[str, NDArray[np.float64]]:
    """A lead's name and samples in millivolts, moved by its offset from the first sample."""
    name = _text(element, "LeadID") or "a lead without a name"
    what = f"lead {name[:20]}"
    data = from_base64(file, _text(element, "WaveFormData"), what)
    size = number(_text(element, "LeadSampleSize")) or 2
    if size not in (1, 2, 4):
        raise file.refuse("a MUSE ECG with samples of {size:g} bytes: not read (1, 2 and 4 are)", size=size)
    stated = number(_text(element, "LeadSampleCountTotal"))
    count = len(data) // int(size)
    if stated is not None and stated > count:
        raise file.refuse(
            "damaged file ({what} holds {count:,} of {stated:,.0f} samples)", what=what, count=count, stated=stated
        )
    unit = _text(element, "LeadAmplitudeUnits").upper()
    factor = millivolts_per(_UNITS.get(unit, unit))
    scale = number(_text(element, "LeadAmplitudeUnitsPerBit"))
    if not scale or factor is None:
        raise file.refuse(
            "a MUSE ECG whose {what} states no step in volts ({unit})", what=what, unit=unit[:20] or "no unit"
        )
    values = np.frombuffer(data, dtype=f"<i{int(size)}", count=count).astype(np.float64) * scale * factor
    offset = number(_text(element, "LeadOffsetFirstSample")) or 0.0
    if not 0 <= offset <= 60 * max(rate, 1.0):
        raise file.refuse(
            "damaged file ({what} would begin {offset:,.0f} samples after the others)", what=what, offset=offset
        )
    return name, np.concatenate((np.full(int(offset), np.nan), values)) if offset else values


def _facts(root: Element, waveform: Element, medians: int) -> Facts:
    patient, test = root.find("PatientDemographics"), root.find("TestDemographics")
    moment = _moment(_text(test, "AcquisitionDate"), _text(test, "AcquisitionTime"))
    fields: Fields = {}
    age, per_unit = number(_text(patient, "PatientAge")), _YEARS.get(_text(patient, "AgeUnits").upper())
    if age is not None and per_unit and 0 <= age * per_unit <= 130:
        fields["age"] = int(age * per_unit)
    elif (years := age_in_years(_moment(_text(patient, "DateofBirth"), ""), moment)) is not None:
        fields["age"] = years
    if sex := sex_of(_text(patient, "Gender")):
        fields["sex"] = sex
    for name, value in (
        ("device", _text(test, "AcquisitionDevice")),
        ("device_software", _text(test, "AcquisitionSoftwareVersion")),
        ("format_version", _text(root.find("MuseInfo"), "MuseVersion")),
    ):
        if value:
            fields[name] = value
    hundredths = number(_text(waveform, "HighPassFilter"))  # stored in 0.01 Hz
    for name, hertz in (
        ("high_pass_hz", hundredths / 100 if hundredths else None),
        ("low_pass_hz", number(_text(waveform, "LowPassFilter"))),
        ("notch_hz", number(_text(waveform, "ACFilter"))),
    ):
        if hertz:
            fields[name] = hertz
    steps = {_text(lead, "LeadAmplitudeUnitsPerBit") for lead in waveform.findall("LeadData")}
    units = {_text(lead, "LeadAmplitudeUnits").upper() for lead in waveform.findall("LeadData")}
    if len(steps) == 1 and units <= {"MICROVOLTS", ""} and (step := number(steps.pop())):
        fields["resolution_uv"] = step
    if medians:
        fields["representative_beats"] = medians
    reason = _text(test, "TestReason")
    return Facts(
        _text(patient, "PatientID") or None, moment, fields, (f"Reason for the test: {reason}",) if reason else ()
    )


def _moment(day: str, clock: str) -> datetime | None:
    """MUSE writes MM-DD-YYYY; other tools write ISO dates."""
    month, _, rest = day.partition("-")
    if len(month) == 2 and len(rest) == 7:
        day = f"{rest[3:]}-{month}-{rest[:2]}"
    return parse_date(f"{day} {clock}".strip()) or parse_date(day)


def _said(root: Element) -> list[Said]:
    """The diagnosis, confirmed or not, and the cart's original one where it was another."""
    status = _text(root.find("TestDemographics"), "Status").upper()
    confirmed = status == "CONFIRMED"
    found = Said(_statements(root.find("Diagnosis")), _measurements(root.find("RestingECGMeasurements")), confirmed)
    original = Said(
        _statements(root.find("OriginalDiagnosis")), _measurements(root.find("OriginalRestingECGMeasurements"))
    )
    if not confirmed and (found.statements or found.measurements):
        return [found]
    return [found, original]


def _statements(diagnosis: Element | None) -> list[str]:
    """Statements as lines: a line goes on until one is flagged as its end (ENDSLINE)."""
    lines, held = [], ""
    for statement in diagnosis.findall("DiagnosisStatement") if diagnosis is not None else ():
        held = f"{held} {_text(statement, 'StmtText')}".strip()
        flags = {text_of(flag).upper() for flag in statement.findall("StmtFlag")}
        if "ENDSLINE" in flags or not flags:
            lines.append(held)
            held = ""
    return [*lines, held]


def _measurements(measured: Element | None) -> list[str]:
    lines = []
    for label, unit, name in _MEASURED:
        value = number(_text(measured, name))
        if value is not None and not (value == 0 and unit in _NO_ZERO):
            lines.append(value_line(label, value, unit))
    return lines
