"""Files that come with a request: on the disk as long as it is worked on, and gone with it."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from fastapi import UploadFile

from assistant.errors import BadQuery
from assistant.ingest import is_sidecar

if TYPE_CHECKING:
    from assistant.assistant import Assistant

MB = 1_000_000


class Incoming:
    """Brings files below a folder, each request's in one of its own, so that a header finds its data beside it."""

    def __init__(self, assistant: Assistant, folder: Path) -> None:
        self._assistant, self._folder = assistant, folder

    @contextmanager
    def brought(self, files: Sequence[UploadFile]) -> Iterator[list[Path]]:
        """The files to be read, for as long as the block lasts. Raises BadQuery beyond a limit."""
        folder = self.fresh_folder()
        try:
            yield self.bring(folder, files)
        finally:
            self.remove(folder)

    def fresh_folder(self) -> Path:
        folder = self._folder / uuid.uuid4().hex
        folder.mkdir(mode=0o700, parents=True)
        return folder

    def bring(self, folder: Path, files: Sequence[UploadFile]) -> list[Path]:
        """Write the files into a folder; gives those that are to be read. Raises BadQuery beyond a limit."""
        ui = self._assistant.settings.ui
        there = sum(1 for _ in folder.iterdir())
        if there + len(files) > ui.max_uploads:
            raise BadQuery(f"{there + len(files)} files are more than the limit of {ui.max_uploads} (ui.max_uploads)")
        written = [_write(folder, file, ui.max_upload_mb) for file in files]
        return [path for path in written if not is_sidecar(path)]

    def remove(self, folder: Path) -> None:
        """Delete a folder, and what was read of its files."""
        self._assistant.uploads.forget_files(set(folder.iterdir()) if folder.is_dir() else set())
        shutil.rmtree(folder, ignore_errors=True)


def _write(folder: Path, file: UploadFile, most_mb: int) -> Path:
    path = folder / _plain_name(file.filename or "")
    if path.exists():
        raise BadQuery(f"{path.name}: two files have this name")
    size = 0
    with path.open("xb") as out:
        while block := file.file.read(1 << 20):
            size += len(block)
            if size > most_mb * MB:
                raise BadQuery(f"{path.name}: more than the limit of {most_mb} MB (ui.max_upload_mb)")
            out.write(block)
    return path


def _plain_name(name: str) -> str:
    """The last part of a file's name, without what an operating system or a reader would take for something else."""
    last = PurePosixPath(name.replace("\\", "/").replace("\0", "")).name
    last = "".join(letter for letter in last if letter.isprintable()).strip(". ")
    while len(last.encode()) > 200:
        last = last[1:]
    return last or "file"
