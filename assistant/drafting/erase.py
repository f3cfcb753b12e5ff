"""A patient leaves the folder of a run of drafts: lines, documents, preference pairs, reasons to set aside, uploads."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.drafting.output import (
    BESIDE,
    DRAFTS,
    HANDED_OVER,
    LOCK,
    STUDIES,
    SUFFIXES,
    digest_of,
    run_facts,
    study_of,
)
from assistant.errors import WorkspaceBusy
from assistant.export import file_name
from assistant.store.files import write_atomically
from assistant.studies import read_studies, write_studies


def erase_from_run(folder: Path, is_theirs: Callable[[str], bool], dry_run: bool) -> set[str]:
    """Remove from a run's folder what `is_theirs` says of a line to be a patient's; the digests of the drafts that go.

    With a draft goes what lies beside it: the prompt of its preference pair holds the same texts of other studies, but
    not whose they are. Documents without a draft, which a killed run leaves and `--resume` writes again, go as well,
    since nothing tells whose they are. So do the study's line in the list that was handed over, and its files. Raises
    WorkspaceBusy while a process drafts there, OSError, UnicodeDecodeError, WardroundError for a list that is broken.
    """
    with alone(folder):
        lines = _lines(folder / DRAFTS)
        kept = [line for line in lines if not is_theirs(line)]
        run_id = str(run_facts(folder).get("id", ""))
        theirs = [line for line in lines if is_theirs(line)]
        gone, digests = {study_of(line) for line in theirs}, {digest_of(line, run_id) for line in theirs}
        if dry_run:
            return digests
        for path in (folder / name for name in BESIDE):
            had = _lines(path)
            left = [line for line in had if not is_theirs(line) and study_of(line) not in gone]
            if len(left) < len(had):
                write_atomically(path, "".join(left), mode=0o600)
        drafted = {file_name(study) for line in kept if (study := study_of(line)) is not None}
        for kind, suffix in SUFFIXES.items():
            for document in (folder / kind).glob(f"*{suffix}"):
                if document.name.removesuffix(suffix) not in drafted:
                    document.unlink(missing_ok=True)
        if len(kept) < len(lines):
            write_atomically(folder / DRAFTS, "".join(kept), mode=0o600)
        _erase_studies(folder / HANDED_OVER, is_theirs, gone)
        return digests


def _erase_studies(folder: Path, is_theirs: Callable[[str], bool], gone: Collection[str | None]) -> None:
    """Take studies out of the list that the page began the run with, and delete the files that no other study names."""
    if not (folder / STUDIES).exists():
        return
    studies = read_studies(folder / STUDIES)
    left = [
        study
        for study in studies
        if study.study_id not in gone
        and not is_theirs(json.dumps({"study_id": study.study_id, "patient_id": study.patient_id}))
    ]
    if len(left) == len(studies):
        return
    write_studies(folder / STUDIES, left)
    kept = {file.stem for study in left for file in study.files}  # a recording's data lie under its header's name
    for path in folder.iterdir():
        if path.name != STUDIES and path.stem not in kept:
            path.unlink()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Holds off a process that would draft here, and its lines that would go into the file that was replaced."""
    if not (folder / LOCK).exists():
        yield
        return
    with (folder / LOCK).open("r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorkspaceBusy(f"{folder}: a process drafts into it; try again when it ended") from None
        yield


def _lines(path: Path) -> list[str]:
    """The lines with their ends; a text may hold other characters that `splitlines` takes for one (U+2028)."""
    text = path.read_bytes().decode("utf-8") if path.exists() else ""
    return [f"{line}\n" for line in text.removesuffix("\n").split("\n")] if text else []
