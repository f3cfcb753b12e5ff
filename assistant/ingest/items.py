"""A recipe's items: what is there to be read, told cheaply, and each one's records when it is its turn."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import reduce
from itertools import groupby
from operator import or_
from pathlib import Path

from assistant.errors import RecipeError, UnreadableFile
from assistant.ingest import archive
from assistant.ingest.content import Content, load
from assistant.ingest.dates import parse_date
from assistant.ingest.deid import Deidentifier, Removed
from assistant.ingest.folder import NOT_LISTED, printable, walk
from assistant.ingest.formats import is_sidecar, read_content
from assistant.ingest.image.nifti import is_volume
from assistant.ingest.manifest import Row, labels_of, read_rows
from assistant.ingest.recipe import Recipe, Source, fill
from assistant.ingest.series import Part, SeriesMemory, read_series, series_of
from assistant.ingest.signal.wfdb_record import COMMENTS
from assistant.ingest.stamps import digest_of, digest_of_files, files_of, options_of, stamp_of
from assistant.ingest.text.encodings import clean
from assistant.ingest.text.plain import text_record
from assistant.records import Known, Record
from assistant.settings import IngestSettings

_LIMITS = IngestSettings()


@dataclass(frozen=True, slots=True)
class Item:
    """One file, archive member, manifest row, series of slices, or object or series of a PACS.

    `key` is unique in the index and stays the same from run to run; `stamp` changes when the item may have to be read
    again (size and time of its files, the values of its row, the options of its source; see `stamps`). `problem`
    is the reason why it can't be read, where that is known already. With `holds` it stands for a manifest, folder
    or PACS that can't be used now: what was read before under keys that begin so is neither confirmed nor gone.
    """

    key: str
    uri: str
    path: Path | None
    row: Mapping[str, str] | None
    source: int
    stamp: str
    problem: str | None = None
    member: archive.Member | None = None
    holds: str | None = None
    parts: tuple[Part, ...] = ()  # the files of a series of slices; `path` is then their folder or archive


def iter_items(recipe: Recipe, limits: IngestSettings = _LIMITS, memory: SeriesMemory | None = None) -> Iterator[Item]:
    """Every item of a recipe, in a fixed order; opens no file but manifests and archives, and of others the beginning,
    to see what is an archive and what is a slice of a series (not again where `memory` knows an unchanged file).

    A manifest or PACS that can't be used is one item with a `problem`, and the other sources go on. Raises RecipeError
    only for a source whose folder is missing, before anything is yielded.
    """
    from assistant.ingest import pacs

    for source in recipe.source:
        if source.dicomweb is None and not source.path.is_dir():
            what = "is a file, not a folder" if source.path.exists() else "there is no such folder"
            raise RecipeError(f"{recipe.path}: source path {source.path}: {what}")
    for index, source in enumerate(recipe.source):
        if source.dicomweb is not None:
            yield from pacs.items(index, source.dicomweb, options_of(source, limits))
        elif source.manifest:
            yield from _rows(index, source, limits)
        else:
            yield from _in_series(index, _files(index, source, limits), source, limits, memory)


# --- a source with a manifest ------------------------------------------------------------------------


def _rows(index: int, source: Source, limits: IngestSettings) -> Iterator[Item]:
    name = source.manifest or ""
    try:
        rows = read_rows(source, name)
    except RecipeError as error:
        stamp = stamp_of(source.path / name)
        yield Item(f"{index}/{name}", name, None, None, index, stamp, problem=str(error), holds=f"{index}/")
        return
    root, options = source.path.resolve(), options_of(source, limits)
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, start=2):
        yield _row_item(index, source, root, row, number, options, seen)


def _row_item(
    index: int, source: Source, root: Path, row: Row, number: int, options: str, seen: dict[str, int]
) -> Item:
    """The item of one row; `number` is its line in the table, counting the header."""
    values = {field: fill(template, row) for field, template in source.columns.items()}
    labels = {label: fill(template, row) for label, template in source.labels.items()}
    digest = digest_of([values, labels, row[source.labels_column]] if source.labels_column else [values, labels])
    relative, text = values.get("path", ""), values.get("text", "")
    identity = values.get("id") or relative or f"row {digest}"
    uri = relative or f"{source.manifest}#{identity}"
    problem, path = None, None
    if identity in seen:
        problem = f"{source.manifest}, row {number}: {identity!r} is already in row {seen[identity]}"
        identity = f"{identity} (row {number})"
    elif relative:
        path, problem = _inside(root, source, relative, number)
    elif not text:
        problem = f"{source.manifest}, row {number}: neither a file nor a text"
    seen.setdefault(identity, number)
    stamp = f"{stamp_of(path) if path else ''}|{digest}-{options}"
    return Item(f"{index}/{identity}", uri, path, row, index, stamp, problem)


def _inside(root: Path, source: Source, relative: str, number: int) -> tuple[Path | None, str | None]:
    """The file that a row names, or why it can't be used."""
    where = f"{source.manifest}, row {number}"
    try:
        path = (root / relative).resolve()
        if not path.is_relative_to(root):
            return None, f"{where}: {relative} leads out of the source's folder"
        if not path.is_file():
            return None, f"{where}: there is no file {relative}"
    except (OSError, ValueError, RuntimeError):  # RuntimeError: a link that leads to itself
        return None, f"{where}: {relative!r} is no usable file name"
    return root / relative, None


