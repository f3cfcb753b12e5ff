"""Series of slices: the DICOM files of one scan that make up a volume, read as one item.

Files of one series in one folder (or archive folder) that state where they lie belong together if there are at least
three of them with the same plane and size. What belongs together is told by headers alone; a memory spares opening
files that were looked at before and have not changed.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

import numpy as np

from assistant.errors import UnreadableFile
from assistant.ingest import archive
from assistant.ingest.content import Content, load
from assistant.ingest.dicom.derived import describes
from assistant.ingest.dicom.geometry import plane_normal
from assistant.ingest.dicom.header import is_cut_off, numbers, value
from assistant.ingest.formats import read_content
from assistant.ingest.image.slices import central, outward
from assistant.ingest.quiet import quiet
from assistant.records import Record
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from pydicom import Dataset

FEWEST = 3  # files; fewer are pictures of their own
SLICE = "slice "  # how the part of a slice's record begins; its number follows, counted along the normal from 1
_NONE = ""  # of a file that belongs to no series
_TAGS = ("Modality", "SeriesInstanceUID", "ImagePositionPatient", "ImageOrientationPatient", "NumberOfFrames", "Rows",
         "Columns", "InstanceNumber", "SliceThickness")  # fmt: skip
_DEFLATED = b"1.2.840.10008.1.2.1.99"
_HEAD = 4_096


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a series: where it lies, and the member where it lies in an archive."""

    uri: str
    path: Path
    member: archive.Member | None = None

    def content(self, limits: IngestSettings) -> Content:
        """Its bytes. Raises UnreadableFile."""
        if self.member is None:
            return load(self.path, limits, self.uri)
        return archive.member_content(self.path, self.uri.removesuffix(f"!{self.member.name}"), self.member, limits)

    @property
    def name(self) -> str:
        return self.uri.rpartition("!")[2].rpartition("/")[2]


# --- telling what belongs together --------------------------------------------------------------------


class SeriesMemory(Protocol):
    """What was told of files before. Keys and values are hashes: no path and no UID stands in them."""

    def get(self, key: str) -> str | None:
        """The value put under a key, None if there is none."""

    def put(self, key: str, value: str) -> None:
        """Keep a value."""


