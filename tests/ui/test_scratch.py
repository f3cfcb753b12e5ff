"""The folder of uploads: private, gone with its server, and swept after one that was killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from assistant.ui.scratch import Scratch, sweep

_SERVER = """
import sys, time
from pathlib import Path
from assistant.ui.scratch import Scratch
scratch = Scratch(Path(sys.argv[1]))
(scratch.folder / "received").mkdir()
(scratch.folder / "received" / "chest.dcm").write_bytes(b"a patient's picture")
print(scratch.folder, flush=True)
time.sleep(600)
"""


def test_it_is_private_and_goes_with_its_server(tmp_path):
    scratch = Scratch(tmp_path)
    assert scratch.folder.stat().st_mode & 0o077 == 0
    (scratch.folder / "received").mkdir()
    scratch.close()
    assert not any(tmp_path.iterdir())


def test_what_a_killed_server_left_is_swept_and_what_a_running_one_has_is_not(tmp_path):
    killed = subprocess.Popen([sys.executable, "-c", _SERVER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    left = killed.stdout.readline().strip()
    running = Scratch(tmp_path)
    assert Path(left).exists()  # it is alive
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    killed.stdout.close()
    again = Scratch(tmp_path)
    assert not Path(left).exists()
    assert running.folder.exists() and again.folder.exists()
    running.close()
    again.close()


def test_only_folders_of_ours_are_swept(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "wardround-link").symlink_to(tmp_path / "elsewhere")
    of_another_program = tmp_path / "wardround-notes"
    of_another_program.mkdir()
    (of_another_program / "todo.txt").write_text("keep")
    fresh = tmp_path / "wardround-fresh"
    (fresh / "page-1").mkdir(parents=True)
    unlocked = tmp_path / "wardround-old"
    (unlocked / "page-1" / "received").mkdir(parents=True)
    long_ago = time.time() - 3_600
    os.utime(unlocked, (long_ago, long_ago))
    assert sweep(tmp_path) == [unlocked]
    assert (of_another_program / "todo.txt").exists() and fresh.exists() and (tmp_path / "elsewhere").exists()
