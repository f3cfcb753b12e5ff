"""From an SCP-ECG record to records: whose, when, which device, the rhythm, and what the recorder said."""

from __future__ import annotations

import struct
from datetime import datetime

from assistant.ingest.content import Content
from assistant.ingest.signal.recording import Facts, Fields, Said, age_in_years, records_of, value_line
from assistant.ingest.signal.scp.sections import looks_like, sections
from assistant.ingest.signal.scp.waveform import rhythm
from assistant.records import Known, Record
from assistant.settings import IngestSettings
from assistant.wording import worded

_UNKNOWN = {0, 29999, 0xFFFF}  # "not measured" of section 7
_NO_AXIS = {999, 29999, -32768}
_AGE_IN_YEARS = {1: 1.0, 2: 1 / 12, 3: 7 / 365.25, 4: 1 / 365.25, 5: 1 / 8766}
_QTC_FORMULA = {1: " (Bazett)", 2: " (Hodges)", 3: " (Fridericia)", 4: " (Framingham)"}
# Tag 14, byte 17: how a record's texts are encoded; anything else is ASCII or Latin-1.
_ENCODINGS = {
    0x03: "iso8859_2", 0x0B: "iso8859_4", 0x13: "iso8859_5", 0x1B: "iso8859_6", 0x23: "iso8859_7", 0x2B: "iso8859_8",
    0x33: "iso8859_11", 0x3B: "iso8859_15", 0x07: "utf-16-le", 0x0F: "shift_jis", 0x17: "euc_jp", 0x27: "gb2312",
    0x2F: "cp949", 0x37: "utf-8",
}  # fmt: skip
_NAME_TAGS = (0, 1, 3, 20, 21, 22)  # last, first and second name; referring and confirming physician; technician
_PLACE_TAGS = (16, 17)  # the institutions that acquired and analysed it
_FULL_TEXT = 2  # a statement of section 11 in words; the others are codes


def recognises(file: Content) -> bool:
    return file.data[16:22] == b"SCPECG" or looks_like(file.data)


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """An ECG record, and text records of statements, measurements and comments if there are any."""
    parts = sections(file)
    tags = _tags(file, parts.get(1, b""))
    encoding = _encoding(tags)
    found = rhythm(file, parts, limits)
    facts = _facts(tags, encoding, {"resolution_uv": found.resolution_uv, "compression": found.compression})
    said = [Said(measurements=_measurements(parts.get(7, b"")))]
    said += [_statements(file, number, parts[number], encoding) for number in (8, 11) if number in parts]
    return records_of(file, [found.signal], facts, said, limits, _known(tags, encoding))


def _tags(file: Content, body: bytes) -> dict[int, list[bytes]]:
    """The values of section 1 by tag, in their order (EN 1064, 5.4)."""
    found: dict[int, list[bytes]] = {}
    at = 0
    while at + 3 <= len(body) and body[at] != 255:
        tag, length = struct.unpack_from("<BH", body, at)
        if at + 3 + length > len(body):
            raise file.refuse("damaged file (tag {tag} of section 1 is cut off)", tag=tag)
        found.setdefault(tag, []).append(body[at + 3 : at + 3 + length])
        at += 3 + length
    return found


def _encoding(tags: dict[int, list[bytes]]) -> str:
    device = tags.get(14, [b""])[0]
    return _ENCODINGS.get(device[16], "latin-1") if len(device) > 16 else "latin-1"


