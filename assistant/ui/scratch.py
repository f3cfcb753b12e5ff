"""The folder that uploads lie in as long as the page is served: private, and gone with the server.

A server that was killed could not tidy up: the next one on this machine does it for it. Each folder holds a locked
file as long as its server lives, so that nobody sweeps the folder of another that is running.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import stat
import tempfile
import threading
import time
from pathlib import Path
from typing import ClassVar

log = logging.getLogger(__name__)

PREFIX = "wardround-"
SERVER = "page-"
IN_USE = "in-use"
_YOUNG_S = 60.0  # a folder without its lock that is younger may be that of a server just starting


class ServerFolder:
    """A server's own folder, in the one that the servers of a process share; it goes with the last of them.

    They share it because Gradio wants all files that an event names in one folder a process (`GRADIO_TEMP_DIR`).
    """

    _of_process: ClassVar[Scratch | None] = None
    _servers: ClassVar[int] = 0
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        kind = type(self)
        with self._lock:
            kind._of_process = kind._of_process or Scratch()
            kind._servers += 1
            self.shared = kind._of_process.folder
        self.folder = Path(tempfile.mkdtemp(prefix=SERVER, dir=self.shared))

    def close(self) -> None:
        kind = type(self)
        shutil.rmtree(self.folder, ignore_errors=True)
        with self._lock:
            kind._servers -= 1
            if kind._servers == 0 and kind._of_process is not None:
                kind._of_process.close()
                kind._of_process = None


class Scratch:
    """A fresh folder that only this account can enter; what dead servers left is swept first."""

    def __init__(self, root: Path | None = None) -> None:
        sweep(root)
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
        self._lock = (self.folder / IN_USE).open("wb")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


def sweep(root: Path | None = None) -> list[Path]:
    """Delete what servers of this account that are no longer there left in the temporary folder; gives what went."""
    gone = []
    for folder in (root or Path(tempfile.gettempdir())).glob(f"{PREFIX}*"):
        if _is_ours(folder) and _is_left(folder):
            shutil.rmtree(folder, ignore_errors=True)
            log.warning("%s: uploads that a server left when it was killed are deleted", folder)
            gone.append(folder)
    return gone


def _is_ours(folder: Path) -> bool:
    """Whether it is a folder of this account, and no link to one."""
    try:
        state = folder.lstat()
    except OSError:  # gone just now
        return False
    return stat.S_ISDIR(state.st_mode) and state.st_uid == os.getuid()


def _is_left(folder: Path) -> bool:
    """Whether the server that made it is no longer there."""
    try:
        with (folder / IN_USE).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except BlockingIOError:
        return False
    except FileNotFoundError:
        return False if not folder.exists() else _is_unlocked_remnant(folder)
    except OSError:
        return False


def _is_unlocked_remnant(folder: Path) -> bool:
    """Only what has servers' folders in it and nothing else: another program may call its folder so, too."""
    names = [path.name for path in folder.iterdir()]
    ours = bool(names) and all(name.startswith(SERVER) for name in names)
    return ours and time.time() - folder.stat().st_mtime > _YOUNG_S
