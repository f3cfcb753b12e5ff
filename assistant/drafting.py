"""Drafting in batch: a list of studies in, checked drafts out, nothing lost when it is interrupted."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from assistant.errors import BadQuery, ModelUnavailable, UnreadableFile, WardroundError
from assistant.records import Claim, Draft, Evidence, Record, Section

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.retrieve.query import Upload

DRAFTS = "drafts.jsonl"
CHEST = frozenset({"CR", "DX"})


@dataclass(frozen=True, slots=True)
class StudyRequest:
    """A study to draft: its id, and its files; without files it is an indexed study, by any id it is known under."""

    study_id: str
    files: tuple[Path, ...] = ()
    patient_id: str | None = None


def read_studies(source: Path) -> list[StudyRequest]:
    """The studies of a CSV file (`study_id,patient_id,files`, `;` between files) or of a folder.

    Below a folder each subfolder is a study, and so is each file that lies beside them. Raises WardroundError naming
    the column or line that is wrong.
    """
    if source.is_dir():
        return [StudyRequest(path.stem if path.is_file() else path.name, _files(path)) for path in _visible(source)]
    try:
        with source.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
            columns = rows[0].keys() if rows else ("study_id",)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise WardroundError(f"{source}: can't be read as CSV: {error}") from error
    if "study_id" not in columns:
        raise WardroundError(f"{source}: no column 'study_id' (there are: {', '.join(columns)})")
    studies = []
    for line, row in enumerate(rows, start=2):
        study = (row["study_id"] or "").strip()
        if not study:
            raise WardroundError(f"{source}, line {line}: study_id is empty")
        files = tuple(source.parent / name.strip() for name in (row.get("files") or "").split(";") if name.strip())
        studies.append(StudyRequest(study, files, (row.get("patient_id") or "").strip() or None))
    return studies


def draft_studies(
    assistant: Assistant,
    studies: Iterable[StudyRequest | str] | str | Path,
    *,
    workers: int,
    template: str | None,
    out: Path | None,
    resume: bool,
    llm: str | None,
    on_problem: Callable[[str, str], None] | None,
) -> Iterator[Draft]:
    """See `Assistant.draft`."""
    requests = _requests(studies)
    if out is None:
        yield from _in_order(assistant, requests, workers, template, llm, on_problem or _ignore)
        return
    with _Output(assistant, out, resume, llm) as output:
        todo = [request for request in requests if request.study_id not in output.done]

        def problem(study_id: str, reason: str) -> None:
            output.set_aside(study_id, reason)
            (on_problem or _ignore)(study_id, reason)

        for draft in _in_order(assistant, todo, workers, template, llm, problem):
            output.write(draft)
            yield draft


def _in_order(
    assistant: Assistant,
    requests: Sequence[StudyRequest],
    workers: int,
    template: str | None,
    llm: str | None,
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
                    waiting.append((request, pool.submit(draft_study, assistant, request, template, llm)))
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


def draft_study(assistant: Assistant, request: StudyRequest, template: str | None, llm: str | None) -> Draft:
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
        uploads=uploads, k=assistant.settings.retrieve.max_similar * 4, leave_out_own=True,
        leave_out_studies=studies, leave_out_patients=patients,
    )  # fmt: skip
    found = assistant.search_batch([query])[0]
    own = tuple(evidence for upload in uploads for evidence in upload_evidence(upload.record))
    similar = tuple(evidence for evidence in found.evidence if evidence.kept and evidence.relation == "similar")
    answerer = assistant.answerer(llm)
    records = [upload.record for upload in uploads]
    task = DraftTask(
        _in_words(records), template or _template(records), own, similar,
        assistant.pictures([*own, *similar], uploads), assistant.text_encoder(),
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
    """The pictures and signals of a study, flags about them, and the pseudonyms of the study and patient to leave out."""
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
    if len(named | ({request.patient_id} if request.patient_id else set())) > 1:
        flags.append("the files name more than one patient, or another than the list does")
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
    return "draft-ecg" if any(record.kind == "signal" for record in records) else "draft"


def _in_words(records: Sequence[Record]) -> str:
    parts = []
    for record in records:
        view = record.fields.get("view_position")
        if record.signal is not None:
            parts.append(f"{len(record.signal.leads)}-lead {record.modality}, {record.signal.duration_s:.0f} s")
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
        measured = measure_signal(record.signal) if record.signal else measure_image(record.image) if record.image else None
        if measured is not None and measured.quality.get("overall", "good") != "good":
            flags.append(f"{record.modality}: quality {measured.quality['overall']}")
    return flags


class _Output:
    """`drafts.jsonl` of a run: one whole line a study, on the disk before the next is begun."""

    def __init__(self, assistant: Assistant, folder: Path, resume: bool, llm: str | None) -> None:
        self._db = assistant.db
        self._pseudonym = lambda study: sorted(assistant.pseudonyms_of(None, study)[1])[0]
        self.path = folder / DRAFTS
        folder.mkdir(parents=True, exist_ok=True)
        self.done = _finished(self.path) if resume else set()
        if not resume and self.path.exists() and self.path.stat().st_size:
            raise WardroundError(f"{self.path}: holds drafts already; go on with --resume or choose another --out")
        self._run = self._db.start_draft_run(folder.resolve(), llm or assistant.settings.llm.name)

    def __enter__(self) -> _Output:
        self._file: TextIO = self.path.open("a", encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._db.end_draft_run(self._run)

    def write(self, draft: Draft) -> None:
        self._file.write(json.dumps(draft.to_json(), ensure_ascii=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._db.add_drafted(self._run, self._pseudonym(draft.study_id))

    def set_aside(self, study_id: str, reason: str) -> None:
        self._db.add_drafted(self._run, self._pseudonym(study_id), reason)


def _finished(path: Path) -> set[str]:
    """The studies that have a whole line; a line that a kill cut short is cut off."""
    if not path.exists():
        return set()
    done, good = set(), 0
    with path.open("rb") as file:
        for line in file:
            try:
                study_id = str(json.loads(line)["study_id"])
            except (ValueError, KeyError, TypeError):
                break
            if not line.endswith(b"\n"):
                break
            done.add(study_id)
            good += len(line)
    with path.open("r+b") as file:
        file.truncate(good)
    return done


def _requests(studies: Iterable[StudyRequest | str] | str | Path) -> list[StudyRequest]:
    if isinstance(studies, str | Path):
        found: list[StudyRequest] = read_studies(Path(studies))
    else:
        found = [study if isinstance(study, StudyRequest) else StudyRequest(study) for study in studies]
    names = [request.study_id for request in found]
    if twice := [name for name, n in Counter(names).items() if n > 1]:
        raise WardroundError(f"study {twice[0]!r} is listed twice; give each study one line")
    return found


def _visible(folder: Path) -> list[Path]:
    from assistant.ingest import is_sidecar

    return [p for p in sorted(folder.iterdir()) if not p.name.startswith(".") and not (p.is_file() and is_sidecar(p))]


def _files(path: Path) -> tuple[Path, ...]:
    if path.is_file():
        return (path,)
    from assistant.ingest import is_sidecar

    return tuple(p for p in sorted(path.rglob("*")) if p.is_file() and not p.name.startswith(".") and not is_sidecar(p))


def _ignore(study_id: str, reason: str) -> None:
    """Nobody asked to be told."""
