"""Reading in processes: the same results however many there are, and no file stops the rest."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from sabotage import sabotaged

from assistant.ingest import iter_items, load_recipe, pool
from assistant.ingest.pool import read_items
from assistant.settings import IngestSettings

HERE = Path(__file__).parent


def recipe_of(folder):
    path = folder.parent / "recipe.toml"
    path.write_text(f'name = "r"\n[[source]]\npath = "{folder}"\n')
    return load_recipe(path)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "data"
    made.mkdir()
    return made


def read_all(folder, make=sabotaged, **limits):
    recipe, settings = recipe_of(folder), IngestSettings(**limits)
    found = list(iter_items(recipe, settings))
    return dict(zip([item.uri for item in found], read_items(found, recipe, settings, make), strict=True))


def children():
    """The pool's worker processes: children of this process, of which other tests may have left some of their own."""
    found = subprocess.run(["ps", "-ww", "-o", "args=", "--ppid", str(os.getpid())], capture_output=True, text=True)
    return [line for line in found.stdout.splitlines() if "ingest.worker" in line or "<defunct>" in line]


def seen(outcome):
    if outcome.reading is None:
        return outcome.reason
    return [
        (record.text, record.image.pixels.tobytes() if record.image else None, record.sha256, record.part)
        for record in outcome.reading.records
    ]


@pytest.fixture
def mixed(folder):
    """Texts and pictures, a damaged picture, a TAR and a ZIP."""
    from test_archives import write_tar, write_zip

    random = np.random.default_rng(1)
    for n in range(20):
        (folder / f"note{n:02}.txt").write_text(f"Note {n} says something of its own.")
    for n in range(6):
        pixels = random.integers(0, 255, (200, 300), dtype=np.uint8)
        Pillow.fromarray(pixels).save(folder / f"picture{n}.png")
    (folder / "picture9.png").write_bytes((folder / "picture0.png").read_bytes()[:5000])
    texts = {f"in/{n:02}.txt": f"The member {n} of an archive." for n in range(30)}
    write_tar(folder / "old.tgz", texts)
    write_zip(folder / "old.zip", texts)
    return folder


def test_results_do_not_depend_on_the_number_of_workers(mixed):
    one, two, four = (read_all(mixed, workers=workers) for workers in (1, 2, 4))
    assert list(one) == list(two) == list(four)
    assert len(one) == 20 + 7 + 60
    expected = {uri: seen(outcome) for uri, outcome in one.items()}
    assert {uri: seen(outcome) for uri, outcome in two.items()} == expected
    assert {uri: seen(outcome) for uri, outcome in four.items()} == expected
    assert isinstance(expected["picture9.png"], str)
    assert sum(isinstance(what, str) for what in expected.values()) == 1
    assert {uri: outcome.digest for uri, outcome in one.items()} == {uri: o.digest for uri, o in two.items()}


CRASHES = {
    "segfault": ("the reader crashed on it (signal 11)", "segfault"),
    "killed": ("the reader crashed on it (signal 9)", "killed"),
    "exit": ("the reader crashed on it (exit status 3)", "exit 3"),
    "exit0": ("the reader crashed on it (exit status 0)", "exit 0"),
}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_crash_sets_that_file_aside_and_the_rest_goes_on(folder, workers):
    for n in range(30):
        (folder / f"{n:02}.txt").write_text(f"Note {n} is of no interest.")
    for n, (_, command) in enumerate(CRASHES.values()):
        (folder / f"{n * 8:02}x.txt").write_text(command)
    found = read_all(folder, workers=workers)
    reasons = {uri: outcome.reason for uri, outcome in found.items() if outcome.reason}
    assert reasons == {f"{n * 8:02}x.txt": reason for n, (reason, _) in enumerate(CRASHES.values())}
    assert len(found) == 34
    assert children() == []


def test_a_worker_killed_from_outside_costs_no_file(folder):
    for n in range(8):
        (folder / f"{n}.txt").write_text(f"Note {n} is of no interest.")
    (folder / "3x.txt").write_text(f"once:killed {folder.parent / 'mark'}\nThis text is read the second time.")
    found = read_all(folder, workers=2)
    assert [outcome.reason for outcome in found.values()] == [None] * 9
    assert (folder.parent / "mark").exists()


