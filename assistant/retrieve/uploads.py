"""Uploads: files handed in beside a question, read once and kept in memory while they are in play."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from assistant.acting import WhoActs, the_user
from assistant.errors import UnreadableFile
from assistant.ingest import Deidentifier, Item, Reading, Recipe, Source, is_package, read_clean, read_package
from assistant.ingest.depth import OpenFiles
from assistant.ingest.pool import read_items
from assistant.ingest.stamps import files_of
from assistant.pseudonyms import Pseudonyms
from assistant.records import Record
from assistant.retrieve.query import Upload
from assistant.settings import Settings

KEPT_BYTES = 512_000_000
"""Of pictures, samples and texts in memory; beyond, what was not used for longest is read from its file again."""
_LISTED = "listed"
_Key = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class _Read:
    """What a file gave: its records, and the parts of it that could not be read (part, reason)."""

    path: Path
    uploads: tuple[Upload, ...]
    aside: tuple[tuple[str, str], ...]
    size: int  # in memory, about


class Uploads:
    """Reads uploads, without what identifies their patient, and finds them again by record id.

    Nothing of an upload is written to the disk. Files of one folder (a conversation has its own) that name no patient
    are taken to be of one: their dates move by the same number of days. A ZIP or TAR archive is read as one upload.
    Only whoever had a file read finds its records. `open_files` are those whose frames are scrolled; they are forgotten
    with the rest.
    """

    def __init__(self, pseudonyms: Pseudonyms, settings: Settings) -> None:
        self._new_deidentifier = partial(Deidentifier, pseudonyms, settings.deid)
        self._pseudonyms = pseudonyms
        self._limits, self._ui = settings.ingest, settings.ui
        deid = settings.deid
        self.open_files = OpenFiles(settings.ingest, mask=deid.enabled and deid.mask_burned_in)
        self._files: OrderedDict[_Key, _Read] = OrderedDict()
        self._paths: defaultdict[str, set[Path]] = defaultdict(set)  # the files that gave a record, by its id
        self._whose: dict[Path, str | None] = {}  # the account that had a file read
        self._lock = threading.Lock()
        self.who_acts: WhoActs = the_user

    def read(self, files: Sequence[str | Path]) -> tuple[Upload, ...]:
        """The records of some files. Raises UnreadableFile for the first that gives none; one that is read together
        with another of them (the .dat of a .hea) need give none of its own."""
        paths = list(map(Path, files))
        beside = {part.absolute() for path in paths for part in files_of(path)[1:]} if len(paths) > 1 else set()
        alone = [path for path in paths if path.absolute() not in beside]
        return tuple(upload for path in alone for upload in self._read(path).uploads)

    def reading(self, file: Path) -> Reading:
        """The records of a file, pseudonymous, and the parts of it that could not be read. Raises UnreadableFile."""
        found = self._read(file)
        return Reading(tuple(upload.record for upload in found.uploads), found.aside)

    def read_many(self, files: Sequence[Path]) -> Generator[tuple[Upload, ...] | UnreadableFile]:
        """The records of each of many files in turn, or why there are none; none is kept in memory.

        They are read ahead, by processes that are watched: a file that crashes its reader, or takes too long or too
        much memory, is told as unreadable and the rest goes on.
        """
        items = [Item(f"{n}", path.name, path.absolute(), None, 0, "") for n, path in enumerate(files)]
        recipe = Recipe(name=_LISTED, path=Path(), source=(Source(path=Path()),))
        outcomes = read_items(items, recipe, self._limits, self._new_deidentifier)
        for item, path, outcome in zip(items, files, outcomes, strict=True):
            if outcome.reading is None:
                yield UnreadableFile(path, outcome.reason or "can't be read")
                continue
            of_nothing = f"{_LISTED}:{item.key}"  # the study of a file that names none
            records = (replace(r, study_id=None) if r.study_id == of_nothing else r for r in outcome.reading.records)
            yield tuple(self._pseudonymous(record) for record in records)

    def find(self, record_id: str) -> Record | None:
        """The record of an upload in play, None if there is none of that id."""
        if (found := self._in_memory(record_id)) is not None:
            return found
        with self._lock:
            paths = tuple(path for path in self._paths.get(record_id, ()) if self._is_own(path))
        for path in paths:
            with suppress(UnreadableFile):  # deleted in the meantime
                self._read(path)
                return self._in_memory(record_id)
        return None

    def _in_memory(self, record_id: str) -> Record | None:
        with self._lock:
            for read in self._files.values():
                for upload in read.uploads if self._is_own(read.path) else ():
                    if upload.record.record_id == record_id:
                        return upload.record
        return None

    def _is_own(self, path: Path) -> bool:
        return self._whose.get(path) == self.who_acts().account

    def handed_in(self, record_id: str) -> tuple[Upload, Path] | None:
        """An upload in play, by its record's id, and the file it was read from."""
        if self.find(record_id) is None:
            return None
        with self._lock:
            own = (read for read in self._files.values() if self._is_own(read.path))
            known = ((upload, read.path) for read in own for upload in read.uploads)
            return next((found for found in known if found[0].record.record_id == record_id), None)

    def forget(self, record_ids: Sequence[str]) -> None:
        """Drop records from memory, and what was read with them, whoever handed them in."""
        gone = set(record_ids)
        self._drop(lambda read: any(upload.record.record_id in gone for upload in read.uploads))
        self.open_files.clear()
        with self._lock:
            for record_id in gone:
                self._paths.pop(record_id, None)

    def forget_files(self, files: Collection[Path]) -> None:
        """Drop from memory what was read of these files, when their conversation ends: another one may have the same
        records of files of its own."""
        self._drop(lambda read: read.path in files)
        self.open_files.forget(files)
        with self._lock:  # of those that had to leave memory before, too
            for record_id, paths in list(self._paths.items()):
                paths.difference_update(files)
                if not paths:
                    del self._paths[record_id]
            for path in files:
                self._whose.pop(path, None)

    def forget_patient(self, patient: str) -> None:
        """Drop the files of a patient, by the archive's own id or a pseudonym."""
        self._drop(lambda read: any(patient in (up.patient, up.record.patient_id) for up in read.uploads))
        self.open_files.clear()

    def _drop(self, goes: Callable[[_Read], bool]) -> None:
        with self._lock:
            for key, read in list(self._files.items()):
                if goes(read):
                    del self._files[key]
                    self._whose.pop(read.path, None)
                    for upload in read.uploads:
                        self._paths[upload.record.record_id].discard(read.path)
                        if not self._paths[upload.record.record_id]:
                            del self._paths[upload.record.record_id]

    def _read(self, path: Path) -> _Read:
        try:
            stat = path.stat()
        except OSError as error:
            raise UnreadableFile(path, error.strerror or "can't be opened") from error
        key = (str(path.resolve()), stat.st_size, stat.st_mtime_ns)
        with self._lock:
            if key in self._files:
                self._files.move_to_end(key)
                return self._files[key]
        deidentifier = self._new_deidentifier().of_case(f"case:{path.resolve().parent}")
        if is_package(path):
            reading = read_package(path, self._limits, self._ui, deidentifier)
        else:
            reading = read_clean(path, self._limits, deidentifier)
        uploads = tuple(self._pseudonymous(record, _told_by_case(record)) for record in reading.records)
        read = _Read(path, uploads, reading.aside, sum(_bytes_of(upload.record) for upload in uploads))
        account = self.who_acts().account
        with self._lock:
            self._files[key] = read
            self._whose.setdefault(path, account)
            for upload in uploads:
                self._paths[upload.record.record_id].add(path)
            while len(self._files) > 1 and sum(kept.size for kept in self._files.values()) > KEPT_BYTES:
                self._files.popitem(last=False)
        return read

    def _pseudonymous(self, record: Record, of_case: str = "") -> Upload:
        part = f"{record.kind}/{record.part}{of_case}"
        shown = replace(
            record,
            record_id="u" + self._pseudonyms.record("upload", record.sha256, part)[1:],
            patient_id=self._pseudonyms.patient(record.patient_id, "") if record.patient_id else None,
            study_id=self._pseudonyms.study(record.study_id, "") if record.study_id else None,
            shift_days=None,
        )
        return Upload(shown, record.patient_id, record.study_id)


def _told_by_case(record: Record) -> str:
    """What tells apart the texts that one file gives in two cases, where its dates move by each case's own days."""
    return f"/{record.shift_days}" if record.kind == "text" and not record.patient_id and record.dates_moved else ""


def _bytes_of(record: Record) -> int:
    pixels = record.image.pixels.nbytes if record.image is not None else 0
    samples = record.signal.samples.nbytes if record.signal is not None else 0
    return pixels + samples + len(record.text) + 1_000
