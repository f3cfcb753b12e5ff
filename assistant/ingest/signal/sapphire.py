"""GE Sapphire XML (MAC 2000, MAC 5, CardioSoft): the rhythm of a resting ECG.

The waveforms under `wav` are the rhythm; those of the `medianTemplate` are only counted. No description of the format
is public and no file was at hand: the layout is that on which public readers of it agree (`ecgWaveformMXG` with its
`sampleRate` and an `ecgWaveform` for each lead, values in the attributes V, U for the unit and S for the step), and a
file that is laid out otherwise is set aside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

import numpy as np

from assistant.ingest.content import Content
from assistant.ingest.dates import parse_date
from assistant.ingest.deid.field_known import known_of_xml
from assistant.ingest.safe_xml import parse, root_name, without_prefixes
from assistant.ingest.signal.leads import millivolts_per
from assistant.ingest.signal.recording import (
    Facts,
    Fields,
    Said,
    check_size,
    number,
    numbers,
    records_of,
    sex_of,
    side_by_side,
    value_line,
)
from assistant.records import Record, Signal
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HERTZ = {"Hz": 1.0, "": 1.0, "kHz": 1000.0}
_NOT_MEASURED = -32768
_MEASURED = (
    ("Heart rate", "bpm", ("ventricularRate", "VentricularRate")),
    ("Atrial rate", "bpm", ("atrialRate",)),
    ("PR interval", "ms", ("PR_Interval",)),
    ("QRS duration", "ms", ("QRS_Duration",)),
    ("QT interval", "ms", ("QT_Interval",)),
    ("QTc interval (Bazett)", "ms", ("qtcBazettCorrection",)),
    ("QTc interval (Fridericia)", "ms", ("qtcFredericiaCorrection",)),
    ("P axis", "degrees", ("P_Axis",)),
    ("QRS axis", "degrees", ("R_Axis",)),
    ("T axis", "degrees", ("T_Axis",)),
)


def recognises(file: Content) -> bool:
    return root_name(file) == "sapphire"


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """An ECG record, and a text record of the statements and measurements if there are any."""
    root = without_prefixes(parse(file))
    medians = {id(group) for template in root.iter("medianTemplate") for group in template.iter("ecgWaveformMXG")}
    rhythms = [group for wav in root.iter("wav") for group in wav.iter("ecgWaveformMXG") if id(group) not in medians]
    if not rhythms:
        found = "median beats only" if medians else "none of its known layout"
        raise file.refuse("a GE Sapphire ECG without a rhythm waveform ({found})", found=found)
    signals = [_signal(file, group, limits) for group in rhythms]
    return records_of(file, signals, _facts(root, rhythms[0], len(medians)), [_said(root)], limits, known_of_xml(root))


def _value(root: Element | None, path: str) -> str:
    element = root.find(path) if root is not None else None
    return element.get("V", "").strip() if element is not None else ""


def _signal(file: Content, group: Element, limits: IngestSettings) -> Signal:
    rate_of = group.find("sampleRate")
    if rate_of is None:
        raise file.refuse("a GE Sapphire ECG that does not state its sampling rate")
    rate = (number(rate_of.get("V")) or 0.0) * _HERTZ.get(rate_of.get("U", ""), 0.0)
    leads = [_lead(file, group, element) for element in group.findall("ecgWaveform")]
    check_size(file, max((len(values) for _, values in leads), default=0), len(leads), rate, limits)
    return side_by_side(leads, rate)


def _lead(file: Content, group: Element, element: Element) -> tuple[str, NDArray[np.float64]]:
    name = element.get("lead") or element.get("label") or "a lead without a name"
    unit = element.get("U") or group.get("U") or ""
    scale, factor = number(element.get("S") or group.get("S")), millivolts_per(unit)
    if not scale or factor is None:
        raise file.refuse(
            "a GE Sapphire ECG whose lead {name} states no step in volts ({unit})",
            name=name[:20],
            unit=unit[:20] or "no unit",
        )
    values = numbers(file, element.get("V", ""), f"lead {name[:20]}")
    values[values == _NOT_MEASURED] = np.nan
    return name, values * scale * factor


def _facts(root: Element, group: Element, medians: int) -> Facts:
    patient = next(root.iter("patientInfo"), None)
    fields: Fields = {}
    age = number(_value(root, ".//patientAge"))
    if age is not None and 0 <= age <= 130:
        fields["age"] = int(age)
    if sex := sex_of(_value(patient, "gender")):
        fields["sex"] = sex
    if device := _value(root, ".//device/modelID") or _value(root, ".//device/deviceName"):
        fields["device"] = device
    for name, path in (
        ("high_pass_hz", "./filters/highPass/frequency"),
        ("low_pass_hz", "./filters/lowPass/frequency"),
    ):
        if hertz := number(_value(group, path)):
            fields[name] = hertz
    if medians:
        fields["representative_beats"] = medians
    taken_at = parse_date(_value(root, ".//testInfo/acquisitionDateTime"))
    own = _value(patient, "./identifier/id") or _value(patient, "./identifier")
    return Facts(own or None, taken_at, fields)


def _said(root: Element) -> Said:
    lines = []
    for statement in root.findall(".//interpretation//statement"):
        said, reason = statement.get("V", "").strip(), _value(statement, "reason")
        lines.append(f"{said} ({reason})" if said and reason else said)
    measured = []
    for label, unit, names in _MEASURED:
        values = (number(_value(root, f".//global/{name}") or _value(root, f".//num/{name}")) for name in names)
        if (value := next((one for one in values if one is not None and one != _NOT_MEASURED), None)) is not None:
            measured.append(value_line(label, value, unit))
    return Said(lines, measured)
