"""A patient leaves the folder of a run of drafts: lines, documents, preference pairs, reasons to set aside."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.drafting.output import BESIDE, DRAFTS, LOCK, SUFFIXES, study_of
from assistant.errors import WorkspaceBusy
from assistant.export import file_name
from assistant.store.files import write_atomically


def erase_from_run(folder: Path, is_theirs: Callable[[str], bool], dry_run: bool) -> int:
    """Remove from a run's folder what `is_theirs` says of a line to be a patient's; the number of drafts that go.

    With a draft goes what lies beside it: the prompt of its preference pair holds the same texts of other studies, but
    not whose they are. Documents without a draft, which a killed run leaves and `--resume` writes again, go as well,
    since nothing tells whose they are. Raises WorkspaceBusy while a process drafts there, OSError, UnicodeDecodeError.
    """
    with _alone(folder):
        lines = _lines(folder / DRAFTS)
        kept = [line for line in lines if not is_theirs(line)]
        gone = {study_of(line) for line in lines if is_theirs(line)}
        if dry_run:
            return len(lines) - len(kept)
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
        return len(lines) - len(kept)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Holds off a process that would draft here, and its lines that would go into the file that was replaced."""
    if not (folder / LOCK).exists():
        yield
        return
    with (folder / LOCK).open("r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorkspaceBusy(f"{folder}: a process drafts into it; forget the patient again when it ended") from None
        yield


def _lines(path: Path) -> list[str]:
    """The lines with their ends; a text may hold other characters that `splitlines` takes for one (U+2028)."""
    text = path.read_bytes().decode("utf-8") if path.exists() else ""
    return [f"{line}\n" for line in text.removesuffix("\n").split("\n")] if text else []
