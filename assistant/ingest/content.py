"""One file's bytes, wherever they lie: on disk or inside an archive."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from assistant.errors import UnreadableFile
from assistant.settings import IngestSettings


@dataclass(frozen=True)
class Content:
    """What a reader gets to see of a file.

    `path` is where the file lies on disk, None for a member of an archive (which then has no neighbours, such
    as the signal file of a WFDB header). `uri` is the name that a user knows the file by.
    """

    uri: str
    data: bytes
    path: Path | None = None

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def name(self) -> str:
        """The file's own name, without folders."""
        return self.path.name if self.path is not None else PurePosixPath(self.uri.rpartition("!")[2]).name

    def refuse(self, reason: str) -> UnreadableFile:
        """The error that sets this file aside."""
        return UnreadableFile(self.uri, reason)


def load(path: Path, limits: IngestSettings, uri: str | None = None) -> Content:
    """Read a file into memory, within `limits.max_file_mb`.

    Raises UnreadableFile for a folder, a missing, empty, too large or forbidden file.
    """
    uri = uri if uri is not None else path.as_posix()
    try:
        if path.is_dir():
            raise UnreadableFile(uri, "a folder, not a file: index it with `wardround index FOLDER`")
        if not path.is_file():
            reason = "neither a file nor a folder" if path.exists() else "there is no such file"
            raise UnreadableFile(uri, reason)
        check_size(uri, path.stat().st_size, limits)
        return Content(uri, path.read_bytes(), path)
    except PermissionError:
        raise UnreadableFile(uri, "its permissions do not allow it to be read") from None
    except OSError as error:
        raise UnreadableFile(uri, f"can't be read from the disk ({error.strerror or error})") from None


def check_size(uri: str, size: int, limits: IngestSettings) -> None:
    """Raise UnreadableFile if a file of `size` bytes is empty or beyond the limit."""
    if size == 0:
        raise UnreadableFile(uri, "the file is empty (0 bytes)")
    if size > limits.max_file_mb * 1_000_000:
        raise UnreadableFile(
            uri, f"{size / 1e6:,.0f} MB is more than the limit of {limits.max_file_mb} MB (ingest.max_file_mb)"
        )
