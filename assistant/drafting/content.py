"""What there is of a study to draft from: its pictures and signals, read and measured, and what its texts say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import BadQuery, UnreadableFile, WardroundError
from assistant.measure import Measurements, measure_image, measure_signal
from assistant.pseudonyms import Pseudonyms
from assistant.records import Evidence, Record
from assistant.retrieve.query import Query, Upload
from assistant.studies import StudyRequest
from assistant.wording import joined, worded

if TYPE_CHECKING:
    from assistant.assistant import Assistant

UNKNOWN = "OT"  # the modality of a picture whose file says nothing of it
POOL_FROM = 16  # files; starting processes that read costs as much as reading a dozen

_BY_MODALITY = {
    "CT": "draft-ct", "US": "draft-us", "IVUS": "draft-us", "ECG": "draft-ecg", "CR": "draft-cxr", "DX": "draft-cxr",
    "RG": "draft", "MR": "draft", "MG": "draft", "XA": "draft", "RF": "draft", "NM": "draft", "PT": "draft",
}  # fmt: skip
MADE_FOR = {  # the templates that are of one kind of study
    "draft-cxr": "chest X-rays", "draft-ct": "CT", "draft-ecg": "ECGs", "draft-echo": "echocardiograms",
    "draft-us": "ultrasound",
}  # fmt: skip
_CHEST = ("CHEST", "THORAX", "LUNG", "")
_ECHO = ("echo", "heart", "cardiac")


@dataclass(frozen=True, slots=True)
class Content:
    """A study that was read.

    `uploads` are its pictures and signals, with what is measured on each by record id; `texts` its own texts, which a
    draft never sees. `concerns` are reasons for a person to look. `leave_out_studies` and `leave_out_patients` are the
    pseudonyms that the search must not meet.
    """

    request: StudyRequest
    uploads: tuple[Upload, ...]
    measured: Mapping[str, Measurements]
    texts: tuple[Record, ...]
    concerns: tuple[str, ...]
    leave_out_studies: frozenset[str]
    leave_out_patients: frozenset[str]

    @property
    def records(self) -> list[Record]:
        return [upload.record for upload in self.uploads]

    def query(self, k: int, prior: bool, patient: str | None, exclude_patient: str | None) -> Query:
        """The search for similar studies, and with `prior` for the same patient's earlier ones."""
        return Query(
            uploads=self.uploads, patient=patient, exclude_patient=exclude_patient, k=k, history=prior,
            leave_out_own=True, leave_out_studies=self.leave_out_studies, leave_out_patients=self.leave_out_patients,
        )  # fmt: skip

    def in_words(self) -> str:
        """What was given, as a prompt says it: "chest X-ray, view PA; 12-lead ECG, 10 s"."""
        return joined(_words_of(record) for record in self.records)

    def template(self, similar: Sequence[Evidence] = ()) -> str:
        """The name of the report template for the study's modality; of a bare picture, that of what it is like."""
        alike = Counter(piece.modality for piece in similar if piece.kind == "image")
        unknown = all(record.modality == UNKNOWN for record in self.records)
        if unknown and alike:
            return template_for([replace(record, modality=alike.most_common(1)[0][0]) for record in self.records])
        return template_for(self.records)


def read_contents(
    assistant: Assistant, requests: Sequence[StudyRequest]
) -> Generator[Content | WardroundError, None, None]:
    """Each study's content in turn, or why there is none. Many files are read ahead by processes of their own."""
    files = [file for request in requests for file in request.files]
    if len(files) < POOL_FROM:
        readings = (_read(assistant, file) for file in files)
    else:
        readings = assistant.uploads.read_many(files)
    for request in requests:
        found = [next(readings) for _ in request.files]
        try:
            yield _content(assistant, request, found)
        except WardroundError as error:
            yield error
    readings.close()


