"""Manifests: the table of an archive, CSV or JSON Lines, one row a study or record."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.errors import RecipeError
from assistant.ingest.recipe import Source, fill, placeholders
from assistant.ingest.text.encodings import clean, decode

Row = dict[str, str]
_DELIMITERS = ",;\t|"


def read_rows(source: Source, name: str) -> list[Row]:
    """A table's rows as texts, empty cells as "". Raises RecipeError naming the table and what is wrong with it.

    The names in `source.columns`, `source.labels` and `source.join` must be columns of it.
    """
    assert source.manifest is not None
    columns, rows = _table(source.path / source.manifest, source.manifest)
    if source.join is not None:
        more, others = _table(source.path / source.join.manifest, source.join.manifest)
        _require(source.join.manifest, more, {source.join.on: "join.on"})
        _require(name, columns, {source.join.on: "join.on"})
        by_key = {other[source.join.on]: other for other in others}
        rows = [{**by_key.get(row[source.join.on], {}), **row} for row in rows]
        columns = [*columns, *(column for column in more if column not in columns)]
    _require(name, columns, _needed(source))
    return rows


def _needed(source: Source) -> dict[str, str]:
    needed: dict[str, str] = {}
    for group, mapping in (("columns", source.columns), ("labels", source.labels)):
        for field, template in mapping.items():
            needed |= dict.fromkeys(placeholders(template), f"{group}.{field}")
    if source.labels_column is not None:
        needed[source.labels_column] = "labels_column"
    return needed


def labels_of(source: Source, row: Mapping[str, str]) -> dict[str, str]:
    """A row's labels: those that the recipe maps, and the entries of its `labels_column`; empty ones are left out.

    Raises ValueError where that column holds no JSON object.
    """
    labels = {label: fill(template, dict(row)) for label, template in source.labels.items()}
    if source.labels_column is not None and (told := row.get(source.labels_column, "").strip()):
        entries = json.loads(told)
        if not isinstance(entries, dict):
            raise ValueError(f"{told[:40]!r} is no JSON object")
        labels |= {str(name): _cell(value) for name, value in entries.items()}
    return {label: value for label, value in labels.items() if value}


def _require(name: str, columns: list[str], needed: Mapping[str, str]) -> None:
    for column, wanted_by in needed.items():
        if column not in columns:
            raise RecipeError(
                f"{name} has no column {column!r}, which the recipe names in {wanted_by}; "
                f"its columns are {', '.join(columns)}"
            )


def _table(path: Path, name: str) -> tuple[list[str], list[Row]]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise RecipeError(f"{name}: there is no such manifest in {path.parent}") from None
    except OSError as error:
        raise RecipeError(f"{name}: the manifest can't be read ({error.strerror})") from None
    text = decode(data)
    if text is None:
        raise RecipeError(f"{name}: the manifest is no text")
    if not text.strip():
        raise RecipeError(f"{name}: the manifest is empty")
    return _json_lines(text, name) if text.lstrip()[:1] == "{" else _csv(text, name)


def _csv(text: str, name: str) -> tuple[list[str], list[Row]]:
    header = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=header.count)
    csv.field_size_limit(50_000_000)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restval="")
    try:
        columns = [(column or "").strip() for column in reader.fieldnames or []]
        reader.fieldnames = columns
        rows = [{key: value or "" for key, value in row.items() if key is not None} for row in reader]
    except csv.Error as error:
        raise RecipeError(f"{name}: line {reader.line_num} can't be read as a table ({error})") from None
    return columns, rows


def _json_lines(text: str, name: str) -> tuple[list[str], list[Row]]:
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise RecipeError(f"{name}: line {number} is no valid JSON ({error})") from None
        if not isinstance(row, dict):
            raise RecipeError(f"{name}: line {number} is no JSON object")
        rows.append({key: _cell(value) for key, value in row.items()})
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return columns, [{column: row.get(column, "") for column in columns} for row in rows]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return " | ".join(_cell(part) for part in value)
    return clean(json.dumps(value, ensure_ascii=False) if isinstance(value, dict | bool) else str(value))
