"""WFDB records (PhysioNet): the header is the record, its signal and annotation files go along."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assistant.ingest.content import Content
from assistant.ingest.dates import parse_date
from assistant.ingest.signal import wfdb_comments, wfdb_samples
from assistant.ingest.signal.machine import HEADER
from assistant.ingest.signal.wfdb_header import claimed, decode_header, parse_header
from assistant.ingest.text.language import has_language
from assistant.ingest.text.passages import cut
from assistant.records import Record
from assistant.settings import IngestSettings
from assistant.wording import worded

if TYPE_CHECKING:
    from pathlib import Path

COMMENTS = "comments"  # the part of a record's uri under which its header's comments stand
_SIGNAL_FORMAT = re.compile(r"(?:0|8|16|24|32|61|80|160|212|310|311|508|516|524)(?:[x:+]\d+)*$")


def recognises(file: Content) -> bool:
    text = file.text
    if text is None:
        return False
    text = text[:20_000]
    header = parse_header(text)
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if header is None or not header.signals:
        return False
    if len(lines) == 1:
        return file.name.endswith(".hea")
    if header.segment_count:
        return len(lines[1]) == 2 and lines[1][1].isdigit()
    return len(lines[1]) >= 2 and bool(_SIGNAL_FORMAT.match(lines[1][1]))


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """A record for each kind of channel and sampling rate, and a text record of the header's comments, if any.

    Age and sex go into `fields`, what diagnosis codes ("Dx: 164934002,…") name into `labels["diagnosis"]`. Annotation
    files beside the header are its sidecars and give no record. The comments' part is "comments".
    """
    header = decode_header(file.data)
    if header is None:
        raise file.refuse("a WFDB header whose first line can't be understood")
    if header.samples / max(header.rate, 1e-9) > limits.max_signal_hours * 3600:
        raise file.refuse(
            "{samples:,.1f} hours are more than the limit of {max_signal_hours:g} hours (ingest.max_signal_hours)",
            samples=header.samples / max(header.rate, 1e-9) / 3600,
            max_signal_hours=limits.max_signal_hours,
        )
    with wfdb_samples.on_disk(file, header, limits) as placed:
        frames = wfdb_samples.check(file, header, placed, limits)
        sha256 = wfdb_samples.fingerprint(placed)
        recording, moment = wfdb_samples.read_samples(file, header, next(iter(placed.values())), frames, limits)
    facts, labels, (text, stretches) = wfdb_comments.understood(header)
    stated = facts.pop("ecg_date", None) or facts.pop("date", None)
    taken_at = moment or parse_date(str(stated or ""), day_first=True)  # as the dates of the format itself
    records = recording.records(sha256=sha256, taken_at=taken_at, labels=labels, fields=facts)
    if has_language(text) or (text and labels == {} and re.search(r"[A-Za-z]{4,}", text)):
        records.append(
            Record(
                kind="text",
                modality="SR",
                uri=file.uri,
                sha256=sha256,
                part=COMMENTS,
                taken_at=taken_at,
                title=HEADER,
                text=text,
                passages=cut(text, limits.passage_words, stretches),
                labels=labels,
                fields={**facts, "author": "header"},
            )
        )
    return records


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
        told = "belongs to the WFDB record {header}: give that file, it is read together with it"
        return worded(told, header=f"{path.stem}.hea")
    if path.suffix == ".dat":
        told = "looks like the signal of a WFDB record, whose header {header} is missing"
        return worded(told, header=f"{path.stem}.hea")
    return None
