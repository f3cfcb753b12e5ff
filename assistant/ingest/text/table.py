"""Tables (CSV, TSV): recognised, and read as the manifest of a recipe only, which says what its columns mean."""

from __future__ import annotations

import csv

from assistant.ingest.content import Content
from assistant.ingest.text.encodings import decode
from assistant.records import Record
from assistant.settings import IngestSettings


def recognises(file: Content) -> bool:
    return _columns(file) is not None


def read(file: Content, limits: IngestSettings) -> list[Record]:
    columns = _columns(file) or []
    raise file.refuse(
        "a table (columns {columns}{more}): name it as `manifest` in a recipe that says what its columns mean",
        columns=", ".join(columns[:12]),
        more=" …" if len(columns) > 12 else "",
    )


def _columns(file: Content) -> list[str] | None:
    """The header of a file that is the same number of cells, three or more, in each of its first lines."""
    text = decode(file.data[:20_000] if len(file.data) > 20_000 else file.data)
    if text is None:
        return None
    named = file.name.lower().endswith((".csv", ".tsv"))
    lines = text.splitlines()[: 20 if len(file.data) <= 20_000 else -1]
    for delimiter in (",", "\t", ";"):
        try:
            rows = [row for row in csv.reader(lines[:20], delimiter=delimiter) if row]
        except csv.Error:
            continue
        widths = {len(row) for row in rows}
        if (named and rows and len(rows[0]) > 1) or (len(rows) >= 5 and len(widths) == 1 and widths.pop() >= 3):
            return [cell.strip() for cell in rows[0]]
    return lines[0].split(",") if named and lines else None
