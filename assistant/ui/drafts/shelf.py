"""The runs of drafts that a visitor may see, by names that tell no path."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from assistant.drafting.prior import is_prior
from assistant.drafting.review import concerned, review
from assistant.drafting.runs import RunFolder, folders_of
from assistant.errors import WardroundError
from assistant.records import Draft, Record
from assistant.store.opinions import Target
from assistant.ui.gate.visitor import visitor
from assistant.ui.language import say

if TYPE_CHECKING:
    from assistant.assistant import Assistant


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the page knows it: `id` stands for its folder."""

    id: str
    folder: RunFolder
    began: datetime

    @property
    def may_be_seen(self) -> bool:
        """Whether the visitor sees every index that it was drafted from; an old run does not say which those were."""
        who = visitor()
        made_from = self.folder.asked().get("indexes")
        return who.indexes is None or (made_from is not None and all(map(who.sees, made_from)))


class Shelf:
    """The workspace's runs; folders stay read as long as the server runs."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self._folders: dict[Path, RunFolder] = {}
        self._lock = threading.Lock()

    def runs(self) -> list[Run]:
        """Those that the visitor may see, newest first."""
        found = []
        for path, began in folders_of(self.assistant.workspace, self.assistant.db):
            with self._lock:
                folder = self._folders.setdefault(path, RunFolder(path))
            run = Run(hashlib.blake2b(str(path).encode(), digest_size=8).hexdigest(), folder, began)
            if run.may_be_seen:
                found.append(run)
        return found

    def run(self, run_id: str | None) -> Run | None:
        return next((run for run in self.runs() if run.id == run_id), None)

    def find(self, digest: str) -> tuple[Run, Draft]:
        """A draft and its run. Raises WardroundError where the visitor has none of that digest."""
        for run in self.runs():
            if any(drafted.digest == digest for drafted in run.folder.drafts()):
                return run, run.folder.draft(digest)
        raise WardroundError(say("drafts.gone"))

    def said(self, target: Target) -> tuple[Mapping[str, Any], Sequence[str]]:
        """The sentence of a draft that feedback is about, with its evidence's texts, and whom it concerns."""
        run, draft = self.find(str(target.draft))
        found = review(self.assistant, str(target.draft), draft)
        sentence = next((s for s in found.sentences if s.key == target.sentence), None)
        if sentence is None or not (claims := sentence.claims or ((sentence.original,) if sentence.original else ())):
            raise WardroundError(say("drafts.gone"))
        cited = {key for claim in claims for key in claim.citations}
        evidence = [{"id": e.id, "relation": e.relation, "text": e.text} for e in draft.evidence if e.id in cited]
        said = claims[0].to_json() | {
            "text": " ".join(claim.text for claim in claims), "citations": sorted(cited), "evidence": evidence,
            "section": sentence.section, "model": draft.model, "prompt": draft.prompt,
            "run": run.folder.name, "study_id": draft.study_id,
        }  # fmt: skip
        return said, sorted(concerned(draft, claims))

    def own_records(self, run: Run, draft: Draft) -> list[Record]:
        """The study's own pictures and signals with their content, as far as they can still be had."""
        ids = dict.fromkeys(e.record_id for e in draft.evidence if e.relation == "own" and not is_prior(e))
        found = []
        for record_id in ids:
            try:
                found.append(self.record(run, draft, record_id, logged=False))
            except (WardroundError, OSError):
                continue
        return [record for record in found if record.kind != "text"]

    def record(self, run: Run, draft: Draft, record_id: str, *, logged: bool = True) -> Record:
        """A record that a draft rests on: of the archive, or one of the files that were handed over for it."""
        try:
            return self.assistant.record(record_id, logged=logged)
        except WardroundError:
            for upload in self.assistant.uploads.read(run.folder.files_of(draft.study_id)):
                if upload.record.record_id == record_id:
                    return upload.record
            raise


_shelves: WeakKeyDictionary[Assistant, Shelf] = WeakKeyDictionary()


def shelf_of(assistant: Assistant) -> Shelf:
    """The one shelf of an assistant."""
    return _shelves.setdefault(assistant, Shelf(assistant))