def series_of(
    parts: Iterable[tuple[Part, str]], limits: IngestSettings, memory: SeriesMemory | None
) -> list[tuple[str, list[int]]]:
    """A name and the positions of the files that make up each series, of files given with what changes as they do."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for position, (part, state) in enumerate(parts):
        if mark := _remembered(part, state, limits, memory):
            found[part.uri.removesuffix(part.name), mark].append(position)
    return [(f"{folder}#{mark}", members) for (folder, mark), members in found.items() if len(members) >= FEWEST]


def series_mark(part: Part, limits: IngestSettings) -> str:
    """A hash of the series, plane and size of a file; empty for one that is no slice of a series."""
    try:
        if part.member is None:
            with part.path.open("rb") as stream:
                return _mark(stream)
        return _mark(BytesIO(part.content(limits).data)) if _may_be_slice(part.member) else _NONE
    except (OSError, UnreadableFile):
        return _NONE


def _remembered(part: Part, state: str, limits: IngestSettings, memory: SeriesMemory | None) -> str:
    if memory is None:
        return series_mark(part, limits)
    key = _hash(f"{part.path}|{part.uri}|{state}")
    mark = memory.get(key)
    if mark is None:
        mark = series_mark(part, limits)
        memory.put(key, mark)
    return mark


def _may_be_slice(member: archive.Member) -> bool:
    """Whether a member of an archive is worth unpacking to see: pictures, tables and texts by name are not."""
    suffix = member.name.rpartition("/")[2].rpartition(".")[2].lower()
    return member.problem is None and suffix not in (
        "png", "jpg", "jpeg", "tif", "tiff", "bmp", "gif", "webp", "txt", "csv", "json", "xml", "pdf", "html", "md",
        "dat", "hea", "edf", "gz", "zip", "nii", "npy",
    )  # fmt: skip


def _mark(stream: BinaryIO) -> str:
    head = stream.read(_HEAD)
    if head[128:132] != b"DICM" or _DEFLATED in head:
        return _NONE
    stream.seek(0)
    dataset = _header(stream)
    return mark_of(dataset) if dataset is not None else _NONE


def mark_of(dataset: Dataset) -> str:
    """As `series_mark`, of a header."""
    directions = numbers(dataset, "ImageOrientationPatient")
    if plane_normal(directions) is None or describes(dataset):
        return _NONE
    frames = numbers(dataset, "NumberOfFrames") or [1.0]
    series = value(dataset, "SeriesInstanceUID")
    size = numbers(dataset, "Rows") + numbers(dataset, "Columns")
    if not series or len(numbers(dataset, "ImagePositionPatient")) != 3 or frames[0] > 1 or len(size) != 2:
        return _NONE
    return _hash(f"{series}|{[round(one, 2) + 0.0 for one in directions]}|{size}")


def _header(stream: BinaryIO) -> Dataset | None:
    """The few elements that place a slice; None where there is no reading them. The stream is left at the pixels."""
    import pydicom

    with quiet():
        try:
            return pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=list(_TAGS))
        except Exception:  # pydicom raises errors of every kind on damaged headers
            return None


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()


class StoredSeriesMemory:
    """A memory in one SQLite file that its owner alone can read; one that can't be used is started anew.

    As a context manager it writes at the end, and forgets what was not asked for.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = self._load()
        self._seen: dict[str, str] = {}

    def __enter__(self) -> StoredSeriesMemory:
        return self

    def __exit__(self, *_: object) -> None:
        if self._seen != self._known:
            self._save()

    def get(self, key: str) -> str | None:
        if (found := self._known.get(key)) is not None:
            self._seen[key] = found
        return found

    def put(self, key: str, value: str) -> None:
        self._seen[key] = value

    def _load(self) -> dict[str, str]:
        if not self._path.exists():
            return {}
        try:
            connection = sqlite3.connect(self._path)
            try:
                return dict(connection.execute("SELECT key, mark FROM seen"))
            finally:
                connection.close()
        except sqlite3.Error:
            self._path.unlink(missing_ok=True)
            return {}

    def _save(self) -> None:
        new = self._path.with_name(f"{self._path.name}.new")
        new.unlink(missing_ok=True)
        os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        connection = sqlite3.connect(new)
        try:
            with connection:
                connection.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, mark TEXT NOT NULL) WITHOUT ROWID")
                connection.executemany("INSERT INTO seen VALUES (?, ?)", sorted(self._seen.items()))
        finally:
            connection.close()
        new.replace(self._path)


# --- reading a series ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice by its header."""

    part: Part
    place: float  # mm along the normal
    number: float  # the instance number, which tells apart slices of one place
    thickness: float | None


def read_series(uri: str, parts: Sequence[Part], limits: IngestSettings) -> tuple[list[Record], list[tuple[str, str]]]:
    """The representative slices of a series as records, and the slices that can't be read as (name, reason).

    Slices are sorted along the normal of their plane and numbered from 1; `fields` say of how many. Of slices at one
    place (a scan over time) the first stands for all. Raises UnreadableFile where no slice can be read.
    """
    slices: list[Slice] = []
    aside: list[tuple[str, str]] = []
    for part in parts:
        try:
            slices.append(_slice(part, limits))
        except UnreadableFile as error:
            aside.append((part.name, error.reason))
    return representative(uri, slices, aside, lambda part: part.content(limits), limits)


def representative(
    uri: str,
    slices: list[Slice],
    aside: list[tuple[str, str]],
    content: Callable[[Part], Content],
    limits: IngestSettings,
) -> tuple[list[Record], list[tuple[str, str]]]:
    """As `read_series`, of slices whose headers have been read; `content` gives the bytes of those that are chosen."""
    total = len(slices) + len(aside)
    slices.sort(key=lambda one: (one.place, one.number, one.part.uri))
    places = _distinct(slices)
    facts = _facts(slices, places)
    records: dict[int, Record] = {}
    damaged: set[int] = set()
    for wanted in central(len(places), limits.representative_slices):
        for n in outward(wanted, len(places)):
            if n in records:
                break
            if n in damaged:
                continue
            try:
                records[n] = _record(places[n], n + 1, facts, content, limits)
                break
            except UnreadableFile as error:
                damaged.add(n)
                aside.append((places[n].part.name, error.reason))
    if not records:
        why = f" ({aside[0][1]})" if aside else ""
        raise UnreadableFile(uri, "none of the {total} slices of this series can be read{why}", total=total, why=why)
    return [records[n] for n in sorted(records)], aside


