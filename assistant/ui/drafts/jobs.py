"""Drafting behind the page: one run at a time in a process, watched or not, until the server that began it ends."""

from __future__ import annotations

import logging
import threading
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.drafting import DraftOptions, draft_studies
from assistant.drafting.output import HANDED_OVER, STUDIES
from assistant.errors import WardroundError
from assistant.studies import read_studies
from assistant.ui.gate.visitor import Visitor, entering
from assistant.wording import worded

if TYPE_CHECKING:
    from assistant.assistant import Assistant

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """A run at work. `done` of `total` studies are through; `error` says why it ended before its end."""

    path: Path
    assistant: Assistant
    waits: bool = True
    done: int = 0
    total: int = 0
    error: str = ""
    stopping: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        return self.thread is not None and self.thread.is_alive()


class Jobs:
    """The runs at work. What ends with its server goes on from where it was when somebody asks for that."""

    def __init__(self) -> None:
        self._jobs: dict[Path, Job] = {}
        self._lock = threading.Lock()
        self._turn = threading.Lock()  # models and cores are shared: one run after the other

    def of(self, path: Path) -> Job | None:
        return self._jobs.get(path)

    def start(self, assistant: Assistant, path: Path, options: DraftOptions, who: Visitor) -> Job:
        """Draft what is not drafted yet of a folder's list of studies, for that visitor. Does nothing twice."""
        with self._lock:
            if (had := self._jobs.get(path)) is not None and had.is_running:
                return had
            job = self._jobs[path] = Job(path, assistant)
            job.thread = threading.Thread(
                target=self._work, args=(job, options, who), daemon=True, name=f"drafts {path.name}"
            )
            job.thread.start()
            return job

    def stop(self, path: Path) -> None:
        """Let a run end after the studies that are being drafted; nothing of what was done is lost."""
        if (job := self._jobs.get(path)) is not None:
            job.stopping.set()

    def stop_all(self, assistant: Assistant, wait_s: float = 10.0) -> None:
        """When the assistant's server ends."""
        ending = [job for job in list(self._jobs.values()) if job.assistant is assistant]
        for job in ending:
            job.stopping.set()
        for job in ending:
            if job.thread is not None:
                job.thread.join(timeout=wait_s)

    def _work(self, job: Job, options: DraftOptions, who: Visitor) -> None:
        def told(done: int, total: int) -> None:
            job.done, job.total = done, total

        while not self._turn.acquire(timeout=0.2):
            if job.stopping.is_set():
                return
        try:
            job.waits = False
            studies = read_studies(job.path / HANDED_OVER / STUDIES)
            drafts = draft_studies(job.assistant, studies, options, out=job.path, resume=True, on_progress=told)
            with entering(who), closing(drafts):
                while not job.stopping.is_set() and next(drafts, None) is not None:
                    pass
        except WardroundError as error:
            job.error = error.told
        except Exception as error:  # whoever watches must be told that it ended
            log.exception("drafts could not be made")
            job.error = worded("an error inside Wardround ({fault}); its log says more", fault=type(error).__name__)
        finally:
            self._turn.release()


JOBS = Jobs()
