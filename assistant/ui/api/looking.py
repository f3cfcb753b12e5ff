"""Looking at what the archive holds, and at what is measured on a file."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path as FilePath
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, File, Path, Query, UploadFile
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from assistant.errors import BadQuery, UnreadableFile, WardroundError
from assistant.ingest.describe import describe
from assistant.measure import measure_image, measure_signal
from assistant.records import Image, Record, Signal
from assistant.ui.api.common import REFUSALS, Service, role
from assistant.ui.api.shapes import PairIn, Problem, RecordOut, SearchOut, StatusOut, VerdictOut
from assistant.ui.gate.visitor import visitor

MOST_PAIRS = 1_000  # in one request
_ROWS = 5_000  # of a signal, written at a time
_NO_SUCH: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "there is none of that id"}}
Id = Annotated[str, Path(max_length=200)]
One = Annotated[list[UploadFile], File(description="one file, with those that belong to it (.hea and .dat)")]


def looking_router(service: Service) -> APIRouter:
    router = APIRouter(tags=["Records"], dependencies=[role("reader")], responses=REFUSALS)
    assistant = service.assistant

    @router.get("/status", response_model=StatusOut, tags=["Server"], summary="What is open, and for whom")
    def status() -> Any:
        who, totals = visitor(), assistant.totals()
        generations = assistant.generations()
        return {
            "version": version("wardround"),
            "indexes": [
                {"index": name, "generation": generations[name], "records": counts} for name, counts in totals.items()
            ],
            "answered_by": assistant.settings.llm.name, "account": who.name, "roles": sorted(who.roles),
        }  # fmt: skip

    @router.get("/records/{record_id}", response_model=RecordOut, responses=_NO_SUCH, summary="One record")
    def record(record_id: Id) -> Any:
        """The access log is told of it, as of every record that is looked at."""
        return described(found_record(service, record_id))

    @router.get(
        "/records/{record_id}/content",
        summary="A record’s picture, samples or text",
        response_class=Response,
        responses={
            **_NO_SUCH,
            200: {
                "description": "a PNG; a CSV with a column of seconds and one for each channel; or the text",
                "content": {"image/png": {}, "text/csv": {}, "text/plain": {}},
            },
        },
    )
    def content(record_id: Id) -> Response:
        found = found_record(service, record_id)
        if found.image is not None:
            return Response(png(found.image), media_type="image/png")
        if found.signal is not None:
            return StreamingResponse(_csv(found.signal), media_type="text/csv")
        return PlainTextResponse(found.text)

    @router.get("/studies/{study_id}", response_model=list[RecordOut], summary="The records of a study")
    def study(study_id: Id) -> Any:
        """By its pseudonym, the archive’s own study id, or the user’s own key."""
        records = assistant.study(study_id)
        assistant.db.log_access("view", [(found.record_id, found.patient_id) for found in records])
        return [described(found) for found in records]

    @router.get("/patients/{patient}/history", response_model=SearchOut, summary="What is known of a patient")
    def history(
        patient: Id, about: Annotated[str, Query(max_length=1_000)] = "", k: Annotated[int, Query(ge=1, le=1_000)] = 100
    ) -> Any:
        """Newest study first, with intervals. `about` (“the left effusion”) leaves of each report what is on it."""
        return service.in_turn(lambda: assistant.history(patient, about, k=k)).to_json()

    return router


def checking_router(service: Service) -> APIRouter:
    router = APIRouter(tags=["Checks and measurements"], dependencies=[role("reader", "author")], responses=REFUSALS)

    @router.post("/check", response_model=list[VerdictOut], summary="Judge claims against evidence")
    def check(pairs: list[PairIn]) -> Any:
        """What `wardround check` does, in the order of the list."""
        if len(pairs) > MOST_PAIRS:
            raise BadQuery(f"{len(pairs)} pairs: send {MOST_PAIRS} at most at a time")
        return service.in_turn(lambda: _judged(service, pairs))

    @router.post("/measure", response_model=dict[str, Any], summary="Measure a signal or a picture")
    def measure(files: One) -> Any:
        """What `wardround measure` prints of a file: intervals, rates, amplitudes by lead, quality."""
        with service.incoming.brought(files) as paths:
            records = service.in_turn(lambda: [upload.record for upload in service.assistant.uploads.read(paths)])
            return service.in_turn(lambda: measured(records, files[0].filename or "the file"))

    @router.post("/read", response_model=list[dict[str, Any]], summary="What is read of files")
    def read(files: One) -> Any:
        """What `wardround read` prints of each file, ids as pseudonyms: its records, or the reason why there are
        none."""
        with service.incoming.brought(files) as paths:
            return service.in_turn(lambda: [_read(service, path) for path in paths])

    return router


def found_record(service: Service, record_id: str) -> Record:
    """A record of the archive. Uploads of others' requests have ids too, and are none of the archive."""
    if service.assistant.uploads.find(record_id) is not None:
        raise WardroundError(f"record {record_id!r}: an upload, not in the archive")
    return service.assistant.record(record_id)


