"""A WFDB header as a row, and what people marked in its leads."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from sys import byteorder
from typing import Any

from assistant.ingest.signal.wfdb_header import decode_header

_SYMBOLS = {1: "N", 24: "p", 27: "t", 39: "(", 40: ")"}  # what intervals are made of; all other marks are ""
_SKIP, _AUX = 59, 63  # a longer distance follows; a text of so many bytes follows


def read_header(path: Path, *, annotations: bool = False) -> dict[str, Any]:
    """`record`, `leads`, `sampling_rate_hz`, `samples`, `comments` (lines), and `comment` (those that read "name: …").

    With `annotations` also `marks`: the intervals that the wave marks of the leads give (LUDB: a file for each lead,
    named after it), see `intervals`. Raises ValueError for what is no header or no file of marks.
    """
    header = decode_header(path.read_bytes())
    if header is None:
        raise ValueError("no WFDB header")
    pairs = (line.partition(":") for line in header.comments)
    row: dict[str, Any] = {
        "record": header.name,
        "leads": [line.name for line in header.lines],
        "sampling_rate_hz": int(header.rate) if header.rate.is_integer() else header.rate,
        "samples": header.samples or None,
        "comments": list(header.comments),
        "comment": {name.strip(" <>"): value.strip() for name, colon, value in pairs if colon},
    }
    if annotations:
        files = [path.with_suffix(f".{lead}") for lead in row["leads"] if lead]
        marked = [read_marks(file.read_bytes()) for file in files if file.is_file()]
        row["marks"] = intervals([marks for marks in marked if marks], header.rate)
    return row


def read_marks(data: bytes) -> list[tuple[int, str]]:
    """The places (samples from the start) and kinds of the marks in an annotation file of the MIT format.

    Format: https://physionet.org/physiotools/wag/annot-5.htm. A mark is a word of 16 bits: its kind, and how far it is
    from the one before. The wfdb package reads the same, 50 times slower. ValueError for a file that is cut off.
    """
    if len(data) % 2:
        raise ValueError("an annotation file of whole 16-bit words was expected")
    words = array("H", data)
    if byteorder == "big":
        words.byteswap()
    found: list[tuple[int, str]] = []
    sample = at = 0
    while at < len(words) and words[at]:
        kind, value = words[at] >> 10, words[at] & 0x3FF
        at += 1
        if kind == _SKIP:
            if at + 2 > len(words):
                raise ValueError("the annotation file ends within a mark")
            distance = (words[at] << 16) + words[at + 1]
            sample += distance - (1 << 32) * (distance >> 31)
            at += 2
        elif kind == _AUX:
            at += (value + 1) // 2
        elif kind < _SKIP:
            sample += value
            found.append((sample, _SYMBOLS.get(kind, "")))
    return found


def intervals(leads: Sequence[Sequence[tuple[int, str]]], sampling_rate_hz: float) -> dict[str, float]:
    """PR, QRS and QT intervals and the heart rate from wave marks, by the names of `wardround measure`.

    A lead's marks are (sample, kind): "(" an onset, "p", "N" (QRS) and "t" a peak, ")" an end. An interval is the
    median over a lead's beats, then over the leads; the rate is 60 over the mean distance of a lead's QRS peaks, the
    median over the leads. What is marked in no lead is absent.
    """
    of_leads: dict[str, list[float]] = {}
    for marks in leads:
        for name, values in _of_lead(marks, 1000 / sampling_rate_hz).items():
            if values:
                of_leads.setdefault(name, []).append(median(values))
        beats = [at for at, kind in marks if kind == "N"]
        if len(beats) > 1:
            rate = 60 * sampling_rate_hz * (len(beats) - 1) / (beats[-1] - beats[0])
            of_leads.setdefault("heart_rate_bpm", []).append(rate)
    return {name: round(float(median(values)), 3) for name, values in of_leads.items()}


def _of_lead(marks: Sequence[tuple[int, str]], ms: float) -> dict[str, list[float]]:
    waves = []
    for at, (_, kind) in enumerate(marks):
        if kind in "pNt":
            onset = marks[at - 1][0] if at and marks[at - 1][1] == "(" else None
            end = marks[at + 1][0] if at + 1 < len(marks) and marks[at + 1][1] == ")" else None
            waves.append((kind, onset, end))
    found: dict[str, list[float]] = {"pr_ms": [], "qrs_ms": [], "qt_ms": []}
    for at, (kind, onset, end) in enumerate(waves):
        if kind != "N" or onset is None:
            continue
        if end is not None:
            found["qrs_ms"].append((end - onset) * ms)
        if at and waves[at - 1][0] == "p" and (p_onset := waves[at - 1][1]) is not None:
            found["pr_ms"].append((onset - p_onset) * ms)
        if at + 1 < len(waves) and waves[at + 1][0] == "t" and (t_end := waves[at + 1][2]) is not None:
            found["qt_ms"].append((t_end - onset) * ms)
    return found
