"""Generations on disk: an index's vectors and catalogue become visible together or not at all.

    indexes/<name>/
        CURRENT              which generation counts, and the SHA-256 of its manifest: the one commit point
        lock                 held by the process that builds
        building/            the working copy; a killed build goes on from it
        generations/000003/  catalogue.sqlite, paths.sqlite (owner only), image.faiss, signal.faiss, text.faiss,
                             words/, manifest.json (size and SHA-256 of each file)

A catalogue on a server leaves `catalogue.json` in the place of `catalogue.sqlite` (`postgres.py`).

`CURRENT` is replaced in one step, after everything it points to is on the disk. Whatever a killed process leaves
beside it is never read, and swept away by the next build.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from assistant.errors import DamagedIndex, IndexMissing, RecipeError, WardroundError, WorkspaceBusy
from assistant.settings import StoreSettings, load_settings
from assistant.store.catalogue import Catalogue
from assistant.store.files import fsync, sha256_of, write_atomically
from assistant.store.home import home_made
from assistant.store.places import catalogue_in, discard
from assistant.store.postgres import drop_unnamed
from assistant.store.server import server_of

FORMAT = 1
MANIFEST = "manifest.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class IndexFolder:
    """The folder of one index, and the settings by which its catalogues are found."""

    path: Path
    store: StoreSettings = field(compare=False, repr=False)

    @classmethod
    def of(cls, workspace: Path, name: str, store: StoreSettings | None = None) -> IndexFolder:
        """`store` is what the workspace's settings say, where it is left out. Raises RecipeError for a bad name."""
        if not _NAME.fullmatch(name):
            raise RecipeError("index name {name!r}: use letters, digits, '_', '-' and '.', at most 64", name=name)
        return cls(workspace / "indexes" / name, store or load_settings(workspace).store)

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def workspace(self) -> Path:
        return self.path.parent.parent

    @property
    def building(self) -> Path:
        return self.path / "building"

    def generation_path(self, number: int) -> Path:
        return self.path / "generations" / f"{number:06d}"

    def current(self) -> int | None:
        """The committed generation's number, None before the first commit."""
        pointer = self._pointer()
        return pointer[0] if pointer else None

    def _pointer(self) -> tuple[int, str] | None:
        path = self.path / "CURRENT"
        try:
            data = json.loads(path.read_text())
            return int(data["generation"]), str(data["manifest_sha256"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedIndex("{path}: can't be understood; build the index again", path=path) from error

    def open_current(self, *, verify: bool = True) -> Path:
        """The current generation's folder, every file of it checked against the manifest, tables on a server counted.

        Raises IndexMissing before the first build, DamagedIndex naming the file or table that does not match,
        DatabaseUnavailable.
        """
        pointer = self._pointer()
        if pointer is None:
            raise IndexMissing("index {name!r} is not built: wardround index indexes/{name}.toml", name=self.name)
        number, manifest_sha256 = pointer
        folder = self.generation_path(number)
        if verify:
            verify_generation(folder, manifest_sha256)
            self.catalogue(folder).verify()
        return folder

    def damage(self) -> list[tuple[str, str]]:
        """Each damaged file of the current generation, with what is wrong. Raises DamagedIndex, IndexMissing."""
        folder, pointer = self.open_current(verify=False), self._pointer()
        return list(damaged_files(folder, pointer[1])) if pointer else []

    def commit(self, number: int) -> Path:
        """Turn `building` into generation `number` and make it the current one."""
        manifest = {
            "format": FORMAT,
            "generation": number,
            "files": {
                str(path.relative_to(self.building)): {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
                for path in sorted(self.building.rglob("*"))
                if path.is_file()
            },
        }
        text = json.dumps(manifest, indent=1, sort_keys=True)
        (self.building / MANIFEST).write_text(text)
        for path in self.building.rglob("*"):
            fsync(path)
        fsync(self.building)
        target = self.generation_path(number)
        target.parent.mkdir(exist_ok=True)
        discard(target, self.store)  # left by a build that was killed before it was committed
        self.building.rename(target)
        fsync(target.parent)
        pointer = {"generation": number, "manifest_sha256": hashlib.sha256(text.encode()).hexdigest()}
        write_atomically(self.path / "CURRENT", json.dumps(pointer))
        return target

    def sweep(self, keep: int) -> list[str]:
        """Remove generations older than the `keep` newest committed ones, and whatever was never committed.

        Gives what could not be removed now: the next build tries again.
        """
        current = self.current()
        root = self.path / "generations"
        left = []
        for folder in sorted(root.iterdir()) if root.exists() else ():
            number = int(folder.name) if folder.name.isdigit() else -1
            if current is None or number > current or number <= current - keep:
                try:
                    discard(folder, self.store)
                except WardroundError as error:
                    left.append(str(error))
        return left + drop_unnamed(self.workspace, self.store)

    def generations(self) -> list[Path]:
        """The folders of all generations, committed or not, oldest first."""
        return sorted((self.path / "generations").glob("[0-9]*"))

    def catalogue(self, folder: Path) -> Catalogue:
        """The catalogue of the generation or working copy in a folder of this index."""
        return catalogue_in(folder, self.store)

    @contextmanager
    def lock(self) -> Iterator[Callable[[], None]]:
        """Only one process builds an index at a time; the lock goes with the process that held it.

        Gives what makes sure that it is still held: to be called before a commit.

        Where the catalogue is built on a server, the server holds a lock as well: processes of other machines that
        share the workspace's folder meet there. Raises WorkspaceBusy.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)
        busy = f"index {self.name!r} is being built by another process; wait for it to end"
        with (self.path / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise WorkspaceBusy(busy) from None
            if self.store.catalogue != "postgresql":
                yield lambda: None
                return
            with server_of(self.store).alone(f"{home_made(self.workspace).workspace}/{self.name}", busy) as held:
                yield held.check


def built_indexes(workspace: Path) -> list[str]:
    """The names of all indexes of a workspace that have a committed generation, sorted."""
    root = workspace / "indexes"
    return sorted(path.parent.name for path in root.glob("*/CURRENT")) if root.exists() else []


def verify_generation(folder: Path, manifest_sha256: str) -> None:
    """Check a generation against its manifest, and the manifest against the hash in CURRENT."""
    for name, what in damaged_files(folder, manifest_sha256):
        raise DamagedIndex(
            "{folder}: {what}; wardround doctor --repair mends what it can, else build the index again",
            folder=folder / name,
            what=what,
        )


def damaged_files(folder: Path, manifest_sha256: str) -> Iterator[tuple[str, str]]:
    """Each file of a generation that is not as its manifest says, with what is wrong; of a wrong manifest nothing else
    is told."""
    try:
        text = (folder / MANIFEST).read_bytes()
    except OSError:
        yield MANIFEST, "missing"
        return
    if hashlib.sha256(text).hexdigest() != manifest_sha256:
        yield MANIFEST, "does not match CURRENT"
        return
    for name, entry in json.loads(text)["files"].items():
        path = folder / name
        if not path.exists():
            yield name, "missing"
        elif path.stat().st_size != entry["bytes"]:
            yield name, f"{path.stat().st_size} bytes instead of {entry['bytes']}"
        elif sha256_of(path) != entry["sha256"]:
            yield name, "the content does not match its SHA-256"
