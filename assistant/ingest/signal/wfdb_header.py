"""WFDB headers: which files belong to a record and how large they have to be, without reading any signal.

Format: https://physionet.org/physiotools/wag/header-5.htm and, for the signals' bits, signal-5.htm beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_RECORD_LINE = re.compile(
    r"^(?P<name>[^\s/]+)(?:/(?P<segments>\d+))?\s+(?P<signals>\d+)"
    r"(?:\s+(?P<rate>[\d.eE+]+)(?:/[\d.eE+]+(?:\([\d.eE+-]+\))?)?(?:\s+(?P<samples>\d+))?(?:\s+[\d:.]+)?"
    r"(?:\s+[\d/]+)?)?\s*$"
)
_SIGNAL_LINE = re.compile(
    r"^(?P<file>~?[^\s]*)\s+(?P<format>\d+)(?:x(?P<per_frame>\d+))?(?::(?P<skew>\d+))?(?:\+(?P<offset>\d+))?(?:\s|$)"
)
_PLAIN_NAME = re.compile(r"^[\w][\w.+\- ]*$")
_DEFAULT_RATE = 250.0  # of the standard, where a header names none
_MOST_BYTES = 2_000_000

# Bits of one sample in a signal file. Formats 508, 516 and 524 are FLAC and have no fixed size, 0 is no file at all.
BITS = {
    "8": 8.0, "16": 16.0, "24": 24.0, "32": 32.0, "61": 16.0, "80": 8.0, "160": 16.0,
    "212": 12.0, "310": 32 / 3, "311": 32 / 3,
}  # fmt: skip
COMPRESSED = ("508", "516", "524")


@dataclass(frozen=True, slots=True)
class SignalLine:
    """What a signal's line says of where its samples lie; `name` is its description, "" where it has none."""

    file: str
    format: str
    per_frame: int
    skew: int
    offset: int
    name: str


@dataclass(frozen=True, slots=True)
class Header:
    """The record line and what it is made of: signals in files, or `segments`, which are records of their own.

    `samples` are frames (samples of a channel with one sample a frame), 0 where the header leaves them out; `lengths`
    are those of the segments.
    """

    name: str
    signals: int
    rate: float
    samples: int
    lines: tuple[SignalLine, ...]
    segments: tuple[str, ...]
    lengths: tuple[int, ...]
    segment_count: int
    comments: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the signal files, each once; "~" (no file) is none."""
        return tuple(dict.fromkeys(line.file for line in self.lines if line.file != "~"))

    @property
    def variable_layout(self) -> bool:
        """Whether the first segment holds no samples but says which signals there may be in the others."""
        return bool(self.lengths) and self.lengths[0] == 0


def parse_header(text: str) -> Header | None:
    """A header's text understood, or None if it is none."""
    lines = [line.strip() for line in text.splitlines()]
    comments = tuple(line.lstrip("#").strip() for line in lines if line.startswith("#"))
    body = [line for line in lines if line and not line.startswith("#")]
    match = _RECORD_LINE.match(body[0]) if body else None
    if match is None:
        return None
    segmented = match["segments"] is not None
    try:
        rate = float(match["rate"] or _DEFAULT_RATE)
        segments = [(line.split()[0], int(line.split()[1])) for line in body[1:]] if segmented else []
    except (ValueError, IndexError):
        return None
    found = [] if segmented else [_SIGNAL_LINE.match(line) for line in body[1:]]
    return Header(
        name=match["name"],
        signals=int(match["signals"]),
        rate=rate,
        samples=int(match["samples"] or 0),
        lines=tuple(
            SignalLine(
                line["file"], line["format"], int(line["per_frame"] or 1), int(line["skew"] or 0),
                int(line["offset"] or 0), _described(line.string),
            )
            for line in found
            if line is not None
        ),
        segments=tuple(name for name, _ in segments),
        lengths=tuple(length for _, length in segments),
        segment_count=int(match["segments"] or 0),
        comments=comments,
    )  # fmt: skip


def _described(line: str) -> str:
    """A signal's description: what follows the eight fields of numbers before it."""
    fields = line.split(None, 8)
    return fields[8] if len(fields) > 8 else ""


def decode_header(data: bytes) -> Header | None:
    return parse_header(data[:_MOST_BYTES].decode("utf-8", "replace"))


def is_plain_name(name: str) -> bool:
    """Whether a name from a header stays in the header's own folder."""
    return bool(_PLAIN_NAME.match(name)) and ".." not in name


def needed(name: str, read: Callable[[str], bytes | None]) -> list[str]:
    """The names of the files that the header called `name` needs beside it; `read` gives a file's bytes, if any.

    They are its signal files, and for a segmented record all its segments' headers and signal files. Names that lead
    elsewhere are left out.
    """
    data = read(name)
    header = decode_header(data) if data else None
    if header is None:
        return []
    found = list(header.files)
    for segment in dict.fromkeys(header.segments):
        inner_name = f"{segment}.hea"
        if segment == "~" or not is_plain_name(segment) or inner_name == name:
            continue
        inner_data = read(inner_name)
        inner = decode_header(inner_data) if inner_data else None
        found.append(inner_name)
        found += inner.files if inner else ()
    return [one for one in dict.fromkeys(found) if is_plain_name(one)]


def sidecars(path: Path) -> list[Path]:
    """The files that a header on the disk needs beside it; they need not be there."""

    def read(name: str) -> bytes | None:
        try:
            with path.with_name(name).open("rb") as stream:
                return stream.read(_MOST_BYTES)
        except (OSError, ValueError):
            return None

    return [path.with_name(name) for name in needed(path.name, read)]


def claimed(folder: Path) -> frozenset[str]:
    """Names of all files in a folder that some WFDB header there needs."""
    try:
        return _claimed(folder, folder.stat().st_mtime_ns)
    except OSError:
        return frozenset()


@lru_cache(maxsize=32)
def _claimed(folder: Path, mtime_ns: int) -> frozenset[str]:
    return frozenset(side.name for header in folder.glob("*.hea") for side in sidecars(header))
