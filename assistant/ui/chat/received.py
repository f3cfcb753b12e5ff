"""The server's own copies of what was uploaded: Gradio keeps one for all uploads of the same name and content.

Two conversations, of two visitors even, may so have one copy between them, and one of them ends while the other's file
lies in the box or is just being sent.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

Written = tuple[int, int]
"""A file as it was written: its number on the disk and when; the next upload of the same is another one."""


@dataclass
class _Copy:
    holders: set[Hashable] = field(default_factory=set)
    seen: set[Written] = field(default_factory=set)


class Received:
    """Whose copy each is. Safe to use from several threads."""

    def __init__(self) -> None:
        self._copies: dict[Path, _Copy] = {}
        self._lock = threading.Lock()

    def hold(self, holder: Hashable, files: Iterable[Path]) -> None:
        """The copies are the holder's as well from now on."""
        with self._lock:
            for path in files:
                copy = self._copies.setdefault(path, _Copy())
                copy.holders.add(holder)
                if (written := _written(path)) is not None:
                    copy.seen.add(written)

    def let_go(self, holder: Hashable) -> None:
        """Copies that nobody else holds are deleted, but not one that was uploaded again and is not held yet."""
        with self._lock:
            for path in [path for path, copy in self._copies.items() if holder in copy.holders]:
                copy = self._copies[path]
                copy.holders.remove(holder)
                if not copy.holders:
                    del self._copies[path]
                    if _written(path) in copy.seen:
                        path.unlink(missing_ok=True)


def _written(path: Path) -> Written | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_ino, state.st_mtime_ns
