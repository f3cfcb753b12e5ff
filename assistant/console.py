"""Reading JSON Lines and printing results: what the commands share. Progress goes to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from assistant.errors import WardroundError
from assistant.records import Evidence, TextPlace

T = TypeVar("T")


def json_lines(path: Path) -> Iterator[tuple[int, object]]:
    """The lines of a JSON Lines file with their numbers; a line that is no JSON comes as a ValueError."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # splitlines would also cut at U+2028
    except (OSError, UnicodeDecodeError) as error:
        raise WardroundError(f"{path}: can't be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as error:
                yield number, ValueError(f"line {number} is no JSON: {error}")


def chunks(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def print_json(document: Any, indent: int | None = 2) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=indent, allow_nan=False), flush=indent is None)


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


_bar: Any = None


def progress(done: int, total: int, what: str) -> None:
    """A bar on stderr."""
    global _bar
    from tqdm import tqdm

    if _bar is None or _bar.total != total or _bar.desc.rstrip(": ") != what:
        if _bar is not None:
            _bar.close()
        _bar = tqdm(total=total, desc=what, file=sys.stderr, mininterval=0.5, leave=False)
    _bar.update(done - _bar.n)
    if done >= total:
        _bar.close()
        _bar = None


def totals(records: Mapping[Any, int]) -> str:
    return ", ".join(f"{n} {kind}{'s' if n != 1 else ''}" for kind, n in records.items())


def short(text: str, length: int = 160) -> str:
    words = " ".join(text.split())
    return words if len(words) <= length else words[: length - 1] + "…"


def source(evidence: Evidence) -> str:
    page = evidence.place.page if isinstance(evidence.place, TextPlace) else None
    place = f", page {page}" if page else ""
    name = evidence.title or evidence.external_id or evidence.record_id
    return f"{evidence.relation}, {evidence.modality}: {name}{place}: {short(evidence.text, 120)}"


def print_measured(found: dict[str, Any]) -> None:
    for part in ("modality", "leads", "sampling_rate_hz", "duration_s"):
        if part in found:
            print(f"{part}: {', '.join(found[part]) if isinstance(found[part], list) else found[part]}")
    for part in ("values", "quality"):
        for name, value in found.get(part, {}).items():
            print(f"{part}.{name}: {value}")
