"""The items of a source that is a PACS, and their records, fetched when it is their turn.

An object is an item of its own, but for the slices of a scan (CT, MR, PET): their series is one item, of which only the
headers and the representative slices are fetched.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.dicom.web import PacsError, PacsSource, Series, fetch, headers_of, instances_of, series_of
from assistant.ingest.formats import read_content
from assistant.ingest.items import Item
from assistant.ingest.series import FEWEST, Part, Slice, mark_of, representative, slice_of
from assistant.records import Record
from assistant.settings import IngestSettings

_SCANS = frozenset({"CT", "MR", "PT"})
Read = tuple[list[Record], list[tuple[str, str]]]  # records; parts that can't be read, with the reason


def items(index: int, source: PacsSource, options: str) -> Iterator[Item]:
    """What the source's filters match. Where the PACS can't be asked to the end, what was read before and was not named
    again stays as it was."""
    try:
        for series in series_of(source):
            instances = instances_of(source, series)
            if series.modality in _SCANS and len(instances) >= FEWEST:
                uri = f"{series.study}/{series.series}"
                digest = hashlib.blake2b("\n".join(instances).encode(), digest_size=8).hexdigest()
                yield Item(f"{index}/{uri}", uri, None, None, index, f"|{digest}-{options}")
                continue
            for instance in instances:
                uri = f"{series.study}/{series.series}/{instance}"
                # an object never changes under its UID (PS3.3 C.12.1), so that the stamp needs no date
                yield Item(f"{index}/{uri}", uri, None, None, index, f"|{options}")
    except PacsError as error:
        yield Item(f"{index}/dicomweb", source.url, None, None, index, "", problem=str(error), holds=f"{index}/")


def read(source: PacsSource, uri: str, limits: IngestSettings) -> Read:
    """The records of an item by its uri. Raises UnreadableFile."""
    study, series, *instance = uri.split("/")
    if instance:
        file = fetch(source, Series(study, series, ""), instance[0], uri, limits)
        return read_content(file, limits), file.aside
    return _scan(source, Series(study, series, ""), uri, limits)


def _scan(source: PacsSource, series: Series, uri: str, limits: IngestSettings) -> Read:
    """A series of slices: each of its volumes by representative slices, and what else lies in it whole."""
    try:
        headers = headers_of(source, series)
    except PacsError as error:
        raise UnreadableFile(uri, str(error)) from None

    def content(part: Part) -> Content:
        return fetch(source, series, part.name, part.uri, limits)

    volumes: dict[str, list[Slice]] = defaultdict(list)
    for header in headers:
        part = Part(f"{uri}/{header.get('SOPInstanceUID', '')}", Path())
        placed = slice_of(part, header)
        volumes[mark_of(header) if placed else ""].append(placed or Slice(part, 0.0, 0.0, None))
    records: list[Record] = []
    aside: list[tuple[str, str]] = []
    for number, (mark, slices) in enumerate(sorted(volumes.items()), start=1):
        volume = f" of volume {number}" if len(volumes) > 1 else ""
        try:
            if mark and len(slices) >= FEWEST:
                found, missed = representative(uri, slices, [], content, limits)
                records += [replace(record, part=f"{record.part}{volume}") for record in found]
            else:
                found, missed = _whole(slices, content, volume, limits)
                records += found
        except UnreadableFile as error:
            missed = [(f"slices{volume}", error.reason)]
        aside += missed
    if not records:
        raise UnreadableFile(
            uri, "nothing of this series can be read ({aside})", aside=aside[0][1] if aside else "it is empty"
        )
    return records, aside


def _whole(slices: list[Slice], content: Callable[[Part], Content], volume: str, limits: IngestSettings) -> Read:
    records: list[Record] = []
    aside: list[tuple[str, str]] = []
    for number, one in enumerate(slices, start=1):
        name = f"object {number}{volume}"
        try:
            found = read_content(content(one.part), limits)
        except UnreadableFile as error:
            aside.append((name, error.reason))
            continue
        records += [replace(record, part=f"{name} {record.part}".rstrip()) for record in found]
    return records, aside