def test_a_crash_in_an_archive_costs_one_member(folder):
    from test_archives import write_tar

    texts = {f"{n:02}.txt": f"The member {n} of an archive." for n in range(20)}
    write_tar(folder / "x.tgz", texts | {"10.txt": "segfault"})
    found = read_all(folder, workers=2)
    assert {uri: outcome.reason for uri, outcome in found.items() if outcome.reason} == {
        "x.tgz!10.txt": "the reader crashed on it (signal 11)"
    }
    assert found["x.tgz!19.txt"].reading.records[0].text == "The member 19 of an archive."


@pytest.mark.parametrize("command", ["sleep 300", "spin", "child"])
def test_a_file_that_takes_too_long_is_set_aside_with_the_limit_named(folder, command):
    (folder / "a.txt").write_text("A note before it.")
    (folder / "b.txt").write_text(command)
    (folder / "c.txt").write_text("A note after it.")
    begin = time.monotonic()
    found = read_all(folder, workers=1, max_seconds=1.0)
    assert time.monotonic() - begin < 10
    assert found["b.txt"].reason == "not read within the limit of 1 s (ingest.max_seconds)"
    assert found["a.txt"].reason is None
    assert found["c.txt"].reason is None
    assert children() == []


def test_a_file_that_takes_too_much_memory_is_set_aside_with_the_limit_named(folder):
    (folder / "a.txt").write_text("A note before it.")
    (folder / "b.txt").write_text("eat")
    (folder / "c.txt").write_text("A note after it.")
    found = read_all(folder, workers=1, worker_memory_mb=600)
    assert found["b.txt"].reason == "needs more memory than the limit of 600 MB (ingest.worker_memory_mb)"
    assert (found["a.txt"].reason, found["c.txt"].reason) == (None, None)


def test_no_process_is_started_where_nothing_is_to_be_read(folder, monkeypatch):
    monkeypatch.setattr(pool._Pool, "_start", lambda self: pytest.fail("a process was started"))
    assert read_all(folder) == {}
    os.mkfifo(folder / "pipe")
    assert read_all(folder)["pipe"].reason == "neither a file nor a folder (a pipe, a socket or a device)"


def test_processes_end_when_the_iterator_is_closed(folder):
    for n in range(40):
        (folder / f"{n:02}.txt").write_text("sleep 0.5" if n else "The first is there at once.")
    recipe, limits = recipe_of(folder), IngestSettings(workers=2)
    outcomes = read_items(list(iter_items(recipe)), recipe, limits, sabotaged)
    next(outcomes)
    assert children()
    outcomes.close()
    assert children() == []


def test_results_wait_within_bounds(folder, monkeypatch):
    """One slow file at the front: the others are read ahead of it no further than the window."""
    monkeypatch.setattr(pool, "WINDOW", 5)
    for n in range(30):
        (folder / f"{n:02}.txt").write_text("sleep 0.5" if n == 0 else f"Note {n} is of no interest.")
    most = 0
    finish = pool._Pool._finish

    def watch(self, number, outcome):
        nonlocal most
        finish(self, number, outcome)
        most = max(most, len(self._outcomes))

    monkeypatch.setattr(pool._Pool, "_finish", watch)
    assert len(read_all(folder, workers=2)) == 30
    assert 2 <= most <= 5


def test_a_little_room_for_results_is_enough(mixed, monkeypatch):
    monkeypatch.setattr(pool, "WAITING_BYTES", 1)
    found = read_all(mixed, workers=2)
    assert sum(outcome.reason is not None for outcome in found.values()) == 1


def test_workers_end_with_a_parent_that_is_killed(folder):
    (folder / "a.txt").write_text("spin")
    (folder / "b.txt").write_text("sleep 300")
    recipe_of(folder)
    code = (
        f"import sys; sys.path[:] = {[str(HERE), *sys.path]!r}\n"
        "from sabotage import sabotaged\n"
        "from assistant.ingest import iter_items, load_recipe\n"
        "from assistant.ingest.pool import read_items\n"
        "from assistant.settings import IngestSettings\n"
        f"recipe = load_recipe({str(folder.parent / 'recipe.toml')!r})\n"
        "list(read_items(list(iter_items(recipe)), recipe, IngestSettings(workers=2), sabotaged))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    workers = eventually(lambda: children_of(parent.pid) if len(children_of(parent.pid)) == 2 else [])
    time.sleep(1)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers)), workers


def children_of(pid):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.split()


def eventually(condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.1)
    return condition()