def _text(value: bytes, encoding: str) -> str:
    """Text up to its first zero, white space as single spaces."""
    text = value[: len(value) // 2 * 2].decode(encoding, "replace") if encoding == "utf-16-le" else None
    text = value.decode(encoding, "replace") if text is None else text
    return " ".join(text.partition("\0")[0].split())


def _facts(tags: dict[int, list[bytes]], encoding: str, fields: Fields) -> Facts:
    def first(tag: int, size: int) -> bytes | None:
        value = tags.get(tag, [b""])[0]
        return value if len(value) >= size else None

    moment = _moment(first(25, 4), first(26, 3))
    born = _moment(first(5, 4), None)
    age = first(4, 3)
    if age is not None and age[2] in _AGE_IN_YEARS and (years := struct.unpack_from("<H", age)[0]):
        fields["age"] = int(years * _AGE_IN_YEARS[age[2]])
    elif (years := age_in_years(born, moment)) is not None:
        fields["age"] = years
    if (sex := first(8, 1)) is not None and sex[0] in (1, 2):
        fields["sex"] = "M" if sex[0] == 1 else "F"
    if (low := first(27, 2)) is not None and (hundredths := struct.unpack("<H", low[:2])[0]):
        fields["high_pass_hz"] = hundredths / 100
    if (high := first(28, 2)) is not None and (hertz := struct.unpack("<H", high[:2])[0]):
        fields["low_pass_hz"] = float(hertz)
    if (filters := first(29, 1)) is not None and filters[0] & 3:
        fields["notch_hz"] = 60.0 if filters[0] & 1 else 50.0
    if (device := first(14, 36)) is not None:
        strings = [*device[36:].split(b"\0"), *[b""] * 5]
        for name, value in (("device", device[8:14]), ("manufacturer", strings[4])):
            if known := _text(value, "latin-1"):
                fields[name] = known
    comments = [_text(value, encoding) for tag in (13, 30) for value in tags.get(tag, [])]
    patient = _text(tags.get(2, [b""])[0], encoding)
    return Facts(patient or None, moment, fields, tuple(filter(None, comments)))


def _known(tags: dict[int, list[bytes]], encoding: str) -> Known:
    """Names of the patient, the physicians and the technician, the institutions, the day of birth."""
    names, places = (
        tuple(text for tag in kind for value in tags.get(tag, []) if (text := _text(value, encoding)))
        for kind in (_NAME_TAGS, _PLACE_TAGS)
    )
    born = _moment(next((value for value in tags.get(5, []) if len(value) >= 4), None), None)
    return Known(names, (), places, born.date() if born else None)


def _moment(day: bytes | None, clock: bytes | None) -> datetime | None:
    if day is None:
        return None
    year, month, day_ = struct.unpack_from("<HBB", day)
    hour, minute, second = clock[:3] if clock is not None else (0, 0, 0)
    if not 1850 <= year <= 2200:
        return None
    for time in ((hour, minute, second), (0, 0, 0)):
        try:
            return datetime(year, month, day_, *time)
        except ValueError:
            continue
    return None


def _measurements(body: bytes) -> list[str]:
    """Section 7: rates, and the intervals between the marks of the reference beat (EN 1064, 5.10)."""
    lines: list[str] = []

    def line(name: str, value: int, unit: str, unknown: set[int] = _UNKNOWN) -> None:
        if value not in unknown:
            lines.append(value_line(name, value, unit))

    if len(body) < 6:
        return lines
    blocks, spikes, rr, pp = struct.unpack_from("<BBHH", body)
    line("RR interval", rr, "ms")
    line("PP interval", pp, "ms")
    if blocks and len(body) >= 22:
        marks = struct.unpack_from("<5H3h", body, 6)
        for name, begin, end in (("P duration", 0, 1), ("PR interval", 0, 2), ("QRS duration", 2, 3),
                                 ("QT interval", 2, 4)):  # fmt: skip
            if not {marks[begin], marks[end]} & (_UNKNOWN - {0}) and marks[end] > marks[begin]:
                lines.append(value_line(name, marks[end] - marks[begin], "ms"))
        for name, axis in zip(("P axis", "QRS axis", "T axis"), marks[5:], strict=True):
            line(name, axis, "degrees", _NO_AXIS)
    at = 6 + 16 * blocks + 10 * spikes
    if at + 2 <= len(body):
        at += 2 + struct.unpack_from("<H", body, at)[0]  # the type of each beat
    if at + 7 <= len(body):
        ventricular, atrial, qtc, formula = struct.unpack_from("<HHHB", body, at)
        line("Heart rate", ventricular, "bpm")
        line("Atrial rate", atrial, "bpm")
        line(f"QTc interval{_QTC_FORMULA.get(formula, '')}", qtc, "ms")
    return lines


def _statements(file: Content, number: int, body: bytes, encoding: str) -> Said:
    """Section 8 (words) or 11 (codes and words): confirmed where its first byte says so (EN 1064, 5.11 and 5.14)."""
    lines: list[str] = []
    at = 9
    for _ in range(body[8] if len(body) > 8 else 0):
        size = struct.unpack_from("<H", body, at + 1)[0] if at + 3 <= len(body) else 0
        value = body[at + 3 : at + 3 + size]
        if at + 3 + size > len(body) or at + 3 > len(body):
            file.set_aside(
                worded("statement {statement} of section {number}", statement=len(lines) + 1, number=number), "cut off"
            )
            break
        at += 3 + size
        kind, value = (value[0], value[1:]) if number == 11 and value else (_FULL_TEXT, value)
        text = " ".join(filter(None, (_text(part, encoding) for part in _parts(value, encoding))))
        lines.append(text if kind == _FULL_TEXT or not text else f"Statement code: {text}")
    return Said(lines, confirmed=bool(body) and body[0] == 1)


def _parts(value: bytes, encoding: str) -> list[bytes]:
    return [value] if encoding == "utf-16-le" else value.split(b"\0")
