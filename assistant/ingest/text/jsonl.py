"""JSON Lines, one text record a line; JSON lists and documents of such objects."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from assistant.ingest.content import Content
from assistant.ingest.dates import parse_date
from assistant.ingest.text.encodings import clean
from assistant.ingest.text.plain import text_record
from assistant.records import Record
from assistant.settings import IngestSettings
from assistant.wording import worded

_TEXT = ("text", "report", "report_text", "body", "content", "answer", "abstract", "note", "findings", "passage")
_ID = ("id", "_id", "uid", "pmid", "doc_id")
_TITLE = ("title", "question")
_URL = ("url", "link", "source_url")
_PATIENT = ("patient_id", "subject_id")
_STUDY = ("study_id",)
_DATE = ("date", "taken_at", "created", "published")
_MAX_DOCUMENT = 64_000_000  # characters of a single JSON value, which takes some ten times as much in memory
_MAX_OBJECTS = 3_000_000
_OPENING = re.compile(rb'^\s*(?:\{\s*"[^"\n]*"\s*:|\[\s*\{\s*"|\{\s*\}\s*$)')


def recognises(file: Content) -> bool:
    return bool(_OPENING.match(file.data[:4096].removeprefix(b"\xef\xbb\xbf")))


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """A text record for each object that has a text; the reason names the keys where none has any.

    Lines that are no JSON object or have no text are set aside by their number.
    """
    rows = list(_rows(file))
    records, without = [], []
    for part, row in rows:
        record = _record(file, part, row, limits)
        if record is not None:
            records.append(record)
        else:
            without.append(part)
    if not records:
        if not rows:
            raise file.refuse(
                "no readable JSON object ({aside})", aside=": ".join(file.aside[0]) if file.aside else "it is empty"
            )
        keys = sorted({key for _, row in rows for key in row})[:20]
        raise file.refuse(
            "JSON without a text field (looked for {text}; the keys are {keys}): "
            "write it as JSON Lines and name the field in a recipe",
            text=", ".join(_TEXT),
            keys=", ".join(keys),
        )
    if without:
        named = f"{', '.join(without[:5])}{' …' if len(without) > 5 else ''}"
        file.set_aside(
            worded("{count} of {total} objects ({named})", count=len(without), total=len(rows), named=named),
            "no text (looked for {text})",
            text=", ".join(_TEXT),
        )
    return records


def _rows(file: Content) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects with their part's name: those of the lines, of a list, or the one object of a document."""
    if file.text is None:
        raise file.refuse("not text: JSON is UTF-8 text")
    text = file.text.lstrip("\ufeff \n\t")
    first, _, rest = text.partition("\n")
    if not rest.strip() or not _is_object(first):
        if (document := _document(file, text)) is not None:
            yield from document
            return
        if not rest.strip():
            raise file.refuse("damaged JSON (its only line is no valid JSON)")
    for number, line in enumerate(file.text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            file.set_aside(worded("line {number}", number=number), "no valid JSON ({error})", error=error)
            continue
        if isinstance(row, dict):
            yield f"line {number}", row
        else:
            file.set_aside(worded("line {number}", number=number), "no JSON object")


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _document(file: Content, text: str) -> list[tuple[str, dict[str, Any]]] | None:
    """The objects of a single JSON value: a list's, or those of an object's only list of objects; None for lines."""
    if len(text) > _MAX_DOCUMENT:
        raise file.refuse(
            "a JSON document of {text:,.0f} million characters: {max_document} are read; write it as JSON Lines",
            text=len(text) / 1e6,
            max_document=_MAX_DOCUMENT // 1_000_000,
        )
    if text.count("{") + text.count("[") > _MAX_OBJECTS:
        raise file.refuse(
            "a JSON document of more than {max_objects:,} objects: write it as JSON Lines", max_objects=_MAX_OBJECTS
        )
    try:
        value = json.loads(text)
    except RecursionError:
        raise file.refuse("damaged JSON (nested without end)") from None
    except ValueError as error:
        if text.startswith("[") or not any(_is_object(line) for line in text.split("\n", 20)[:20]):
            raise file.refuse("damaged JSON ({error})", error=error) from None
        return None
    if isinstance(value, dict) and _first(value, _TEXT) is None:
        lists = [found for found in value.values() if isinstance(found, list) and found and isinstance(found[0], dict)]
        value = lists[0] if len(lists) == 1 else value
    if isinstance(value, dict):
        return [("", value)]
    return [(f"item {n}", row) for n, row in enumerate(value, start=1) if isinstance(row, dict)]


def _record(file: Content, part: str, row: Mapping[str, Any], limits: IngestSettings) -> Record | None:
    text = _first(row, _TEXT)
    if not text or not text.strip():
        return None
    digest = hashlib.sha256(text.encode()).hexdigest()
    text = clean(text)
    record = text_record(text, limits, uri=file.uri, sha256=digest, part=part)
    return replace(
        record,
        patient_id=_first(row, _PATIENT),
        study_id=_first(row, _STUDY),
        external_id=_first(row, _ID),
        title=_first(row, _TITLE) or record.title,
        url=_first(row, _URL),
        taken_at=parse_date(_first(row, _DATE)),
    )


def _first(row: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        value = row.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return clean(str(value))
    return None
