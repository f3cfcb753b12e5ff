"""How fast a thousand studies are drafted with `quote`, once they are encoded.

    WARDROUND_DATA=… python benchmarks/drafting.py [--studies 1000] [--runs 3] [--workspace DIR]

One index is built of the chest X-rays of NIH ChestX-ray14 and of the COVID-19 Image Data Collection and of LUDB's ECGs
(884 studies; further ones are the same files under other study ids, which no search for them may meet). Then every
study is drafted by its id into a fresh folder. Building encodes the pictures and is timed apart; a run is all the rest:
reading and measuring, searching, writing, checking, and a line on the disk for each study. Prints each run and the
median; processor seconds are those of this process. With `--workspace`, an index that is there is used again.
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
import tempfile
import time
from pathlib import Path

from assistant.assistant import Assistant

NAME = "thousand"
COLUMNS = ("id", "patient", "path", "text", "finding", "modality")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--studies", type=int, default=1000)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--workspace", type=Path)
    chosen = arguments.parse_args()
    data = Path(os.environ["WARDROUND_DATA"])
    with tempfile.TemporaryDirectory() as folder:
        workspace = chosen.workspace or Path(folder)
        studies = listed(data, chosen.studies)
        began = time.perf_counter()
        report = Assistant.build(recipe(workspace, data, studies), workspace=workspace)
        print(f"{report.added} studies encoded and indexed in {time.perf_counter() - began:.0f} s", flush=True)
        assistant = Assistant(workspace, [NAME])
        rates = [
            run(assistant, [study["id"] for study in studies], Path(folder) / f"run{n}") for n in range(chosen.runs)
        ]
    print(f"median of {chosen.runs} runs: {statistics.median(rates):.1f} studies/s")


def run(assistant: Assistant, ids: list[str], out: Path) -> float:
    """Draft all studies; studies a second."""
    began, used = time.perf_counter(), time.process_time()
    problems: list[str] = []
    done = sum(
        1 for _ in assistant.draft(ids, out=out, llm="quote", on_problem=lambda *p: problems.append(": ".join(p)))
    )
    took, used = time.perf_counter() - began, time.process_time() - used
    print(
        f"{done} drafted in {took:.1f} s, {done / took:.1f}/s; {1000 * used / max(done, 1):.0f} ms of processor each; "
        f"{len(problems)} set aside {problems[:1] or ''}",
        flush=True,
    )
    return done / took


def listed(data: Path, count: int) -> list[dict[str, str]]:
    """`count` studies as rows of a manifest; paths are relative to the data's folder."""
    rows = []
    for row in csv.DictReader((data / "nih_cxr64" / "metadata.csv").open(encoding="utf-8")):
        name = row["filename"]
        where = f"nih_cxr64/images/{name}"
        rows.append((name, f"nih-{row['patient_id']}", where, "", row["finding_labels"], "CR"))
    for row in csv.DictReader((data / "covid_chestxray" / "metadata.csv").open(encoding="utf-8")):
        name = row["filename"]
        where = f"covid_chestxray/images/{name}"
        rows.append((name, f"covid-{row['patientid']}", where, row["clinical_notes"], row["finding"], "CR"))
    for path in sorted((data / "ludb_ecg").rglob("*.hea")):
        where = path.relative_to(data).as_posix()
        rows.append((f"ludb-{path.stem}", f"ludb-{path.stem}", where, "", "", "ECG"))
    again = [(f"again-{row[0]}", *row[1:]) for row in rows[:: max(1, len(rows) // max(count - len(rows), 1))]]
    return [dict(zip(COLUMNS, row, strict=True)) for row in (*rows, *again)[:count]]


def recipe(workspace: Path, data: Path, studies: list[dict[str, str]]) -> Path:
    folder = workspace / "indexes"
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / f"{NAME}.csv"
    with manifest.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(studies)
    path = folder / f"{NAME}.toml"
    path.write_text(
        f'name = "{NAME}"\n[[source]]\npath = "{data}"\nmanifest = "{manifest}"\ndeidentify = false\n'
        '[source.columns]\nid = "id"\npath = "path"\npatient_id = "patient"\nstudy_id = "id"\ntext = "text"\n'
        'modality = "modality"\n[source.labels]\nfinding = "finding"\n',
        encoding="utf-8",
    )
    return path


if __name__ == "__main__":
    main()