def template_for(records: Sequence[Record]) -> str:
    """The template that fits the modality of a study's records; an ECG among them decides."""
    if any(record.signal is not None and record.signal.is_ecg for record in records):
        return "draft-ecg"
    names = {_template_of(record) for record in records}
    return names.pop() if len(names) == 1 else "draft"


def _template_of(record: Record) -> str:
    name = _BY_MODALITY.get(record.modality, "draft-free")
    part = str(record.fields.get("body_part", "")).upper()
    said = f"{part} {record.fields.get('study_description', '')} {record.fields.get('series_description', '')}".lower()
    if name == "draft-us" and any(word in said for word in _ECHO):
        return "draft-echo"
    return "draft" if name == "draft-cxr" and part not in _CHEST else name


def _read(assistant: Assistant, file: Path) -> tuple[Upload, ...] | UnreadableFile:
    try:
        return assistant.uploads.read([file])
    except UnreadableFile as error:
        return error


def _content(
    assistant: Assistant, request: StudyRequest, found: Sequence[tuple[Upload, ...] | UnreadableFile]
) -> Content:
    read: list[Upload] = []
    for reading in found:
        if isinstance(reading, UnreadableFile):
            raise UnreadableFile(Path(reading.path).name, reading.reason)
        read += reading
    if not request.files:
        return _indexed(assistant, request)
    concerns = []
    named = {upload.patient for upload in read if upload.patient}
    if len(named) > 1:
        concerns.append("identity: the files name more than one patient")
    if request.patient_id and named - {request.patient_id}:
        concerns.append("identity: a file names another patient than the list does")
    listed = Pseudonyms.of(assistant.workspace).patient(request.patient_id, "") if request.patient_id else None
    uploads = tuple(
        replace(
            upload,
            record=replace(upload.record, patient_id=upload.record.patient_id or listed),
            patient=upload.patient or request.patient_id,
            study=upload.study or request.study_id,
        )
        for upload in read
        if upload.record.kind != "text"
    )
    # what the list says is left out as well, whatever the files say of themselves
    patients, studies = assistant.pseudonyms_of(request.patient_id, request.study_id)
    texts = tuple(upload.record for upload in read if upload.record.kind == "text")
    return _measured(request, uploads, texts, tuple(concerns), studies, patients)


def _indexed(assistant: Assistant, request: StudyRequest) -> Content:
    records = assistant.study(request.study_id)
    uploads = assistant.as_uploads(records)
    studies = frozenset(str(record.study_id) for record in records)
    patients = frozenset(record.patient_id for record in records if record.patient_id)
    texts = tuple(record for record in records if record.kind == "text")
    return _measured(request, uploads, texts, (), studies, patients)


def _measured(
    request: StudyRequest,
    uploads: tuple[Upload, ...],
    texts: tuple[Record, ...],
    concerns: tuple[str, ...],
    studies: frozenset[str],
    patients: frozenset[str],
) -> Content:
    if not uploads:
        raise BadQuery("study {study_id!r}: no picture and no signal to draft from", study_id=request.study_id)
    measured = {}
    for record in (upload.record for upload in uploads):
        if record.signal is not None:
            measured[record.record_id] = measure_signal(record.signal)
        elif record.image is not None:
            measured[record.record_id] = measure_image(record.image)
    return Content(request, uploads, measured, texts, concerns, studies, patients)


def _words_of(record: Record) -> str:
    view = record.fields.get("view_position")
    if record.signal is not None:
        told = "{count}-lead {modality}, {seconds:.0f} s"
        if not record.signal.is_ecg:
            told = "{count}-channel {modality}, {seconds:.0f} s"
        count, seconds = len(record.signal.leads), record.signal.duration_s
        return worded(told, count=count, modality=record.modality, seconds=seconds)
    if _template_of(record) == "draft-cxr":
        what = "chest X-ray"
    else:
        what = "picture" if record.modality == UNKNOWN else worded("{modality} image", modality=record.modality)
    return worded("{what}, view {view}", what=what, view=view) if view else what
