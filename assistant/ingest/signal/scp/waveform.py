"""The rhythm of an SCP-ECG record: sections 3 to 6 put together (EN 1064, 5.6 to 5.9)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.ingest.content import Content
from assistant.ingest.signal.recording import check_size, side_by_side
from assistant.ingest.signal.scp.huffman import Table, decode, tables, undo_differences
from assistant.records import Signal
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Lead codes of section 3; 31 to 60 and from 79 on are the calibration pulses of leads, which are left out.
_LEADS: dict[int, str] = {
    **dict(enumerate(("I", "II", *(f"V{n}" for n in range(1, 8))), start=1)),
    **{code: f"V{n}R" for code, n in enumerate(range(2, 8), start=10)},
    **dict(enumerate(("X", "Y", "Z", "CC5", "CM5", "LA", "RA", "LL"), start=16)),
    **dict(enumerate(("fI", "fE", "fC", "fA", "fM", "fF", "fH"), start=24)),
    **dict(enumerate(("III", "aVR", "aVL", "aVF", "-aVR", "V8", "V9", "V8R", "V9R", "D", "A", "J"), start=61)),
}
_CALIBRATION = {*range(31, 61), *range(79, 86)}
_MAX_BEATS = 10_000
_MAX_CODED = 3_000_000  # a lead has 64 KiB at most: twelve of eight minutes, decoded in two seconds
_SUBTRACTED = 0x01  # flag of section 3: reference beats were subtracted


@dataclass(frozen=True, slots=True)
class _Lead:
    """A lead's code, and its first and last sample counted from 1 on the time line of the recording."""

    code: int
    start: int
    end: int

    @property
    def count(self) -> int:
        return self.end - self.start + 1


@dataclass(frozen=True, slots=True)
class _Beat:
    """Where a reference beat was subtracted: samples `start` to `end`, its fiducial point at `fiducial`."""

    kind: int
    start: int
    fiducial: int
    end: int


