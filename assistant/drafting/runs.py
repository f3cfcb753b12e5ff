"""The folders of drafts: which there are, what lies in each, and a new one with its list of studies."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sqlalchemy import func, select

from assistant.drafting.erase import alone
from assistant.drafting.output import DRAFTS, HANDED_OVER, RUN, SET_ASIDE, STUDIES, digest_of, run_facts
from assistant.errors import WardroundError
from assistant.export import file_name
from assistant.records import Draft, stored_draft
from assistant.store.edits import erase_edits
from assistant.store.opinions import erase_opinions
from assistant.store.workspace_db import WorkspaceDb
from assistant.store.workspace_tables import DraftRunRow
from assistant.studies import StudyRequest, read_studies, study_requests, write_studies
from assistant.wording import worded_again

FOLDER = "drafts"  # of a workspace: where the page's runs lie
_TABLES = (".csv", ".tsv")


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft as a list shows it: its study, the user's own key of it, what there was of it, its reasons to look, and
    where its line lies."""

    digest: str
    study_id: str
    external_id: str | None
    given: str
    flags: tuple[str, ...]
    sentences: int
    start: int
    size: int


class RunFolder:
    """A folder of drafts, read as it grows. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._drafts: list[Drafted] = []
        self._read_to = 0
        self._run_id = ""
        self._file: tuple[int, int] | None = None  # device and inode: a file that was replaced is read anew

    @property
    def name(self) -> str:
        """What whoever began it called it."""
        return unquote(self.path.name)

    def asked(self) -> dict[str, Any]:
        """What the run was asked for: llm, template, prior, exports, indexes, and whatever the page kept beside."""
        return run_facts(self.path)

    def drafts(self) -> list[Drafted]:
        """All that are there, in order. A line that is no draft is left out; one that is being written comes later."""
        with self._lock:
            try:
                with (self.path / DRAFTS).open("rb") as file:
                    state = os.fstat(file.fileno())
                    if self._file != (state.st_dev, state.st_ino) or state.st_size < self._read_to:
                        self._file, self._drafts, self._read_to = (state.st_dev, state.st_ino), [], 0
                        self._run_id = str(self.asked().get("id", ""))
                    file.seek(self._read_to)
                    for line in file:
                        if not line.endswith(b"\n"):
                            break
                        if (drafted := _drafted(line, self._read_to, self._run_id)) is not None:
                            self._drafts.append(drafted)
                        self._read_to += len(line)
            except FileNotFoundError:
                self._drafts, self._read_to, self._file = [], 0, None
            return list(self._drafts)

    def draft(self, digest: str) -> Draft:
        """A draft by its digest. Raises WardroundError where it is no longer there."""
        gone = WardroundError("{name}: the draft is no longer there; open the list again", name=self.name)
        found = next((drafted for drafted in self.drafts() if drafted.digest == digest), None)
        if found is None:
            raise gone
        with (self.path / DRAFTS).open("rb") as file:
            file.seek(found.start)
            line = file.read(found.size).decode("utf-8", "replace")
        if digest_of(line, self._run_id) != digest:
            raise gone
        return stored_draft(worded_again(json.loads(line)))

    def aside(self) -> list[tuple[str, str]]:
        """The studies that could not be drafted (study, reason)."""
        try:
            lines = (self.path / SET_ASIDE).read_text("utf-8").split("\n")
        except OSError:
            return []
        rows = [worded_again(json.loads(line)) for line in lines if line.endswith("}")]
        return [(str(row["study_id"]), row["reason"]) for row in rows]

    def requests(self) -> list[StudyRequest] | None:
        """The studies that the page began the run with; None for a run of the command line or a script."""
        path = self.path / HANDED_OVER / STUDIES
        return read_studies(path) if path.exists() else None

    def files_of(self, study_id: str) -> tuple[Path, ...]:
        """The files that were handed over for a study, as far as they are still there."""
        found = next((r for r in self.requests() or () if r.study_id == study_id), None)
        return tuple(file for file in found.files if file.exists()) if found else ()


def folders_of(workspace: Path, db: WorkspaceDb) -> list[tuple[Path, datetime]]:
    """The folders of the workspace's draft runs that still hold any, newest first, and when each was begun (UTC)."""
    query = select(DraftRunRow.folder, func.max(DraftRunRow.started_at)).group_by(DraftRunRow.folder)
    with db.session() as session:
        known = {Path(folder): began for folder, began in session.execute(query)}
    for path in map(Path, runs_not_begun(workspace)):
        if path not in known:
            known[path] = datetime.fromtimestamp((path / HANDED_OVER).stat().st_mtime, UTC).replace(tzinfo=None)
    there = ((p, began) for p, began in known.items() if (p / DRAFTS).exists() or (p / HANDED_OVER / STUDIES).exists())
    return sorted(there, key=lambda found: found[1], reverse=True)


