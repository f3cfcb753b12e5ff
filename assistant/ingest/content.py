"""A file's bytes on their way to a reader, and what lies beside them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from assistant.errors import UnreadableFile
from assistant.ingest.text.encodings import decode
from assistant.settings import IngestSettings
from assistant.wording import Worded, worded

_ADDRESS = re.compile(r"\s*<[\w.]+(?: object)? at 0x[0-9a-fA-F]+>")


@dataclass(frozen=True)
class Content:
    """What a reader gets to see of a file.

    `path` is where the file lies on disk, None for a member of an archive or a download. `uri` is the name that a
    user knows the file by. `neighbour` finds the bytes of a member of the same archive folder by its name. `aside`
    collects the parts that could not be read while the rest went on, as (part, reason).
    """

    uri: str
    data: bytes
    path: Path | None = None
    neighbour: Callable[[str], bytes | None] | None = None
    aside: list[tuple[str, str]] = field(default_factory=list)

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def text(self) -> str | None:
        """The whole file as text with newlines as `\\n`, None if it is binary."""
        return decode(self.data)

    @property
    def name(self) -> str:
        """The file's own name, without folders."""
        return self.path.name if self.path is not None else PurePosixPath(self.uri.rpartition("!")[2]).name

    def beside(self, name: str, limits: IngestSettings) -> Content | None:
        """The file called `name` in the same folder (or archive folder), None where there is none.

        Raises UnreadableFile, naming it, for a name that leads out of the folder and for a file that can't be read
        or is beyond the limits.
        """
        if PurePosixPath(name).name != name or name in ("", ".", "..") or "\\" in name or "\0" in name:
            raise self.refuse("it names the file {name!r}, which does not lie beside it", name=name)
        uri = f"{self.uri.removesuffix(self.name)}{name}"
        if self.path is not None:
            path = self.path.with_name(name)
            return load(path, limits, uri) if path.exists() else None
        data = self.neighbour(name) if self.neighbour else None
        if data is None:
            return None
        check_size(uri, len(data), limits)
        return Content(uri, data, neighbour=self.neighbour)

    def refuse(self, reason: str, /, **values: object) -> UnreadableFile:
        """The error that sets this file aside, its `reason` worded with `values`; of a library's message, what tells a
        developer where an object lies in memory is left out."""
        told = {name: _without_address(value) for name, value in values.items()}
        return UnreadableFile(self.uri, _without_address(reason), **told)

    def set_aside(self, part: str, reason: str, /, **values: object) -> None:
        """Note that a part ("line 3", "frame 12") can't be read, while the rest of the file goes on; its `reason` is
        worded with `values`."""
        self.aside.append((part, worded(reason, **values)))


def _without_address(value: Any) -> Any:
    if isinstance(value, Worded) or not isinstance(value, str | Exception):
        return value
    return _ADDRESS.sub("", str(value))


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
        raise UnreadableFile(uri, "can't be read from the disk ({said})", said=error.strerror or error) from None


def check_size(uri: str, size: int, limits: IngestSettings) -> None:
    """Raise UnreadableFile if a file of `size` bytes is empty or beyond the limit."""
    if size == 0:
        raise UnreadableFile(uri, "the file is empty (0 bytes)")
    if size > limits.max_file_mb * 1_000_000:
        raise UnreadableFile(
            uri,
            "{size:,.0f} MB is more than the limit of {max_file_mb} MB (ingest.max_file_mb)",
            size=size / 1e6,
            max_file_mb=limits.max_file_mb,
        )
