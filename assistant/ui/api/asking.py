"""Searching and asking."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import StreamingResponse

from assistant.answering import last_of
from assistant.errors import WardroundError
from assistant.records import Answer, Claim, SearchResult
from assistant.settings import Mode
from assistant.ui.api.common import REFUSALS, Service, role
from assistant.ui.api.shapes import AnswerOut, Kind, QueryIn, SearchOut, StepOut
from assistant.ui.capacity import Waiting

Files = Annotated[list[UploadFile], File(description="DICOM, picture, ECG, PDF, text, or the ZIP of a study")]
Patient = Annotated[str | None, Form(description="the archive’s own id: only this patient’s records")]
Excluded = Annotated[str | None, Form(description="leave this patient out")]
History = Annotated[bool, Form(description="the same patient’s earlier studies too")]
Answerer = Annotated[Literal["quote", "local", "openai"] | None, Form(description="left out, the settings’")]
Question = Annotated[str, Form(description="of ui.max_question_chars at most")]
Prompt = Annotated[str, Form(description="a prompt of prompts/, e.g. plain; left out, chosen by the question")]
Way = Annotated[Mode | None, Form(description="how a model comes to its answer; left out, the settings’")]
MOST_QUERIES = 256  # in one request
LINES = "application/x-ndjson"


def asking_router(service: Service) -> APIRouter:
    router = APIRouter(tags=["Search and answers"], dependencies=[role("reader")], responses=REFUSALS)
    assistant = service.assistant

    @router.post("/search", response_model=SearchOut, summary="Find evidence by text, image, ECG or a mix")
    def search(
        text: Annotated[str, Form(max_length=10_000)] = "",
        files: Files = [],  # noqa: B006 (FastAPI copies it)
        k: Annotated[int | None, Form(ge=1, le=1_000, description="at most so many pieces")] = None,
        kind: Annotated[list[Kind], Form()] = [],  # noqa: B006
        modality: Annotated[list[str], Form(description="DICOM codes")] = [],  # noqa: B006
        patient: Patient = None,
        exclude_patient: Excluded = None,
        since: Annotated[date | None, Form(description="taken on this day or later")] = None,
        until: Annotated[date | None, Form(description="taken on this day or earlier")] = None,
        finding: Annotated[list[str], Form(description="“left pleural effusion”, “no pneumothorax”")] = [],  # noqa: B006
        history: History = False,
    ) -> Any:
        """What `wardround search` does: evidence, best first; `kept` says what would be handed to a model."""
        with service.incoming.brought(files) as paths:
            found = service.in_turn(
                lambda: assistant.search(
                    text, files=paths, k=k, kinds=kind, modalities=modality, patient=patient,
                    exclude_patient=exclude_patient, findings=finding, history=history,
                    since=datetime.combine(since, time.min) if since else None,
                    until=datetime.combine(until, time.max) if until else None,
                )
            )  # fmt: skip
        return found.to_json()

    @router.post("/search/batch", response_model=list[SearchOut], summary="Many searches at once")
    def search_batch(queries: list[QueryIn]) -> Any:
        """One result for each query, in their order, with its `id`; a query that can’t be put has an `error` instead,
        and the rest goes on."""
        if len(queries) > MOST_QUERIES:
            raise WardroundError(f"{len(queries)} queries: send {MOST_QUERIES} at most at a time")
        return service.in_turn(lambda: _batch(service, queries))

    @router.post("/ask", response_model=AnswerOut, summary="A checked answer")
    def ask(
        question: Question,
        files: Files = [],  # noqa: B006
        llm: Answerer = None,
        patient: Patient = None,
        exclude_patient: Excluded = None,
        history: History = False,
        prompt: Prompt = "",
        mode: Way = None,
    ) -> Any:
        """What `wardround ask` does: every sentence of the answer was checked against evidence."""
        service.check_length(question)
        with service.incoming.brought(files) as paths:
            asked = assistant.ask_stream(
                question, files=paths, llm=llm, patient=patient, exclude_patient=exclude_patient, history=history,
                prompt=prompt, mode=mode,
            )  # fmt: skip
            steps = service.capacity.steps(service.who(), llm or assistant.settings.llm.name, asked)
            return last_of(step for step in steps if not isinstance(step, Waiting)).to_json()

    @router.post(
        "/ask/stream",
        summary="The same, sentence by sentence",
        response_class=StreamingResponse,
        responses={200: {"model": StepOut, "content": {LINES: {}}, "description": "one JSON object a line"}},
    )
    def ask_stream(
        question: Question,
        files: Files = [],  # noqa: B006
        llm: Answerer = None,
        patient: Patient = None,
        exclude_patient: Excluded = None,
        history: History = False,
        prompt: Prompt = "",
        mode: Way = None,
    ) -> StreamingResponse:
        """First what was found, then each sentence once it is checked, last the whole answer; before each of them,
        the place in the line where one has to wait."""
        service.check_length(question)
        with ExitStack() as opened:
            paths = opened.enter_context(service.incoming.brought(files))
            asked = assistant.ask_stream(
                question, files=paths, llm=llm, patient=patient, exclude_patient=exclude_patient, history=history,
                prompt=prompt, mode=mode,
            )  # fmt: skip
            steps = service.capacity.steps(service.who(), llm or assistant.settings.llm.name, asked)
            return StreamingResponse(_lines(steps, opened.pop_all()), media_type=LINES)

    return router


def _batch(service: Service, queries: list[QueryIn]) -> list[dict[str, Any]]:
    assistant = service.assistant
    lines: list[dict[str, Any]] = []
    ready = []
    for number, one in enumerate(queries):
        line: dict[str, Any] = {"id": one.id if one.id is not None else number}
        lines.append(line)
        try:
            query = assistant.query(
                one.text, k=one.k, kinds=one.kind, modalities=one.modality, patient=one.patient,
                exclude_patient=one.exclude_patient, findings=one.finding,
            )  # fmt: skip
        except WardroundError as error:
            nothing = SearchResult(one.text, (), (), True, str(error))
            line |= {"error": str(error), **nothing.to_json()}
        else:
            ready.append((line, query))
    for (line, _), found in zip(ready, assistant.search_batch([query for _, query in ready]), strict=True):
        line |= found.to_json()
    return lines


def _lines(steps: Iterator[Any], opened: ExitStack) -> Iterator[str]:
    """Each step as a line; the files go when the last one is out, or nobody reads on."""
    with opened:
        try:
            for step in steps:
                yield json.dumps(_step(step), ensure_ascii=False) + "\n"
        except WardroundError as error:
            yield json.dumps({"step": "error", "detail": str(error)}, ensure_ascii=False) + "\n"


def _step(step: Waiting | SearchResult | Claim | Answer) -> dict[str, Any]:
    if isinstance(step, Waiting):
        return {"step": "waiting", "place": step.place}
    name = {SearchResult: "found", Claim: "claim", Answer: "answer"}[type(step)]
    return {"step": name, **step.to_json()}