def runs_not_begun(workspace: Path) -> list[str]:
    """The page's folders with a list of studies, some of which no run may ever have begun with: its server went."""
    home = workspace / FOLDER
    return [str(path) for path in home.iterdir() if (path / HANDED_OVER / STUDIES).exists()] if home.is_dir() else []


def new_run(workspace: Path, name: str, studies: Sequence[str], files: Sequence[Path], about: dict[str, Any]) -> Path:
    """A folder for a run with its list of studies: ids of indexed ones, or uploads.

    Of the uploads a table (CSV) lists the studies as for `wardround draft`, its files are the others, by their names;
    without a table each file is a study, except a recording's data files. Uploads are moved into the folder. `about` is
    kept in `run.json`. Raises WardroundError for a name that is taken and for a list that can't be used.
    """
    if not studies and not files:
        raise WardroundError("no study is chosen: choose some of the archive, or hand over files")
    path = workspace / FOLDER / file_name(name)
    try:
        path.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise WardroundError("there are drafts called {name!r} already: choose another name", name=name) from None
    try:
        (path / HANDED_OVER).mkdir(mode=0o700)
        requests = _handed_over(path / HANDED_OVER, files) if files else []
        write_studies(path / HANDED_OVER / STUDIES, study_requests([*requests, *studies]))
        (path / RUN).write_text(json.dumps(about) + "\n", "utf-8")
        (path / RUN).chmod(0o600)
    except WardroundError as error:
        shutil.rmtree(path, ignore_errors=True)
        told = str(error).replace(f"{path / HANDED_OVER}/", "").replace(str(path / HANDED_OVER), "the files")
        raise WardroundError(told) from None
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return path


def is_pages(workspace: Path, run: RunFolder) -> bool:
    """Whether the page began a run, whose folder is then the workspace's own."""
    return run.path.parent == workspace / FOLDER and (run.path / HANDED_OVER).is_dir()


def delete_run(workspace: Path, db: WorkspaceDb, run: RunFolder) -> None:
    """Remove a run that the page began: its drafts, what was handed over, decisions and feedback.

    Raises WorkspaceBusy while it is being drafted, WardroundError for a folder of the command line's: that is its
    owner's.
    """
    if not is_pages(workspace, run):
        raise WardroundError("{run}: was not begun on the page; its folder is its owner's to delete", run=run.name)
    with alone(run.path):
        drafts = {drafted.digest for drafted in run.drafts()}
        with db.session() as session, session.begin():
            erase_edits(session, drafts, (), lambda _: False)
            erase_opinions(session, drafts, (), lambda _: False)
        shutil.rmtree(run.path)


def _handed_over(folder: Path, files: Sequence[Path]) -> list[StudyRequest]:
    tables = [file for file in files if file.suffix.lower() in _TABLES]
    if len(tables) > 1:
        raise WardroundError("{tables}: one table lists all studies; hand over one", tables=tables[1].name)
    names = [file.name for file in files]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise WardroundError("{twice}: two files have this name; give them two names", twice=twice)
    for file in files:
        target = folder / file.name if file not in tables else folder / f"table{file.suffix}"
        shutil.move(file, target)
        target.chmod(0o600)
    if not tables:
        return read_studies(folder)
    table = folder / f"table{tables[0].suffix}"
    try:
        listed = read_studies(table)
    except WardroundError as error:
        raise WardroundError(str(error).replace(str(table), tables[0].name)) from None
    finally:
        table.unlink()
    return [replace(study, files=tuple(_named(folder, study, file) for file in study.files)) for study in listed]


def _named(folder: Path, study: StudyRequest, file: Path) -> Path:
    """The upload that a table means: it names files by paths that the browser does not tell."""
    if not (folder / file.name).exists():
        raise WardroundError(
            "study {study_id!r}: {file} was not handed over with the table", study_id=study.study_id, file=file.name
        )
    return folder / file.name


def _drafted(line: bytes, start: int, run_id: str) -> Drafted | None:
    text = line.decode("utf-8", "replace")
    try:
        found = worded_again(json.loads(text))
        sentences = sum(len(section["claims"]) for section in found["sections"])
        flags = tuple(found["flags"])
        own = next(
            (e["external_id"] for e in found["evidence"] if e["relation"] == "own" and e.get("external_id")), None
        )
        return Drafted(
            digest_of(text, run_id),
            str(found["study_id"]),
            own,
            found.get("given", ""),
            flags,
            sentences,
            start,
            len(line),
        )
    except (ValueError, KeyError, TypeError):
        return None


def unfinished(run: RunFolder) -> Iterator[StudyRequest]:
    """The studies of a page's run that are not drafted yet, those set aside among them."""
    done = {drafted.study_id for drafted in run.drafts()}
    yield from (request for request in run.requests() or () if request.study_id not in done)
