"""The archive that belongs to a suite, built before it is run: from a recipe, or of the set's own texts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from assistant.errors import RecipeError
from assistant.evaluate.dataset import Dataset
from assistant.evaluate.mapping import archive_rows, find_mapping
from assistant.evaluate.solve.interface import ARCHIVE_TASKS
from assistant.settings import Settings

_RECIPE = """# Written by `wardround eval` from the mapping {mapping}; its rows are there only while the index is built.
name = "{name}"
patient_namespace = "{mapping}"
[[source]]
path = "."
deidentify = false # published, de-identified by its publisher
manifest = "rows.jsonl"
[source.columns]
{columns}
[source.defaults]
modality = "{modality}"
"""


def update_archive(
    dataset: Dataset, workspace: Path, settings: Settings, progress: Callable[[int, int, str], None] | None = None
) -> None:
    """Build the suite's own index, or bring it up to date; nothing where no case asks an archive.

    An index that is up to date is left as it is, so a second run finds the same generation. Indexes whose name begins
    with "eval-" are searched only where they are named. Raises RecipeError and what `Assistant.build` raises.
    """
    if dataset.recipe is None or not ARCHIVE_TASKS & dataset.tasks:
        return
    from assistant.assistant import Assistant

    rows = _write_rows(dataset, workspace) if dataset.suite.archive else None
    try:
        Assistant.build(dataset.recipe, workspace=workspace, settings=settings, progress=progress)
    finally:
        if rows is not None:
            rows.unlink()  # the texts are in the index, where `wardround forget` finds them; no copy stays behind


def _write_rows(dataset: Dataset, workspace: Path) -> Path:
    """The recipe of a mapping's archive, and its rows beside it."""
    suite, recipe = dataset.suite, dataset.recipe
    assert suite.mapping is not None and recipe is not None and dataset.data is not None
    mapping = find_mapping(suite.mapping, workspace)
    if mapping.archive is None:
        raise RecipeError(f"{dataset.path}: archive = true, but the mapping {mapping.name} says nothing of an archive")
    recipe.parent.mkdir(parents=True, exist_ok=True)
    columns = "\n".join(f'{column} = "{column}"' for column in mapping.archive.columns)
    recipe.write_text(
        _RECIPE.format(
            mapping=mapping.name, name=f"eval-{mapping.name}", columns=columns, modality=mapping.archive.modality
        ),
        encoding="utf-8",
    )
    rows = recipe.parent / "rows.jsonl"
    with rows.open("w", encoding="utf-8") as file:
        for row in archive_rows(mapping, dataset.data):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return rows
