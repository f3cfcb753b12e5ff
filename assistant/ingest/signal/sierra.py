"""Philips ECG XML ("Sierra", PageWriter and HeartStart carts; TraceMasterVue): the rhythm of all leads.

Read are versions 1.03 and 1.04 with their leads as plain numbers, Base64 or XLI. XLI holds III, aVR, aVL and aVF as
what is left of them after they were foretold from I and II; they are put together again here. The representative
beats and the calibration mark at the end of each lead are left out. Layout: Philips' SierraECG schema, 1.03 and 1.04.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

import numpy as np

from assistant.ingest.content import Content
from assistant.ingest.dates import parse_date
from assistant.ingest.deid.field_known import known_of_xml
from assistant.ingest.safe_xml import parse, root_name, text_of, without_prefixes
from assistant.ingest.signal import xli
from assistant.ingest.signal.recording import (
    Facts,
    Fields,
    Said,
    age_in_years,
    check_size,
    from_base64,
    number,
    numbers,
    records_of,
    sex_of,
    side_by_side,
    value_line,
)
from assistant.records import STANDARD_LEADS, Record
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TWELVE = {"STD-12", "10-WIRE"}
# What the interpretation measured, under the names of 1.03 and of 1.04.
_MEASURED = (
    ("Heart rate", "bpm", ("heartrate", "meanventrate")),
    ("Atrial rate", "bpm", ("atrialrate",)),
    ("RR interval", "ms", ("rrint",)),
    ("P duration", "ms", ("pdur",)),
    ("PR interval", "ms", ("print", "meanprint")),
    ("QRS duration", "ms", ("qrsdur", "meanqrsdur")),
    ("QT interval", "ms", ("qtint", "meanqtint")),
    ("QTc interval", "ms", ("meanqtc",)),
    ("QTc interval (Bazett)", "ms", ("qtcb",)),
    ("QTc interval (Fridericia)", "ms", ("qtcf",)),
    ("P axis", "degrees", ("pfrontaxis",)),
    ("QRS axis", "degrees", ("qrsfrontaxis",)),
    ("ST axis", "degrees", ("stfrontaxis",)),
    ("T axis", "degrees", ("tfrontaxis",)),
)


def recognises(file: Content) -> bool:
    return root_name(file) == "restingecgdata"


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """An ECG record, and a text record of the interpretation's statements and measurements if there are any."""
    root = without_prefixes(parse(file))
    waveforms = root.find(".//parsedwaveforms")
    if waveforms is None:
        raise file.refuse("a Philips ECG without the waveforms of its leads (parsedwaveforms)")
    about = root.find("./dataacquisition/signalcharacteristics")
    about = about if about is not None else Element("signalcharacteristics")
    rate = number(waveforms.get("samplespersecond") or about.findtext("samplingrate")) or 0.0
    microvolts = number(
        waveforms.get("resolution") or about.findtext("resolution") or about.findtext("signalresolution")
    )
    if not microvolts or microvolts <= 0:
        raise file.refuse("a Philips ECG that does not state the resolution of its samples")
    offset = number(waveforms.get("signaloffset") or about.findtext("signaloffset")) or 0.0
    names = _lead_names(file, waveforms, about)
    stored = _stored(file, waveforms, names, rate, limits)
    ends = _before_calibration(stored)
    signal = side_by_side(
        ((name, (values[:ends] - offset) * microvolts / 1000) for name, values in zip(names, stored, strict=True)),
        rate,
    )
    facts = _facts(root, about, microvolts)
    if cut := len(stored[0]) - ends:
        facts = replace(facts, fields={**facts.fields, "calibration_mark_cut_s": round(cut / rate, 3)})
    return records_of(file, [signal], facts, [_said(root)], limits, known_of_xml(root))


def _before_calibration(leads: list[NDArray[np.float64]]) -> int:
    """How many samples come before the calibration mark, all of them if there is none.

    Carts end each lead with a rectangle of 1 mV between zeros. No heart makes I, II and III equal to each other, so
    the stretch at the end where all leads are the same, and leave zero, is that mark.
    """
    samples = np.stack(leads)
    differ = np.flatnonzero(np.ptp(samples, axis=0))
    ends = int(differ[-1]) + 1 if len(differ) else 0
    tail = samples[0, ends:]
    is_mark = len(leads) >= 3 and ends and len(np.unique(tail)) == 2 and not tail[0]
    return ends if is_mark else samples.shape[1]


def _lead_names(file: Content, waveforms: Element, about: Element) -> list[str]:
    if labels := waveforms.get("leadlabels", "").split():
        count = number(waveforms.get("numberofleads"))
        return labels[: int(count)] if count and count >= 1 else labels
    count = number(about.findtext("numberchannelsvalid") or about.findtext("numberchannelsallocated"))
    kind = (about.findtext("acquisitiontype") or about.findtext("leadset") or "").strip()
    if kind in _TWELVE and count and count >= len(STANDARD_LEADS):
        return list(STANDARD_LEADS)
    raise file.refuse("a Philips ECG that does not name its leads (acquisition type {kind!r})", kind=kind[:40])


