"""EDF, EDF+ (continuous and not) and BDF recordings: polysomnograms, EEG, Holter ECG. Samples through edfio."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from assistant.ingest.content import Content
from assistant.ingest.quiet import quiet
from assistant.ingest.signal.channels import Channel, ChannelSet
from assistant.ingest.signal.edf_header import Annotation, EdfHeader, EdfSignal, is_edf, parse, read_annotations
from assistant.ingest.signal.machine import STATEMENTS
from assistant.ingest.text.passages import cut
from assistant.records import Known, Record
from assistant.settings import IngestSettings

_PIECE = 4_000_000  # samples over all signals that edfio reads at once: bounds its memory
_MOST_ANNOTATIONS = 100_000
_UNNAMED = {"", "X", "x", "unknown", "Unknown", "anonymous", "Anonymous"}
_FILTER = re.compile(r"\b(?P<kind>HP|LP|N)\s*:?\s*(?P<hz>\d+(?:\.\d+)?)\s*Hz", re.IGNORECASE)
_FILTER_NAMES = {"hp": "high_pass_hz", "lp": "low_pass_hz", "n": "notch_hz"}


def recognises(file: Content) -> bool:
    return is_edf(file.data)


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """A record for each kind of channel and sampling rate, and one of the annotations (part "annotations").

    Voltages of ECG leads come in millivolts, other channels in the units of the file. Gaps of a discontinuous
    recording are NaN. Of a file that is cut off, the whole data records are read and the rest is set aside.
    """
    header = parse(file)
    about = _about(file, header)
    onsets, said = read_annotations(file, header)
    if header.records < header.stated:
        file.set_aside(
            f"data records {header.records + 1} to {header.stated}",
            "the file is cut off: it holds {records:,} of the {stated:,} data records it states",
            records=header.records,
            stated=header.stated,
        )
    records = _signals(file, header, onsets, about, limits)
    text = _text(file, said, onsets[0] if onsets else 0.0, about, limits)
    records += [text] if text is not None else []
    if not records:
        raise file.refuse("an EDF recording without a data record" if not header.records else "holds no annotation")
    return records


@dataclass(frozen=True, slots=True)
class _About:
    """Who was recorded and when, as far as the header says."""

    patient_id: str | None
    taken_at: datetime | None
    known: Known
    fields: dict[str, str | int | float]


def _about(file: Content, header: EdfHeader) -> _About:
    """What the header says, through edfio; in plain EDF the patient's line is one identification."""
    edf = _edf(file, header, 0, 0)
    fields: dict[str, str | int | float] = {}
    names: list[str] = []
    born: date | None = None
    patient_id: str | None = header.patient
    if header.plus:
        patient_id = None
        with suppress(ValueError, IndexError):
            patient_id = edf.patient.code
        with suppress(ValueError, IndexError):
            fields |= {"sex": edf.patient.sex} if edf.patient.sex in ("M", "F") else {}
        with suppress(ValueError, IndexError):
            born = edf.patient.birthdate
        with suppress(ValueError, IndexError):
            names.append(edf.patient.name)
        for code in ("hospital_administration_code", "investigator_technician_code"):
            with suppress(ValueError, IndexError):
                names.append(getattr(edf.recording, code))
        with suppress(ValueError, IndexError):
            fields |= {"device": edf.recording.equipment_code} if edf.recording.equipment_code not in _UNNAMED else {}
    taken_at = _moment(edf)
    if born and taken_at:
        years = taken_at.year - born.year - ((taken_at.month, taken_at.day) < (born.month, born.day))
        fields |= {"age": years} if 0 <= years <= 130 else {}
    known = Known(names=tuple(name.replace("_", " ") for name in names if name not in _UNNAMED), birth_date=born)
    return _About(None if patient_id in _UNNAMED else patient_id, taken_at, known, fields)


def _moment(edf: Any) -> datetime | None:
    """The start; None where it is left out or is EDF's placeholder, the first of January 1985."""
    with suppress(ValueError, IndexError, OverflowError):
        moment: datetime = edf.startdatetime
        return None if moment.date() == date(1985, 1, 1) else moment
    return None


def _edf(file: Content, header: EdfHeader, first: int, last: int) -> Any:
    """The data records from `first` to before `last` as an edfio object of their own."""
    import edfio

    begin, end = (header.size + number * header.record_bytes for number in (first, last))
    data = file.data[: header.size] + file.data[begin:end]
    with quiet():
        return (edfio.read_bdf if header.bdf else edfio.read_edf)(data, header_encoding="latin-1")


