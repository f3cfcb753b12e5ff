"""Indexes built while the page is served: one at a time, in a thread of its own that outlives the tab that began it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from assistant import demo
from assistant.errors import WardroundError
from assistant.ui.language import say

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.store.build import BuildReport, Progress

log = logging.getLogger(__name__)

Stage = Literal["idle", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Work:
    """How far a build is. `what` is being built, `step` what is done now; `report` is there when it is done.

    `error` is why it failed: in words, or, where the fault is Wardround's own (`ours`), the name of the exception.
    """

    stage: Stage = "idle"
    what: str = ""
    step: str = ""
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    report: BuildReport | None = None
    error: str = ""
    ours: bool = False


class Builder:
    """The builds of a server. What is built is opened for everybody as soon as it is committed."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._lock = threading.Lock()
        self._work = Work()
        self._began = 0.0

    @property
    def work(self) -> Work:
        work = self._work
        return replace(work, seconds=time.monotonic() - self._began) if work.stage == "running" else work

    def demo(self) -> bool:
        """Fetch and build the demonstration archive. False while something else is being built; so with the others."""
        workspace = self._assistant.workspace
        return self._start(demo.DEMO_INDEX, lambda told: self._build(demo.prepare(workspace, told), told))

    def folder(self, path: Path, name: str) -> bool:
        """Index every readable file below a folder; a recipe is written for it."""
        return self._start(name, lambda told: self._build(path, told))

    def update(self, name: str) -> bool:
        """Bring an open index up to date with its recipe. Raises WardroundError where it has none here."""
        recipe = self._assistant.workspace / "indexes" / f"{name}.toml"
        if name not in self._assistant.indexes or not recipe.is_file():
            raise WardroundError(say("archive.no_recipe", name=name, recipe=str(recipe)))
        return self._start(name, lambda told: self._build(recipe, told))

    def _build(self, recipe: Path, told: Progress) -> BuildReport:
        assistant = self._assistant
        report = assistant.build(recipe, workspace=assistant.workspace, settings=assistant.settings, progress=told)
        if report.generation:
            assistant.open_index(report.index)
        return report

    def _start(self, what: str, make: Callable[[Progress], BuildReport]) -> bool:
        with self._lock:
            if self._work.stage == "running":
                return False
            self._work, self._began = Work("running", what), time.monotonic()
        threading.Thread(target=self._run, args=(make,), name="wardround-build", daemon=True).start()
        return True

    def _run(self, make: Callable[[Progress], BuildReport]) -> None:
        def told(done: int, total: int, step: str) -> None:
            self._work = replace(self._work, done=done, total=total, step=step)

        try:
            report = make(told)
            self._end("done", report=report)
        except WardroundError as error:
            self._end("failed", error=error.told)
        except Exception as error:  # a fault of ours must not leave the page waiting; the log has the details
            log.exception("an index could not be built")
            self._end("failed", error=type(error).__name__, ours=True)

    def _end(self, stage: Stage, report: BuildReport | None = None, error: str = "", ours: bool = False) -> None:
        seconds = time.monotonic() - self._began
        self._work = replace(self._work, stage=stage, report=report, error=error, ours=ours, seconds=seconds)
