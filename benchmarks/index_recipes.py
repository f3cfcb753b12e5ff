"""Build every recipe of benchmarks/recipes twice and print a table: what was read, how long each run took.

    WARDROUND_DATA=… python benchmarks/index_recipes.py [NAME …]

The second run must report everything unchanged. Seconds are what the command reports of its work; the last column is
the whole second command, start-up of the interpreter included.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

RECIPES = Path(__file__).parent / "recipes"


def main() -> int:
    names = sys.argv[1:] or sorted(path.stem for path in RECIPES.glob("*.toml"))
    failed = False
    times = "first s | second s | second / first | whole second command s"
    print(f"| recipe | images | signals | texts | set aside | {times} |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as workspace:
        for name in names:
            first, _ = index(name, workspace)
            again, whole = index(name, workspace)
            took, second = first["seconds"], again["seconds"]
            unchanged = (again["added"], again["updated"], again["removed"]) == (0, 0, 0)
            failed |= not unchanged or again["generation"] != first["generation"]
            records = first["records"]
            print(
                f"| {name} | {records['image']} | {records['signal']} | {records['text']} | {len(first['set_aside'])} "
                f"| {took:.1f} | {second:.2f} | {second / took:.3f} | {whole:.1f} |",
                flush=True,
            )
    return int(failed)


def index(name: str, workspace: str) -> tuple[dict[str, Any], float]:
    began = time.monotonic()
    command = [sys.executable, "-m", "assistant.cli", "index", str(RECIPES / f"{name}.toml")]
    command += ["--workspace", workspace, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{name}: {done.stderr}")
    return json.loads(done.stdout), time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
