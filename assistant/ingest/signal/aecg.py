"""HL7 annotated ECG (aECG, HL7 v3 PORT_MT020001): the rhythm series, and what was annotated on it.

A RHYTHM series becomes a recording; a REPRESENTATIVE_BEAT, whether a series or derived from one, is only counted.
Several sequence sets of a series (leads recorded one after another) are laid on one time line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

import numpy as np

from assistant.ingest.content import Content
from assistant.ingest.dates import parse_date
from assistant.ingest.deid.field_known import known_of_xml
from assistant.ingest.safe_xml import parse, root_name, text_of, without_prefixes
from assistant.ingest.signal.aecg_annotations import said_in
from assistant.ingest.signal.leads import is_ecg_lead, lead_name, millivolts_per
from assistant.ingest.signal.recording import (
    Facts,
    Fields,
    age_in_years,
    check_size,
    number,
    numbers,
    records_of,
    sex_of,
    side_by_side,
)
from assistant.records import Record, Signal
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "": 1.0}
_TIME = re.compile(r"^(\d{4,14})(\.\d+)?(?:[+-]\d{4}|Z)?$")
_AGE_CODES = {"21612-7", "30525-0"}  # LOINC: reported age, age
_FILTERS = {"LOW_PASS": "low_pass_hz", "HIGH_PASS": "high_pass_hz", "NOTCH": "notch_hz"}
_MAX_SETS = 200
_MOSTLY_GAPS = 8  # a time line this many times longer than what was recorded is cut into recordings


@dataclass(frozen=True, slots=True)
class _Set:
    """Leads recorded together: from `start_s` on (of an epoch, or of the series), in millivolts."""

    start_s: float
    rate_hz: float
    leads: dict[str, NDArray[np.float64]]

    @property
    def samples(self) -> int:
        return max(len(values) for values in self.leads.values())


def recognises(file: Content) -> bool:
    return root_name(file) == "AnnotatedECG"


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """An ECG record for each rhythm series, and text records of the annotations and comments if there are any."""
    root = without_prefixes(parse(file))
    series = root.findall("./component/series")
    rhythms = [one for one in series if _code(one) == "RHYTHM"]
    beats = sum(_code(one) == "REPRESENTATIVE_BEAT" for one in [*series, *root.iter("derivedSeries")])
    if not rhythms:
        found = ", ".join(sorted({_code(one) for one in series})) or "no series at all"
        raise file.refuse("an annotated ECG without a rhythm series ({found})", found=found[:80])
    signals = [signal for one in rhythms for signal in _signals(file, one, limits)]
    facts = _facts(root, rhythms[0])
    if beats:
        facts = Facts(facts.patient_id, facts.taken_at, {**facts.fields, "representative_beats": beats}, facts.comments)
    return records_of(file, signals, facts, said_in(root), limits, known_of_xml(root))


def _code(element: Element) -> str:
    code = element.find("code")
    return code.get("code", "") if code is not None else ""


def _signals(file: Content, series: Element, limits: IngestSettings) -> list[Signal]:
    """The series' sequence sets on one time line; apart where their rates differ or little but gaps would be left."""
    elements = series.findall("./component/sequenceSet")
    if len(elements) > _MAX_SETS:
        raise file.refuse(
            "an annotated ECG cut into {count:,} sequence sets, more than {max_sets}",
            count=len(elements),
            max_sets=_MAX_SETS,
        )
    sets = [found for element in elements if (found := _set(file, element, limits)) is not None]
    if not sets:
        raise file.refuse("an annotated ECG whose rhythm series holds no ECG lead")
    begin = min(one.start_s for one in sets)
    end = max(one.start_s + one.samples / one.rate_hz for one in sets)
    recorded = sum(one.samples / one.rate_hz for one in sets)
    if len({one.rate_hz for one in sets}) > 1 or end - begin > _MOSTLY_GAPS * recorded:
        return [side_by_side(one.leads.items(), one.rate_hz) for one in sets]
    rate = sets[0].rate_hz
    first = [round((one.start_s - begin) * rate) for one in sets]
    length = max(at + one.samples for at, one in zip(first, sets, strict=True))
    names = list(dict.fromkeys(name for one in sets for name in one.leads))
    check_size(file, length, len(names), rate, limits)
    whole = {name: np.full(length, np.nan) for name in names}
    for at, one in zip(first, sets, strict=True):
        for name, values in one.leads.items():
            place = whole[name][at : at + len(values)]
            np.copyto(place, values, where=np.isnan(place))
    return [side_by_side(whole.items(), rate)]


def _set(file: Content, element: Element, limits: IngestSettings) -> _Set | None:
    """One sequence set; None if it holds no ECG lead."""
    start, rate = 0.0, 0.0
    leads: dict[str, NDArray[np.float64]] = {}
    for sequence in element.iter("sequence"):
        code, value = _code(sequence), sequence.find("value")
        if value is None:
            continue
        if code in ("TIME_ABSOLUTE", "TIME_RELATIVE"):
            start, rate = _time_line(value)
        elif is_ecg_lead(lead_name(code)):
            name = lead_name(code).removeprefix("MDC_ECG_LEAD_")
            while name in leads:
                name += " again"
            leads[name] = _lead(file, value, name)
    if not leads:
        return None
    if rate == 0:
        raise file.refuse("an annotated ECG whose sequences state no time from sample to sample (GLIST increment)")
    check_size(file, max(len(values) for values in leads.values()), len(leads), rate, limits)
    return _Set(start, rate, leads)