# --- a source without a manifest ----------------------------------------------------------------------


def _files(index: int, source: Source, limits: IngestSettings) -> Iterator[Item]:
    root, options = source.path.resolve(), options_of(source, limits)
    for path, problem in walk(root):
        relative = path.relative_to(root).as_posix()
        uri = printable(relative)
        key = f"{index}/{uri}"
        if problem:
            holds = f"{key}/" if problem == NOT_LISTED else None
            if holds or _wanted(uri, source):
                yield Item(key, uri, None, None, index, options, problem, holds=holds)
        elif not _wanted(uri, source) or is_sidecar(path):
            continue
        elif uri != relative:
            yield Item(key, uri, None, None, index, options, "its name is not valid UTF-8: rename it")
        elif _is_archive(path):
            yield from _archive_items(index, path, uri, options, limits)
        else:
            yield Item(key, uri, path, None, index, f"{stamp_of(path)}|{options}")


def _in_series(
    index: int, items: Iterator[Item], source: Source, limits: IngestSettings, memory: SeriesMemory | None
) -> Iterator[Item]:
    """The items, with the slices of a series as one in the place of their first."""
    for _, run in groupby(items, key=lambda item: item.uri.partition("!")[0].rpartition("/")[0]):
        folder = list(run)
        parts = [
            (position, Part(item.uri, item.path, item.member), item.stamp.rpartition("-" if item.member else "|")[0])
            for position, item in enumerate(folder)
            if item.path is not None and item.problem is None
        ]
        joined: dict[int, Item | None] = {}
        for name, group in series_of([(part, state) for _, part, state in parts], limits, memory):
            places = [parts[n][0] for n in group]
            joined |= dict.fromkeys(places)
            joined[places[0]] = _series_item(index, name, [folder[n] for n in places], options_of(source, limits))
        for position, item in enumerate(folder):
            if (shown := joined.get(position, item)) is not None:
                yield shown


def _series_item(index: int, name: str, items: list[Item], options: str) -> Item:
    """Slices as one item, called after the first of them; it is read again when a slice comes, goes or changes."""
    first = items[0]
    assert first.path is not None
    states = [item.stamp.rpartition("-" if item.member else "|")[0] for item in items]
    sizes = [state.partition(".")[0] for state in states]
    times = digest_of([] if first.member else states)
    parts = tuple(Part(item.uri, item.path, item.member) for item in items if item.path is not None)
    rest = digest_of([[item.uri for item in items], states if first.member else sizes])
    uri = f"{first.uri} (series of {len(items)} slices)"
    path = first.path if first.member else first.path.parent
    return Item(f"{index}/{name}", uri, path, None, index, f"{len(items)}.{times}|{rest}-{options}", parts=parts)


def _wanted(uri: str, source: Source) -> bool:
    def matches(patterns: tuple[str, ...]) -> bool:
        return any(fnmatchcase(uri, pattern) or fnmatchcase(uri.rpartition("/")[2], pattern) for pattern in patterns)

    return (not source.include or matches(source.include)) and not matches(source.exclude)


