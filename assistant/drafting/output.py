"""Where a batch of drafts goes: `drafts.jsonl`, from which an interrupted run goes on, and the exports beside it.

drafts.jsonl        one whole line a study: the one commit point; a kill loses none, a power failure the last
                    few, which --resume does again
handed_over/        where the page began the run: `studies.csv`, and the files that came with it
set_aside.jsonl     the studies that could not be drafted, each with its reason; tried again by --resume
preferences.jsonl   preference pairs, where they are asked for
fhir/ docx/ pdf/    a file a study, there before the study's line is
run.json            what the run was asked for; a folder holds drafts of one kind only
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from assistant.drafting.study import Made
from assistant.errors import CannotWrite, WardroundError, WorkspaceBusy
from assistant.export import file_name, preference_pair, render
from assistant.pseudonyms import Pseudonyms
from assistant.records import Record
from assistant.store.files import fsync, write_atomically, write_bytes_atomically
from assistant.studies import StudyRequest
from assistant.wording import with_wordings

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.drafting.batch import DraftOptions

DRAFTS = "drafts.jsonl"
SET_ASIDE = "set_aside.jsonl"
PREFERENCES = "preferences.jsonl"
RUN = "run.json"
HANDED_OVER, STUDIES = "handed_over", "studies.csv"
LOCK = ".lock"
BESIDE = (PREFERENCES, SET_ASIDE)  # other files with a line a study
SUFFIXES = {"fhir": ".json", "docx": ".docx", "pdf": ".pdf"}
_TOGETHER = 16  # studies: to sync a file or commit a row takes as long as a draft
_OWNER = 0o600  # patients' text: owner alone


class DraftOutput:
    """The folder of a run; one process at a time. `done` are the studies that have a draft there already."""

    def __init__(self, assistant: Assistant, folder: Path, resume: bool, options: DraftOptions) -> None:
        self._assistant, self._folder, self._options = assistant, folder, options
        self._resume = resume
        self._pseudonym = lambda study: sorted(assistant.pseudonyms_of(None, study)[1])[0]
        self.path = folder / DRAFTS
        self.done: set[str] = set()
        self._booked: list[tuple[str, str | None]] = []

    def __enter__(self) -> DraftOutput:
        with _disk(self._folder):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = (self._folder / LOCK).open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # goes with the process, also by a kill
        except BlockingIOError:
            self._lock.close()
            busy = f"{self._folder}: another process drafts into it; wait, or choose another --out"
            raise WorkspaceBusy(busy) from None
        try:
            self._begin()
        except BaseException:
            self._lock.close()
            raise
        return self

    def _begin(self) -> None:
        if not self._resume and self.path.exists() and self.path.stat().st_size:
            raise WardroundError(
                "{path}: holds drafts already; go on with --resume or choose another --out", path=self.path
            )
        with _disk(self._folder):
            self._check_run()
            self.done = finished(self.path) if self._resume else set()
            pairs = self._folder / PREFERENCES
            if pairs.exists():  # a line whose draft was never written is written again
                kept = [line for line in pairs.read_text("utf-8").split("\n") if study_of(line) in self.done]
                write_atomically(pairs, "".join(f"{line}\n" for line in kept), mode=_OWNER)
            for kind in SUFFIXES.keys() & set(self._options.exports):
                (self._folder / kind).mkdir(mode=0o700, exist_ok=True)
            for half in (half for folder in (".", *SUFFIXES) for half in (self._folder / folder).glob("*.new")):
                half.unlink(missing_ok=True)  # what a killed run had not finished
            (self._folder / SET_ASIDE).unlink(missing_ok=True)
            self._drafts, self._aside = _appending(self.path), _appending(self._folder / SET_ASIDE)
            self._pairs = _appending(pairs) if "preferences" in self._options.exports else None
            fsync(self._folder)
        model = self._options.llm or self._assistant.settings.llm.name
        self._run = self._assistant.db.start_draft_run(self._folder.resolve(), model)

    def __exit__(self, *_: object) -> None:
        for file in (self._drafts, self._aside, self._pairs):
            if file is not None:
                os.fsync(file.fileno())
                file.close()
        self._assistant.db.add_drafted(self._run, self._booked)
        self._assistant.db.end_draft_run(self._run)
        self._lock.close()

    def _record(self, record_id: str) -> Record:
        return self._assistant.record(record_id, logged=False)  # that it was cited is logged

    def export(self, made: Made) -> None:
        """Write a draft's files; they are there whole before its line is. Called from several threads."""
        kinds = [kind for kind in SUFFIXES if kind in self._options.exports]
        with _disk(self._folder):
            for kind, content in render(made.draft, made.content.records, self._record, kinds).items():
                path = self._folder / kind / (file_name(made.draft.study_id) + SUFFIXES[kind])
                write_bytes_atomically(path, content, mode=_OWNER)

    def write(self, made: Made) -> None:
        """Commit a study: its preference pair, if there is one, then its line."""
        with _disk(self._folder):
            if self._pairs is not None and (pair := self._pair(made)):
                _add(self._pairs, pair)
            _add(self._drafts, with_wordings(made.draft.to_json()))
            if len(self._booked) + 1 >= _TOGETHER:
                os.fsync(self._drafts.fileno())
        self._book(self._pseudonym(made.draft.study_id), None)

    def _book(self, pseudonym: str, reason: str | None) -> None:
        """Keep in the workspace what became of a study."""
        self._booked.append((pseudonym, reason))
        if len(self._booked) >= _TOGETHER:
            self._assistant.db.add_drafted(self._run, self._booked)
            self._booked.clear()

    def _pair(self, made: Made) -> dict[str, Any] | None:
        prompts = self._assistant.workspace / "prompts"
        return preference_pair(made.draft, made.task, made.context, made.checked, prompts)

    def set_aside(self, request: StudyRequest, reason: str) -> None:
        """Keep why a study was not drafted: here as it is, in the workspace without its id and its files' names."""
        with _disk(self._folder):
            line = with_wordings({"study_id": request.study_id, "reason": reason})
            if request.patient_id:  # by which it is found again when the patient is to be forgotten
                line["patient_id"] = Pseudonyms.of(self._assistant.workspace).patient(request.patient_id, "")
            _add(self._aside, line)
        name = self._pseudonym(request.study_id)
        for file in request.files:
            reason = reason.replace(str(file), "a file").replace(file.name, "a file")
        self._book(name, reason.replace(request.study_id, name))

    def _check_run(self) -> None:
        """Refuse to mix drafts of two kinds in one folder."""
        asked = {
            "llm": self._options.llm or self._assistant.settings.llm.name,
            "template": self._options.template,
            "prior": self._options.prior,
            "exports": sorted(self._options.exports),
        }
        path = self._folder / RUN
        told = run_facts(self._folder)
        if not self.path.exists():  # drafts that are there already keep the name that they have without it
            told.setdefault("id", secrets.token_hex(8))
        had = told if self.path.exists() and told.keys() >= asked.keys() else asked
        if different := [name for name, value in asked.items() if had.get(name) != value]:
            name = different[0]
            raise WardroundError(
                "{folder}: its drafts were made with {name} {had}, and now {asked} is asked for; choose another --out",
                folder=self._folder,
                name=name,
                had=repr(had.get(name)),
                asked=repr(asked[name]),
            )
        indexes = sorted(
            {*self._assistant.indexes, *told.get("indexes", ())}
        )  # whoever reads the drafts reads of these
        write_atomically(path, json.dumps({**told, **asked, "indexes": indexes}, indent=2) + "\n", mode=_OWNER)


