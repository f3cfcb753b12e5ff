"""What ingest makes of one file, as the JSON of `wardround read`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assistant.errors import UnreadableFile
from assistant.ingest.deid import Deidentifier, Removed
from assistant.ingest.items import Reading, read_clean
from assistant.records import Record
from assistant.settings import IngestSettings


def describe_file(path: Path, limits: IngestSettings, deidentifier: Deidentifier) -> dict[str, Any]:
    """`{"path", "records": [{"kind", "modality", "patient_id", …}], "reason", "set_aside", "removed"}` of a file.

    `reason` is None if it was read; `set_aside` are the parts that could not be, `removed` counts the identifiers of
    each kind that were taken out.
    """
    return read_described(path, limits, deidentifier)[0]


def read_described(
    path: Path, limits: IngestSettings, deidentifier: Deidentifier
) -> tuple[dict[str, Any], tuple[Record, ...]]:
    """As `describe_file`, with the records themselves in the same order."""
    path = Path(path)
    try:
        reading = read_clean(path, limits, deidentifier)
    except UnreadableFile as error:
        return {"path": str(path), "records": [], "reason": error.reason, "set_aside": [], "removed": {}}, ()
    return describe(path, reading), reading.records


def describe(path: Path, reading: Reading) -> dict[str, Any]:
    """What was read of a file, as the JSON of `wardround read`.

    A text stands there whole, with its passages' sections and pages; pixels and samples by their shapes.
    """
    return {
        "path": str(path),
        "records": [_described(record) for record in reading.records],
        "reason": None,
        "set_aside": [{"part": part, "reason": reason} for part, reason in reading.aside],
        "removed": dict(sum(reading.removed, Removed()).counts),
    }


def _described(record: Record) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": record.kind,
        "modality": record.modality,
        "patient_id": record.patient_id,
        "study_id": record.study_id,
        "taken_at": record.taken_at.isoformat() if record.taken_at else None,
        "external_id": record.external_id,
        "title": record.title,
        "uri": record.uri,
        "part": record.part,
        "sha256": record.sha256,
        "labels": dict(record.labels),
        "fields": dict(record.fields),
    }
    if record.image is not None:
        found["image"] = {"shape": list(record.image.pixels.shape)}
    if record.signal is not None:
        found["signal"] = {
            "leads": list(record.signal.leads),
            "sampling_rate_hz": record.signal.sampling_rate_hz,
            "duration_s": round(record.signal.duration_s, 3),
            "types": list(record.signal.types) or ["ecg"] * len(record.signal.leads),
            "units": list(record.signal.units) or ["mV"] * len(record.signal.leads),
        }
    if record.kind == "text":
        found["text"] = {
            "characters": len(record.text),
            "passages": len(record.passages),
            "sections": list(dict.fromkeys(p.section for p in record.passages if p.section)),
            "pages": len({p.page for p in record.passages if p.page is not None}),
            "content": record.text,
        }
    return found
