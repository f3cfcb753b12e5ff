"""Kill a batch of drafts with SIGKILL ten times at random moments; no study may be lost or done twice.

    WARDROUND_DATA=… python benchmarks/kill_drafts.py [--kills 10] [--studies 200]

Builds an index of LUDB's ECGs and drafts studies of chest X-rays and ECGs (files, one of them broken) with FHIR
reports beside, `wardround draft --resume`, killing each run at a random moment until all kills are spent; the last run
is left to end. Then every study but the broken one must have exactly one line, in the order of the list, and exactly
one valid document, and nothing half written may be left. Prints one line a kill and a summary; exits 1 if not so.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from assistant.assistant import Assistant
from assistant.export import file_name

RECIPES = Path(__file__).parent / "recipes"
BROKEN = "broken"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--kills", type=int, default=10)
    arguments.add_argument("--studies", type=int, default=200)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder)
        Assistant.build(RECIPES / "ludb_ecg.toml", workspace=workspace)
        names = write_list(workspace, Path(os.environ["WARDROUND_DATA"]), chosen.studies)
        kill_runs(workspace, chosen.kills)
        return judge(workspace / "out", names)


def kill_runs(workspace: Path, kills: int) -> None:
    """Kills come at any moment, while the program starts as well; some studies are done before most of them."""
    chance = random.Random(20261126)
    lines = workspace / "out" / "drafts.jsonl"
    for kill in range(kills):
        before = count(lines)
        process = start(workspace)
        more = chance.randint(0, 12)
        while process.poll() is None and count(lines) < before + more:
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 0.3))
        ended = process.poll() is not None
        if not ended:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        print(f"kill {kill + 1:2}: {before} → {count(lines)} lines{', had ended' if ended else ''}", flush=True)
    process = start(workspace)
    process.wait()
    print(f"last run: exit {process.returncode}, {count(lines)} lines")


def judge(out: Path, names: list[str]) -> int:
    drafted = [json.loads(line)["study_id"] for line in (out / "drafts.jsonl").read_text("utf-8").splitlines()]
    aside = [json.loads(line)["study_id"] for line in (out / "set_aside.jsonl").read_text("utf-8").splitlines()]
    documents = {path.name for path in (out / "fhir").iterdir()}
    whole = all(json.loads((out / "fhir" / name).read_bytes())["status"] == "preliminary" for name in documents)
    found = {
        "studies": len(names),
        "lost": len(set(names) - set(drafted) - set(aside)),
        "twice": len(drafted) - len(set(drafted)),
        "in_order": drafted == [name for name in names if name != BROKEN],
        "set_aside": aside,
        "documents_right": whole and documents == {f"{file_name(name)}.json" for name in drafted},
        "half_written": len(list(out.rglob("*.new"))),
    }
    print(json.dumps(found))
    right = not found["lost"] and not found["twice"] and found["in_order"] and aside == [BROKEN]
    return 0 if right and found["documents_right"] and not found["half_written"] else 1


def write_list(workspace: Path, data: Path, studies: int) -> list[str]:
    files = sorted((data / "nih_cxr64" / "images").iterdir()) + sorted((data / "ludb_ecg").rglob("*.hea"))
    chosen = random.Random(1).sample(files, studies - 1)
    (workspace / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    rows = [(f"{n:04d}-{path.stem}", "", str(path)) for n, path in enumerate(chosen)]
    rows.insert(studies // 2, (BROKEN, "", "broken.png"))
    with (workspace / "studies.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("study_id", "patient_id", "files"), *rows])
    return [row[0] for row in rows]


def start(workspace: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "assistant.cli", "draft", str(workspace / "studies.csv"), "--resume", "--fhir"]
    command += ["--out", str(workspace / "out"), "--workspace", str(workspace)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def count(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


if __name__ == "__main__":
    sys.exit(main())
