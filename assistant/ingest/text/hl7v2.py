"""HL7 v2 result messages (ORU^R01), through python-hl7: HL7 v2.5.1, chapters 2 (control), 3 (PID) and 7 (OBR, OBX)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from assistant.ingest.content import Content
from assistant.ingest.dates import parse_date
from assistant.ingest.quiet import quiet
from assistant.ingest.text.attachments import attached, from_base64
from assistant.ingest.text.encodings import clean, decode
from assistant.ingest.text.passages import Stretch, cut
from assistant.ingest.text.plain import text_record
from assistant.ingest.text.sections import report_type
from assistant.records import Known, Record
from assistant.settings import IngestSettings

_START = re.compile(rb"^[\x0b\s\xef\xbb\xbf]*(?:MSH|FHS|BHS)([^\w\s])")
_MESSAGE = re.compile(r"^MSH(?=[^\w\s])", re.MULTILINE)
_ENVELOPE = re.compile(r"^(?:FHS|BHS|BTS|FTS)[^\w\s].*$", re.MULTILINE)
# MSH-18, table 0211, and what systems write there
_CHARSETS = {
    "ASCII": "cp1252", "8859/1": "cp1252", "8859/2": "iso8859_2", "8859/3": "iso8859_3", "8859/4": "iso8859_4",
    "8859/5": "iso8859_5", "8859/6": "iso8859_6", "8859/7": "iso8859_7", "8859/8": "iso8859_8", "8859/9": "iso8859_9",
    "8859/15": "iso8859_15", "UNICODE UTF-8": "utf-8", "UTF-8": "utf-8", "UNICODE UTF-16": "utf-16",
    "GB 18030-2000": "gb18030", "KS X 1001": "euc_kr", "BIG-5": "big5", "ISO IR87": "iso2022_jp",
    "ISO IR6": "cp1252", "ISO IR100": "cp1252", "ISO_IR 100": "cp1252", "WINDOWS-1252": "cp1252",
}  # fmt: skip
_ESCAPE = re.compile(r"\\([^\\\n]{1,80})\\")
_MAX_MESSAGES = 200_000
_NOT_USED = {"D": "deleted", "W": "posted as wrong", "X": "not obtained"}  # OBX-11, table 0085
_FLAGS = {
    "L": "low", "H": "high", "LL": "critically low", "HH": "critically high", "A": "abnormal", "AA": "critical",
    "<": "below the scale", ">": "above the scale", "R": "resistant", "S": "susceptible", "I": "intermediate",
}  # fmt: skip
_TEXT_TYPES = ("TX", "FT", "ST", "")


def recognises(file: Content) -> bool:
    return bool(_START.match(file.data[:64]))


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """A text record for each order (OBR) of each ORU message, and what is embedded in it (ED: a PDF, a picture).

    Batches (FHS, BHS) and MLLP framing are opened; messages of other types and bad ones are set aside by number.
    `patient_id` is PID-3, `study_id` the accession or filler order number (OBR-18, OBR-3), else the placer's. The
    order's numbers are told to the de-identifier; `external_id`, which is shown as it is, stays empty.

    Raises UnreadableFile where no message gives a record.
    """
    records: list[Record] = []
    messages = _messages(file)
    for number, (message, encoding) in enumerate(messages, start=1):
        part = f"message {number}" if len(messages) > 1 else ""
        records += _read_message(file, part, message, encoding, limits)
    if not records:
        first = f": {file.aside[0][1]}" if file.aside else ""
        raise file.refuse("HL7 v2 without a result to index{first}; ORU^R01 messages are read", first=first)
    return records


def _messages(file: Content) -> list[tuple[str, str]]:
    """Each message with segments on lines of their own, and the encoding it came in."""
    data = file.data.replace(b"\x0b", b"\n").replace(b"\x1c", b"\n")  # MLLP: <VT> message <FS><CR>
    declared = re.search(rb"^\s*MSH([^\w\s])((?:[^\r\n]*?\1){16})([^\r\n]*?)(?:\1|[\r\n~]|$)", data, re.MULTILINE)
    name = declared[3].decode("ascii", "replace").partition("~")[0].strip().upper() if declared else ""
    encoding = _CHARSETS.get(name)
    text: str | None = None
    if encoding:
        try:
            text = clean(data.decode(encoding))
        except UnicodeDecodeError:
            file.set_aside(
                "MSH-18", "the messages say that they are {name}, and are not: the encoding was detected", name=name
            )
    if text is None:
        text, encoding = decode(data), "utf-8"
        if text is None:
            raise file.refuse("HL7 v2 in an unknown encoding")
    text = _ENVELOPE.sub("", text.lstrip("\ufeff"))
    text = re.sub(r"^[ \t]+(?=[A-Z][A-Z0-9]{2}[^\w\s])", "", text, flags=re.MULTILINE)
    starts = [match.start() for match in _MESSAGE.finditer(text)]
    if len(starts) > _MAX_MESSAGES:
        raise file.refuse(
            "{count:,} messages are more than the {max_messages:,} that are read of one file",
            count=len(starts),
            max_messages=_MAX_MESSAGES,
        )
    if not starts:
        raise file.refuse("HL7 v2 without a message (no MSH segment)")
    return [(text[start:end], encoding or "utf-8") for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


@dataclass
class _Order:
    """One OBR with its observations."""

    segment: Any | None
    rows: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    documents: list[tuple[str, str, str]] = field(default_factory=list)  # part, encoding, data


class _Message:
    """A parsed message: fields by number, unescaped with its own encoding characters."""

    def __init__(self, text: str, encoding: str) -> None:
        import hl7

        segments = [line for line in text.split("\n") if re.match(r"[A-Z][A-Z0-9]{2}(?:[^\w\s]|$)", line)]
        with quiet():
            self.parsed = hl7.parse("\r".join(segments) + "\r")
        self.encoding = encoding
        signs = str(self.parsed[0][2][0]) if len(self.parsed[0]) > 2 else ""
        self.escape = signs[2] if len(signs) > 2 else "\\"
        separators = str(self.parsed[0][1][0]) if len(self.parsed[0]) > 1 else "|"
        self.signs = dict(zip("FSRET", (separators, *(signs + "^~\\&"[len(signs) :])[:4]), strict=False))

    def segments(self, name: str) -> list[Any]:
        return [segment for segment in self.parsed if str(segment[0][0]) == name]

    def repetitions(self, segment: Any, number: int) -> list[Any]:
        return list(segment[number]) if segment is not None and len(segment) > number else []

    def component(self, repetition: Any, number: int = 1) -> str:
        """A component (from 1) as text; of one with subcomponents the first."""
        value = repetition
        if not isinstance(value, str):
            value = value[number - 1] if len(value) >= number else ""
            while not isinstance(value, str):
                value = value[0] if len(value) else ""
        elif number != 1:
            return ""
        return self.unescaped(value)

    def value(self, segment: Any, number: int, component: int = 1) -> str:
        found = self.repetitions(segment, number)
        return " ".join(self.component(found[0], component).split()) if found else ""

    def unescaped(self, text: str) -> str:
        """Chapter 2.7: separators, line breaks, hexadecimal bytes; highlighting and unknown sequences vanish."""
        if self.escape != "\\":
            text = text.replace(self.escape, "\\")
        return clean(_ESCAPE.sub(self._meaning, text))

    def _meaning(self, match: re.Match[str]) -> str:
        said = match[1]
        if said in self.signs:
            return self.signs[said]
        if said[0] == "X" and re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", said[1:]):
            data = bytes.fromhex(said[1:])
            try:
                return data.decode(self.encoding)
            except UnicodeDecodeError:
                return data.decode("latin-1")
        command = said[:3].lower()
        count = min(int(said[3:]), 50) if said[3:].isdigit() else 1
        if command in (".br", ".sp", ".ce"):
            return "\n" * count
        return " " * count if command in (".in", ".ti", ".sk") else ""


def _read_message(file: Content, part: str, text: str, encoding: str, limits: IngestSettings) -> list[Record]:
    where = part or "message"
    try:
        message = _Message(text, encoding)
        header = message.segments("MSH")[0]
        kind = "^".join(filter(None, (message.value(header, 9), message.value(header, 9, 2))))
        if not kind.startswith("ORU"):
            file.set_aside(where, "an HL7 v2 message of type {kind}, which holds no result", kind=kind or "unknown")
            return []
        records, orders = [], _orders(message)
        for number, order in enumerate(orders, start=1):
            name = ", ".join(filter(None, (part, f"order {number}" if len(orders) > 1 else "")))
            records += _order_records(file, name, message, order, limits)
    except Exception as error:  # python-hl7 raises whatever its containers do
        brief = f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
        file.set_aside(where, "a damaged HL7 v2 message ({brief})", brief=brief)
        return []
    if not records and not any(name.startswith(where) for name, _ in file.aside):
        file.set_aside(where, "a result message without any value or text")
    return records


def _orders(message: _Message) -> list[_Order]:
    found: list[_Order] = []
    for segment in message.parsed:
        name = str(segment[0][0])
        if name == "OBR":
            found.append(_Order(segment))
        elif name in ("OBX", "NTE"):
            if not found:
                found.append(_Order(None))
            if name == "OBX":
                _observe(message, segment, found[-1])
            else:
                found[-1].texts += filter(None, (message.component(r).strip() for r in message.repetitions(segment, 3)))
    return found


def _observe(message: _Message, segment: Any, order: _Order) -> None:
    kind, name = message.value(segment, 2).upper(), message.value(segment, 3, 2) or message.value(segment, 3)
    status = message.value(segment, 11).upper()
    if status in _NOT_USED:
        return
    values = message.repetitions(segment, 5)
    if kind == "ED":
        for value in values:
            order.documents.append((name or "document", message.component(value, 4), message.component(value, 5)))
    elif kind == "RP":
        order.documents.append((name or "document", "RP", ""))
    elif kind in _TEXT_TYPES and not message.value(segment, 6):
        order.texts.append("\n".join(message.component(value) for value in values).rstrip())
    else:
        said = ", ".join(filter(None, (_said(message, kind, value) for value in values)))
        if not said:
            return
        flags = [message.component(flag).strip() for flag in message.repetitions(segment, 8)]
        asides = [_FLAGS.get(flag, flag) for flag in flags if flag and flag != "N"]
        if reference := message.value(segment, 7):
            asides.append(f"reference {reference}")
        unit = message.value(segment, 6)
        about = f" ({'; '.join(asides)})" if asides else ""
        order.rows.append(f"{name}: {' '.join(filter(None, (said, unit)))}{about}" if name else said)


def _said(message: _Message, kind: str, value: Any) -> str:
    """A value in words: a coded entry's text, a structured number's comparator and parts, a plain value."""
    if kind in ("CE", "CWE", "CNE", "CF"):
        return (message.component(value, 2) or message.component(value, 1) or message.component(value, 9)).strip()
    if kind == "SN":
        return "".join(message.component(value, number) for number in range(1, 5)).strip()
    if kind in ("DT", "TS", "DTM"):
        moment = parse_date(message.component(value)[:14])
        return moment.isoformat(" ") if moment else message.component(value).strip()
    return message.component(value).strip()


def _order_records(file: Content, part: str, message: _Message, order: _Order, limits: IngestSettings) -> list[Record]:
    procedure = message.value(order.segment, 4, 2) or message.value(order.segment, 4)
    records: list[Record] = []
    if order.rows or any(text.strip() for text in order.texts):
        records.append(_told(file, part, procedure, order, limits))
    for number, (name, coding, data) in enumerate(order.documents, start=1):
        where = ", ".join(filter(None, (part, f"{name} {number}" if len(order.documents) > 1 else name)))
        if coding.strip().lower() == "base64":
            records += from_base64(file, where, data, limits)
        elif coding.strip().lower() in ("a", "", "hex") and data:
            hexadecimal = coding.strip().lower() == "hex"
            records += attached(file, where, bytes.fromhex(data) if hexadecimal else data.encode(), limits)
        else:
            file.set_aside(where, "a reference to a document elsewhere, which is not fetched")
    pid = next(iter(message.segments("PID")), None)
    return [_dressed(record, message, order.segment, pid, procedure) for record in records]


def _told(file: Content, part: str, procedure: str, order: _Order, limits: IngestSettings) -> Record:
    """The order's text, cut at its headings if it is laid out as a report, below its values."""
    narrative = "\n".join(order.texts).strip()
    values = "\n".join(order.rows)
    if not values and report_type(narrative):
        return text_record(narrative, limits, uri=file.uri, sha256=file.sha256, part=part, modality="SR")
    text, stretches = "", []
    for heading, block in (("EXAMINATION", procedure), ("RESULTS", values), ("REPORT", narrative)):
        if block:
            text += ("\n\n" if text else "") + f"{heading}:\n"
            stretch: Stretch = (len(text), len(text) + len(block), heading, None)
            stretches.append(stretch)
            text += block
    passages = cut(text, limits.passage_words, stretches)
    return Record("text", "SR", file.uri, file.sha256, part, text=text, passages=passages)