def _signals(
    file: Content, header: EdfHeader, onsets: list[float], about: _About, limits: IngestSettings
) -> list[Record]:
    wanted = [signal for signal in header.signals if not signal.is_annotation]
    if not wanted or not header.records:
        return []
    starts = _starts(file, header, onsets)
    channels = [_channel(signal, header, starts) for signal in wanted]
    for signal in wanted:
        if not signal.has_range:
            file.set_aside(
                f"channel {signal.label}", "its header gives no range of values, so its samples mean nothing"
            )
    found = ChannelSet(file, channels, limits)
    piece = max(1, _PIECE * 2 // header.record_bytes)
    for first in range(0, header.records, piece):
        last = min(header.records, first + piece)
        runs = _runs(starts, first, last, header.duration)
        for number, (signal, one) in enumerate(zip(wanted, _edf(file, header, first, last).signals, strict=True)):
            if not signal.has_range:
                continue
            values = one.data
            for begin, end in runs:
                part = values[(begin - first) * signal.samples : (end - first) * signal.samples]
                found.put(number, round(starts[begin] * channels[number].rate), part)
    return [
        replace(record, known=about.known, fields={**record.fields, **_filters(wanted)})
        for record in found.records(taken_at=about.taken_at, patient_id=about.patient_id, fields=about.fields)
    ]


def _channel(signal: EdfSignal, header: EdfHeader, starts: list[float]) -> Channel:
    rate = signal.samples / header.duration
    return Channel(signal.label, signal.unit, rate, round(starts[-1] * rate) + signal.samples, signal.transducer)


def _starts(file: Content, header: EdfHeader, onsets: list[float]) -> list[float]:
    """When each data record begins, in seconds from the first one."""
    if not header.discontinuous:
        return [number * header.duration for number in range(header.records)]
    if not onsets:
        raise file.refuse("a discontinuous recording (EDF+D) whose data records do not say when they begin")
    starts = [onset - onsets[0] for onset in onsets]
    if any(later - earlier < 0.999 * header.duration for earlier, later in pairwise(starts)):
        raise file.refuse("a discontinuous recording (EDF+D) whose data records overlap or are out of order")
    return starts


def _runs(starts: list[float], first: int, last: int, duration: float) -> list[tuple[int, int]]:
    """The stretches of data records, each (first, one after the last), that follow without a gap.

    A record follows if it begins where the one before it ends, to a ten-thousandth of its length.
    """
    breaks = [n for n in range(first + 1, last) if starts[n] - starts[n - 1] - duration > 1e-4 * duration]
    return list(pairwise([first, *breaks, last]))


def _filters(signals: list[EdfSignal]) -> dict[str, str | int | float]:
    """The filters that all channels share, as far as the header spells them "HP:0.05Hz LP:150Hz N:50Hz"."""
    stated = {signal.prefilter for signal in signals}
    found = _FILTER.finditer(stated.pop()) if len(stated) == 1 else ()
    return {_FILTER_NAMES[match["kind"].lower()]: float(match["hz"]) for match in found if float(match["hz"])}


def _text(file: Content, said: list[Annotation], start: float, about: _About, limits: IngestSettings) -> Record | None:
    """The annotations, a line each with its time; one that goes on under the same words is one line."""
    if len(said) > _MOST_ANNOTATIONS:
        file.set_aside(
            "annotations",
            "{count:,} annotations are more than the {most_annotations:,} that are kept",
            count=len(said),
            most_annotations=_MOST_ANNOTATIONS,
        )
        said = said[:_MOST_ANNOTATIONS]
    joined: list[Annotation] = []
    for one in said:
        before = joined[-1] if joined else None
        if before and one.text == before.text and 0 < one.onset - (before.onset + before.duration) + 1e-3 < 2e-3:
            joined[-1] = replace(before, duration=one.onset + one.duration - before.onset)
        else:
            joined.append(one)
    if not joined:
        return None
    text = "\n".join(f"{_span(one, start)} {one.text}" for one in joined)
    return Record(
        kind="text",
        modality="SR",
        uri=file.uri,
        sha256=file.sha256,
        part=STATEMENTS,
        patient_id=about.patient_id,
        taken_at=about.taken_at,
        title="Annotations in the recording's file",
        text=text,
        passages=cut(text, limits.passage_words, [(0, len(text), None, None)]),
        fields={"author": "header"},
        known=about.known,
    )


def _span(one: Annotation, start: float) -> str:
    begin = _clock(one.onset - start)
    return f"{begin}–{_clock(one.onset - start + one.duration)}" if one.duration > 0 else begin


def _clock(seconds: float) -> str:
    """Seconds from the recording's start as hours, minutes and seconds: 3723.5 → "1:02:03.5"."""
    sign, tenths = ("-" if seconds < 0 else ""), round(abs(seconds) * 10)
    whole, tenth = divmod(tenths, 10)
    return f"{sign}{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}" + (f".{tenth}" if tenth else "")
