"""Headers and annotations of EDF, EDF+ and BDF, checked before any sample is read.

Kemp et al., Electroenceph Clin Neurophysiol 1992;82:391 (EDF); Kemp and Olivan, Clin Neurophysiol 2003;114:1755 (EDF+,
https://www.edfplus.info/specs/edfplus.html); https://www.biosemi.com/faq/file_format.htm (BDF, three bytes a sample).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.ingest.content import Content

FIXED = 256  # bytes of the header before the signals' part, and of each signal's part
_TAL = re.compile(
    rb"(?P<onset>[+-]\d{1,15}(?:\.\d{0,15})?)(?:\x15(?P<duration>\d{1,15}(?:\.\d{0,15})?))?\x14(?P<texts>[^\x00]*)\x14\x00"
)


@dataclass(frozen=True, slots=True)
class EdfSignal:
    """A signal's part of the header; `first` is where its samples begin in a data record, counted in samples."""

    label: str
    transducer: str
    unit: str
    physical: tuple[float, float]
    digital: tuple[float, float]
    prefilter: str
    samples: int
    first: int

    @property
    def is_annotation(self) -> bool:
        return self.label in ("EDF Annotations", "BDF Annotations")

    @property
    def has_range(self) -> bool:
        """Whether its samples can be turned into physical values at all."""
        return self.physical[0] != self.physical[1] and self.digital[0] < self.digital[1]


@dataclass(frozen=True, slots=True)
class EdfHeader:
    """`plus`: whether its patient and recording are laid out as in EDF+, which some writers of plain EDF do too.

    `records` are the data records that are there in full, `stated` those that the header promises (-1: unknown).
    """

    bdf: bool
    plus: bool
    discontinuous: bool
    patient: str
    recording: str
    size: int
    stated: int
    records: int
    duration: float
    signals: tuple[EdfSignal, ...]

    @property
    def record_bytes(self) -> int:
        return sum(signal.samples for signal in self.signals) * (3 if self.bdf else 2)


def is_edf(head: bytes) -> bool:
    """Whether a file begins as an EDF or BDF header does."""
    return bool(re.match(rb"(?:0       |\xffBIOSEMI)[^\x00-\x1f]{160}[\d.:/ -]{16}[\d ]{8}", head[:256]))


def parse(file: Content) -> EdfHeader:
    """Raises UnreadableFile naming the field that can't be right."""
    data = file.data
    if len(data) < FIXED:
        raise file.refuse(
            "an EDF header of {fixed} bytes of which only {count} are there", fixed=FIXED, count=len(data)
        )
    fixed = data[:FIXED].decode("latin-1")
    count = _whole(file, fixed[252:256], "number of signals")
    size = _whole(file, fixed[184:192], "size of the header")
    if count < 1 or size != FIXED * (1 + count):
        raise file.refuse(
            "damaged EDF header ({count} signals do not have a header of {size:,} bytes)", count=count, size=size
        )
    if len(data) < size:
        raise file.refuse(
            "an EDF header of {size:,} bytes of which only {count:,} are there", size=size, count=len(data)
        )
    bdf = data[:1] == b"\xff"
    duration = _number(file, fixed[244:252], "duration of a data record")
    signals = _signals(file, data[FIXED:size].decode("latin-1"), count)
    if duration < 0 or (duration == 0 and not all(signal.is_annotation for signal in signals)):
        raise file.refuse("damaged EDF header (data records of {duration:g} s)", duration=duration)
    reserved = fixed[192:236].strip(" ")
    whole = (len(data) - size) // (sum(signal.samples for signal in signals) * (3 if bdf else 2))
    stated = _whole(file, fixed[236:244], "number of data records")
    return EdfHeader(
        bdf=bdf,
        plus=reserved.startswith(("EDF+", "BDF+")) or fixed[88:98] == "Startdate ",
        discontinuous=reserved.startswith(("EDF+D", "BDF+D")),
        patient=fixed[8:88].strip(),
        recording=fixed[88:168].strip(),
        size=size,
        stated=stated,
        records=whole if stated < 0 else min(whole, stated),
        duration=duration,
        signals=signals,
    )


def _signals(file: Content, text: str, count: int) -> tuple[EdfSignal, ...]:
    columns, at = [], 0
    for width in (16, 80, 8, 8, 8, 8, 8, 80, 8, 32):
        columns.append([text[at + i * width : at + (i + 1) * width].strip(" ") for i in range(count)])
        at += width * count
    found, first = [], 0
    for label, transducer, unit, low, high, least, most, prefilter, samples, _ in zip(*columns, strict=True):
        number = _whole(file, samples, f"number of samples of {label!r}")
        if number < 1:
            raise file.refuse(
                "damaged EDF header ({number} samples of {label!r} in a data record)", number=number, label=label
            )
        physical = (_number(file, low, f"range of {label!r}"), _number(file, high, f"range of {label!r}"))
        digital = (_number(file, least, f"range of {label!r}"), _number(file, most, f"range of {label!r}"))
        found.append(EdfSignal(label, transducer, unit, physical, digital, prefilter, number, first))
        first += number
    return tuple(found)


def _whole(file: Content, text: str, what: str) -> int:
    if not re.fullmatch(r" *-?\d{1,8} *", text):
        raise file.refuse("damaged EDF header (the {what} is {text!r})", what=what, text=text.strip())
    return int(text)


def _number(file: Content, text: str, what: str) -> float:
    if not re.fullmatch(r" *[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})? *", text):
        raise file.refuse("damaged EDF header (the {what} is {text!r})", what=what, text=text.strip())
    return float(text)


@dataclass(frozen=True, slots=True)
class Annotation:
    """A time-stamped annotation: seconds from the header's start, how long (0: a moment), and its words."""

    onset: float
    duration: float
    text: str


def read_annotations(file: Content, header: EdfHeader) -> tuple[list[float], list[Annotation]]:
    """Each data record's own onset in seconds (empty where the file keeps none), and all annotations in order."""
    width = 3 if header.bdf else 2
    onsets: list[float] = []
    found: list[Annotation] = []
    for number, signal in enumerate(signal for signal in header.signals if signal.is_annotation):
        for record in range(header.records):
            begin = header.size + record * header.record_bytes + signal.first * width
            tals = list(_TAL.finditer(file.data, begin, begin + signal.samples * width))
            if number == 0 and tals and len(onsets) == record:
                onsets.append(float(tals[0]["onset"]))
            for tal in tals:
                for words in tal["texts"].split(b"\x14"):
                    text = " ".join(words.decode("utf-8", "replace").split())
                    if text:
                        found.append(Annotation(float(tal["onset"]), float(tal["duration"] or 0), text))
    return onsets if len(onsets) == header.records else [], sorted(found, key=lambda one: one.onset)
