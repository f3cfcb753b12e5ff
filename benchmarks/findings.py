"""extract_findings against the MeSH terms that people gave the Open-i reports (Indiana University).

    WARDROUND_DATA=… python benchmarks/findings.py

A term counts as found where some finding of its kind is present (or uncertain) in FINDINGS or IMPRESSION. MeSH
indexing is of the whole report and leaves out minor findings, so precision is a lower bound.
"""

from __future__ import annotations

import os
import sys
import tarfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from assistant.findings import extract_findings, implies

MESH = {
    "Cardiomegaly": "cardiomegaly",
    "Pleural Effusion": "pleural effusion",
    "Pneumothorax": "pneumothorax",
    "Pulmonary Atelectasis": "atelectasis",
    "Opacity": "lung opacity",
    "Airspace Disease": "consolidation",
    "Pneumonia": "pneumonia",
    "Pulmonary Edema": "pulmonary edema",
    "Pulmonary Congestion": "pulmonary vascular congestion",
    "Nodule": "nodule",
    "Calcified Granuloma": "granuloma",
    "Granulomatous Disease": "granulomatous disease",
    "Emphysema": "emphysema",
    "Cicatrix": "scarring",
    "Scoliosis": "scoliosis",
    "Fractures, Bone": "fracture",
    "Hernia, Hiatal": "hiatal hernia",
    "Atherosclerosis": "aortic atherosclerosis",
    "Spondylosis": "degenerative change",
    "Catheters, Indwelling": "central venous catheter",
}


def main() -> None:
    if "WARDROUND_DATA" not in os.environ:
        raise SystemExit("WARDROUND_DATA is not set: the folder with iu_xray_reports")
    counts = {term: [0, 0, 0] for term in MESH}
    with tarfile.open(Path(os.environ["WARDROUND_DATA"]) / "iu_xray_reports/ecgen-radiology.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".xml") else None
            if file is None:
                continue
            root = ElementTree.parse(file).getroot()
            texts = {a.get("Label"): a.text or "" for a in root.iter("AbstractText")}
            text = f"{texts.get('FINDINGS', '')}\n\n{texts.get('IMPRESSION', '')}".strip()
            if not text:
                continue
            terms = {(major.text or "").split("/")[0].strip() for major in root.iter("major")}
            found = [f for f in extract_findings(text) if f.status != "absent"]
            if "-v" in sys.argv:
                _show(text, terms, found)
            for term, entity in MESH.items():
                said = any(f.entity == entity or implies(f, entity) == "present" for f in found)
                counts[term][0] += said and term in terms
                counts[term][1] += said and term not in terms
                counts[term][2] += not said and term in terms
    print(f"{'MeSH term':26} precision recall     n")
    for term, (right, extra, missed) in counts.items():
        print(
            f"{term:26} {right / max(right + extra, 1):9.3f} {right / max(right + missed, 1):6.3f} {right + missed:5d}"
        )


def _show(text: str, terms: set[str], found: list[object]) -> None:
    missed = [t for t, e in MESH.items() if t in terms and not any(getattr(f, "entity", "") == e for f in found)]
    if missed:
        print(missed, "|", " ".join(text.split())[:500])


if __name__ == "__main__":
    main()
