"""Formats that are recognised but not read, so that the reason can name them."""

from __future__ import annotations

import re

from assistant.ingest.content import Content
from assistant.ingest.safe_xml import root_name
from assistant.records import Record
from assistant.settings import IngestSettings

_SIGNATURES = (
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Office document (DOC, XLS)"),
    (0, b"\x89HDF", "HDF5 file (MINC-2 volumes among them)"),
    (0, b"CDF\x01", "NetCDF file (MINC-1 volumes among them)"),
    (0, b"# === DATA DESCRIPTION FILE", "Philips PAR/REC volume: export it as DICOM or NIfTI"),
    (0, b"# CLINICAL TRYOUT", "Philips PAR/REC volume: export it as DICOM or NIfTI"),
    (0, b"\ntype = ", "AFNI volume: export it as NIfTI"),
    (0, b"type  = ", "AFNI volume: export it as NIfTI"),
    (0, b"MATRIX7", "ECAT volume: export it as DICOM or NIfTI"),
    (0, b"TRACK\0", "TrackVis tracts"),
    (0, b"mrtrix tracks", "MRtrix tracts"),
    (0, b"MATLAB 5.0", "MATLAB file"),
    (0, b"SQLite format 3\0", "SQLite database"),
    (0, b"\xff\xd8\xff", "JPEG picture"),
)


def recognises(file: Content) -> bool:
    return _name(file) is not None


def read(file: Content, limits: IngestSettings) -> list[Record]:
    raise file.refuse("{name}: not read yet", name=_name(file))


def _name(file: Content) -> str | None:
    data = file.data
    for offset, signature, name in _SIGNATURES:
        if data[offset : offset + len(signature)] == signature:
            return name
    root = root_name(file)
    if root is not None:
        return f"XML with the root element <{root}>"
    return "JSON document without objects" if _is_json(data) else None


def _is_json(data: bytes) -> bool:
    """A JSON list of numbers, strings or lists; objects are read (`text.jsonl`), and "[1] Smith et al." is text."""
    head = data[:2000].lstrip(b"\xef\xbb\xbf \t\r\n")
    return bool(re.match(rb'^\[\s*(?:\[|-?\d+(?:\.\d+)?\s*,|"[^"\n]*"\s*,)', head))
