"""A whole batch: studies are read, searched and encoded in chunks, and drafted by several threads, in order."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, nullcontext
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from assistant.drafting.content import Content, read_contents
from assistant.drafting.output import DraftOutput
from assistant.drafting.patience import Writer
from assistant.drafting.study import Made, considered
from assistant.errors import (
    CannotWrite,
    DamagedIndex,
    DatabaseUnavailable,
    EncoderMismatch,
    IndexMissing,
    MissingExtra,
    ModelUnavailable,
    ReplyRefused,
    UnreadableFile,
    WardroundError,
    WeightsMissing,
)
from assistant.export import Export
from assistant.generate import load_prompt, report_templates
from assistant.records import Draft, SearchResult
from assistant.studies import StudyRequest

if TYPE_CHECKING:
    from assistant.assistant import Assistant

log = logging.getLogger(__name__)

CHUNK = 16  # studies read, encoded and searched together
# What ends a run, since every further study would fail for the same reason.
_OF_ALL = (
    ModelUnavailable, DatabaseUnavailable, EncoderMismatch, WeightsMissing, IndexMissing, DamagedIndex, MissingExtra,
    CannotWrite,
)  # fmt: skip

P = ParamSpec("P")
T = TypeVar("T")
Problem = Callable[[str, str], None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class DraftOptions:
    """How a batch is drafted.

    `workers` studies are written at a time; None: as many as the served model takes requests, else one. `template`
    is a report template by name, None: by modality. `prior` compares each study with the patient's study before it.
    `exports` are forms beside `drafts.jsonl`: fhir, docx, pdf, preferences. `patient` and `exclude_patient` bound what
    is drafted from.
    """

    workers: int | None = None
    template: str | None = None
    llm: str | None = None
    prior: bool = False
    exports: tuple[Export, ...] = ()
    patient: str | None = None
    exclude_patient: str | None = None


def draft_studies(
    assistant: Assistant,
    requests: Sequence[StudyRequest],
    options: DraftOptions,
    *,
    out: Path | None = None,
    resume: bool = False,
    on_problem: Problem | None = None,
    on_progress: Progress | None = None,
) -> Generator[Draft]:
    """See `Assistant.draft`."""
    if options.template:
        _check_template(options.template, assistant.workspace / "prompts")
    if out is None and options.exports:
        raise WardroundError("{exports}: name the folder that they go to (out)", exports=", ".join(options.exports))
    writer = Writer(assistant, assistant.answerer(options.llm), options.template)
    with DraftOutput(assistant, out, resume, options) if out else nullcontext() as output:
        todo = [request for request in requests if output is None or request.study_id not in output.done]
        done, total = len(requests) - len(todo), len(requests)
        if todo:
            writer.begin()
        if on_progress:
            on_progress(done, total)
        finish = output.export if output else None
        with closing(_outcomes(assistant, todo, options, writer, finish)) as outcomes:
            for request, outcome in outcomes:
                done += 1
                if isinstance(outcome, Made):
                    if output:
                        output.write(outcome)
                    yield outcome.draft
                else:
                    if output:
                        output.set_aside(request, outcome)
                    if on_problem:
                        on_problem(request.study_id, outcome)
                    elif not output:
                        log.warning("study %s was not drafted: %s", request.study_id, outcome)
                if on_progress:
                    on_progress(done, total)


Outcome = Made | str  # a draft, or why there is none
_Searched = tuple[StudyRequest, tuple[Content, SearchResult] | str]


def _outcomes(
    assistant: Assistant,
    requests: Sequence[StudyRequest],
    options: DraftOptions,
    writer: Writer,
    finish: Callable[[Made], None] | None,
) -> Generator[tuple[StudyRequest, Outcome]]:
    """What became of each study, in the order of the requests.

    While some are written, the next are read, encoded and searched. An error that every further study would meet ends
    the run; any other is the study's own.
    """
    workers = options.workers or (1 if writer.name == "quote" else assistant.settings.llm.requests)
    chunk = max(CHUNK, 2 * workers)

    def write(content: Content, found: SearchResult) -> Outcome:
        try:
            made = writer.write(content, found)
            if finish:
                finish(made)
            return made
        except ReplyRefused as error:
            return _reason(error)
        except _OF_ALL:
            raise
        except Exception as error:
            return _reason(error)

    waiting: deque[tuple[StudyRequest, Future[Outcome] | str]] = deque()
    with (
        ThreadPoolExecutor(1) as searcher,
        ThreadPoolExecutor(max(workers, 1)) as writers,
        closing(read_contents(assistant, requests)) as contents,
    ):
        parts = deque(requests[start : start + chunk] for start in range(0, len(requests), chunk))
        ahead: Future[list[_Searched]] | None = None
        try:
            while True:
                if ahead is None and parts:
                    ahead = _submit(searcher, _searched, assistant, parts.popleft(), contents, options)
                if ahead is not None and (not waiting or (ahead.done() and len(waiting) < chunk)):
                    for request, found in ahead.result():
                        waiting.append((request, found if isinstance(found, str) else _submit(writers, write, *found)))
                    ahead = None
                    continue
                if not waiting:
                    return
                request, outcome = waiting.popleft()
                yield request, outcome if isinstance(outcome, str) else outcome.result()
        finally:
            writer.stop()
            for _, left in waiting:
                if not isinstance(left, str):
                    left.cancel()


def _submit(pool: ThreadPoolExecutor, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> Future[T]:
    """Work in another thread for whoever this one works for: what they may see holds there, too."""
    context = copy_context()
    return pool.submit(lambda: context.run(work, *given, **named))


def _searched(
    assistant: Assistant,
    requests: Sequence[StudyRequest],
    contents: Iterator[Content | WardroundError],
    options: DraftOptions,
) -> list[_Searched]:
    """Some studies with what was found for each, or why there is nothing; encoded and searched together."""
    read = [(request, next(contents)) for request in requests]
    queries = {
        request.study_id: content.query(considered(assistant), options.prior, options.patient, options.exclude_patient)
        for request, content in read
        if isinstance(content, Content)
    }
    found: dict[str, SearchResult | str] = {}
    try:
        found.update(zip(queries, assistant.search_batch(list(queries.values())), strict=True))
    except _OF_ALL:
        raise
    except Exception:  # one of them is at fault: the others must not pay for it
        for study_id, query in queries.items():
            try:
                found[study_id] = assistant.search_batch([query])[0]
            except Exception as error:
                found[study_id] = _reason(error)
    indexed = (
        record
        for request, content in read
        if isinstance(content, Content) and not request.files
        for record in content.records
    )
    _log(assistant, [(record.record_id, record.patient_id) for record in indexed], found.values())
    searched: list[_Searched] = []
    for request, content in read:
        if isinstance(content, Content):
            result = found[request.study_id]
            searched.append((request, result if isinstance(result, str) else (content, result)))
        else:
            searched.append((request, _reason(content)))
    return searched


def _log(assistant: Assistant, own: list[tuple[str, str | None]], found: Iterable[SearchResult | str]) -> None:
    """Tell the access log which records of the archive some drafts are made from."""
    kept = (piece for result in found if isinstance(result, SearchResult) for piece in result.evidence if piece.kept)
    seen = (*own, *((piece.record_id, piece.patient_id) for piece in kept))
    assistant.db.log_access("draft", list(dict.fromkeys(seen)))


def _reason(error: Exception) -> str:
    """Why a study was not drafted, in words."""
    if isinstance(error, UnreadableFile):
        return f"{Path(error.path).name}: {error.reason}"
    if isinstance(error, WardroundError):
        return str(error)
    return f"failed unexpectedly ({type(error).__name__}: {error}); please report it"


def _check_template(name: str, prompts: Path) -> None:
    names = [template.name for template in report_templates(prompts)]
    if name not in names and not (prompts / f"{name}.md").exists():
        raise WardroundError(
            "template {name!r}: there is none of that name; there are {names}", name=name, names=", ".join(names)
        )
    if not load_prompt(name, prompts).sections:
        raise WardroundError("prompt {name!r}: a report template names its sections in the front matter", name=name)
