"""Samples of a WFDB record through the wfdb package, after everything has been checked that its header claims."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content, check_size
from assistant.ingest.quiet import quiet
from assistant.ingest.signal.channels import Channel, ChannelSet
from assistant.ingest.signal.wfdb_header import BITS, COMPRESSED, Header, decode_header, is_plain_name
from assistant.ingest.signal.wfdb_plain import read_plain
from assistant.settings import IngestSettings

_MEMORY = Path("/dev/shm")
_PIECE = 4_000_000  # samples over all channels that are read at once: bounds what wfdb needs to 16 bytes times that

_MOST_DIFFERENCES = 20_000_000  # samples of format 8, which can't be read in pieces


@contextmanager
def on_disk(file: Content, header: Header, limits: IngestSettings) -> Iterator[dict[str, Path]]:
    """The record's header and every file that it needs, by name, each checked and lying in one folder.

    A record in an archive is laid into a folder of its own in memory, which nobody else can open and which is gone
    afterwards. Raises UnreadableFile for a file that is missing, empty, too large or lies elsewhere.
    """
    if not header.files and not header.segments:
        raise file.refuse("the WFDB header names no signal file")
    if file.path is not None and file.path.suffix == ".hea":
        path = file.path
        yield {name: path if name == path.name else path.with_name(name) for name in _names(file, header, limits)}
        return
    room = str(_MEMORY) if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="wardround-", dir=room) as folder:
        placed = {}
        for name in _names(file, header, limits):
            side = file if name == f"{header.name}.hea" else _side(file, name, limits)
            placed[name] = Path(folder) / name
            placed[name].write_bytes(side.data)
        yield placed


def _names(file: Content, header: Header, limits: IngestSettings) -> list[str]:
    """The header itself, then the names of the files that it needs, those of its segments included."""
    own = file.name if file.path is not None and file.path.suffix == ".hea" else f"{header.name}.hea"
    names = [own]
    for name in (header.name, *header.files, *(one for one in header.segments if one != "~")):
        if not is_plain_name(name):
            raise file.refuse("the header names the file {name!r}, which does not lie beside it", name=name)
    names += header.files
    for segment in dict.fromkeys(header.segments):
        if segment == "~":
            continue
        name = f"{segment}.hea"
        inner = decode_header(_side(file, name, limits).data) if name != own else None
        if inner is None or inner.segments:
            raise file.refuse("its segment {name} is no header of a single recording", name=name)
        for inside in inner.files:
            if not is_plain_name(inside):
                raise file.refuse(
                    "its segment {name} names the file {inside!r}, which does not lie beside it",
                    name=name,
                    inside=inside,
                )
        names += [name, *inner.files]
    return list(dict.fromkeys(names))


def _side(file: Content, name: str, limits: IngestSettings) -> Content:
    side = file.beside(name, limits)
    if side is None:
        raise file.refuse("its signal file {name} is missing: it has to lie beside the header", name=name)
    return side


def fingerprint(placed: dict[str, Path]) -> str:
    """The hash of the header and its signal files together, SHA-256: all of them make the recording."""
    digest = hashlib.sha256()
    for path in placed.values():
        digest.update(path.read_bytes())
    return digest.hexdigest()


def check(file: Content, header: Header, placed: dict[str, Path], limits: IngestSettings) -> int:
    """Everything that can be told before a signal is read; the record's length in frames. Raises UnreadableFile."""
    if header.rate <= 0:
        raise file.refuse("the WFDB header states no sampling rate")
    if header.segments:
        _check_segments(file, header, placed)
    for name, path in list(placed.items())[1:]:
        try:
            size = path.stat().st_size
        except OSError:
            raise file.refuse("its signal file {name} is missing: it has to lie beside the header", name=name) from None
        try:
            check_size(name, size, limits)
        except UnreadableFile as error:
            raise file.refuse("its signal file {name}: {reason}", name=name, reason=error.reason) from None
    if not header.segments:
        return _check_files(file, header, placed)
    for segment, length in zip(header.segments, header.lengths, strict=True):
        if segment != "~" and length:
            inner = decode_header(placed[f"{segment}.hea"].read_bytes())
            assert inner is not None
            if inner.samples and inner.samples != length:
                raise file.refuse(
                    "its segment {segment} has {samples:,} samples where {length:,} are expected",
                    segment=segment,
                    samples=inner.samples,
                    length=length,
                )
            _check_files(file, inner, placed)
    return header.samples or sum(header.lengths)


def _check_segments(file: Content, header: Header, placed: dict[str, Path]) -> None:
    if header.segment_count != len(header.segments):
        raise file.refuse(
            "the header states {segment_count} segments and lists {count}",
            segment_count=header.segment_count,
            count=len(header.segments),
        )
    if "~" in header.segments and not header.variable_layout:
        raise file.refuse(
            'an empty segment ("~") in a record of fixed layout: only one of variable layout can have any'
        )
    if header.samples and sum(header.lengths) != header.samples:
        raise file.refuse(
            "the segments have {lengths:,} samples together, not {samples:,} as the header states",
            lengths=sum(header.lengths),
            samples=header.samples,
        )
    inner = [decode_header(placed[f"{name}.hea"].read_bytes()) for name in set(header.segments) - {"~"}]
    described = max((len(one.lines) for one in inner if one is not None), default=0)
    if header.signals > described:  # the wfdb package takes memory for as many as are stated
        raise file.refuse(
            "the header states {signals:,} signals and its segments describe {described}",
            signals=header.signals,
            described=described,
        )


