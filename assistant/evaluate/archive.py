"""The archive that belongs to a suite: built from the suite's recipe before the first case is put to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from assistant.evaluate.dataset import Dataset
from assistant.evaluate.solve.interface import ARCHIVE_TASKS
from assistant.settings import Settings


def update_archive(
    dataset: Dataset, workspace: Path, settings: Settings, progress: Callable[[int, int, str], None] | None = None
) -> None:
    """Build the index of the suite's recipe, or bring it up to date; nothing where no case asks an archive.

    An index that is up to date is left as it is, so a second run finds the same generation. Indexes whose name begins
    with "eval-" are searched only where they are named. Raises what `Assistant.build` raises.
    """
    if dataset.recipe is None or not ARCHIVE_TASKS & dataset.tasks:
        return
    from assistant.assistant import Assistant

    Assistant.build(dataset.recipe, workspace=workspace, settings=settings, progress=progress)
