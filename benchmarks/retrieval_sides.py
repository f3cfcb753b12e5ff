"""Queries that name a side or a denial, over the chest X-ray reports of Open-i: does what is found first agree?

    WARDROUND_DATA=… python benchmarks/retrieval_sides.py [--workspaces DIR] [--show]

The truth is not read off by program: it is the MeSH terms that the archive's indexers gave each report, which name
sides ("Pleural Effusion/right/small") and only what is there. A sided query is met by a report coded with the finding
on that side or on both, a bare one ("cardiomegaly") by one coded with the finding, a denial by one that names the
finding in words and is not coded with it.

Precision at 5 is over reports, out of 5 or of as many as there are. *Turned* counts pairs within the first ten where a
report coded with the other side alone, or one that denies the bare finding or has the one denied, stands before one
that meets the query. Everything was chosen on the even-numbered reports; each half is an archive of its own.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

import numpy as np

from assistant.assistant import Assistant

FIRST = 5
LISTED = 10
Met = Literal["met", "against", "neither"]

# A finding as a radiologist would look for it: its MeSH terms, and its word in a report.
SIDED = {
    "{side} pleural effusion": r"Pleural Effusion",
    "{side} pneumothorax": r"Pneumothorax|Hydropneumothorax",
    "{side} basilar atelectasis": r"Pulmonary Atelectasis",
    "{side} lower lobe opacity": r"Opacity/lung/(lower lobe|base)|Airspace Disease/lung/(lower lobe|base)",
    "elevated {side} hemidiaphragm": r"Diaphragm/.*elevated",
    "{side} rib fractures": r"Fractures, Bone/ribs",
    "{side} calcified granuloma": r"Calcified Granuloma",
    "{side} apical scarring": r"Cicatrix/lung/(apex|upper lobe)",
    "{side} lung nodule": r"Nodule",
    "{side} hilar calcification": r"Calcinosis/lung/hilum",
}
STATED = {
    "cardiomegaly": (r"Cardiomegaly", r"cardiomegaly|heart|cardiac"),
    "pleural effusion": (r"Pleural Effusion", r"effusion"),
    "pneumothorax": (r"Pneumothorax|Hydropneumothorax", r"pneumothora"),
    "consolidation": (r"Consolidation", r"consolidat"),
    "pulmonary edema": (r"Pulmonary Edema", r"edema"),
}


@dataclass(frozen=True)
class Report:
    """A report by its number in the archive, with its text and MeSH terms."""

    id: str
    text: str
    terms: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """A query, the pattern of the finding's terms, and the side, or the word of a bare finding or a denial."""

    text: str
    terms: re.Pattern[str]
    side: str = ""
    word: re.Pattern[str] | None = None

    @property
    def group(self) -> str:
        return "side" if self.side else "denial" if self.text.startswith("no ") else "bare"

    def met_by(self, report: Report) -> Met:
        coded = [term for term in report.terms if self.terms.match(term)]
        if self.side:
            sides = {side for term in coded for side in ("left", "right", "bilateral") if f"/{side}" in term}
            if sides & {self.side, "bilateral"}:
                return "met"
            return "against" if sides else "neither"
        assert self.word is not None
        if bool(coded) == (self.group == "bare"):
            return "met" if coded or self.word.search(report.text) else "neither"
        return "against" if coded or self.word.search(report.text) else "neither"


def questions() -> list[Asked]:
    asked = [
        Asked(wording.format(side=side), re.compile(terms), side=side)
        for wording, terms in SIDED.items()
        for side in ("left", "right")
    ]
    for name, (terms, word) in STATED.items():
        of_word = re.compile(word, re.IGNORECASE)
        asked += [Asked(f"{negation}{name}", re.compile(terms), word=of_word) for negation in ("", "no ")]
    return asked


def reports(data: Path) -> list[Report]:
    found = []
    with tarfile.open(data / "iu_xray_reports" / "ecgen-radiology.tar.gz") as tar:
        for member in tar:
            if not member.name.endswith(".xml"):
                continue
            root = ElementTree.parse(tar.extractfile(member)).getroot()  # type: ignore[arg-type]
            said = {e.get("Label"): (e.text or "").strip() for e in root.iter("AbstractText")}
            parts = [f"{name}: {said[name]}" for name in ("FINDINGS", "IMPRESSION") if said.get(name)]
            if parts:
                terms = tuple(e.text or "" for e in root.iter("major"))
                found.append(Report(Path(member.name).stem, "\n\n".join(parts), terms))
    return sorted(found, key=lambda report: int(report.id))


def archive(workspace: Path, half: list[Report]) -> Assistant:
    """The reports of a half as an index; one that lies in `workspace` already is opened."""
    recipe = workspace / "indexes" / "reports.toml"
    if not recipe.exists():
        recipe.parent.mkdir(parents=True)
        (workspace / "data").mkdir()
        with (workspace / "data" / "reports.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "report"])
            writer.writerows((report.id, report.text) for report in half)
        recipe.write_text(
            'name = "reports"\n[[source]]\npath = "../data"\nmanifest = "reports.csv"\ndeidentify = false\n'
            '[source.columns]\nid = "id"\npatient_id = "id"\ntext = "report"\n[source.defaults]\nmodality = "SR"\n',
            encoding="utf-8",
        )
    Assistant.build(recipe)
    return Assistant.open(workspace)


def measured(assistant: Assistant, half: list[Report], show: bool) -> dict[str, list[tuple[float, int, float, int]]]:
    """By group of queries: precision at 5, turned pairs, precision of what is handed on and how much that is."""
    by_id = {report.id: report for report in half}
    found: dict[str, list[tuple[float, int, float, int]]] = {}
    for asked in questions():
        there = sum(asked.met_by(report) == "met" for report in half)
        if there < 2:
            continue
        evidence = assistant.search(asked.text, k=LISTED).evidence
        told = [asked.met_by(by_id[str(piece.external_id)]) for piece in evidence]
        kept = [met == "met" for piece, met in zip(evidence, told, strict=True) if piece.kept]
        precision = told[:FIRST].count("met") / min(FIRST, there)
        turned = sum(first == "against" and later == "met" for n, first in enumerate(told) for later in told[n + 1 :])
        row = (precision, turned, float(np.mean(kept)) if kept else np.nan, len(kept))
        found.setdefault(asked.group, []).append(row)
        if show:
            marks = "".join({"met": "+", "against": "x", "neither": "."}[met] for met in told)
            print(f"  {asked.text:30} {marks:10} p@5 {precision:.2f}, {there} there", file=sys.stderr)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspaces", type=Path, default=Path(tempfile.gettempdir()) / "wardround-sides")
    parser.add_argument("--show", action="store_true", help="what each query found: + met, x against, . neither")
    chosen = parser.parse_args()
    every = reports(Path(os.environ["WARDROUND_DATA"]))
    print("| half | queries | number | precision at 5 | turned pairs | precision of what is handed on | handed on |")
    print("|---|---|---|---|---|---|---|")
    for name, rest in (("even (chosen on)", 0), ("odd (reported)", 1)):
        half = [report for report in every if int(report.id) % 2 == rest]
        if chosen.show:
            print(name, file=sys.stderr)
        for group, rows in measured(archive(chosen.workspaces / str(rest), half), half, chosen.show).items():
            precision, turned, kept, number = (np.array(column, float) for column in zip(*rows, strict=True))
            print(
                f"| {name} | {group} | {len(rows)} | {precision.mean():.3f} | {int(turned.sum())} "
                f"| {np.nanmean(kept):.3f} | {number.mean():.1f} |",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
