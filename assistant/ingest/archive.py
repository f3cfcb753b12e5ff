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
from assistant.ingest.signal.array_sidecar import ARRAYS, is_about_a_signal
from assistant.ingest.signal.wfdb_header import needed
from assistant.ingest.text.docx import looks_like_office
from assistant.records import Record
from assistant.settings import IngestSettings
from assistant.wording import worded

_MAGIC: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
_LONE = "a single compressed file: unpack it first"
_HELD_BYTES = 200_000_000  # of an unpacked TAR
_DICTIONARY_BYTES = 200_000_000
_HEADER_BYTES = 2_000_000  # of a WFDB header
_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError,
           NotImplementedError, RuntimeError, KeyError, OverflowError)  # fmt: skip


_SIDECAR = "read with the file it belongs to"


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
    first = ""  # why the first member that can't be read can't
    for member in members(file.path, file.uri, limits):
        try:
            records += read_content(member_content(file.path, file.uri, member, limits), limits)
        except UnreadableFile as error:
            first = first or worded("{name}: {reason}", name=member.name, reason=error.reason)
            file.set_aside(member.name, error.reason)
    if not records:
        raise file.refuse("an archive without a readable file ({first})", first=first or "it is empty")
    return records


def members(path: Path, uri: str, limits: IngestSettings) -> list[Member]:
    """The files in an archive, in their order there. Raises UnreadableFile for one that is damaged or too large.

    Folders, links, hidden files and what a WFDB header in the same folder needs beside it are left out. A member that
    can't be read has a `problem`: a name that leads out of the archive, a later member of the same name, damage.
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

    def bytes_of(inner: str, size: int) -> bytes:
        shown = f"{uri}!{inner}"
        check_size(shown, size, limits)
        try:
            return archive.read(inner)
        except UnreadableFile:
            raise
        except _DAMAGE as error:
            raise UnreadableFile(shown, "damaged in its archive ({error})", error=error) from None

    def neighbour(other: str) -> bytes | None:
        beside = f"{folder}/{other}" if folder else other
        found = archive.beside.get(beside)
        return bytes_of(beside, found) if found is not None else None

    return Content(name, bytes_of(member.name, member.size), neighbour=neighbour)


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
        raise _too_large(self._uri, self._limit)


class _Zip:
    """An open ZIP archive. `beside` has the size of every file in it, sidecars included."""

    def __init__(self, path: Path, uri: str, limits: IngestSettings) -> None:
        self._file, self._lock = zipfile.ZipFile(path), threading.Lock()
        infos = [info for info in self._file.infolist() if not info.is_dir()]
        _check_total(sum(info.file_size for info in infos), uri, limits)
        self.beside = {info.filename: info.file_size for info in infos}
        listed = (
            Member(
                info.filename,
                info.file_size,
                f"{info.file_size}-{info.CRC:08x}",
                "protected by a password" if info.flag_bits & 1 else None,
            )
            for info in infos
        )
        self.members = _by_name(uri, limits, listed, self.head)

    def head(self, name: str) -> bytes:
        with self._lock, self._file.open(name) as stream:
            return stream.read(_HEADER_BYTES)

    def read(self, name: str) -> bytes:
        with self._lock, self._file.open(name) as stream:
            size = self.beside[name]
            data = stream.read(size + 1)
        if len(data) > size:
            raise ValueError("larger than the archive states")
        return data


class _Tar:
    """An open TAR archive, compressed or not.

    A compressed one can only be read from its beginning, so it is held in memory if it unpacks to no more than
    `_HELD_BYTES`, and read in order otherwise. What lies before a place of damage is read.
    """

    def __init__(self, path: Path, uri: str, limits: IngestSettings) -> None:
        with path.open("rb") as stream:
            head = stream.read(8)
        opener = next((opener for magic, opener in _MAGIC.items() if head.startswith(magic)), None)
        self._lock, self._limits, self._damage = threading.Lock(), limits, ""
        if opener is lzma.open:
            _check_dictionary(path, uri)
        stream_: IO[bytes] = opener(path, "rb") if opener else path.open("rb")
        bounded: Any = io.BufferedReader(_Bounded(stream_, uri, limits.max_archive_mb * 1_000_000), 1 << 16)
        unpacked = self._unpacked(bounded) if opener else bounded
        try:
            self._file = tarfile.open(fileobj=unpacked, mode="r:")  # noqa: SIM115 - kept open for its members
        except tarfile.ReadError:
            if opener:
                reason = worded("damaged archive ({error})", error=self._damage) if self._damage else _LONE
                raise UnreadableFile(uri, reason) from None
            raise
        self._infos: dict[str, tarfile.TarInfo] = {}
        self.beside: dict[str, int] = {}
        self.members = _by_name(uri, limits, self._listed(uri), self.head)

    def _unpacked(self, stream: Any) -> IO[bytes]:
        """The whole of a small compressed archive in memory, or the stream itself, at its beginning."""
        held = bytearray()
        try:
            while len(held) <= _HELD_BYTES and (block := stream.read1(1 << 16)):
                held += block
        except _DAMAGE as error:
            self._damage = str(error)
        if len(held) > _HELD_BYTES:
            stream.seek(0)
            return stream
        return io.BytesIO(held)

    def _listed(self, uri: str) -> Iterator[Member]:
        total = 0
        try:
            for info in self._file:
                if not info.isfile():
                    continue
                total += info.size  # a sparse file may state any size and take no room in the archive
                _check_total(total, uri, self._limits)
                name = info.name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
                stamp = self._digest(info) if info.size <= self._limits.max_file_mb * 1_000_000 else f"{info.mtime}"
                self._infos[name], self.beside[name] = info, info.size
                yield Member(name, info.size, f"{info.size}-{stamp}", in_sequence=True)
        except UnreadableFile:
            raise
        except _DAMAGE as error:
            self._damage = self._damage or str(error)
        if self._damage:
            if not self._infos:
                raise UnreadableFile(uri, "damaged archive ({error})", error=self._damage)
            yield Member(
                "(what follows)", 0, "damaged", f"the archive is damaged behind the files read ({self._damage})"
            )

    def _digest(self, info: tarfile.TarInfo) -> str:
        stream = self._file.extractfile(info)
        digest = hashlib.blake2b(digest_size=8)
        while stream is not None and (block := stream.read(1 << 20)):
            digest.update(block)
        return digest.hexdigest()

    def head(self, name: str) -> bytes:
        return self._read(name, _HEADER_BYTES)

    def read(self, name: str) -> bytes:
        data = self._read(name, self.beside[name])
        if len(data) != self.beside[name]:
            raise EOFError("cut off")
        return data

    def _read(self, name: str, most: int) -> bytes:
        with self._lock:
            stream = self._file.extractfile(self._infos[name])
            if stream is None:
                raise ValueError("no file")
            return stream.read(most)


def _check_total(size: int, uri: str, limits: IngestSettings) -> None:
    if size > limits.max_archive_mb * 1_000_000:
        raise _too_large(uri, limits.max_archive_mb * 1_000_000)


def _too_large(uri: str, limit: int) -> UnreadableFile:
    return UnreadableFile(
        uri, "unpacks to more than the limit of {limit:,} MB (ingest.max_archive_mb)", limit=limit // 1_000_000
    )


def _check_dictionary(path: Path, uri: str) -> None:
    """Refuse an XZ file whose decoder wants more memory than any usual one (`xz -9` needs 65 MB)."""
    with path.open("rb") as stream:
        head = stream.read(1 << 16)
    try:
        lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_DICTIONARY_BYTES).decompress(head, 1)
    except lzma.LZMAError as error:
        if "emory" in str(error):
            limit = f"{_DICTIONARY_BYTES // 1_000_000} MB"
            raise UnreadableFile(
                uri, "its compression (XZ) takes more memory than {limit} to undo", limit=limit
            ) from None
        raise


def _by_name(
    uri: str, limits: IngestSettings, listed: Iterator[Member], head: Callable[[str], bytes]
) -> dict[str, Member]:
    """The members to be read by their names; of several of one name the last counts, as TAR has it."""
    found: dict[str, Member] = {}
    for member in listed:
        parts = PurePosixPath(member.name.replace("\\", "/")).parts
        if any(part == "__MACOSX" or (part.startswith(".") and part not in ("..", ".")) for part in parts):
            continue
        if ".." in parts or member.name.startswith(("/", "\\")):
            member = replace(member, problem="its name leads out of the archive")
        if earlier := found.pop(member.name, None):
            name = f"{earlier.name} (earlier copy {len(found) + 1})"
            found[name] = replace(earlier, name=name, problem="a later file of the archive has the same name")
        found[member.name] = member
        if len(found) > limits.max_archive_members:
            raise UnreadableFile(
                uri,
                "holds more files than the limit of {max_archive_members:,} (ingest.max_archive_members)",
                max_archive_members=limits.max_archive_members,
            )
    for owner, names in _sidecars(found, head).items():
        stamps = "+".join(found[name].stamp for name in [owner, *names])
        found[owner] = replace(found[owner], stamp=hashlib.blake2b(stamps.encode(), digest_size=12).hexdigest())
        for name in names:
            found[name] = replace(found[name], problem=_SIDECAR)
    return {name: member for name, member in found.items() if member.problem != _SIDECAR}


def _sidecars(members: dict[str, Member], head: Callable[[str], bytes]) -> dict[str, list[str]]:
    """Members that are read with another one of the same folder, by the name of that one.

    They are a WFDB header's signal files, segments and annotations, and what says what an array or table holds.
    """
    from assistant.ingest.formats import format_of

    def head_of(name: str) -> bytes | None:
        try:
            return head(name) if name in members and not members[name].problem else None
        except _DAMAGE:
            return None

    alike: dict[str, list[str]] = {}
    for name in members:
        alike.setdefault(name.rpartition(".")[0], []).append(name)
    found: dict[str, list[str]] = {}
    for owner, member in members.items():
        stem, _, ending = owner.rpartition(".")
        beside = [name for name in alike.get(stem, ()) if name != owner]
        if member.problem or (not beside and ending != "hea"):
            continue
        if ending == "hea":
            folder = owner[: len(owner) - len(PurePosixPath(owner).name)]
            names = [folder + name for name in needed(owner.removeprefix(folder), lambda name: head_of(folder + name))]  # noqa: B023
            for name in beside:  # annotations have any ending, and are no file of another kind
                if name not in names and (data := head_of(name)) and format_of(Content(name, data)) is None:
                    names.append(name)
            found[owner] = [name for name in dict.fromkeys(names) if name in members]
        elif f".{ending}" in ARRAYS:
            found[owner] = [name for name in beside if is_about_a_signal(name, head_of(name) or b"")]
    return {owner: names for owner, names in found.items() if names}


def _opened(path: Path, uri: str, limits: IngestSettings) -> _Zip | _Tar:
    try:
        state = path.stat()
        return _open(path, uri, limits, state.st_mtime_ns, state.st_size)
    except UnreadableFile as error:
        raise UnreadableFile(uri, error.reason) from None
    except _DAMAGE as error:
        raise UnreadableFile(uri, "damaged archive ({error})", error=error) from None


def release() -> None:
    """Let go of archives that are kept open; whoever is reading one just now goes on."""
    _open.cache_clear()


@lru_cache(maxsize=2)
def _open(path: Path, uri: str, limits: IngestSettings, mtime_ns: int, size: int) -> _Zip | _Tar:
    """Kept open: a compressed TAR can only be read from its beginning, and is read once for all its members."""
    with path.open("rb") as stream:
        zipped = stream.read(2) == b"PK"
    return _Zip(path, uri, limits) if zipped else _Tar(path, uri, limits)
