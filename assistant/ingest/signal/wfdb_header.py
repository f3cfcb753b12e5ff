"""WFDB headers: which files belong to a record, without reading any signal.

Format: https://physionet.org/physiotools/wag/header-5.htm
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_RECORD_LINE = re.compile(
    r"^(?P<name>[^\s/]+)(?:/(?P<segments>\d+))?\s+(?P<signals>\d+)"
    r"(?:\s+(?P<rate>[\d.eE+]+)(?:/[\d.eE+]+(?:\([\d.eE+-]+\))?)?(?:\s+(?P<samples>\d+))?(?:\s+[\d:.]+)?"
    r"(?:\s+[\d/]+)?)?\s*$"
)
_PLAIN_NAME = re.compile(r"^[\w][\w.+\- ]*$")
_DEFAULT_RATE = 250.0  # of the standard, where a header names none


@dataclass(frozen=True, slots=True)
class Header:
    """The record line and the names of the files that it is made of (`segments` are records of their own)."""

    name: str
    signals: int
    rate: float
    samples: int
    files: tuple[str, ...]
    segments: tuple[str, ...]
    comments: tuple[str, ...]


def parse_header(text: str) -> Header | None:
    """A header's text understood, or None if it is none."""
    lines = [line.strip() for line in text.splitlines()]
    comments = tuple(line.lstrip("#").strip() for line in lines if line.startswith("#"))
    body = [line for line in lines if line and not line.startswith("#")]
    match = _RECORD_LINE.match(body[0]) if body else None
    if match is None:
        return None
    names = tuple(dict.fromkeys(line.split()[0] for line in body[1:]))
    segmented = match["segments"] is not None
    try:
        rate = float(match["rate"] or _DEFAULT_RATE)
    except ValueError:
        return None
    return Header(
        name=match["name"],
        signals=int(match["signals"]),
        rate=rate,
        samples=int(match["samples"] or 0),
        files=() if segmented else tuple(name for name in names if name != "~"),
        segments=tuple(name for name in names if name != "~") if segmented else (),
        comments=comments,
    )


def read_header(path: Path) -> Header | None:
    try:
        return parse_header(path.read_bytes()[:2_000_000].decode("utf-8", "replace"))
    except OSError:
        return None


def is_plain_name(name: str) -> bool:
    """Whether a name from a header stays in the header's own folder."""
    return bool(_PLAIN_NAME.match(name)) and ".." not in name


def sidecars(path: Path) -> list[Path]:
    """The files that a header needs beside it: its signal files, and for a segmented record all its segments'."""
    header = read_header(path)
    if header is None:
        return []
    found = [path.with_name(name) for name in header.files if is_plain_name(name)]
    for segment in header.segments:
        if is_plain_name(segment) and segment != path.stem:
            segment_path = path.with_name(segment + ".hea")
            inner = read_header(segment_path)
            found.append(segment_path)
            found += [path.with_name(name) for name in (inner.files if inner else ()) if is_plain_name(name)]
    return found


def claimed(folder: Path) -> frozenset[str]:
    """Names of all files in a folder that some WFDB header there needs."""
    try:
        return _claimed(folder, folder.stat().st_mtime_ns)
    except OSError:
        return frozenset()


@lru_cache(maxsize=32)
def _claimed(folder: Path, mtime_ns: int) -> frozenset[str]:
    return frozenset(side.name for header in folder.glob("*.hea") for side in sidecars(header))
