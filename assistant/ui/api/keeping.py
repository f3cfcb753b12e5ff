"""Drafts in batch, the evaluation, and what keeps a workspace in order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from assistant.errors import WardroundError
from assistant.feedback import feedback_rows
from assistant.store.access_log import AccessLog, Wanted
from assistant.ui.access.log_html import pseudonyms_for
from assistant.ui.api.asking import LINES
from assistant.ui.api.common import REFUSALS, Service, role
from assistant.ui.api.shapes import DraftIn, ForgetIn
from assistant.ui.gate.visitor import visitor

_A_LINE_EACH: dict[int | str, dict[str, Any]] = {200: {"content": {LINES: {}}, "description": "one JSON object a line"}}


def keeping_router(service: Service) -> APIRouter:
    router = APIRouter(responses=REFUSALS)
    assistant = service.assistant

    @router.post(
        "/drafts",
        tags=["Drafts"],
        dependencies=[role("author")],
        summary="Draft reports of indexed studies",
        response_class=StreamingResponse,
        responses=_A_LINE_EACH,
    )
    def draft(wanted: DraftIn) -> StreamingResponse:
        """What `wardround draft` writes: JSON Lines, a draft a line as it is ready, always preliminary. The status is
        200 as soon as the stream begins, so look at each line: a study that can’t be drafted, or that no open index
        holds, gives `{"study_id", "error"}` in its place, and the rest goes on; `{"error"}` alone ends the stream."""
        return StreamingResponse(_drafts(service, wanted), media_type=LINES)

    @router.get(
        "/evaluation",
        tags=["Evaluation"],
        dependencies=[role("auditor")],
        response_model=list[dict[str, Any]],
        summary="The workspace’s scorecards, newest first",
    )
    def evaluation() -> Any:
        from assistant.evaluate.scorecard.listing import listed

        return [
            {
                "kind": card.kind, "suite": card.suite, "run": card.run, "made_at": card.made_at.isoformat(),
                "cases": card.cases, "total": card.total, "set_aside": card.set_aside, "model": card.model,
                "variant": card.variant, "indexes": list(card.indexes),
                "metrics": {name: metric.to_json() for name, metric in card.metrics.items()},
            }
            for card in listed(assistant.workspace)
            if all(map(visitor().sees, card.indexes))
        ]  # fmt: skip

    @router.get(
        "/feedback",
        tags=["Evaluation"],
        dependencies=[role("auditor")],
        summary="Everybody’s feedback",
        response_class=StreamingResponse,
        responses=_A_LINE_EACH,
    )
    def feedback() -> StreamingResponse:
        return StreamingResponse(map(_line, feedback_rows(assistant.db)), media_type=LINES)

    @router.get(
        "/access-log",
        tags=["Keeping"],
        dependencies=[role("auditor")],
        summary="Who saw which patient’s records",
        response_class=StreamingResponse,
        responses=_A_LINE_EACH,
    )
    def access_log(
        patient: Annotated[str, Query(max_length=200, description="the archive’s own id, or a pseudonym")] = "",
        account: Annotated[str, Query(max_length=200)] = "",
        since: Annotated[datetime | None, Query(description="UTC, included")] = None,
        until: Annotated[datetime | None, Query(description="UTC, not included")] = None,
    ) -> StreamingResponse:
        patients = pseudonyms_for(assistant, patient) if patient else None
        wanted = Wanted(patients, account=account, since=_utc(since), until=_utc(until))
        log = AccessLog(assistant.db)
        assistant.db.log_access("export_access", [(f"{log.count(wanted)} entries", None)])
        entries = log.entries(wanted)
        told = (
            {
                "seen_at": entry.seen_at.isoformat(), "account": entry.account, "action": entry.action,
                "record_id": entry.record_id, "patient_id": entry.patient_id,
            }
            for entry in entries
        )  # fmt: skip
        return StreamingResponse(map(_line, told), media_type=LINES)

    @router.post(
        "/forget",
        tags=["Keeping"],
        dependencies=[role("administrator")],
        response_model=dict[str, Any],
        summary="Remove a patient from the workspace",
    )
    def forget(wanted: ForgetIn) -> Any:
        """What `wardround forget` does. Says what would go; with `dry_run` false, it goes."""
        return assistant.forget(wanted.patient, index=wanted.index, dry_run=wanted.dry_run).to_json()

    @router.get(
        "/doctor",
        tags=["Keeping"],
        dependencies=[role("administrator")],
        response_model=list[dict[str, Any]],
        summary="Examine the workspace’s indexes",
    )
    def doctor() -> Any:
        """What `wardround doctor` finds: hashes, counts, norms, recall against a flat scan, the encoders."""
        from assistant.store.doctor import examine

        return service.in_turn(lambda: [examine(assistant.workspace, name).to_json() for name in assistant.indexes])

    return router


def _drafts(service: Service, wanted: DraftIn) -> Iterator[str]:
    problems: list[tuple[str, str]] = []
    drafts = service.assistant.draft(
        wanted.studies, template=wanted.template, llm=wanted.llm, prior=wanted.prior,
        on_problem=lambda study, reason: problems.append((study, reason)),
    )  # fmt: skip
    try:
        for draft in drafts:
            yield from _aside(problems)
            yield _line(draft.to_json())
        yield from _aside(problems)
    except WardroundError as error:
        yield _line({"error": str(error)})


def _aside(problems: list[tuple[str, str]]) -> Iterator[str]:
    while problems:
        study, reason = problems.pop(0)
        yield _line({"study_id": study, "error": reason})


def _utc(time: datetime | None) -> datetime | None:
    """The time as the tables keep it: UTC, without saying so."""
    return time.astimezone(UTC).replace(tzinfo=None) if time is not None and time.tzinfo is not None else time


def _line(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False) + "\n"
