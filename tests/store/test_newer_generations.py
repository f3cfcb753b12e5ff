"""What another process builds is seen by an assistant that is open: newer generations and, on a page, new indexes."""

import gc
import subprocess
import sys
import weakref

import pytest

from assistant.assistant import Assistant
from assistant.settings import load_settings

SENTENCE = "There is a small right pleural effusion, the {number} of its kind. The heart is of normal size."


def build(workspace, folder):
    """`wardround index` in a process of its own."""
    command = [sys.executable, "-m", "assistant.cli", "index", str(folder), "--workspace", str(workspace)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=workspace, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "first.txt").write_text(SENTENCE.format(number="first"))
    build(tmp_path, tmp_path / "notes")
    return tmp_path


def test_newer_generations_are_swapped_in_and_older_ones_closed(workspace):
    assistant = Assistant(workspace, settings=load_settings(workspace))
    assert assistant.generations() == {"notes": 1} and assistant.totals()["notes"]["text"] == 1
    assert assistant.search("pleural effusion").evidence
    running = assistant._open_indexes()[0]  # an answer that has begun
    seen = [weakref.ref(running)]
    for number in ("second", "third"):
        (workspace / "notes" / f"{number}.txt").write_text(SENTENCE.format(number=number))
        build(workspace, workspace / "notes")
        assert assistant.search("pleural effusion").evidence
        seen.append(weakref.ref(assistant._open_indexes()[0]))
    assert assistant.generations() == {"notes": 3} and assistant.totals()["notes"]["text"] == 3
    assert running.totals()["text"] == 1  # goes on with what it began with
    del running
    gc.collect()
    assert [index() is None for index in seen] == [True, True, False]


def test_only_who_follows_opens_new_indexes(workspace):
    alone, following = Assistant(workspace), Assistant(workspace)
    chosen = Assistant(workspace, ["notes"])
    following.follow()
    chosen.follow()
    (workspace / "more").mkdir()
    (workspace / "more" / "other.txt").write_text("The patient has atrial fibrillation and takes apixaban.")
    build(workspace, workspace / "more")
    assert following.indexes == ("notes", "more") and following.search("atrial fibrillation").evidence
    assert alone.indexes == chosen.indexes == ("notes",)
    assert set(following.opened_at()) == {"notes", "more"}
