"""What is told of ST against labels and against a recorder's own ST levels, per recording and per lead.

    WARDROUND_DATA=… python benchmarks/st_agreement.py [--demo WORKSPACE]

Labels: the SNOMED CT codes of the headers of `challenge2021_ecg` (of the record without codes those of PTB-XL's
table), and with `--demo` of the ten recordings of the demonstration archive in that workspace. A label of ST depression
or ST elevation is the truth; "ST changes" and the like do not say which, so such a recording is listed and counted in
neither. What is told is the sentence on each ("ST depression in …", "No ST depression …"); none where the QRS is wide,
the patient under 18 or ST not measured, which is counted apart. Nobody labelled for the limits that are used here: a
label is made by eye, of any ST that seemed worth a word. Intervals are Wilson's, 95 %. The leads of `ludb_ecg` were
scaled one by one; those whose limb leads fit on one scale all the same are counted apart, by the label STEMI.

Levels: the Philips recordings of `ecg_formats` state for each lead the level at the J point (`ston`), in the middle of
ST and 80 ms after J (`st80`), by the recorder's own program; the level that is measured here lies 60 ms after the end
of QRS. Nothing was tuned on any of it.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from math import sqrt
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from assistant.ingest import read_file
from assistant.measure import Measurements, measure_signal, statements
from assistant.records import Record
from assistant.settings import IngestSettings

LABELS = {"ST depression": ({"429622005"}, {"STD_"}), "ST elevation": ({"164931005"}, {"STE_"})}
UNCLEAR = ({"55930002", "164930006", "428750005"}, {"NST_", "ISC_"})  # ST changes, not said which
POINTS = {"at J": "ston", "in the middle": "stmid", "80 ms after J": "st80"}


def wilson(right: int, of: int, z: float = 1.96) -> str:
    """A share with its 95 % interval, in per cent; "–" of nothing."""
    if of == 0:
        return "– (0)"
    share, spread = right / of, z * z / of
    middle = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return f"{100 * share:.0f} % ({100 * max(0, middle - half):.0f}–{100 * min(1, middle + half):.0f}), {right} of {of}"


def measured(path: Path) -> tuple[Record, Measurements]:
    """The ECG of a file, and what is measured on it."""
    records = read_file(path, IngestSettings())
    record = next(record for record in records if record.signal is not None and record.signal.is_ecg)
    assert record.signal is not None
    return record, measure_signal(record.signal)


def told(record: Record, values: Measurements) -> dict[str, bool | None]:
    """Whether each ST change is said to be there; None where the sentences leave it open or there are none."""
    age, sex = record.fields.get("age"), str(record.fields.get("sex") or "").upper()[:1]
    said = [text for _, text in statements(values, age=float(age) if isinstance(age, int | float) else None, sex=sex)]
    found: dict[str, bool | None] = {}
    for change in LABELS:
        stated = any(text.startswith(f"{change} in ") for text in said)
        found[change] = True if stated else False if any(t.startswith(f"No {change}") for t in said) else None
    return found


def recordings(data: Path, demo: Path | None) -> Iterator[tuple[Path, set[str]]]:
    """Each labelled recording with its codes."""
    folder = data / "challenge2021_ecg"
    with (folder / "ptbxl_reports.csv").open(encoding="utf-8") as rows:
        scp = {row["record"]: set(re.findall(r"'(\w+)':", row["scp_codes"])) for row in csv.DictReader(rows)}
    headers = sorted((folder / "data").glob("*.hea"))
    if demo is not None:
        headers += sorted((demo / "indexes" / "demo-data" / "ecgs").glob("*.hea"))
    for header in headers:
        codes = re.search(r"^#\s*Dx:\s*(\S+)", header.read_text(encoding="utf-8"), re.MULTILINE)
        yield header, set(codes[1].split(",")) if codes else scp[header.stem]


def levels(path: Path) -> dict[str, dict[str, float]]:
    """By lead, the ST levels (mV) that a Philips recorder states."""
    found = {}
    for element in ElementTree.parse(path).iter():
        if element.tag.rpartition("}")[2] != "leadmeasurement" or element.get("stmeasflag", "True") != "True":
            continue
        given = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in element}
        if all(re.fullmatch(r"-?\d+", given.get(name, "")) for name in POINTS.values()):
            found[element.get("leadname", "")] = {name: int(given[name]) / 1000 for name in POINTS.values()}
    return found


def labels(data: Path, demo: Path | None) -> None:
    counts: Counter[tuple[str, bool, bool | None]] = Counter()
    unclear = []
    for path, codes in recordings(data, demo):
        record, values = measured(path)
        said = told(record, values)
        if codes & (UNCLEAR[0] | UNCLEAR[1]):
            unclear.append(f"{path.stem}: {said}")
            continue
        for change, names in LABELS.items():
            is_labelled = bool(codes & (names[0] | names[1]))
            counts[change, is_labelled, said[change]] += 1
            if said[change] is not None and said[change] != is_labelled:
                what = "told, not labelled" if said[change] else "labelled, not told"
                lead = {name: round(v["st_mv"], 2) for name, v in values.per_lead.items() if "st_mv" in v}
                print(f"{path.stem}: {change} {what}; labels {sorted(codes)}; {lead}")
    _of_ludb(data)
    print("| told | labelled so, told | not labelled, told not to be there | nothing told |")
    print("|---|---|---|---|")
    for change in LABELS:
        has = {answer: counts[change, True, answer] for answer in (True, False, None)}
        has_not = {answer: counts[change, False, answer] for answer in (True, False, None)}
        sensitivity = wilson(has[True], has[True] + has[False])
        specificity = wilson(has_not[False], has_not[True] + has_not[False])
        print(f"| {change} | {sensitivity} | {specificity} | {has[None]} and {has_not[None]} |")
    print("labelled with an ST change without which:", "; ".join(unclear) or "none")


def _of_ludb(data: Path) -> None:
    """How often an ST elevation is told of LUDB, with the label STEMI and without it."""
    counts: Counter[tuple[bool, bool | None]] = Counter()
    with (data / "ludb_ecg" / "labels.csv").open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            said = told(*measured(data / "ludb_ecg" / "data" / f"{row['record']}.hea"))
            counts["STEMI" in " ".join(row.values()).replace("NSTEMI", ""), said["ST elevation"]] += 1
    for labelled in (True, False):
        given = ", ".join(f"{answer}: {counts[labelled, answer]}" for answer in (True, False, None))
        print(f"LUDB, {'with' if labelled else 'without'} STEMI, ST elevation told: {given}")


def compare_levels(files: Sequence[Path]) -> None:
    differences: dict[str, list[float]] = {name: [] for name in POINTS}
    for path in files:
        _, values = measured(path)
        for lead, given in levels(path).items():
            here = values.per_lead.get(lead, {}).get("st_mv")
            for name, key in POINTS.items():
                if here is not None:
                    differences[name].append(here - given[key])
    print("| the recorder's level | leads | median absolute difference | bias | 90th percentile | largest |")
    print("|---|---|---|---|---|---|")
    for name, found in differences.items():
        apart = np.abs(found)
        figures = np.median(apart), float(np.mean(found)), np.percentile(apart, 90), apart.max()
        print(f"| {name} | {len(found)} | {' | '.join(f'{figure:.3f} mV' for figure in figures)} |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--demo", type=Path, help="a workspace that holds the demonstration archive")
    demo = parser.parse_args().demo
    data = Path(os.environ["WARDROUND_DATA"])
    labels(data, demo)
    compare_levels(sorted((data / "ecg_formats").glob("philips_*.xml")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
