"""The manifest that each part of the demonstration archive writes for its recipe."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

Row = Mapping[str, str]

MANIFEST = "manifest.jsonl"


def write_manifest(folder: Path, rows: Iterable[Row]) -> None:
    """One JSON object a line, in the order given."""
    lines = (json.dumps(dict(row), ensure_ascii=False) + "\n" for row in rows)
    (folder / MANIFEST).write_text("".join(lines), encoding="utf-8")
