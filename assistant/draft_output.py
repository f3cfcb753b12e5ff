"""Where a batch of drafts goes: `drafts.jsonl`, from which an interrupted run goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from assistant.errors import WardroundError
from assistant.records import Draft

if TYPE_CHECKING:
    from assistant.assistant import Assistant

DRAFTS = "drafts.jsonl"


class DraftOutput:
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

    def __enter__(self) -> DraftOutput:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)  # patients' text: owner alone
        self._file: TextIO = os.fdopen(descriptor, "a", encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._db.end_draft_run(self._run)

    def write(self, draft: Draft) -> None:
        self._file.write(json.dumps(draft.to_json(), ensure_ascii=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._db.add_drafted(self._run, self._pseudonym(draft.study_id))

    def set_aside(self, study_id: str, reason: str, files: Iterable[Path] = ()) -> None:
        """Keep why a study was not drafted, without its own id and the names of its files."""
        name = self._pseudonym(study_id)
        for file in files:
            reason = reason.replace(str(file), "a file").replace(file.name, "a file")
        self._db.add_drafted(self._run, name, reason.replace(study_id, name))


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
