"""The commonest layout of a WFDB record, read straight from its files: signals of 16-bit samples, one rate.

Of the 3 ms in which the wfdb package reads a ten-second ECG of twelve leads, 2.5 go into parsing its header. What is
here is its arithmetic, to the last bit (tests compare them); any header that says more than the usual is left to it.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from assistant.ingest.content import Content
from assistant.ingest.signal.channels import Channel, ChannelSet
from assistant.ingest.signal.wfdb_header import Header
from assistant.settings import IngestSettings

_RECORD = re.compile(r"^[\w-]+\s+\d+\s+\d+(?:\.\d+)?\s+\d+$")
_SIGNAL = re.compile(
    r"^\S+[ \t]+16(?:x1)?(?:\+\d+)?[ \t]+(?P<gain>\d+\.?\d*(?:[eE][+-]?\d+)?)(?:\((?P<baseline>-?\d+)\))?"
    r"(?:/(?P<unit>[\w^?%-]+))?[ \t]+\d+[ \t]+(?P<zero>-?\d+)[ \t]+-?\d+[ \t]+-?\d+[ \t]+\d+[ \t]+"
    r"(?P<name>\w[\w. +-]*)$"
)
_MISSING = -32768
_PIECE = 4_000_000  # samples that are read at once


def read_plain(file: Content, header: Header, path: Path, frames: int, limits: IngestSettings) -> ChannelSet | None:
    """The record's channels, None where its layout is any but the plainest. Raises UnreadableFile beyond a limit.

    `path` is that of the header; its files have been checked.
    """
    text = file.data.decode("ascii", "ignore")
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    described = [_SIGNAL.match(line) for line in lines[1:]]
    found = [match for match in described if match is not None]
    if (
        not header.files
        or "~" in (line.file for line in header.lines)
        or not _RECORD.match(lines[0])
        or len(found) != len(described)
    ):
        return None
    gains = np.array([float(match["gain"]) for match in found])
    if not (gains > 0).all() or len({(line.file, line.offset) for line in header.lines}) > len(header.files):
        return None
    baselines = np.array([float(match["baseline"] or match["zero"]) for match in found])
    channels = [Channel(match["name"], match["unit"] or "mV", header.rate, frames) for match in found]
    recording = ChannelSet(file, channels, limits)
    for name in header.files:
        inside = [number for number, line in enumerate(header.lines) if line.file == name]
        width, piece = len(inside), max(1, _PIECE // len(inside))
        with path.with_name(name).open("rb") as stream:
            stream.seek(header.lines[inside[0]].offset)
            for first in range(0, frames, piece):
                count = min(piece, frames - first)
                stored = np.frombuffer(stream.read(count * width * 2), "<i2").reshape(count, width)
                for column, number in enumerate(inside):
                    values = (stored[:, column] - baselines[number]) / gains[number]
                    values[stored[:, column] == _MISSING] = np.nan
                    recording.put(number, first, values)
    return recording
