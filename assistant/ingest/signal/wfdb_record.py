"""WFDB records (PhysioNet): the header is the record, its signal and annotation files go along."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.dates import parse_date
from assistant.ingest.quiet import quiet
from assistant.ingest.signal.leads import is_ecg_lead, lead_name, millivolts_per, unique_names
from assistant.ingest.signal.wfdb_header import Header, claimed, is_plain_name, parse_header, read_header
from assistant.ingest.text.passages import Stretch, cut
from assistant.ingest.text.plain import decode, has_language
from assistant.records import Record, Signal
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

COMMENTS = "comments"  # the part of a record's uri under which its header's comments stand
_FACT = re.compile(r"^<?(?P<name>[A-Za-z][^:<>]{0,80}?)>?\s*:\s*(?P<value>.*)$")
_MIT_BIH = re.compile(r"^(?P<age>\d{1,3}) (?P<sex>[MF]) [\d. ]+x\d")
_SIGNAL_FORMAT = re.compile(r"(?:0|8|16|24|32|61|80|160|212|310|311|508|516|524)(?:[x:+]\d+)*$")
_UNKNOWN = {"", "n/a", "na", "unknown", "none", "nan", "-", "?", "-1"}
_FACT_NAMES = {"age", "sex", "gender", "ecg date", "date"}
_MAX_SAMPLES = 400_000_000  # over all channels: 1.6 GB as float32


def recognises(file: Content) -> bool:
    if b"\0" in file.data[:200] or (text := decode(file.data[:20_000])) is None:
        return False
    header = parse_header(text)
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if header is None or not header.signals:
        return False
    if len(lines) == 1:
        return file.name.endswith(".hea")
    if header.segments:
        return len(lines[1]) == 2 and lines[1][1].isdigit()
    return len(lines[1]) >= 2 and bool(_SIGNAL_FORMAT.match(lines[1][1]))


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """An ECG record, and a text record of the header's comments (part "comments") where they say something.

    Age and sex go into `fields`, diagnosis codes ("Dx: 164934002,…") into `labels["snomed"]`.
    """
    header = parse_header(decode(file.data) or "")
    if header is None:
        raise file.refuse("a WFDB header whose first line can't be understood")
    _check(file, header, limits)
    recording, moment = _recording(file)
    signal, others = _signal(file, recording)
    facts, labels, comments = _comments(header)
    stated = facts.pop("ecg_date", None) or facts.pop("date", None)
    taken_at = moment or parse_date(str(stated or ""), day_first=True)  # as the dates of the format itself
    fields: dict[str, str | int | float] = {
        **facts,
        "sampling_rate_hz": signal.sampling_rate_hz,
        "duration_s": round(signal.duration_s, 3),
        "leads": ", ".join(signal.leads),
    }
    if others:
        fields["other_channels"] = ", ".join(others)
    sha256 = _sha256(file, header)
    records = [
        Record(
            kind="signal",
            modality="ECG",
            uri=file.uri,
            sha256=sha256,
            taken_at=taken_at,
            labels=labels,
            fields=fields,
            signal=signal,
        )
    ]
    text, stretches = comments
    if has_language(text) or (text and labels == {} and re.search(r"[A-Za-z]{4,}", text)):
        records.append(
            Record(
                kind="text",
                modality="SR",
                uri=file.uri,
                sha256=sha256,
                part=COMMENTS,
                taken_at=taken_at,
                title="Comments in the recording's header",
                text=text,
                passages=cut(text, limits.passage_words, stretches),
                labels=labels,
                fields={**facts, "author": "header"},
            )
        )
    return records


def _check(file: Content, header: Header, limits: IngestSettings) -> None:
    """Everything that can be told before a signal is read: names, presence and size of the files, length."""
    if header.rate <= 0:
        raise file.refuse("the WFDB header states no sampling rate")
    if header.samples / header.rate > limits.max_signal_hours * 3600:
        raise file.refuse(
            f"{header.samples / header.rate / 3600:,.1f} hours are more than the limit of "
            f"{limits.max_signal_hours:g} hours (ingest.max_signal_hours)"
        )
    if header.samples * header.signals > _MAX_SAMPLES:
        raise file.refuse(f"{header.signals} channels of {header.samples:,} samples are too many to be read at once")
    for name in (*header.files, *header.segments):
        if not is_plain_name(name):
            raise file.refuse(f"the header names the file {name!r}, which does not lie beside it")
    if file.path is None:
        raise file.refuse("a WFDB record inside an archive: unpack it, so that its signal files lie beside it")
    if not header.files and not header.segments:
        raise file.refuse("the WFDB header names no signal file")
    for name in _needed(file.path, header):
        _check_side(file, file.path.with_name(name), limits)


def _needed(path: Path, header: Header) -> list[str]:
    names = list(header.files)
    for segment in header.segments:
        names.append(f"{segment}.hea")
        inner = read_header(path.with_name(f"{segment}.hea"))
        names += [name for name in inner.files if is_plain_name(name)] if inner else []
    return names


def _check_side(file: Content, path: Path, limits: IngestSettings) -> None:
    try:
        size = path.stat().st_size
    except OSError:
        raise file.refuse(f"its signal file {path.name} is missing: it has to lie beside the header") from None
    if size == 0:
        raise file.refuse(f"its signal file {path.name} is empty (0 bytes)")
    if size > limits.max_file_mb * 1_000_000:
        raise file.refuse(
            f"its signal file {path.name} has {size / 1e6:,.0f} MB, more than the limit of "
            f"{limits.max_file_mb} MB (ingest.max_file_mb)"
        )


def _sha256(file: Content, header: Header) -> str:
    """The hash of the header and its signal files together: both make the recording."""
    digest = hashlib.sha256(file.data)
    assert file.path is not None
    for name in _needed(file.path, header):
        digest.update(file.path.with_name(name).read_bytes())
    return digest.hexdigest()


def _recording(file: Content) -> tuple[Any, datetime | None]:
    """What wfdb makes of it: physical values, channels of several rates brought to one."""
    import wfdb

    assert file.path is not None
    with quiet():
        try:
            recording = wfdb.rdrecord(str(file.path.resolve().with_suffix("")))
        except UnreadableFile:
            raise
        except MemoryError:
            raise file.refuse("the signal does not fit into memory") from None
        except Exception as error:
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise file.refuse(f"the header and its signal file do not fit together ({reason})") from None
    if recording.p_signal is None or not recording.p_signal.size:
        raise file.refuse("the WFDB record holds no samples")
    return recording, recording.base_datetime


def _signal(file: Content, recording: Any) -> tuple[Signal, list[str]]:
    """The ECG leads in millivolts, and names with units of the channels that are something else."""
    columns, names, others = [], [], []
    for i, (name, unit) in enumerate(zip(recording.sig_name, recording.units, strict=True)):
        factor = millivolts_per(unit)
        if factor is not None and is_ecg_lead(name):
            columns.append((recording.p_signal[:, i] * factor).astype(np.float32))
            names.append(lead_name(name))
        else:
            others.append(f"{name.strip()} ({unit})")
    if not columns:
        raise file.refuse(f"a recording without an ECG lead (its channels are {', '.join(others)}): not read yet")
    samples = np.stack(columns, axis=1)
    if np.isnan(samples).all():
        raise file.refuse("every sample of the recording is marked as missing")
    return Signal(samples, unique_names(names), float(recording.fs)), others


def _comments(header: Header) -> tuple[dict[str, str | int | float], dict[str, str], tuple[str, list[Stretch]]]:
    """Facts, labels and what remains as text, in the header's own words; lines without a value are left out.

    A line that ends in a colon ("Hemodynamics:") is the heading of the lines below it.
    """
    facts: dict[str, str | int | float] = {}
    labels: dict[str, str] = {}
    stretches: list[Stretch] = []
    section: str | None = None
    text, begin = "", 0
    for comment in header.comments:
        if match := _MIT_BIH.match(comment):
            facts |= {"age": int(match["age"]), "sex": match["sex"]}
            continue
        fact = _FACT.match(comment)
        value = fact["value"].strip() if fact else comment
        name = fact["name"].strip().lower() if fact else ""
        if fact and not value:
            if text[begin:].strip():
                stretches.append((begin, len(text), section, None))
            section, begin = fact["name"].strip().strip("<>").capitalize(), len(text)
        elif value.lower() in _UNKNOWN:
            continue
        elif name in _FACT_NAMES:
            facts["sex" if name == "gender" else name.replace(" ", "_")] = _fact(value)
        elif name == "dx" and re.fullmatch(r"[\d,; ]+", value):
            labels["snomed"] = " | ".join(re.findall(r"\d+", value))
        else:
            begin = len(text) + 1 if text and begin == len(text) else begin
            text += ("\n" if text else "") + comment
    if text[begin:].strip():
        stretches.append((begin, len(text), section, None))
    return facts, labels, (text, stretches)


def _fact(value: str) -> str | int:
    return int(value) if value.isdigit() else {"female": "F", "male": "M"}.get(value.lower(), value)


def is_sidecar(path: Path) -> bool:
    """Whether a file belongs to a WFDB record beside it: its signals, its annotations, one of its segments.

    An annotation file may have any ending ("100.atr", LUDB's "1.avf"); it is known by a header of the same name
    and by being no file of another kind.
    """
    if path.name in claimed(path.parent):
        return True
    if path.suffix == ".hea" or not path.with_suffix(".hea").is_file():
        return False
    from assistant.ingest.formats import kind_of

    return kind_of(path) is None


def orphan_reason(path: Path) -> str | None:
    """Why a signal or annotation file alone can't be read, or None if it is none."""
    if is_sidecar(path):
        return f"belongs to the WFDB record {path.stem}.hea: give that file, it is read together with it"
    if path.suffix == ".dat":
        return f"looks like the signal of a WFDB record, whose header {path.stem}.hea is missing"
    return None