@dataclass(frozen=True, slots=True)
class _Beats:
    """Section 4: the reference beat's length and fiducial point, the beats, and the zones that are protected."""

    length_ms: int
    fiducial: int
    beats: tuple[_Beat, ...]
    protected: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Coded:
    """Section 5 or 6: nanovolts in one step, µs from sample to sample, the order of the differences, each lead."""

    nanovolts: int
    interval_us: int
    order: int
    bimodal: bool
    leads: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The rhythm in millivolts, microvolts of one stored step, and in words how the samples were stored."""

    signal: Signal
    resolution_uv: float
    compression: str


def rhythm(file: Content, parts: dict[int, bytes], limits: IngestSettings) -> Rhythm:
    """The recording of all leads; NaN where one was not recorded.

    Raises UnreadableFile for parts that do not fit together and for compression that is not read.
    """
    if 6 not in parts:
        later = ": long-term rhythm of version 3 (section 12) is not read" if 12 in parts else ""
        raise file.refuse("an SCP-ECG record without rhythm data (section 6){later}", later=later)
    if 3 not in parts:
        raise file.refuse("damaged file (an SCP-ECG record that does not define its leads, section 3)")
    subtracted, leads = _leads(file, parts[3])
    coded = tables(file, parts.get(2))
    stored = _coded(file, parts[6], len(leads), 6)
    beats = _beats(file, parts[4]) if 4 in parts and (subtracted or stored.bimodal) else None
    reference = _coded(file, parts[5], len(leads), 5) if beats is not None and 5 in parts else None
    if (subtracted or stored.bimodal) and (beats is None or reference is None):
        raise file.refuse("damaged file (reference beats are needed, but section 4 or 5 is missing)")
    factor = _factor(file, stored, reference)
    interval = stored.interval_us // factor
    begin, end = min(lead.start for lead in leads), max(lead.end for lead in leads)
    check_size(file, end - begin + 1, len(leads), 1e6 / interval, limits)
    if coded and (total := sum(lead.count for lead in leads)) > _MAX_CODED:
        raise file.refuse(
            "SCP-ECG with {total:,} Huffman-coded samples, more than the {max_coded:,} that are read",
            total=total,
            max_coded=_MAX_CODED,
        )
    zones = beats.protected if beats and stored.bimodal else ()
    residual = [
        _samples(file, data, lead, stored.order, coded, factor, zones if stored.bimodal else None)
        for data, lead in zip(stored.leads, leads, strict=True)
    ]
    nanovolts = [values.astype(np.float64) * stored.nanovolts for values in residual]
    if subtracted and beats is not None and reference is not None:
        _add_reference(file, nanovolts, leads, beats, reference, coded, interval)
    columns = []
    for lead, values in zip(leads, nanovolts, strict=True):
        if lead.code not in _CALIBRATION:
            before = np.full(lead.start - begin, np.nan)
            columns.append((_LEADS.get(lead.code, f"lead {lead.code}"), np.concatenate((before, values / 1e6))))
    if not columns:
        raise file.refuse("an SCP-ECG record of calibration pulses only")
    steps = [name for name, used in (
        ("Huffman", coded), ("first differences", stored.order == 1), ("second differences", stored.order == 2),
        ("reference beats subtracted", subtracted), ("bimodal", stored.bimodal),
    ) if used]  # fmt: skip
    return Rhythm(side_by_side(columns, 1e6 / interval), stored.nanovolts / 1000, ", ".join(steps) or "none")


def _leads(file: Content, body: bytes) -> tuple[bool, list[_Lead]]:
    if len(body) < 2 or not body[0] or 2 + 9 * body[0] > len(body):
        raise file.refuse("damaged file (the leads of section 3 are cut off)")
    found = []
    for i in range(body[0]):
        start, end, code = struct.unpack_from("<IIB", body, 2 + 9 * i)
        if start < 1 or end < start:
            raise file.refuse(
                "damaged file (lead {number} would last from sample {start} to {end})",
                number=i + 1,
                start=start,
                end=end,
            )
        found.append(_Lead(code, start, end))
    return bool(body[1] & _SUBTRACTED), found


def _beats(file: Content, body: bytes) -> _Beats:
    if len(body) < 6:
        raise file.refuse("damaged file (section 4 is cut off)")
    length_ms, fiducial, count = struct.unpack_from("<HHH", body, 0)
    if count > _MAX_BEATS or 6 + 14 * count > len(body):
        raise file.refuse("damaged file (section 4 states {count} beats in {body} bytes)", count=count, body=len(body))
    beats = tuple(_Beat(*struct.unpack_from("<HIII", body, 6 + 14 * i)) for i in range(count))
    zones = 6 + 14 * count
    protected = [struct.unpack_from("<II", body, zones + 8 * i) for i in range(min(count, (len(body) - zones) // 8))]
    return _Beats(length_ms, fiducial, beats, tuple((start, end) for start, end in protected if end >= start >= 1))


def _coded(file: Content, body: bytes, leads: int, section: int) -> _Coded:
    at = 6 + 2 * leads
    if len(body) < at:
        raise file.refuse("damaged file (section {section} is cut off)", section=section)
    nanovolts, interval, order, bimodal = struct.unpack_from("<HHBB", body, 0)
    if not nanovolts or not interval:
        raise file.refuse(
            "damaged file (section {section} states a step of {nanovolts} nV and {interval} µs)",
            section=section,
            nanovolts=nanovolts,
            interval=interval,
        )
    if order > 2:
        raise file.refuse("SCP-ECG compressed by differences of order {order}: not read (0, 1 and 2 are)", order=order)
    sizes = struct.unpack_from(f"<{leads}H", body, 6)
    if at + sum(sizes) > len(body):
        raise file.refuse("damaged file (the leads of section {section} are cut off)", section=section)
    found = []
    for size in sizes:
        found.append(body[at : at + size])
        at += size
    return _Coded(nanovolts, interval, order, bool(bimodal) and section == 6, tuple(found))


def _factor(file: Content, stored: _Coded, reference: _Coded | None) -> int:
    """How many samples one stored sample stands for outside the protected zones."""
    if reference is None or reference.interval_us == stored.interval_us:
        return 1
    factor, rest = divmod(stored.interval_us, reference.interval_us)
    if not stored.bimodal or rest or not 2 <= factor <= 16:
        raise file.refuse(
            "SCP-ECG with rhythm of {interval_us} µs and reference beats of {reference} µs a sample: not read",
            interval_us=stored.interval_us,
            reference=reference.interval_us,
        )
    return factor


def _samples(
    file: Content,
    data: bytes,
    lead: _Lead,
    order: int,
    coded: list[Table],
    factor: int,
    zones: tuple[tuple[int, int], ...] | None,
) -> NDArray[np.int64] | NDArray[np.float64]:
    """One lead of section 6 at the full rate, in steps, shape (lead.count,); `zones` only where it is bimodal."""
    pieces = _pieces(lead, zones) if zones is not None and factor > 1 else [(True, lead.count)]
    count = sum(length if whole else -(-length // factor) for whole, length in pieces)
    values = _plain(file, data, count, order, coded, f"lead {_LEADS.get(lead.code, lead.code)}")
    if len(pieces) == 1 and pieces[0][0]:
        return values
    out, at = [], 0
    for whole, length in pieces:
        size = length if whole else -(-length // factor)
        piece = values[at : at + size].astype(np.float64)
        out.append(piece if whole else _interpolated(piece, length, factor))
        at += size
    return np.concatenate(out)


def _plain(file: Content, data: bytes, count: int, order: int, coded: list[Table], what: str) -> NDArray[np.int64]:
    if coded:
        return undo_differences(decode(file, data, count, coded, what), order)
    if 2 * count > len(data):
        raise file.refuse(
            "damaged file ({what} ends after {data:,} of {count:,} samples)",
            what=what,
            data=len(data) // 2,
            count=count,
        )
    return undo_differences(np.frombuffer(data, dtype="<i2", count=count).astype(np.int64), order)


def _pieces(lead: _Lead, zones: tuple[tuple[int, int], ...]) -> list[tuple[bool, int]]:
    """The lead cut into protected zones (True) and what lies between them (False), with their lengths."""
    pieces, at = [], lead.start
    for start, end in sorted(zones):
        start, end = max(start, at), min(end, lead.end)
        if end < start:
            continue
        pieces += [(False, start - at)] if start > at else []
        pieces.append((True, end - start + 1))
        at = end + 1
    return pieces + ([(False, lead.end - at + 1)] if at <= lead.end else [])


def _interpolated(values: NDArray[np.float64], length: int, factor: int) -> NDArray[np.float64]:
    """Means of `factor` samples drawn out to `length` samples by straight lines between their middles."""
    begins = np.arange(len(values)) * factor
    middles = begins + (np.minimum(factor, length - begins) - 1) / 2
    return np.interp(np.arange(length), middles, values)


def _add_reference(
    file: Content,
    nanovolts: list[NDArray[np.float64]],
    leads: list[_Lead],
    beats: _Beats,
    reference: _Coded,
    coded: list[Table],
    interval: int,
) -> None:
    """Add the reference beat (type 0) to each lead in place, wherever section 4 says that it was subtracted."""
    count = round(beats.length_ms * 1000 / interval)
    if count < 1:
        raise file.refuse("damaged file (reference beats of no length were subtracted)")
    for lead, values, data in zip(leads, nanovolts, reference.leads, strict=True):
        beat = _plain(file, data, count, reference.order, coded, "the reference beat") * float(reference.nanovolts)
        for place in beats.beats:
            if place.kind != 0:
                continue
            shift = beats.fiducial - place.fiducial - 1  # from a sample's number to its index in the beat
            first = max(place.start, lead.start, -shift)
            last = min(place.end, lead.end, count - 1 - shift)
            if first <= last:
                values[first - lead.start : last - lead.start + 1] += beat[first + shift : last + shift + 1]
