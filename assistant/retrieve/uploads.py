"""Uploads: files handed in beside a question, read once and kept in memory while they are in play."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Generator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from assistant.errors import UnreadableFile
from assistant.ingest import Deidentifier, Item, Recipe, Source, read_clean
from assistant.ingest.pool import read_items
from assistant.pseudonyms import Pseudonyms
from assistant.records import Record
from assistant.retrieve.query import Upload
from assistant.settings import Settings

KEPT_FILES = 64
_LISTED = "listed"


class Uploads:
    """Reads uploads, without what identifies their patient, and finds them again by record id.

    Nothing of an upload is written to the disk.
    """

    def __init__(self, pseudonyms: Pseudonyms, settings: Settings) -> None:
        self._new_deidentifier = partial(Deidentifier, pseudonyms, settings.deid)
        self._deidentifier = self._new_deidentifier()
        self._pseudonyms = pseudonyms
        self._limits = settings.ingest
        self._files: OrderedDict[tuple[str, int, int], tuple[Upload, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, files: Sequence[str | Path]) -> tuple[Upload, ...]:
        """The records of some files. Raises UnreadableFile for the first that gives none."""
        return tuple(upload for file in files for upload in self._read(Path(file)))

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
        with self._lock:
            for uploads in self._files.values():
                for upload in uploads:
                    if upload.record.record_id == record_id:
                        return upload.record
        return None

    def forget(self, record_ids: Sequence[str]) -> None:
        """Drop uploads from memory, when their conversation ends."""
        gone = set(record_ids)
        with self._lock:
            for key, uploads in list(self._files.items()):
                if any(upload.record.record_id in gone for upload in uploads):
                    del self._files[key]

    def forget_patient(self, patient: str) -> None:
        """Drop the files of a patient, by the archive's own id or a pseudonym."""
        with self._lock:
            for key, uploads in list(self._files.items()):
                if any(patient in (upload.patient, upload.record.patient_id) for upload in uploads):
                    del self._files[key]

    def _read(self, path: Path) -> tuple[Upload, ...]:
        try:
            stat = path.stat()
        except OSError as error:
            raise UnreadableFile(path, error.strerror or "can't be opened") from error
        key = (str(path.resolve()), stat.st_size, stat.st_mtime_ns)
        with self._lock:
            if key in self._files:
                self._files.move_to_end(key)
                return self._files[key]
        read = read_clean(path, self._limits, self._deidentifier)
        uploads = tuple(self._pseudonymous(record) for record in read.records)
        with self._lock:
            self._files[key] = uploads
            while len(self._files) > KEPT_FILES:
                self._files.popitem(last=False)
        return uploads

    def _pseudonymous(self, record: Record) -> Upload:
        shown = replace(
            record,
            record_id="u" + self._pseudonyms.record("upload", record.sha256, f"{record.kind}/{record.part}")[1:],
            patient_id=self._pseudonyms.patient(record.patient_id, "") if record.patient_id else None,
            study_id=self._pseudonyms.study(record.study_id, "") if record.study_id else None,
            shift_days=None,
        )
        return Upload(shown, record.patient_id, record.study_id)