def _time_line(value: Element) -> tuple[float, float]:
    """When the first sample was taken, in seconds, and the sampling rate; 0 where it is not stated."""
    head, increment = value.find("head"), value.find("increment")
    step = number(increment.get("value")) if increment is not None else None
    if increment is not None and step:
        step *= _SECONDS.get(increment.get("unit", ""), 0.0)
    rate = round(1 / step, 6) if step and step > 0 else 0.0
    if head is None:
        return 0.0, rate
    if (moment := _moment(head.get("value"))) is not None:
        fraction = re.search(r"\.\d+", head.get("value", ""))
        return (moment - datetime(1850, 1, 1)).total_seconds() + (float(fraction[0]) if fraction else 0.0), rate
    return (number(head.get("value")) or 0.0) * _SECONDS.get(head.get("unit", ""), 1.0), rate


def _lead(file: Content, value: Element, name: str) -> NDArray[np.float64]:
    """Digits × scale + origin, in millivolts."""
    kind = value.get("type", "").rpartition(":")[2]
    if kind not in ("SLIST_PQ", "SLIST_INT", ""):
        raise file.refuse("an annotated ECG with samples of the type {kind!r}: not read (SLIST_PQ is)", kind=kind[:40])
    physical = []
    for element, default in ((value.find("scale"), None), (value.find("origin"), 0.0)):
        found = number(element.get("value")) if element is not None else default
        factor = millivolts_per(element.get("unit", "")) if element is not None else 1.0
        if found is None or (factor is None and found != 0):
            raise file.refuse("an annotated ECG whose lead {name} has no scale or origin in volts", name=name)
        physical.append(found * (factor or 0.0))
    scale, origin = physical
    if scale == 0:
        raise file.refuse("an annotated ECG whose lead {name} has no scale or origin in volts", name=name)
    digits = value.find("digits")
    return numbers(file, digits.text or "" if digits is not None else "", f"lead {name}") * scale + origin


def _moment(text: str | None) -> datetime | None:
    """An HL7 point in time (YYYY[MM[DD[HH[MM[SS[.f]]]]]][±ZZZZ]), to the second, in the clock of its place."""
    match = _TIME.match((text or "").strip())
    return parse_date(match[1]) if match and len(match[1]) >= 8 else None


def _times(elements: Iterator[Element | None]) -> datetime | None:
    for element in elements:
        for name in ("center", "low", "."):
            found = element.find(name) if element is not None else None
            if found is not None and (moment := _moment(found.get("value"))) is not None:
                return moment
    return None


def _facts(root: Element, series: Element) -> Facts:
    moment = _times(element.find("effectiveTime") for element in (series, root))
    subject = root.find(".//trialSubject")
    subject = subject if subject is not None else Element("trialSubject")
    person = subject.find("subjectDemographicPerson")
    person = person if person is not None else Element("subjectDemographicPerson")
    born, sex, own = (person.find("birthTime"), person.find("administrativeGenderCode"), subject.find("id"))
    fields: Fields = {}
    reported = (
        number(value.get("value"))
        for observation in root.findall("./controlVariable/relatedObservation")
        if _code(observation) in _AGE_CODES and (value := observation.find("value")) is not None
        if value.get("unit") in ("a", "yr", None)
    )
    age = next((int(found) for found in reported if found is not None and 0 <= found <= 130), None)
    if age is None:
        age = age_in_years(_moment(born.get("value")) if born is not None else None, moment)
    if age is not None:
        fields["age"] = age
    if known := sex_of(sex.get("code") if sex is not None else None):
        fields["sex"] = known
    device = series.find("./author/seriesAuthor")
    for name, place in (
        ("device", "./manufacturedSeriesDevice/manufacturerModelName"),
        ("device_software", "./manufacturedSeriesDevice/softwareName"),
        ("manufacturer", "./manufacturerOrganization/name"),
    ):
        if device is not None and (text := text_of(device.find(place))):
            fields[name] = text
    fields |= _filters(series)
    scales = {(scale.get("value"), scale.get("unit", "")) for scale in series.findall("./component/*//scale")}
    if len(scales) == 1:
        step, unit = scales.pop()
        if (found := number(step)) and (factor := millivolts_per(unit)):
            fields["resolution_uv"] = round(found * factor * 1000, 6)
    comments = [text_of(comment) for comment in root.findall("./pertainsTo/subjectFindingComment/text")]
    patient = (own.get("extension") or own.get("root")) if own is not None else None
    return Facts(patient, moment, fields, tuple(comments))


def _filters(series: Element) -> Fields:
    """Cut-off frequencies of the control variables MDC_ECG_CTL_VBL_ATTR_FILTER_…"""
    found: Fields = {}
    for variable in series.findall("./controlVariable/controlVariable"):
        name = _FILTERS.get(_code(variable).rpartition("_FILTER_")[2])
        for part in variable.findall("./component/controlVariable"):
            value = part.find("value")
            hertz = number(value.get("value")) if value is not None and _code(part).endswith("_FREQ") else None
            if name and hertz:
                found[name] = hertz
    return found