def described(record: Record) -> dict[str, Any]:
    where = f"/api/v1/records/{record.record_id}/content" if record.kind != "text" else None
    return {
        "record_id": record.record_id, "kind": record.kind, "modality": record.modality,
        "patient_id": record.patient_id, "study_id": record.study_id,
        "taken_at": record.taken_at.isoformat() if record.taken_at else None, "title": record.title,
        "labels": dict(record.labels), "fields": dict(record.fields), "text": record.text, "content": where,
    }  # fmt: skip


def png(image: Image) -> bytes:
    from PIL import Image as Pillow

    out = io.BytesIO()
    Pillow.fromarray(image.pixels).save(out, "PNG", compress_level=3)
    return out.getvalue()


def _csv(signal: Signal) -> Iterator[str]:
    """Seconds and each channel's samples; empty where the recording has a gap."""
    units = signal.units or ("mV",) * len(signal.leads)
    yield ",".join(["seconds", *(f"{lead} ({unit})" for lead, unit in zip(signal.leads, units, strict=True))]) + "\n"
    for start in range(0, len(signal.samples), _ROWS):
        rows = signal.samples[start : start + _ROWS]
        seconds = (start + np.arange(len(rows))) / signal.sampling_rate_hz
        yield "".join(
            f"{time:.6g},{','.join('' if np.isnan(value) else f'{value:.6g}' for value in row)}\n"
            for time, row in zip(seconds, rows, strict=True)
        )


def _judged(service: Service, pairs: list[PairIn]) -> list[dict[str, Any]]:
    from assistant.verify import check
    from assistant.verify.entail import open_entailment

    assistant = service.assistant
    model = open_entailment(assistant.settings.verify.entailment, assistant.settings, assistant.workspace)
    told = []
    for number, pair in enumerate(pairs):
        texts = [pair.evidence] if isinstance(pair.evidence, str) else pair.evidence
        judged = check(pair.claim, texts, entailment=model)
        key = pair.id if pair.id is not None else number
        told.append({"id": key, "verdict": judged.verdict, "score": round(judged.score, 4),
                     "error_kind": judged.error_kind, "why": judged.why})  # fmt: skip
    return told


def measured(records: Sequence[Record], name: str) -> dict[str, Any]:
    """What is measured on the first signal or picture. Raises UnreadableFile where there is none."""
    for record in records:
        if record.signal is not None:
            return {"modality": record.modality, **measure_signal(record.signal).to_json()}
        if record.image is not None:
            return {"modality": record.modality, **measure_image(record.image).to_json()}
    raise UnreadableFile(name, "holds no signal and no picture, so there is nothing to measure")


def _read(service: Service, path: FilePath) -> dict[str, Any]:
    try:
        found = describe(path, service.assistant.uploads.reading(path))
    except UnreadableFile as error:
        found = {"records": [], "reason": error.reason, "set_aside": [], "removed": {}}
    return {**found, "path": path.name}
