"""`kill -9` at any moment of a build leaves the previous generation usable, and the next build goes on."""

import os
import random
import signal
import time

from test_either_place import files_of, start_build

from assistant.assistant import Assistant
from assistant.store.doctor import examine

KILLS = 5  # twenty on real archives: benchmarks/kill_builds.py


def test_a_killed_build_never_harms_what_was_committed(either, tmp_path):
    archive = tmp_path / "notes"
    files_of(archive, range(6))
    began = time.monotonic()
    first = start_build(archive, tmp_path)
    assert first.wait() == 0, first.stderr.read()
    whole = time.monotonic() - began

    files_of(archive, range(6, 24))
    chance = random.Random(20261122)
    for _ in range(KILLS):
        process = start_build(archive, tmp_path)
        time.sleep(chance.uniform(0.3, 1.0) * whole)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stderr.close()
        assistant = Assistant.open(tmp_path)
        generation = assistant.generations()["notes"]
        assert assistant.totals()["notes"]["text"] == {1: 6, 2: 24}[generation]
        assert "drug3" in assistant.search("drug3").evidence[0].text

    last = start_build(archive, tmp_path)
    assert last.wait() == 0, last.stderr.read()
    first.stderr.close()
    last.stderr.close()
    assistant = Assistant.open(tmp_path)
    assert assistant.totals()["notes"]["text"] == 24
    assert "drug20" in assistant.search("drug20").evidence[0].text
    assert examine(tmp_path, "notes").sound
    assert not (tmp_path / "indexes" / "notes" / "building").exists()