def _dressed(record: Record, message: _Message, order: Any, pid: Any, procedure: str) -> Record:
    placer, filler = message.value(order, 2), message.value(order, 3)
    study = message.value(order, 18) or filler or placer
    fields: dict[str, str | int | float] = {"hl7": "ORU"}
    if (sex := message.value(pid, 8)) and sex in "MFOUAN":
        fields["sex"] = sex
    if code := message.value(order, 4):
        fields["procedure_code"] = code
    if status := message.value(order, 25):
        fields["result_status"] = status
    return replace(
        record,
        patient_id=_patient_id(message, pid),
        study_id=study or (f"{record.sha256[:16]}:{record.part}" if record.part else None),
        taken_at=_moment(message, order) or record.taken_at,
        title=procedure or record.title,
        fields={**fields, **record.fields},
        known=record.known | _known(message, pid, order),
    )


def _patient_id(message: _Message, pid: Any) -> str | None:
    """PID-3: the medical record number (MR) where there are several identifiers, else the first; else PID-2."""
    identifiers = message.repetitions(pid, 3)
    numbered = [r for r in identifiers if message.component(r, 5).strip().upper() == "MR"] or identifiers
    return next((found for r in numbered if (found := message.component(r).strip())), None) or (
        message.value(pid, 2) or None
    )


def _moment(message: _Message, order: Any) -> datetime | None:
    """When it was observed (OBR-7), else requested or reported (OBR-22)."""
    values = (re.sub(r"[^\d].*", "", message.value(order, number))[:14] for number in (7, 22, 6))
    return next((found for value in values if (found := parse_date(value))), None)


def _known(message: _Message, pid: Any, order: Any) -> Known:
    """Names, numbers, address and birth date of PID, the doctors and order numbers of OBR, for the de-identifier."""
    own = [message.component(r, n) for r in message.repetitions(pid, 5) for n in (1, 2, 3)]
    names = [*own]
    for number in (16, 28, 32):
        names += [message.component(r, n) for r in message.repetitions(order, number) for n in (2, 3)]
    ids = [message.component(r) for number in (2, 3, 4, 18, 19) for r in message.repetitions(pid, number)]
    ids += [message.value(order, number) for number in (2, 3, 18)]
    places = [message.component(r) for r in message.repetitions(pid, 11)]
    born = parse_date(message.value(pid, 7)[:8])
    return Known(_filled(names), _filled(ids), _filled(places), born.date() if born else None, _filled(own))


def _filled(values: list[str]) -> tuple[str, ...]:
    return tuple(value.strip() for value in values if value.strip())
