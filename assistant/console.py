"""Reading JSON Lines and printing results: what the commands share. Progress goes to stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from assistant.errors import WardroundError
from assistant.records import Evidence, TextPlace

T = TypeVar("T")
SHOWN_ALREADY = frozenset({"width", "height", "leads", "channels", "sampling_rate_hz", "duration_s"})  # fields


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
    """A bar on stderr with the rate and the time that is left; what was done before the first call is no part of it."""
    global _bar
    from tqdm import tqdm

    if _bar is None or _bar.total != total or _bar.desc.rstrip(": ") != what:
        if _bar is not None:
            _bar.close()
        interval = 0.5 if sys.stderr.isatty() else 10.0  # a log gets a line now and then
        _bar = tqdm(total=total, initial=done, desc=what, file=sys.stderr, mininterval=interval, leave=False)
    _bar.update(done - _bar.n)
    if done >= total:
        _bar.close()
        _bar = None


def totals(records: Mapping[Any, int]) -> str:
    return ", ".join(f"{n} {kind}{'s' if n != 1 else ''}" for kind, n in records.items())


def one_line(text: str) -> str:
    """A path or reason with its control characters written out, so that a file's name can't break the line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def short(text: str, length: int = 160) -> str:
    words = " ".join(text.split())
    return words if len(words) <= length else words[: length - 1] + "…"


def matching(text: str, query: str, length: int = 160) -> str:
    """The part of a passage that shares most words with a query, from the beginning of its sentence."""
    from assistant.findings.sentences import sentence_spans
    from assistant.store.words import query_words

    wanted = query_words(query)
    starts = [start for start, end in sentence_spans(text)] or [0]
    shared = [len(wanted & query_words(text[start : start + length])) for start in starts]
    start = starts[shared.index(max(shared))]
    return short(("… " if text[:start].strip() else "") + text[start:], length)


def source(evidence: Evidence, query: str = "") -> str:
    page = evidence.place.page if isinstance(evidence.place, TextPlace) else None
    place = f", page {page}" if page else ""
    said = matching(evidence.text, query, 120)
    return f"{evidence.relation}, {evidence.modality}: {name_of(evidence)}{place}: {said}"


def name_of(evidence: Evidence) -> str:
    """What a reader knows a piece of evidence by: its title and their own key, else the study that it belongs to."""
    named = " · ".join(name for name in (evidence.title, evidence.external_id) if name)
    return named or f"study {evidence.study_id or evidence.record_id}"


def print_measured(found: dict[str, Any]) -> None:
    for part in ("modality", "leads", "sampling_rate_hz", "duration_s"):
        if part in found:
            print(f"{part}: {', '.join(found[part]) if isinstance(found[part], list) else found[part]}")
    for part in ("values", "quality", "absent", "absent_leads"):
        for name, value in found.get(part, {}).items():
            print(f"{part}.{name}: {value}")


def print_read(described: Mapping[str, Any]) -> None:
    """What was read of a file, a block a record."""
    print(described["path"])
    if described["reason"]:
        print(f"  not read: {described['reason']}")
    for number, record in enumerate(described["records"], start=1):
        print(f"\n{number}. {record['kind']}, {record['modality']}" + (f", {record['part']}" if record["part"] else ""))
        for name, value in _facts(record):
            print(f"   {name + ':':22} {value}")
        if "text" in record:
            print(f"   {'begins:':22} {short(record['text']['content'], 240)}")
    for part in described["set_aside"]:
        print(f"\nset aside: {part['part']}: {part['reason']}")
    if described["removed"]:
        print("\nidentifiers removed: " + ", ".join(f"{count} {kind}" for kind, count in described["removed"].items()))


def _facts(record: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for name in ("title", "patient_id", "study_id", "taken_at", "external_id"):
        if record[name]:
            yield name.replace("_", " "), record[name]
    if "image" in record:
        yield "pixels", " × ".join(str(size) for size in (record["image"]["shape"][1], record["image"]["shape"][0]))
    if "signal" in record:
        signal = record["signal"]
        named = zip(signal["leads"], signal["units"], strict=True)
        yield "channels", ", ".join(lead if unit == "mV" else f"{lead} ({unit})" for lead, unit in named)
        yield "sampling", f"{signal['sampling_rate_hz']:g} Hz, {signal['duration_s']:g} s"
    if "text" in record:
        text = record["text"]
        yield "characters", f"{text['characters']:,} in {text['passages']} passages"
        if text["sections"]:
            yield "sections", ", ".join(text["sections"])
        if text["pages"]:
            yield "pages", text["pages"]
    for group in ("labels", "fields"):
        for name, value in record[group].items():
            if name not in SHOWN_ALREADY:
                yield name.replace("_", " "), value


def write_file(path: Path, text: str) -> None:
    """Write a page of a patient's data for its owner alone. Raises WardroundError."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise WardroundError(f"{path}: can't be written ({error.strerror})") from error
