"""Drafting in batch: a list of studies in, checked drafts out, nothing lost when it is interrupted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.draft_output import DraftOutput
from assistant.errors import BadQuery, ModelUnavailable, UnreadableFile, WardroundError
from assistant.records import Claim, Draft, Evidence, Record, Section
from assistant.studies import StudyRequest, study_requests

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.retrieve.query import Upload

CHEST = frozenset({"CR", "DX"})


def draft_studies(
    assistant: Assistant,
    studies: Iterable[StudyRequest | str] | str | Path,
    *,
    workers: int,
    template: str | None,
    out: Path | None,
    resume: bool,
    llm: str | None,
    patient: str | None,
    exclude_patient: str | None,
    on_problem: Callable[[str, str], None] | None,
) -> Iterator[Draft]:
    """See `Assistant.draft`."""
    requests = study_requests(studies)
    make = partial(draft_study, assistant, template=template, llm=llm, patient=patient, exclude_patient=exclude_patient)
    if out is None:
        yield from _in_order(make, requests, workers, on_problem or _ignore)
        return
    with DraftOutput(assistant, out, resume, llm) as output:
        todo = [request for request in requests if request.study_id not in output.done]
        files = {request.study_id: request.files for request in todo}

        def problem(study_id: str, reason: str) -> None:
            output.set_aside(study_id, reason, files[study_id])
            (on_problem or _ignore)(study_id, reason)

        for draft in _in_order(make, todo, workers, problem):
            output.write(draft)
            yield draft


def _in_order(
    make: Callable[[StudyRequest], Draft],
    requests: Sequence[StudyRequest],
    workers: int,
    on_problem: Callable[[str, str], None],
) -> Iterator[Draft]:
    """Drafts in the order of the requests, `workers` of them being made at a time.

    A served model that can't be reached ends the run, since every further study would fail for the same reason.
    """
    waiting: deque[tuple[StudyRequest, Future[Draft]]] = deque()
    with ThreadPoolExecutor(max_workers=max(workers, 1)) as pool:
        ahead = iter(requests)
        try:
            while True:
                while len(waiting) < 2 * max(workers, 1) and (request := next(ahead, None)) is not None:
                    waiting.append((request, pool.submit(make, request)))
                if not waiting:
                    return
                request, future = waiting.popleft()
                try:
                    yield future.result()
                except ModelUnavailable:
                    raise
                except UnreadableFile as error:
                    on_problem(request.study_id, f"{Path(error.path).name}: {error.reason}")
                except WardroundError as error:
                    on_problem(request.study_id, str(error))
        finally:
            for _, future in waiting:
                future.cancel()


def draft_study(
    assistant: Assistant,
    request: StudyRequest,
    *,
    template: str | None = None,
    llm: str | None = None,
    patient: str | None = None,
    exclude_patient: str | None = None,
) -> Draft:
    """One study's draft, from its own measurements and the reports of the most similar other studies.

    The study itself, its patient and copies of its files are left out of the search in the store. Raises
    UnreadableFile, BadQuery when there is nothing to draft from.
    """
    from assistant.generate import DraftTask
    from assistant.retrieve.own import upload_evidence
    from assistant.retrieve.query import Query
    from assistant.verify import Verifier

    uploads, flags, studies, patients = _content(assistant, request)
    query = Query(
        uploads=uploads,
        patient=patient,
        exclude_patient=exclude_patient, k=assistant.settings.retrieve.max_similar * 4, leave_out_own=True,
        leave_out_studies=studies, leave_out_patients=patients,
    )  # fmt: skip
    found = assistant.search_batch([query])[0]
    own = tuple(evidence for upload in uploads for evidence in upload_evidence(upload.record))
    similar = tuple(evidence for evidence in found.evidence if evidence.kept and evidence.relation == "similar")
    answerer = assistant.answerer(llm)
    records = [upload.record for upload in uploads]
    task = DraftTask(
        _in_words(records), template or _template(records), own, similar,
        assistant.pictures([*own, *similar]), assistant.text_encoder(),
    )  # fmt: skip
    verifier = Verifier(assistant.settings.verify)
    by_id = {evidence.id: evidence for evidence in (*own, *similar)}
    sections: dict[str, list[Claim]] = {}
    for section, statement in answerer.draft(task):
        sections.setdefault(section, []).extend(assistant.shown(verifier.verify(statement, by_id)))
    flags += _flags(similar, [claim for claims in sections.values() for claim in claims], records)
    return Draft(
        request.study_id,
        tuple(Section(name, tuple(claims)) for name, claims in sections.items() if claims),
        (*own, *found.evidence),
        tuple(flags),
        answerer.model,
        answerer.prompt_for(task),
    )


def _content(
    assistant: Assistant, request: StudyRequest
) -> tuple[tuple[Upload, ...], list[str], frozenset[str], frozenset[str]]:
    """A study's pictures and signals, flags about them, and the pseudonyms of studies and patients to leave out."""
    from assistant.retrieve.query import Upload

    if not request.files:
        records = assistant.study(request.study_id)
        uploads = tuple(Upload(assistant.record(r.record_id)) for r in records if r.kind != "text")
        _need(uploads, request)
        return (
            uploads, [], frozenset(str(r.study_id) for r in records),
            frozenset(r.patient_id for r in records if r.patient_id),
        )  # fmt: skip
    read = assistant.uploads.read(request.files)
    flags = []
    named = {upload.patient for upload in read if upload.patient}
    if len(named) > 1:
        flags.append("the files name more than one patient")
    if request.patient_id and named - {request.patient_id}:
        flags.append("a file names another patient than the list does")
    uploads = tuple(
        replace(upload, patient=upload.patient or request.patient_id, study=upload.study or request.study_id)
        for upload in read
        if upload.record.kind != "text"
    )
    _need(uploads, request)
    # what the list says is left out as well, whatever the files say of themselves
    listed = assistant.pseudonyms_of(request.patient_id, request.study_id)
    return uploads, flags, listed[1], listed[0]


