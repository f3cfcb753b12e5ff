"""JSON Lines: one text record a line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assistant.ingest.content import Content
from assistant.ingest.dates import parse_date
from assistant.ingest.text.encodings import clean
from assistant.ingest.text.plain import text_record
from assistant.records import Record
from assistant.settings import IngestSettings

_TEXT = ("text", "report", "report_text", "body", "content", "answer", "abstract", "note", "findings", "passage")
_ID = ("id", "_id", "uid", "pmid", "doc_id")
_TITLE = ("title", "question", "name")
_URL = ("url", "link", "source_url")
_PATIENT = ("patient_id", "subject_id")
_STUDY = ("study_id",)
_DATE = ("date", "taken_at", "created", "published")


def recognises(file: Content) -> bool:
    if file.data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
        return False
    data = file.data.removeprefix(b"\xef\xbb\xbf").lstrip()
    first = data[: end if (end := data.find(b"\n")) >= 0 else len(data)]
    try:
        return isinstance(json.loads(first.decode()), dict)
    except (ValueError, RecursionError):
        return False


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """A text record for each line that has a text; the reason names the keys where no line has any."""
    rows = read_rows(file)
    records = [record for number, row in rows if (record := _record(file, number, row, limits)) is not None]
    if not records:
        keys = sorted({key for _, row in rows for key in row})[:20]
        raise file.refuse(
            f"no line has a text field (looked for {', '.join(_TEXT)}; the keys are {', '.join(keys)}): "
            "name the field in a recipe"
        )
    return records


def read_rows(file: Content) -> list[tuple[int, dict[str, Any]]]:
    """The objects with their line numbers, from 1. Raises UnreadableFile naming the line that is no object."""
    text = file.text
    if text is None:
        raise file.refuse("not text: JSON Lines are UTF-8 text")
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise file.refuse(f"line {number} is no valid JSON ({error})") from None
        if not isinstance(row, dict):
            raise file.refuse(f"line {number} is no JSON object")
        rows.append((number, row))
    return rows


def _record(file: Content, number: int, row: Mapping[str, Any], limits: IngestSettings) -> Record | None:
    text = _first(row, _TEXT)
    if not text or not text.strip():
        return None
    digest = hashlib.sha256(text.encode()).hexdigest()
    text = clean(text)
    record = text_record(text, limits, uri=file.uri, sha256=digest, part=f"line {number}")
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
