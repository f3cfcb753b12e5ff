"""A workspace's id in a database that several may share, and where its own tables lie: `database.json`."""

from __future__ import annotations

import json
import os
import re
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from assistant.errors import WardroundError
from assistant.store.files import write_atomically

FILE = "database.json"


@dataclass(frozen=True, slots=True)
class Home:
    """What `database.json` says. The id is made at random when the workspace first uses a server.

    `tables` tells where the workspace's own tables are: "sqlite" (`workspace.db`) or "postgresql"; `server` names the
    database for messages, without a role or a password.
    """

    workspace: str
    tables: str = "sqlite"
    server: str = ""


def home_of(workspace: Path) -> Home | None:
    """None for a workspace that has never used a server. Raises WardroundError where the file can't be understood."""
    path = workspace / FILE
    try:
        home = Home(**json.loads(path.read_text(encoding="utf-8")))
        if not re.fullmatch(r"[0-9a-f]{12}", home.workspace) or home.tables not in ("sqlite", "postgresql"):
            raise ValueError(home)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise WardroundError(f"{path}: can't be understood; restore it from a backup") from error
    return home


def home_made(workspace: Path) -> Home:
    """The workspace's, made where there is none; of several processes that make it at once, one wins."""
    if home := home_of(workspace):
        return home
    fresh = workspace / f"{FILE}.{os.getpid()}.{secrets.token_hex(4)}.new"
    write_atomically(fresh, json.dumps(asdict(Home(secrets.token_hex(6)))), mode=0o600)
    with suppress(FileExistsError):
        os.link(fresh, workspace / FILE)
    fresh.unlink()
    home = home_of(workspace)
    assert home is not None
    return home


def moved(workspace: Path, tables: str, server: str) -> None:
    """Write down that the workspace's own tables lie somewhere else now."""
    home = replace(home_made(workspace), tables=tables, server=server)
    write_atomically(workspace / FILE, json.dumps(asdict(home)), mode=0o600)
