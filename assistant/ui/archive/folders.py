"""The folders of the server that may be indexed on the page: those of `ui.archive_folders` and whatever lies below.

A folder is named by a key, the number of the setting's folder and the path below it ("0/ward/ecgs"); no key leads out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import WardroundError
from assistant.ui.language import say

MOST_LISTED = 500  # folders shown below one; more are no choice to look through


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that may be indexed; `name` is its path as a reader knows it, the setting's folder first."""

    key: str
    name: str
    path: Path


class Folders:
    """The allowed folders of a workspace."""

    def __init__(self, workspace: Path, allowed: Sequence[Path]) -> None:
        self._roots = [(path, (workspace / path.expanduser()).resolve()) for path in allowed]

    def roots(self) -> list[Folder]:
        """The setting's folders that are there."""
        return [
            Folder(str(number), str(named), path) for number, (named, path) in enumerate(self._roots) if path.is_dir()
        ]

    def missing(self) -> list[Path]:
        """The setting's folders that are not there."""
        return [path for _, path in self._roots if not path.is_dir()]

    def find(self, key: str) -> Folder:
        """A folder by its key. Raises WardroundError where there is none, or where it leads out of what is allowed."""
        number, _, below = key.partition("/")
        if number.isdecimal() and number.isascii() and int(number) < len(self._roots):
            named, root = self._roots[int(number)]
            if (path := _inside(root, below)) is not None:
                inside = path.relative_to(root).as_posix()
                tail = "" if inside == "." else f"/{inside}"
                return Folder(f"{number}{tail}", f"{named}{tail}", path)
        raise WardroundError(say("archive.no_folder"))

    def below(self, folder: Folder) -> list[Folder]:
        """The folders in a folder, by name; links that lead out and hidden ones are left out. Raises WardroundError."""
        root = self._roots[int(folder.key.partition("/")[0])][1]
        try:
            found = sorted(
                path
                for path in folder.path.iterdir()
                if not path.name.startswith(".") and path.is_dir() and path.resolve().is_relative_to(root)
            )
        except OSError as error:
            raise WardroundError(f"{folder.name}: {error.strerror}") from None
        return [Folder(f"{folder.key}/{path.name}", f"{folder.name}/{path.name}", path) for path in found[:MOST_LISTED]]

    def trail(self, folder: Folder) -> list[Folder]:
        """The folder and those around it, outermost first, as far as the setting's folder."""
        parts = folder.key.split("/")
        return [self.find("/".join(parts[:depth])) for depth in range(1, len(parts) + 1)]


def _inside(root: Path, below: str) -> Path | None:
    """The folder at a path below another; None where there is none, or it is hidden or leads out."""
    if any(part.startswith(".") for part in Path(below).parts):
        return None
    try:
        path = (root / below).resolve()
        return path if path.is_relative_to(root) and path.is_dir() else None
    except (OSError, ValueError):  # a name that is too long, or none at all
        return None
