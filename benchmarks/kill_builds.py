"""Kill an index build at twenty random moments; after each, the previous generation must answer.

    WARDROUND_DATA=… python benchmarks/kill_builds.py ludb_ecg

Builds the index once, then again and again with everything to do anew (another patient namespace), and kills each
build at a random moment. Prints one line a kill and a summary; exits 1 if anything broke.
"""

from __future__ import annotations

import argparse
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
from assistant.errors import IndexMissing
from assistant.store.doctor import examine

KILLS = 20


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("recipe", help="a recipe of benchmarks/recipes by name")
    arguments.add_argument("--kills", type=int, default=KILLS)
    arguments.add_argument("--query", default="sinus rhythm")
    chosen = arguments.parse_args()
    recipe = Path(__file__).parent / "recipes" / f"{chosen.recipe}.toml"
    with tempfile.TemporaryDirectory() as folder:
        return kill_builds(recipe, Path(folder), chosen.kills, chosen.query)


def kill_builds(recipe: Path, workspace: Path, kills: int, query: str) -> int:
    began = time.monotonic()
    assert build(recipe, workspace).wait() == 0
    whole = time.monotonic() - began
    print(f"a whole build takes {whole:.1f} s")
    chance, broken, killed, finished = random.Random(20261122), 0, 0, 0
    generation = before = 1
    while killed < kills:
        # every kill meets a build that has everything to do: the namespace decides about every pseudonym
        changed = workspace / "recipe.toml"
        text = recipe.read_text().replace('patient_namespace = "', f'patient_namespace = "{generation}-')
        changed.write_text(text)
        process = build(changed, workspace)
        moment = chance.uniform(0.02, 1.0) * whole
        try:
            process.wait(moment)
            finished += 1  # a build that goes on where the last one was killed may be done before the moment comes
        except subprocess.TimeoutExpired:
            killed += 1
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        try:
            assistant = Assistant(workspace, [recipe.stem])
            generation = assistant.generations()[recipe.stem]
            found = assistant.search(query)
            ok = bool(found.evidence) and generation in (before, before + 1)
        except IndexMissing:
            ok = False
        broken += not ok
        print(
            f"kill {killed:2} after {moment:5.1f} s: generation {generation}, {'answers' if ok else 'BROKEN'}",
            flush=True,
        )
        before = generation
    last = build(changed, workspace)
    last.wait()
    sound = examine(workspace, recipe.stem).sound
    print(json.dumps({"kills": killed, "finished": finished, "broken": broken, "sound": sound}))
    return 0 if not broken and sound else 1


def build(recipe: Path, workspace: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "assistant.cli", "index", str(recipe), "--workspace", str(workspace)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


if __name__ == "__main__":
    sys.exit(main())
