"""The registry of formats, and the one door through which a file becomes records.

A new format is a file with `recognises(file) -> bool` and `read(file, limits) -> list[Record]`, and a line in
`FORMATS`. The first format that recognises a file's content reads it; the file's name plays no part.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from assistant.errors import UnreadableFile
from assistant.ingest import archive, unread
from assistant.ingest.content import Content, check_size, load
from assistant.ingest.dicom import objects
from assistant.ingest.image import nifti, picture
from assistant.ingest.signal import aecg, array_file, array_sidecar, edf, muse, sapphire, scp, sierra, wfdb_record
from assistant.ingest.signal.quality import gated
from assistant.ingest.text import cda, docx, fhir, hl7v2, html, jsonl, openi, pdf, plain, rtf, table
from assistant.records import Record
from assistant.settings import IngestSettings

FAULTS = (AttributeError, TypeError, NameError, AssertionError, NotImplementedError, ImportError)
"""What a reader raises by a mistake of its own: the file may well be sound."""


class Format(Protocol):
    """What a module in `FORMATS` offers.

    A reader that can go on after a bad part (a line, an entry, a member) tells it to `file.set_aside`.
    """

    def recognises(self, file: Content) -> bool:
        """Whether the content is of this format; looks at bytes, never raises."""

    def read(self, file: Content, limits: IngestSettings) -> list[Record]:
        """Its records, at least one; raises UnreadableFile, nothing else."""


FORMATS: dict[str, Any] = {
    "dicom": objects,
    "picture": picture,
    "nifti": nifti,
    "pdf": pdf,
    "docx": docx,
    "archive": archive,
    "openi": openi,
    "cda": cda,
    "fhir": fhir,
    "hl7v2": hl7v2,
    "jsonl": jsonl,
    "sierra": sierra,
    "scp": scp,
    "edf": edf,
    "rtf": rtf,
    "html": html,
    "aecg": aecg,
    "muse": muse,
    "sapphire": sapphire,
    "array": array_file,
    "unread": unread,
    "wfdb": wfdb_record,
    "table": table,
    "text": plain,
}
OUT_OF_MEMORY = "does not fit into memory"
_SNIFF = 8_192
_DICOM_NAMES = frozenset({".dcm", ".dicom", ".ima"})


def format_of(file: Content) -> str | None:
    """The name in `FORMATS` of what a file is, None if nothing recognises it."""
    return next((name for name, reader in FORMATS.items() if reader.recognises(file)), None)


def kind_of(path: Path) -> str | None:
    """As `format_of`, for a file on disk of which only the beginning is read; None also if it can't be read."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_SNIFF)
    except OSError:
        return None
    return format_of(Content(path.as_posix(), head, path)) if head else None


def read_file(path: Path, limits: IngestSettings, uri: str | None = None) -> list[Record]:
    """The records of one file, with the archive's own ids, `uri` (default: the path), and the file's SHA-256.

    Raises UnreadableFile, and nothing else, with a reason that a user understands.
    """
    path = Path(path)
    return read_content(load(path, limits, uri), limits)


def read_content(file: Content, limits: IngestSettings) -> list[Record]:
    """The records of a file whose bytes are at hand. Raises UnreadableFile, and nothing else."""
    check_size(file.uri, len(file.data), limits)
    try:
        name = format_of(file)
        if file.path is not None and name in (None, "text") and (reason := wfdb_record.orphan_reason(file.path)):
            raise file.refuse(reason)
        if name is None:
            raise file.refuse("neither text nor a format that Wardround knows")
        records: list[Record] = FORMATS[name].read(file, limits)
        if name == "text" and Path(file.name).suffix.lower() in _DICOM_NAMES:
            file.set_aside("the picture", "named as DICOM, but a text: probably a damaged export")
    except UnreadableFile:
        raise
    except MemoryError:
        raise file.refuse(OUT_OF_MEMORY) from None
    except RecursionError:
        raise file.refuse("damaged file (nested without end)") from None
    except Exception as error:  # the promise to callers: a bad file never stops the rest
        whose = "an error inside Wardround" if isinstance(error, FAULTS) else "damaged file"
        raise file.refuse(
            "{whose} ({fault}: {said})",
            whose=whose,
            fault=type(error).__name__,
            said=" ".join(str(error).split())[:160],
        ) from None
    if not records:
        raise file.refuse("holds nothing to index")
    return gated(file, records)


def is_sidecar(path: Path) -> bool:
    """Whether a file is read together with another one beside it and is no record of its own."""
    return wfdb_record.is_sidecar(Path(path)) or array_sidecar.is_sidecar(Path(path)) or nifti.is_sidecar(Path(path))