def _check_files(file: Content, header: Header, placed: dict[str, Path]) -> int:
    """That every signal file is as long as the header states; the record's length in frames."""
    if len(header.lines) != header.signals:
        raise file.refuse(
            "the header states {signals} signals and describes {count} of them",
            signals=header.signals,
            count=len(header.lines),
        )
    frames = header.samples
    for name in header.files:
        lines = [line for line in header.lines if line.file == name]
        if len({line.format for line in lines}) > 1 or (lines[0].format not in BITS | dict.fromkeys(COMPRESSED)):
            formats = ", ".join(dict.fromkeys(line.format for line in lines))
            raise file.refuse(
                "its signal file {name} is of the format {formats}, which is none that can be read",
                name=name,
                formats=formats,
            )
        if any(line.skew > 1_000_000 or not 0 < line.per_frame <= 1_000_000 for line in lines):
            raise file.refuse("the header's skew or samples per frame of {name} can't be right", name=name)
        if lines[0].format in COMPRESSED:
            if not frames:
                raise file.refuse("the header of a compressed recording does not state how long it is")
            continue
        bits = BITS[lines[0].format] * sum(line.per_frame for line in lines)
        # A FLAC-free format is as long as its frames; the last byte of a 12-bit pair may be left out.
        there = int(((placed[name].stat().st_size - lines[0].offset) * 8 + 4) / bits)
        frames = frames or there
        if there < frames:
            raise file.refuse(
                "its signal file {name} is cut off: it holds {there:,} of the {frames:,} samples of each "
                "channel that the header states",
                name=name,
                there=max(0, there),
                frames=frames,
            )
    return frames


def read_samples(
    file: Content, header: Header, path: Path, frames: int, limits: IngestSettings
) -> tuple[ChannelSet, datetime | None]:
    """The record's channels, each at its own sampling rate, and when it was taken.

    What wfdb.rdrecord gives with `smooth_frames=False`: a channel with several samples a frame keeps them all, where
    the smoothed form would average them. Raises UnreadableFile.
    """
    if (plain := read_plain(file, header, path, frames, limits)) is not None:
        return plain, None
    base = str(path.with_suffix(""))
    width = sum(line.per_frame for line in header.lines) or header.signals
    piece = max(1, _PIECE // max(1, width))
    if any(line.format == "8" for line in header.lines):  # differences: each sample needs all before it
        if frames * width > _MOST_DIFFERENCES:
            raise file.refuse(
                "{frames:,} samples in format 8 are more than the {most_differences:,} read",
                frames=frames * width,
                most_differences=_MOST_DIFFERENCES,
            )
        piece = frames
    own_shift = _several_skews(header)
    recording: ChannelSet | None = None
    moment: datetime | None = None
    for first in range(0, frames, piece):
        whole = first == 0 and frames <= piece
        stretch = {} if whole else {"sampfrom": first, "sampto": min(frames, first + piece)}
        part = _rdrecord(file, base, stretch, ignore_skew=own_shift)
        if part.n_sig == 0 or not part.e_p_signal:
            raise file.refuse("the WFDB record holds no samples")
        if part.units is None:
            raise file.refuse("its segments give the same channel in different units")
        per_frame = part.samps_per_frame or [1] * part.n_sig
        if recording is None:
            recording = ChannelSet(
                file,
                [
                    Channel(name or f"channel {n + 1}", unit or "mV", float(part.fs) * count, frames * count)
                    for n, (name, unit, count) in enumerate(zip(part.sig_name, part.units, per_frame, strict=True))
                ],
                limits,
            )
            moment = part.base_datetime
        for number, (values, count) in enumerate(zip(part.e_p_signal, per_frame, strict=True)):
            begin = (first - (header.lines[number].skew if own_shift else 0)) * count
            recording.put(number, max(begin, 0), values[max(-begin, 0) :])
    if recording is None:
        raise file.refuse("the WFDB record holds no samples")
    return recording, moment


def _several_skews(header: Header) -> bool:
    """Whether the channels of one file lag by different times, which the wfdb package (4.3) fails to shift.

    They are then read as they stand and shifted here; a lagging channel's last samples, which lie beyond the length
    that the header states, stay missing.
    """
    skews = [{line.skew for line in header.lines if line.file == name and line.skew} for name in header.files]
    return any(len(different) > 1 for different in skews)


def _rdrecord(file: Content, base: str, stretch: dict[str, int], *, ignore_skew: bool) -> Any:
    import wfdb

    with quiet():
        try:
            return wfdb.rdrecord(base, smooth_frames=False, ignore_skew=ignore_skew, **stretch)
        except UnreadableFile:
            raise
        except MemoryError:
            raise file.refuse("the signal does not fit into memory") from None
        except Exception as error:
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise file.refuse("the header and its signal file do not fit together ({reason})", reason=reason) from None