def _stored(
    file: Content, waveforms: Element, names: list[str], rate: float, limits: IngestSettings
) -> list[NDArray[np.float64]]:
    """Each lead's samples in stored units."""
    text = "".join(waveforms.itertext())
    duration_ms = number(waveforms.get("durationperchannel")) or 0.0
    samples = round(duration_ms * rate / 1000)
    check_size(file, samples, len(names), rate, limits)
    encoding = waveforms.get("dataencoding", "Plain")
    method = waveforms.get("compression") or waveforms.get("compressmethod") or "Uncompressed"
    if waveforms.get("compressflag", "").strip().lower() == "false":
        method = "Uncompressed"
    if encoding not in ("Base64", "Plain"):
        raise file.refuse(
            "Philips ECG leads in the encoding {encoding!r}: not read (Base64 and Plain are)", encoding=encoding[:40]
        )
    if method == "XLI":
        leads = xli.decode(file, from_base64(file, text, "the leads"), len(names), samples)
        whole = _limb_leads(leads) if tuple(names[:6]) == STANDARD_LEADS[:6] else leads
        return [lead.astype(np.float64) for lead in whole]
    if method not in ("Uncompressed", "None"):
        raise file.refuse("Philips ECG leads in the compression {method!r}: not read (XLI is)", method=method[:40])
    if (bits := (waveforms.get("nbitspersample") or waveforms.get("bitspersample") or "16").strip()) != "16":
        raise file.refuse("Philips ECG leads of {bits} bits a sample: not read (16 bits are)", bits=bits[:40])
    flat: NDArray[np.float64]
    if encoding == "Base64":
        data = from_base64(file, text, "the leads")
        flat = np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2").astype(np.float64)
    else:
        flat = numbers(file, text, "the leads")
    if len(flat) < samples * len(names):
        raise file.refuse(
            "damaged file ({count:,} of {samples:,} samples are there)", count=len(flat), samples=samples * len(names)
        )
    return list(flat[: samples * len(names)].reshape(len(names), samples))


def _limb_leads(leads: list[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """I, II … with III, aVR, aVL, aVF from what XLI left of them; halves are rounded down, as in the cart."""
    one, two, three, avr, avl, avf, *chest = leads
    three = two - one - three
    return [
        one,
        two,
        three,
        -((one + two) // 2) - avr,
        (one - three) // 2 - avl,
        (two + three) // 2 - avf,
        *chest,
    ]


def _facts(root: Element, about: Element, microvolts: float) -> Facts:
    acquired = root.find("dataacquisition")
    moment = _moment(acquired) or _moment(root.find("reportinfo"))
    patient = root.find("./patient/generalpatientdata")
    patient = patient if patient is not None else Element("generalpatientdata")
    born = parse_date(patient.findtext("./age/dateofbirth"))
    age = number(patient.findtext("./age/years"))
    years = int(age) if age is not None and 0 <= age <= 130 else age_in_years(born, moment)
    fields: Fields = {"resolution_uv": microvolts}
    band = (about.findtext("signalbandwidth") or "").partition("-")
    for name, value in (
        ("high_pass_hz", about.findtext("hipass") or band[0]),
        ("low_pass_hz", about.findtext("lowpass") or band[2]),
        ("notch_hz", about.findtext("acsetting") if about.findtext("notchfiltered") == "True" else None),
    ):
        if found := number(value):
            fields[name] = found
    if device := text_of(acquired.find("machine") if acquired is not None else None):
        fields["device"] = device
    if version := text_of(root.find("./documentinfo/documentversion")):
        fields["format_version"] = version
    if years is not None:
        fields["age"] = years
    if sex := sex_of(patient.findtext("sex")):
        fields["sex"] = sex
    ids = (text_of(patient.find(name)) for name in ("patientid", "MRN", "uniquepatientid"))
    return Facts(next((found for found in ids if found), None), moment, fields)


def _moment(element: Element | None) -> datetime | None:
    if element is None:
        return None
    day, clock = element.get("date", ""), element.get("time", "")
    return parse_date(f"{day} {clock}".strip()) or parse_date(day)


def _said(root: Element) -> Said:
    """The last interpretation: the one that counts where the file keeps earlier ones."""
    interpretations = root.findall("./interpretations/interpretation")
    latest = interpretations[-1] if interpretations else Element("interpretation")
    lines = [text_of(latest.find("severity")).strip("- ")]
    for statement in latest.findall("statement"):
        left, right = text_of(statement.find("leftstatement")), text_of(statement.find("rightstatement"))
        lines.append(f"{left} ({right})" if left and right else left or right)
    sources = [
        *(latest.find(name) for name in ("interpretationmeasurements", "globalmeasurements")),
        root.find("./measurements/globalmeasurements"),
        root.find("./internalmeasurements/crossleadmeasurements"),
    ]
    measured = []
    for label, unit, names in _MEASURED:
        values = (number(source.findtext(name)) for source in sources if source is not None for name in names)
        if (value := next((found for found in values if found is not None), None)) is not None:
            measured.append(value_line(label, value, unit))
    return Said(lines, measured, confirmed=root.get("status", "").strip().lower() == "confirmed")
