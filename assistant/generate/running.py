"""The server that `wardround serve-llm` runs for a workspace: how the other processes find it.

Its address and its key lie in `.llm/server.json` of the workspace, readable by its owner alone, as long as it runs.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER, LOCK = ".llm", "lock"


@dataclass(frozen=True, slots=True)
class RunningServer:
    """Where it answers and what it wants to be told; `model` is the name that requests carry."""

    base_url: str
    api_key: str
    model: str
    profile: str
    pid: int


def running_server(workspace: Path) -> RunningServer | None:
    """The workspace's own server; None where none runs: who runs it holds a lock, which even a kill lets go."""
    import fcntl

    try:
        with (workspace / FOLDER / LOCK).open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        pass
    except OSError:  # no such file: none ever ran
        return None
    try:
        return RunningServer(**json.loads((workspace / FOLDER / "server.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # still starting
        return None


def announce(workspace: Path, server: RunningServer) -> None:
    """Write the note, whole or not at all."""
    path = workspace / FOLDER / "server.json"
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(server), file)
    draft.replace(path)


def withdraw(workspace: Path) -> None:
    """Remove the note."""
    (workspace / FOLDER / "server.json").unlink(missing_ok=True)
