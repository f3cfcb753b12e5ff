"""Real 12-lead ECGs: ten of the China Physiological Signal Challenge 2018, and one in DICOM from a cart.

Liu et al., "An open access database for evaluating the algorithms of electrocardiogram rhythm and morphology
abnormality detection", J Med Imaging Health Inform 2018. Their diagnoses are SNOMED CT codes in the WFDB header.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from assistant.demo.manifest import Row, write_manifest
from assistant.findings.codes import ecg_diagnosis

_FACT = re.compile(r"^#\s*(Age|Sex|Dx):\s*(\S+)", re.MULTILINE)


def make_challenge(material: Path, folder: Path) -> None:
    """Copy the WFDB records, and write the manifest with the diagnoses in words, into `folder`."""
    rows: list[Row] = []
    for header in sorted(material.glob("*.hea")):
        for part in (header, header.with_suffix(".mat")):
            shutil.copyfile(part, folder / part.name)
        facts = dict(_FACT.findall(header.read_text(encoding="ascii")))
        codes = facts.get("Dx", "").split(",")
        diagnosis = ", ".join(ecg_diagnosis(code) or f"SNOMED CT {code}" for code in codes if code)
        age, sex = facts.get("Age", ""), facts.get("Sex", "").lower()
        key = f"cpsc-{header.stem}"
        rows.append(
            {
                "id": key,
                "path": header.name,
                "patient_id": key,
                "study_id": key,
                "title": "12-lead ECG, CPSC 2018",
                "text": f"Reference diagnosis of this ECG: {diagnosis}. Patient: {sex}, {age} years.",
                "diagnosis": diagnosis,
                "age": age,
                "sex": sex,
            }
        )
    write_manifest(folder, rows)


def make_cart(material: Path, folder: Path) -> None:
    """Copy the cart's DICOM ECG, which holds its own measurements and statements (in Italian), into `folder`."""
    rows: list[Row] = []
    source = material / "waveform_ecg.dcm"
    if source.is_file():
        shutil.copyfile(source, folder / source.name)
        key = "cart-ecg"
        title = "12-lead ECG in DICOM, with the cart's own statements"
        rows.append({"id": key, "path": source.name, "patient_id": key, "study_id": key, "title": title})
    write_manifest(folder, rows)
