"""Chest X-ray reports of Indiana University, as Open-i gives them out.

Demner-Fushman et al., "Preparing a collection of radiology examinations for distribution and retrieval", JAMIA
2016. The archive has the reports as they were published, with the MeSH terms that people coded; their X-rays are
in no package.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
from pathlib import Path

from assistant.demo.manifest import Row, write_manifest

REPORTS = 1_200
"""How many of the 3,955 are taken: encoding them all would take longer than a first start should."""

_FINDINGS = re.compile(rb'<AbstractText Label="(?:FINDINGS|IMPRESSION)">\s*\S')
_IMAGE = re.compile(rb'<parentImage id="([^"]+)"')


def make(material: Path, folder: Path) -> None:
    """Write the chosen reports' XML, unchanged, and their manifest into `folder`.

    The choice is by a hash of the report's number: the mix of normal and abnormal is that of the collection, and
    every installation has the same reports. Each report is a patient of its own: the collection names none.
    """
    rows: list[Row] = []
    # In memory: the hash's order jumps about, and a compressed archive would be unpacked anew for every jump.
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(material.read_bytes()))) as archive:
        members = {Path(m.name).stem: m for m in archive if m.isfile() and m.name.endswith(".xml")}
        for number in sorted(members, key=lambda n: hashlib.sha256(n.encode()).digest()):
            file = archive.extractfile(members[number])
            xml = file.read() if file else b""
            if not _FINDINGS.search(xml):
                continue  # an indication alone answers nothing
            (folder / f"CXR{number}.xml").write_bytes(xml)
            rows.append(_row(number, xml))
            if len(rows) == REPORTS:
                break
    write_manifest(folder, sorted(rows, key=lambda row: int(row["id"].removeprefix("CXR"))))


def _row(number: str, xml: bytes) -> Row:
    name = f"CXR{number}"
    image = _IMAGE.search(xml)
    page = f"https://openi.nlm.nih.gov/detailedresult?img={image[1].decode()}" if image else ""
    return {"id": name, "path": f"{name}.xml", "patient_id": name, "study_id": name, "url": page}
