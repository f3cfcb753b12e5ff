"""ZIP and TAR archives, read member by member without unpacking to disk."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO, Any

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content, check_size
from assistant.ingest.text.docx import looks_like_office
from assistant.records import Record
from assistant.settings import IngestSettings

_MAGIC: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError,
           NotImplementedError, RuntimeError, KeyError, OverflowError)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive; `stamp` changes with its content, `problem` says why it can't be read.

    `in_sequence`: the archive is quick to read only from its beginning to its end (a TAR, compressed or not).
    """

    name: str
    size: int
    stamp: str
    problem: str | None = None
    in_sequence: bool = False


def recognises(file: Content) -> bool:
    return looks_like_archive(file.data[:512])


def looks_like_archive(head: bytes) -> bool:
    """Whether a file that begins so is a ZIP or TAR archive, or compressed; Office documents are no archives."""
    if looks_like_office(head):
        return False
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06", *_MAGIC)) or head[257:262] == b"ustar"


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """The records of all members that can be read; the reason names the first that can't where none can."""
    from assistant.ingest.formats import read_content

    if file.path is None:
        raise file.refuse("an archive inside an archive: unpack it first")
    records: list[Record] = []
    reasons: list[str] = []
    for member in members(file.path, file.uri, limits):
        try:
            records += read_content(member_content(file.path, file.uri, member, limits), limits)
        except UnreadableFile as error:
            reasons.append(f"{member.name}: {error.reason}")
            file.set_aside(member.name, error.reason)
    if not records:
        raise file.refuse(f"an archive without a readable file ({reasons[0] if reasons else 'it is empty'})")
    return records


def members(path: Path, uri: str, limits: IngestSettings) -> list[Member]:
    """The files in an archive, in their order there. Raises UnreadableFile for one that is damaged or too large.

    Folders, links and hidden files are left out; a name that leads out of the archive is a member's `problem`.
    """
    return list(_opened(path, uri, limits).members.values())


def member_content(path: Path, uri: str, member: Member, limits: IngestSettings) -> Content:
    """A member's bytes under the uri `archive!member`. Raises UnreadableFile."""
    name = f"{uri}!{member.name}"
    if member.problem:
        raise UnreadableFile(name, member.problem)
    check_size(name, member.size, limits)
    archive = _opened(path, uri, limits)
    folder = member.name.rpartition("/")[0]

    def neighbour(other: str) -> bytes | None:
        beside = f"{folder}/{other}" if folder else other
        return archive.read(beside) if beside in archive.members else None

    try:
        return Content(name, archive.read(member.name), neighbour=neighbour)
    except UnreadableFile:
        raise
    except _DAMAGE as error:
        raise UnreadableFile(name, f"damaged in its archive ({error})") from None


class _Bounded(io.RawIOBase):
    """A decompressing stream that refuses to go on beyond `limit` bytes: an archive bomb ends here."""

    def __init__(self, stream: IO[bytes], uri: str, limit: int) -> None:
        self._stream, self._uri, self._limit = stream, uri, limit

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._stream.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 0 and offset > self._limit:
            self._refuse()
        return self._stream.seek(offset, whence)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        if self._stream.tell() > self._limit:
            self._refuse()
        return len(data)

    def _refuse(self) -> None:
        raise UnreadableFile(
            self._uri, f"unpacks to more than the limit of {self._limit // 1_000_000:,} MB (ingest.max_archive_mb)"
        )


class _Zip:
    def __init__(self, path: Path, uri: str, limits: IngestSettings) -> None:
        self._file, self._lock = zipfile.ZipFile(path), threading.Lock()
        infos = self._file.infolist()
        if sum(info.file_size for info in infos) > limits.max_archive_mb * 1_000_000:
            raise UnreadableFile(
                uri, f"unpacks to more than the limit of {limits.max_archive_mb:,} MB (ingest.max_archive_mb)"
            )
        self.members = _by_name(
            uri,
            limits,
            (
                Member(
                    info.filename,
                    info.file_size,
                    f"{info.file_size}-{info.CRC:08x}",
                    "protected by a password" if info.flag_bits & 1 else None,
                )
                for info in infos
                if not info.is_dir()
            ),
        )

    def read(self, name: str) -> bytes:
        with self._lock, self._file.open(name) as stream:
            size = self.members[name].size
            data = stream.read(size + 1)
        if len(data) > size:
            raise ValueError("larger than the archive states")
        return data


class _Tar:
    def __init__(self, path: Path, uri: str, limits: IngestSettings) -> None:
        with path.open("rb") as stream:
            head = stream.read(8)
        opener = next((opener for magic, opener in _MAGIC.items() if head.startswith(magic)), None)
        self._lock = threading.Lock()
        stream_: IO[bytes] = opener(path, "rb") if opener else path.open("rb")
        bounded = io.BufferedReader(_Bounded(stream_, uri, limits.max_archive_mb * 1_000_000), 1 << 16)
        try:
            self._file = tarfile.open(fileobj=bounded, mode="r:")  # noqa: SIM115 - kept open for its members
        except tarfile.ReadError:
            if opener:
                raise UnreadableFile(uri, "a single compressed file: unpack it first") from None
            raise
        self.members = _by_name(uri, limits, self._listed())

    def _listed(self) -> Iterator[Member]:
        for info in self._file:
            if info.isfile():
                stream = self._file.extractfile(info)
                digest = hashlib.blake2b(digest_size=8)
                while stream is not None and (block := stream.read(1 << 20)):
                    digest.update(block)
                yield Member(info.name, info.size, f"{info.size}-{digest.hexdigest()}", in_sequence=True)

    def read(self, name: str) -> bytes:
        with self._lock:
            stream = self._file.extractfile(name)
            if stream is None:
                raise ValueError("no file")
            data = stream.read()
        if len(data) != self.members[name].size:
            raise EOFError("cut off")
        return data


def _by_name(uri: str, limits: IngestSettings, listed: Iterator[Member]) -> dict[str, Member]:
    found: dict[str, Member] = {}
    for member in listed:
        parts = PurePosixPath(member.name.replace("\\", "/")).parts
        if any(part == "__MACOSX" or (part.startswith(".") and part not in ("..", ".")) for part in parts):
            continue
        if ".." in parts or member.name.startswith(("/", "\\")):
            member = replace(member, problem="its name leads out of the archive")
        found[member.name] = member
        if len(found) > limits.max_archive_members:
            raise UnreadableFile(
                uri, f"holds more files than the limit of {limits.max_archive_members:,} (ingest.max_archive_members)"
            )
    return found


def _opened(path: Path, uri: str, limits: IngestSettings) -> _Zip | _Tar:
    try:
        state = path.stat()
        return _open(path, uri, limits, state.st_mtime_ns, state.st_size)
    except UnreadableFile as error:
        raise UnreadableFile(uri, error.reason) from None
    except _DAMAGE as error:
        raise UnreadableFile(uri, f"damaged archive ({error})") from None


@lru_cache(maxsize=4)
def _open(path: Path, uri: str, limits: IngestSettings, mtime_ns: int, size: int) -> _Zip | _Tar:
    """Kept open, because a compressed TAR can only be read from its beginning: members in order cost one pass."""
    with path.open("rb") as stream:
        zipped = stream.read(2) == b"PK"
    return _Zip(path, uri, limits) if zipped else _Tar(path, uri, limits)