def finished(path: Path) -> set[str]:
    """The studies that have a whole line; a last line that a kill cut short is cut off.

    Raises WardroundError naming a line before the last that is no draft: somebody else wrote there.
    """
    if not path.exists():
        return set()
    done, good = set(), 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            study_id = study_of(line.decode("utf-8", "replace")) if line.endswith(b"\n") else None
            if study_id is None and file.read(1):
                raise WardroundError(
                    "{path}, line {number}: is no draft; remove it, and its study is done again",
                    path=path,
                    number=number,
                )
            if study_id is None:
                break
            done.add(study_id)
            good += len(line)
    with path.open("r+b") as file:
        file.truncate(good)
    return done


def digest_of(line: str, run_id: str = "") -> str:
    """What a draft is known by to feedback and decisions: a hash of its line, without the line's end, and its run.

    The same study drafted again in another run is another draft, even if it says the same.
    """
    content = line.removesuffix("\n").encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, key=run_id.encode(), digest_size=16).hexdigest()


def run_facts(folder: Path) -> dict[str, Any]:
    """What `run.json` says: its id, what was asked for, the indexes that were drafted from. Nothing where it can't be
    read."""
    try:
        found = json.loads((folder / RUN).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def study_of(line: str) -> str | None:
    """The study that a line of `drafts.jsonl`, or of a file beside it, is of; None where it is no such line."""
    try:
        return str(json.loads(line)["study_id"])
    except (ValueError, KeyError, TypeError):
        return None


def _appending(path: Path) -> TextIO:
    """A file to add lines to; half a surrogate pair, as a broken id may hold, is written as JSON's own escape."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _OWNER)
    return os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")


def _add(file: TextIO, document: object) -> None:
    file.write(json.dumps(document, ensure_ascii=False) + "\n")
    file.flush()


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """A full or read-only disk in words."""
    try:
        yield
    except OSError as error:
        raise CannotWrite(
            "{folder}: can't be written: {said}; go on with --resume", folder=folder, said=error.strerror or error
        ) from error
