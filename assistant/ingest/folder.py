"""What lies in a folder: its files in a fixed order, and why a name is no file to be read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from assistant.wording import worded

NOT_LISTED = "its permissions do not allow its files to be listed"
_LEADS_OUT = "a link that leads out of the source's folder"


def walk(root: Path) -> Iterator[tuple[Path, str | None]]:
    """Every file below a folder in a fixed order, and why it is none to be read; opens none of them.

    Links to folders are not followed, names that begin with a dot are left out. A folder that can't be listed comes
    as itself with the reason NOT_LISTED.
    """
    closed: list[Path] = []
    for folder, folders, names in os.walk(root, onerror=lambda error: closed.append(Path(str(error.filename)))):
        yield from _not_listed(closed)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            path = Path(folder, name)
            if path.is_symlink() and not _is_below(path, root):
                yield path, _LEADS_OUT
        for name in sorted(names):
            if not name.startswith("."):
                path = Path(folder, name)
                yield path, _no_file(path, root)
    yield from _not_listed(closed)


def _not_listed(closed: list[Path]) -> Iterator[tuple[Path, str]]:
    while closed:
        yield closed.pop(0), NOT_LISTED


def _no_file(path: Path, root: Path) -> str | None:
    """Why a name in a folder is no file to be read, None for one that may be."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            if not _is_below(path, root):
                return _LEADS_OUT
            mode = path.stat().st_mode
    except PermissionError:
        return "its permissions do not allow it to be read"
    except OSError as error:  # gone in the meantime, or a link to nothing or to itself
        return worded("can't be read from the disk ({said})", said=error.strerror or error)
    return None if stat.S_ISREG(mode) else "neither a file nor a folder (a pipe, a socket or a device)"


def _is_below(path: Path, root: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(root)


def printable(name: str) -> str:
    """A file name as text; bytes that are no UTF-8 are written as \\xff."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
