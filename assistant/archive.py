"""An open archive: its indexes, and everything that is looked up in them by a name or an id.

What searches, answers and drafts over it is the `Assistant`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.acting import WhoActs, the_user
from assistant.errors import UnreadableFile, WardroundError
from assistant.records import KINDS, Record, SearchResult
from assistant.settings import Settings, load_settings
from assistant.store.generations import built_indexes
from assistant.workspace import choose_indexes, of_a_suite

if TYPE_CHECKING:
    from assistant.ingest.dicom.web import PacsSource
    from assistant.ingest.image.depth import Depth
    from assistant.ingest.text.pdf_page import PageDrawing
    from assistant.retrieve.query import Query, Upload
    from assistant.retrieve.timeline import Timeline
    from assistant.retrieve.whose import People
    from assistant.store.index import OpenIndex
    from assistant.store.rows import Place
    from assistant.store.workspace_db import WorkspaceDb

File = str | Path


class Archive:
    """The open indexes of a workspace, as far as whoever acts may see them, and the uploads handed in beside them."""

    def __init__(
        self,
        workspace: Path,
        indexes: Sequence[str] = (),
        settings: Settings | None = None,
        *,
        may_be_empty: bool = False,
    ) -> None:
        """`indexes` are those to open, by default all that are built; with `may_be_empty` also where none is yet."""
        from assistant.ingest import Deidentifier
        from assistant.ingest.depth import OpenFiles
        from assistant.pseudonyms import Pseudonyms
        from assistant.retrieve.recordings import MeasuredRecordings
        from assistant.retrieve.uploads import Uploads
        from assistant.store.index import OpenIndex
        from assistant.store.workspace_db import WorkspaceDb

        self.workspace = workspace.resolve()
        self.settings = settings or load_settings(self.workspace)
        self._chosen, self._follows = list(indexes), False
        self._opening = threading.Lock()
        self._indexes: dict[str, OpenIndex] = {
            name: OpenIndex(self.workspace, name, self.settings.store)
            for name in choose_indexes(self.workspace, indexes, may_be_empty=may_be_empty)
        }
        self._pseudonyms = Pseudonyms.of(self.workspace)
        self._deidentifier = Deidentifier(self._pseudonyms, self.settings.deid)
        self.uploads = Uploads(self._pseudonyms, self.settings)
        self._measured = MeasuredRecordings()
        deid = self.settings.deid
        self._open_files = OpenFiles(self.settings.ingest, mask=deid.enabled and deid.mask_burned_in)
        self.db: WorkspaceDb = WorkspaceDb(self.workspace, self.settings.store)
        self._who_acts: WhoActs = the_user

    def act_for(self, who_acts: WhoActs) -> None:
        """From now on work for whoever `who_acts` names: only the indexes that they may see are searched, looked into
        and told of, only their own uploads are found, and the access log names them."""
        self._who_acts = self.db.who_acts = self.uploads.who_acts = who_acts

    def open_index(self, name: str) -> None:
        """Open one more index of the workspace, built since this was opened. Raises IndexMissing."""
        with self._opening:
            if name not in self._indexes:
                self._open(name)

    def follow(self) -> None:
        """From now on indexes that are built in the workspace are opened as well, whoever builds them, but for those
        of suites, unless some were chosen; a newer generation of an open one is always seen."""
        self._follows = not self._chosen

    def opened_at(self) -> dict[str, datetime]:
        """Since when the generation of each open index is searched, in local time."""
        return {index.name: index.opened_at for index in self._open_indexes()}

    @property
    def indexes(self) -> tuple[str, ...]:
        """The open indexes, as far as whoever acts may see them."""
        return tuple(index.name for index in self._open_indexes())

    def generations(self) -> dict[str, int]:
        """The generation of each open index."""
        return {index.name: index.generation for index in self._open_indexes()}

    def text_encoders(self) -> list[str]:
        """The names of the encoders that the open indexes' texts were encoded by; the settings' where none is open."""
        names = [index.encoder_name("text") for index in self._open_indexes()]
        return list(dict.fromkeys(names)) or [self.settings.embed.text]

    def totals(self) -> dict[str, dict[str, int]]:
        """How many records of each kind each index holds."""
        return {index.name: index.totals() for index in self._open_indexes()}

    def modalities(self) -> dict[str, dict[str, int]]:
        """How many records of each modality each kind has, over the open indexes."""
        counted: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
        for index in self._open_indexes():
            for (kind, modality), count in index.modalities().items():
                counted[kind][modality] = counted[kind].get(modality, 0) + count
        return counted

    def record(self, record_id: str, *, logged: bool = True, pixels: bool = True) -> Record:
        """A record with its picture, signal or text, for looking at: of the archive, or an upload of this process.

        Without `pixels` a picture's file is left alone: `depth` gives what is shown of it.
        The access log is told of it, unless the caller does so itself, for many at once (`logged=False`).
        Raises WardroundError when there is none of that id, UnreadableFile when its file is gone or changed.
        """
        upload = self.uploads.find(record_id)
        if upload is not None:
            return upload
        record, place, index = self._found(record_id)
        if logged:
            self.db.log_access("view", [(record.record_id, record.patient_id)])
        if record.kind == "text" or (record.kind == "image" and not pixels):
            return record
        return self._with_content(record, place, index.pacs_of(place))

    def depth(
        self,
        record_id: str,
        frame: int | None = None,
        *,
        logged: bool = True,
        within: tuple[int, int] | None = None,
    ) -> Depth:
        """A picture with all its grey levels: the record's own frame or slice, or another one (from 0) of its series.

        For a first look, fitted `within` so many pixels (width, height), it may be `coarse` where that is much quicker.
        Raises WardroundError when there is no such picture, UnreadableFile when its file is gone or has changed.
        """
        from assistant.ingest.depth import frames_of

        handed_in = self.uploads.handed_in(record_id)
        if handed_in is not None:
            record, path = handed_in[0].record, handed_in[1]
            opened, scrolled = self.uploads.open_files, frames_of(record) > 1
            return opened.depth(record, frame, path, record.uri, within=within, keep=scrolled)
        record, place, index = self._found(record_id)
        if record.kind != "image":
            raise WardroundError(
                "record {record_id!r}: a {kind}, and no picture", record_id=record_id, kind=record.kind
            )
        if logged:
            self.db.log_access("view", [(record.record_id, record.patient_id)])
        return self._open_files.depth(record, frame, place.path, place.uri, index.pacs_of(place), within=within)

    def page_drawing(self, record_id: str, page: int, cited: tuple[int, int] | None = None) -> PageDrawing:
        """A page (counted from 1) of a PDF document as a picture without identifiers, the characters `cited` lit.

        For looking at, beside `record`, which the access log is told of. Raises WardroundError when there is no such
        record, UnreadableFile when the page can't be drawn.
        """
        from assistant.ingest.again import document_again
        from assistant.ingest.text.pdf_page import draw_page

        handed_in = self.uploads.handed_in(record_id)
        if handed_in is not None:
            record, path, uri = handed_in[0].record, handed_in[1], handed_in[1].name
        else:
            record, place, _ = self._found(record_id)
            if place.path is None:
                raise UnreadableFile(place.uri, "its pages can't be drawn: it is no file of this machine")
            path, uri = place.path, place.uri
        data = document_again(record, path, uri, self.settings.ingest)
        return draw_page(data, replace(record, uri=uri), page, self.without_identifiers, cited)

    def timeline(self, *, patient: str | None = None, record_id: str | None = None) -> Timeline:
        """All studies of one patient, newest first: of the archive's own id, or of whoever a record or an upload is of.

        The access log is told of each study. Raises BadQuery where the patient isn't known or isn't certain.
        """
        from assistant.retrieve.timeline import timeline_of

        handed_in = self.uploads.handed_in(record_id) if record_id else None
        whose = self._found(record_id)[0].patient_id if record_id and handed_in is None else None
        found = timeline_of(
            self._open_indexes(), patient=patient, upload=handed_in[0] if handed_in else None, pseudonym=whose
        )
        self.db.log_access("timeline", [(s.records[0].record_id, found.patient_id) for s in found.studies if s.records])
        return found

    def called(self, record_ids: Sequence[str]) -> dict[str, tuple[str, Record]]:
        """Which records of any open index these ids are, each with its index's name: for who looks after the log."""
        return {
            record.record_id: (name, record)
            for name, index in self._indexes.items()
            for record in index.of_record_ids(record_ids)
        }

    def refuse(self, find: Callable[[OpenIndex], Iterable[tuple[str, str | None]]]) -> None:
        """Tell the access log of what was asked for and lies in indexes that whoever acts may not see: what `find`
        gives of each, (record id, patient pseudonym)."""
        acting = self._who_acts()
        hidden = [index for name, index in self._indexes.items() if not acting.sees(name)]
        self.db.log_access("refused", [one for index in hidden for one in find(index)])

    def refuse_record(self, record_id: str) -> None:
        """`refuse` for one record."""
        self.refuse(lambda index: [(r.record_id, r.patient_id) for r in index.of_record_ids([record_id])])

    def refuse_patient(self, patient: str) -> None:
        """`refuse` for a patient, by the archive's own id or a pseudonym."""
        self.refuse(
            lambda index: [
                ("", name) for name in sorted({patient, index.pseudonym_of(patient)}) if index.has_patient(name)
            ]
        )

    def study(self, study_id: str) -> list[Record]:
        """The records of an indexed study, by its pseudonym, the archive's own study id, or the user's own key.

        Raises BadQuery when no index has it.
        """
        from assistant.errors import BadQuery

        for index in self._open_indexes():
            if records := index.find_study(study_id):
                return records
        self.refuse(lambda index: [(r.record_id, r.patient_id) for r in index.find_study(study_id)])
        raise BadQuery(
            "study {study_id!r}: not in {indexes}, and no files are given",
            study_id=study_id,
            indexes=", ".join(self.indexes),
        )

    def as_uploads(self, records: Sequence[Record]) -> tuple[Upload, ...]:
        """The pictures and signals among indexed records with their content, as if they had been handed in; what the
        index encoded is not encoded again, and the access log is left to the caller. Raises as `record` does."""
        from assistant.retrieve.query import Upload

        found = tuple(Upload(self.record(r.record_id, logged=False)) for r in records if r.kind != "text")
        for index in self._open_indexes():
            for kind, study in {(upload.record.kind, upload.record.study_id) for upload in found}:
                known, fingerprint = index.vectors_of_study(str(study), kind), index.fingerprint(kind)
                for upload in found:
                    if fingerprint and upload.record.record_id in known:
                        upload.vectors[fingerprint] = known[upload.record.record_id][None]
        return found

    def with_recordings(self, found: SearchResult, query: Query) -> SearchResult:
        """What a search found, with what is measured on the ECGs of the patient or the studies that the query chooses,
        where its question may be after that. The access log is told of them."""
        from assistant.generate.values import asks_of_recording, wanted_of
        from assistant.retrieve.recordings import recordings_of, with_measured

        if not asks_of_recording(query.text):
            return found
        chosen = recordings_of(self._open_indexes(), query, self.settings)
        if chosen and self._who_acts().logged:
            self.db.log_access("search", [(record.record_id, record.patient_id) for record, _ in chosen])
        read = partial(self.record, logged=False)
        return with_measured(
            found, chosen, partial(self._measured.of, read=read), self.without_identifiers,
            self.settings.retrieve.measured_ecgs, wanted_of(query.text),
        )  # fmt: skip

    def read_upload(self, path: File) -> list[Record]:
        """The records of a file with their content, pseudonymous. Raises UnreadableFile."""
        return [upload.record for upload in self.uploads.read([path])]

    def forget_uploads(self, record_ids: Sequence[str]) -> None:
        """Drop uploads from memory."""
        self.uploads.forget(record_ids)

    def people(self) -> People:
        """Tells the patients of uploads, ids and questions apart."""
        from assistant.retrieve.whose import People

        return People(self._open_indexes(), self._pseudonyms)

    def pseudonyms_of(self, patient: str | None, study: str | None) -> tuple[frozenset[str], frozenset[str]]:
        """The pseudonyms that a patient and a study have in the open indexes, whose namespaces may differ."""
        indexes = self._open_indexes()
        patients = frozenset(index.pseudonym_of(patient) for index in indexes) if patient else frozenset[str]()
        return patients, frozenset(index.studies_named(study) for index in indexes) if study else frozenset[str]()

    def without_identifiers(self, text: str, *, keep_dates: bool = False) -> str:
        """A text that somebody typed without names, numbers and dates that identify a person."""
        return self._deidentifier.words(text, keep_dates=keep_dates)

    def in_files_time(self, question: str, files: Sequence[File]) -> tuple[str, bool]:
        """A question with its dates moved as those of the uploads are, and whether they were: these identify nobody,
        and are the ones that the uploads' texts hold. Raises UnreadableFile."""
        from assistant.ingest.deid.own_dates import in_files_time

        moved = in_files_time(question, [upload.record for upload in self.uploads.read(files)])
        return (question, False) if moved is None else (moved, True)

    def _open_indexes(self) -> list[OpenIndex]:
        """The open indexes that whoever acts may see, each at its newest generation.

        What asked before goes on with the generation it began with, which closes when nothing holds it any more.
        """
        if self._news():
            with self._opening:
                for name in self._news():
                    self._open(name)
        acting = self._who_acts()
        return [index for name, index in self._indexes.items() if acting.sees(name)]

    def _news(self) -> list[str]:
        """The indexes of which something newer than what is open has been committed."""
        newer = [name for name, index in self._indexes.items() if index.is_stale()]
        built = built_indexes(self.workspace) if self._follows else ()
        return newer + [name for name in built if name not in self._indexes and not of_a_suite(name)]

    def _open(self, name: str) -> None:
        from assistant.store.index import OpenIndex

        self._indexes = {**self._indexes, name: OpenIndex(self.workspace, name, self.settings.store)}

    def _found(self, record_id: str) -> tuple[Record, Place, OpenIndex]:
        """An indexed record without its picture or signal, where it came from, and its index. Raises WardroundError."""
        for index in self._open_indexes():
            if (found := index.find(record_id)) is not None:
                return *found, index
        self.refuse_record(record_id)
        raise WardroundError(
            "record {record_id!r}: not in {indexes}", record_id=record_id, indexes=", ".join(self.indexes)
        )

    def _with_content(self, record: Record, place: Place, pacs: PacsSource | None) -> Record:
        from assistant.ingest.again import fetch_again, read_again

        if pacs is not None:
            return fetch_again(record, pacs, place.uri, self.settings.ingest, self._pseudonyms)
        if place.path is None or not place.path.exists():
            raise UnreadableFile(place.uri, "the file is no longer where it was indexed; update the index")
        return read_again(record, place.path, place.uri, self.settings.ingest, self._pseudonyms)
