"""The rows of a set's own files, as they stand there."""

from __future__ import annotations

import csv
import fnmatch
import gzip
import io
import json
import re
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from assistant.errors import RecipeError
from assistant.evaluate.mapping.scheme import Table
from assistant.evaluate.mapping.wfdb_rows import read_header
from assistant.evaluate.mapping.xml_rows import read_xml

_ARCHIVES = (".tar", ".tar.gz", ".tgz")
_UNREADABLE = (ValueError, csv.Error, OSError, EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile)


class BadFile(Exception):
    """A file that is not as its mapping says; the message names the file and the place in it."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row with the file it stands in (relative to the data folder) and its number there, from 1.

    Beside its own columns `values` has `_file`, `_folder`, `_stem` and `_row`, and of JSON objects `_key` (and
    `_keys`, where several lead there).
    """

    file: str
    number: int
    values: dict[str, Any]


def read_rows(tables: tuple[Table, ...], folder: Path, name: str) -> Iterator[Row]:
    """The rows of every table whose files are there, in the order of the tables and of the files' names.

    RecipeError where there is no file of any, or one that is not as the mapping says, naming the set and the file.
    """
    found = False
    for table in tables:
        for path in _files(table, folder):
            found = True
            try:
                yield from _rows_of(table, path, folder)
            except BadFile as error:
                raise RecipeError(f"{name}: {error}") from error
    if not found:
        wanted = ", ".join(pattern for table in tables for pattern in table.patterns)
        raise RecipeError(f"{name}: no file {wanted} below {folder}")


def _files(table: Table, folder: Path) -> list[Path]:
    return sorted({path for pattern in table.patterns for path in folder.glob(pattern) if path.is_file()})


def _rows_of(table: Table, path: Path, folder: Path) -> Iterator[Row]:
    place = path.relative_to(folder).as_posix()
    file = place
    try:
        if table.format == "wfdb":
            yield _row(table, place, 1, read_header(path, annotations=table.annotations))
            return
        for inside, content in _contents(path, table.members):
            file = f"{place}/{inside}" if inside else place
            for number, values in enumerate(_parsed(table, content), start=1):
                yield _row(table, file, number, values)
    except _UNREADABLE as error:
        raise BadFile(f"{file}: not readable as {table.format}: {error}") from error


def _row(table: Table, file: str, number: int, values: dict[str, Any]) -> Row:
    path = PurePosixPath(file)
    told = {"_file": file, "_folder": str(path.parent), "_stem": path.stem, "_row": number}
    return Row(file, number, {**told, **_from_path(table.path, file), **values})


def _from_path(pattern: str, file: str) -> dict[str, str]:
    if not pattern:
        return {}
    expression = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+?)", re.escape(pattern))
    found = re.search(rf"(?:^|/){expression}$", file)
    if found is None:
        raise BadFile(f"{file}: its path does not end as {pattern!r} says")
    return found.groupdict()


def _contents(path: Path, members: str) -> Iterator[tuple[str, bytes]]:
    """The content of a file, unpacked; of an archive that of each member whose name fits, by name."""
    if path.name.endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if not name.endswith("/") and fnmatch.fnmatch(name, members):
                    yield name, archive.read(name)
    elif path.name.endswith(_ARCHIVES):
        with tarfile.open(path) as archive:
            inside = [member for member in archive if member.isfile() and fnmatch.fnmatch(member.name, members)]
            for member in sorted(inside, key=lambda member: member.name):
                file = archive.extractfile(member)
                if file is not None:
                    yield member.name, file.read()
    elif path.suffix == ".gz":
        yield "", gzip.decompress(path.read_bytes())
    else:
        yield "", path.read_bytes()


def _parsed(table: Table, content: bytes) -> Iterator[dict[str, Any]]:
    match table.format:
        case "parquet":
            yield from _parquet(content)
        case "xml":
            yield from read_xml(content, table.element, table.columns)
        case "text":
            yield {"text": content.decode("utf-8-sig", errors="replace")}
        case "csv" | "tsv":
            yield from _delimited(table, content)
        case "jsonl":
            yield from _lines(content)
        case _:
            yield from _at(json.loads(content), table.at.split(".") if table.at else [], ())


def _delimited(table: Table, content: bytes) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    lines = io.StringIO(content.decode("utf-8-sig"), newline="")
    reader = csv.reader(lines, delimiter="\t" if table.format == "tsv" else ",")
    header = list(table.header) or next(reader, [])
    for cells in reader:
        if not cells:
            continue
        if len(cells) != len(header):
            raise ValueError(f"line {reader.line_num} has {len(cells)} columns instead of {len(header)}")
        yield dict(zip(header, cells, strict=True))


def _lines(content: bytes) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(content.decode("utf-8-sig").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"line {number}: {error.msg}") from error
        yield value if isinstance(value, dict) else {"value": value}


def _at(value: Any, path: list[str], keys: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The objects at a path of JSON; a list at its end gives each of its entries."""
    if path and path[0] == "*":
        if not isinstance(value, dict | list):
            raise ValueError(f"{'.'.join(keys) or 'the top'} holds no list or object")
        for key, entry in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _at(entry, path[1:], (*keys, str(key)))
    elif path:
        if not isinstance(value, dict) or path[0] not in value:
            raise ValueError(f"there is no {path[0]!r} in {'.'.join(keys) or 'the top'}")
        yield from _at(value[path[0]], path[1:], keys)
    elif isinstance(value, list):
        for entry in value:
            yield from _at(entry, [], keys)
    else:
        told = {"_key": keys[-1], "_keys": list(keys)} if keys else {}
        yield {**told, **(value if isinstance(value, dict) else {"value": value})}


def _parquet(content: bytes) -> Iterator[dict[str, Any]]:
    try:
        from pyarrow import parquet
    except ImportError:
        raise ValueError("pyarrow is not installed: pip install pyarrow") from None
    for batch in parquet.ParquetFile(io.BytesIO(content)).iter_batches():
        yield from batch.to_pylist()