def _is_archive(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            head = stream.read(4_096)
            return archive.looks_like_archive(head) and not is_volume(head)
    except OSError:
        return False


def _archive_items(index: int, path: Path, uri: str, options: str, limits: IngestSettings) -> Iterator[Item]:
    try:
        members = archive.members(path, uri, limits)
    except UnreadableFile as error:
        yield Item(f"{index}/{uri}", uri, path, None, index, f"{stamp_of(path)}|{options}", problem=error.reason)
        return
    if not members:
        yield Item(f"{index}/{uri}", uri, path, None, index, f"{stamp_of(path)}|{options}", "an archive without files")
    for member in members:
        name = f"{uri}!{member.name}"
        yield Item(
            f"{index}/{name}", name, path, None, index, f"|{member.stamp}-{options}", member.problem, member=member
        )


def archive_items(path: Path, limits: IngestSettings) -> Iterator[Item]:
    """The items of one archive, with the slices of a series as one; one with a `problem` where it can't be opened."""
    items = _archive_items(0, path, path.name, "", limits)
    return _in_series(0, items, Source(path=path.parent), limits, None)


def content_digest(item: Item, limits: IngestSettings) -> str:
    """A hash of the bytes of an item's files; "" for one without, or with one that can't be read or is too large."""
    if item.path is None or item.member is not None or any(part.member for part in item.parts):
        return ""
    return digest_of_files([part.path for part in item.parts] or files_of(item.path), limits)


# --- reading one item ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reading:
    """What one item gave: its records, the parts of it that could not be read (part, reason), what was removed."""

    records: tuple[Record, ...]
    aside: tuple[tuple[str, str], ...] = ()
    removed: tuple[Removed, ...] = ()


def read_item(item: Item, recipe: Recipe, limits: IngestSettings, deidentifier: Deidentifier | None = None) -> Reading:
    """The records of one item, with what its row says of them, de-identified where a `deidentifier` is given and
    the source does not say that there is nothing to be removed.

    Records without a study of their own get the item's. Raises UnreadableFile, and nothing else.
    """
    from assistant.ingest import pacs

    if item.problem:
        raise UnreadableFile(item.uri, item.problem)
    source = recipe.source[item.source]
    aside: list[tuple[str, str]] = []
    records: list[Record] = []
    if source.dicomweb is not None:
        records, aside = pacs.read(source.dicomweb, item.uri, limits)
    elif item.parts:
        records, aside = read_series(item.uri, item.parts, limits)
    elif (file := _content(item, limits)) is not None:
        records, aside = read_content(file, limits), file.aside
    if not source.header_comments:
        records = [record for record in records if record.part != COMMENTS]
    if item.row is not None:
        records = _from_row(item, source, records, limits)
    own_study = f"{recipe.name}:{item.key}"
    records = [_with_defaults(record, source, own_study) for record in records]
    if not records:
        raise UnreadableFile(item.uri, "holds nothing to index")
    if deidentifier is None or not source.deidentify:
        return Reading(tuple(records), tuple(aside))
    cleaned = [deidentifier.record(record) for record in records]
    return Reading(tuple(record for record, _ in cleaned), tuple(aside), tuple(removed for _, removed in cleaned))


def read_clean(path: Path, limits: IngestSettings, deidentifier: Deidentifier) -> Reading:
    """The records of one file as they may be shown, with the archive's own ids. Raises UnreadableFile."""
    file = load(path, limits, path.name)
    cleaned = [deidentifier.record(record) for record in read_content(file, limits)]
    return Reading(tuple(record for record, _ in cleaned), tuple(file.aside), tuple(removed for _, removed in cleaned))


def _content(item: Item, limits: IngestSettings) -> Content | None:
    """The file of an item, None for a row that carries its text itself."""
    if item.path is None:
        return None
    if item.member is not None:
        uri = item.uri.removesuffix(f"!{item.member.name}")
        return archive.member_content(item.path, uri, item.member, limits)
    return load(item.path, limits, item.uri)


def _from_row(item: Item, source: Source, records: list[Record], limits: IngestSettings) -> list[Record]:
    row = dict(item.row or {})
    values = {field: fill(template, row) for field, template in source.columns.items()}
    try:
        labels = labels_of(source, row)
    except ValueError as error:
        raise UnreadableFile(
            item.uri,
            "its column {labels_column!r} holds no labels ({error})",
            labels_column=source.labels_column,
            error=error,
        ) from None
    text = values.get("text", "")
    if text:
        known = reduce(or_, (record.known for record in records), Known())
        records = [*records, replace(_row_text(item, text, beside=bool(records), limits=limits), known=known)]
    return [_dressed(record, values, labels) for record in records]


def _row_text(item: Item, text: str, *, beside: bool, limits: IngestSettings) -> Record:
    """A row's text as a record: a report (SR) where it stands beside a file, a document of its own otherwise."""
    text = clean(text)
    return text_record(
        text,
        limits,
        uri=item.uri,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        part="text" if beside else "",
        modality="SR" if beside else None,
    )


def _dressed(record: Record, values: dict[str, str], labels: dict[str, str]) -> Record:
    """A record with its row's facts; the row wins over the file, for the archive's owner wrote it."""
    keeps_modality = record.part == "text" or (record.signal is not None and not record.signal.is_ecg)
    return replace(
        record,
        patient_id=values.get("patient_id") or record.patient_id,
        study_id=values.get("study_id") or record.study_id,
        taken_at=parse_date(values.get("taken_at")) or record.taken_at,
        external_id=values.get("id") or record.external_id,
        title=values.get("title") or record.title,
        url=values.get("url") or record.url,
        modality=record.modality if keeps_modality else (values.get("modality") or record.modality).upper(),
        labels={**record.labels, **labels},
    )


def _with_defaults(record: Record, source: Source, own_study: str) -> Record:
    """What the source says of all its records, where neither row nor file does; a modality of pictures and
    signals is not put upon the texts beside them, nor over what a DICOM file states."""
    defaults = source.defaults
    unstated = record.modality == "OT" or (record.kind == "text" and record.modality == "DOC")
    return replace(
        record,
        patient_id=record.patient_id or defaults.get("patient_id"),
        study_id=record.study_id or defaults.get("study_id") or own_study,
        taken_at=record.taken_at or parse_date(defaults.get("taken_at")),
        title=record.title or defaults.get("title"),
        url=record.url or defaults.get("url"),
        modality=defaults.get("modality", record.modality) if unstated else record.modality,
    )
