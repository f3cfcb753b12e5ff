"""A query from what a caller gives: its files are read, and what does not fit is refused before any search."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from assistant.errors import TWO_PATIENTS, BadQuery, MixedPatients
from assistant.records import KINDS, Kind, Record

if TYPE_CHECKING:
    from assistant.archive import Archive, File
    from assistant.findings.wanted import WantedFinding
    from assistant.retrieve.query import Query, Upload


def query_of(
    archive: Archive,
    text: str = "",
    *,
    files: Sequence[File] = (),
    k: int | None = None,
    kinds: Iterable[Kind] = (),
    modalities: Iterable[str] = (),
    patient: str | None = None,
    exclude_patient: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    findings: Iterable[str] = (),
    studies: Iterable[str] = (),
    indexes: Iterable[str] = (),
    like: Sequence[Record] = (),
    history: bool = False,
) -> Query:
    """A query for `Assistant.search_batch`; the files are read now. Raises BadQuery, UnreadableFile.

    The filters are those of `Assistant.search`. `like` are pictures and signals of the archive that are searched with
    as files are; what lies in their own studies is left out.
    """
    from assistant.retrieve.query import Query

    named = list(findings)
    stated = _stated(named)
    if not text.strip() and not files:
        text = ", ".join(named)  # the findings alone are searched for by their names
    if not text.strip() and not files and not like and not (history and patient):
        raise BadQuery("nothing to search for: give a text, a file or both")
    wanted = frozenset(kinds)
    if unknown := wanted - set(KINDS):
        raise BadQuery("kind {unknown!r}: it is one of {kinds}", unknown=sorted(unknown)[0], kinds=", ".join(KINDS))
    if k is not None and (not isinstance(k, int) or k < 1):
        raise BadQuery("k is {k!r}: a whole number, and at least one", k=k)
    if patient is not None and not patient.strip():
        raise BadQuery("the patient's id is empty, and without one every patient's records would be searched")
    among = frozenset(indexes)
    if unopened := among - set(archive.indexes):
        there = ", ".join(archive.indexes)
        raise BadQuery("index {unopened!r}: it is none of {indexes}", unopened=sorted(unopened)[0], indexes=there)
    uploads = archive.uploads.read(files)
    if patient:
        _of_one_patient(archive, uploads, patient)
    return Query(
        text=text, uploads=(*uploads, *archive.as_uploads(like)), k=k or archive.settings.retrieve.k, kinds=wanted,
        modalities=frozenset(code.upper() for code in modalities), patient=patient, exclude_patient=exclude_patient,
        since=since, until=until, findings=stated, studies=frozenset(studies), indexes=among,
        leave_out_studies=frozenset(str(record.study_id) for record in like), history=history,
    )  # fmt: skip


def _stated(findings: Sequence[str]) -> tuple[WantedFinding, ...]:
    from assistant.findings.wanted import wanted_finding

    try:
        return tuple(wanted_finding(name) for name in findings)
    except ValueError as error:
        raise BadQuery(*error.args) from None


def refuse_mixed(archive: Archive, query: Query) -> None:
    """Raises MixedPatients where the files of a question are of more than one patient."""
    from assistant.retrieve.whose import apart, stated_apart, stated_in

    people = archive.people()
    if len(apart(map(people.of_upload, query.uploads))) > 1 or stated_apart(stated_in(query.uploads)):
        raise MixedPatients(TWO_PATIENTS)


def _of_one_patient(archive: Archive, uploads: Sequence[Upload], patient: str) -> None:
    """Raises BadQuery where a file names another patient than the one chosen: by its id, or by a record number that its
    text states. That the archive holds the same words under somebody else names nobody: reports repeat."""
    people = archive.people()
    if people.known(patient) is None:
        archive.refuse_patient(patient)
    chosen = people.stated_by_id(patient)
    for upload in uploads:
        if upload.patient:
            another = not people.of_upload(upload) & people.names(patient)
        else:
            another = upload.record.identity.apart(chosen) == "named"
        if another:
            raise BadQuery(
                "{uri}: names another patient than the one chosen (--patient), and two patients' records must not be "
                "mixed: leave out the file or the choice",
                uri=upload.record.uri,
            )