def _need(uploads: Sequence[Upload], request: StudyRequest) -> None:
    if not uploads:
        raise BadQuery(f"study {request.study_id!r}: no picture and no signal to draft from")


def _template(records: Sequence[Record]) -> str:
    return "draft-ecg" if any(record.signal is not None and record.signal.is_ecg for record in records) else "draft"


def _in_words(records: Sequence[Record]) -> str:
    parts = []
    for record in records:
        view = record.fields.get("view_position")
        if record.signal is not None:
            count = f"{len(record.signal.leads)}-{'lead' if record.signal.is_ecg else 'channel'}"
            parts.append(f"{count} {record.modality}, {record.signal.duration_s:.0f} s")
        else:
            what = "chest X-ray" if record.modality in CHEST and not view else f"{record.modality} image"
            parts.append(what + (f", view {view}" if view else ""))
    return "; ".join(parts)


def _flags(similar: Sequence[Evidence], claims: Sequence[Claim], records: Sequence[Record]) -> list[str]:
    """Reasons for a person to look."""
    from assistant.measure import measure_image, measure_signal

    flags = []
    if not similar:
        flags.append("no similar study is near enough")
    if not claims:
        flags.append("nothing could be drafted")
    for verdict in ("contradicted", "unsupported"):
        if n := sum(claim.verdict == verdict for claim in claims):
            flags.append(f"{n} sentence{'s' if n > 1 else ''} {verdict}")
    for record in records:
        measured = (
            measure_signal(record.signal) if record.signal else measure_image(record.image) if record.image else None
        )
        if measured is not None and measured.quality.get("overall", "good") != "good":
            flags.append(f"{record.modality}: quality {measured.quality['overall']}")
    return flags


def _ignore(study_id: str, reason: str) -> None:
    """Nobody asked to be told."""