def _slice(part: Part, limits: IngestSettings) -> Slice:
    if part.member is None:
        try:
            with part.path.open("rb") as stream:
                return _placed(part, stream, part.path.stat().st_size)
        except OSError as error:
            raise UnreadableFile(
                part.uri, "can't be read from the disk ({said})", said=error.strerror or error
            ) from None
    data = part.content(limits).data
    return _placed(part, BytesIO(data), len(data))


def _placed(part: Part, stream: BinaryIO, size: int) -> Slice:
    dataset = _header(stream)
    if dataset is None:
        raise UnreadableFile(part.uri, "damaged DICOM file (its header can't be read)")
    found = slice_of(part, dataset)
    if found is None:
        raise UnreadableFile(part.uri, "it no longer says where its slice lies")
    if is_cut_off(stream, size, dataset.original_encoding[1] is not False):
        raise UnreadableFile(part.uri, "its pixel data is cut off")
    return found


def slice_of(part: Part, dataset: Dataset) -> Slice | None:
    """Where a header places its slice; None where it does not say."""
    position = numbers(dataset, "ImagePositionPatient")
    normal = plane_normal(numbers(dataset, "ImageOrientationPatient"))
    if len(position) != 3 or normal is None:
        return None
    number = numbers(dataset, "InstanceNumber") or [0.0]
    thickness = numbers(dataset, "SliceThickness")
    return Slice(part, float(np.dot(position, normal)), number[0], thickness[0] if thickness else None)


_SAME_PLACE_MM = 0.01


def _distinct(slices: Sequence[Slice]) -> list[Slice]:
    """The first slice of each place."""
    found: list[Slice] = []
    for one in slices:
        if not found or one.place - found[-1].place > _SAME_PLACE_MM:
            found.append(one)
    return found


def _facts(slices: Sequence[Slice], places: Sequence[Slice]) -> dict[str, str | int | float]:
    """What is true of the series as a whole."""
    facts: dict[str, str | int | float] = {"slices": len(places)}
    if len(slices) > len(places) and len(slices) % len(places) == 0:
        facts["time_points"] = len(slices) // len(places)
    gaps = np.diff([one.place for one in places])
    if len(gaps):
        spacing = float(np.median(gaps))
        facts["slice_spacing_mm"] = round(spacing, 3)
        facts["extent_mm"] = round(places[-1].place - places[0].place, 1)
        if missing := int(np.sum(np.maximum(np.rint(gaps / spacing) - 1, 0))):
            facts["slices_missing"] = missing
    return facts


def is_slice(record: Record) -> bool:
    """Whether a record is a slice of a series, and its file alone does not know of which."""
    return record.part.startswith(SLICE) and "slices" in record.fields


def slices_around(own: Part, limits: IngestSettings, most: int) -> list[Part]:
    """The slices of a slice's series, in its folder (or archive folder), in the order that `read_series` gives them.

    It alone where it belongs to none, or where more than `most` files would have to be looked at.
    """
    mark = series_mark(own, limits)
    if own.member is None:
        names = sorted(path for path in own.path.parent.iterdir() if path.is_file())
        around = [Part(own.uri.removesuffix(own.name) + path.name, path) for path in names]
    else:
        whole, _, name = own.uri.partition("!")
        folder = name.rpartition("/")[0]
        members = archive.members(own.path, whole, limits)
        around = [Part(f"{whole}!{m.name}", own.path, m) for m in members if m.name.rpartition("/")[0] == folder]
    if not mark or len(around) > most:
        return [own]
    slices = []
    for part in around:
        if series_mark(part, limits) == mark:
            try:
                slices.append(_slice(part, limits))
            except UnreadableFile:
                continue
    slices.sort(key=lambda one: (one.place, one.number, one.part.uri))
    return [one.part for one in _distinct(slices)] or [own]


def _record(
    one: Slice,
    number: int,
    facts: dict[str, str | int | float],
    content: Callable[[Part], Content],
    limits: IngestSettings,
) -> Record:
    """A slice's own record, as the slice of a series."""
    record = read_content(content(one.part), limits)[0]
    if record.image is None:
        raise UnreadableFile(one.part.uri, "no picture")
    return replace(record, part=f"{SLICE}{number}", fields={**record.fields, "slice": number, **facts})
