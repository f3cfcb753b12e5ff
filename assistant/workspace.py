"""A workspace: the folder with `indexes/`, `prompts/` and `eval/` that a user edits."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from assistant.errors import IndexMissing, WardroundError
from assistant.resources import Resource, resource_dir
from assistant.store.generations import built_indexes

_FOLDERS: tuple[Resource, ...] = ("indexes", "prompts", "eval")

_SETTINGS = """# Settings of this workspace; every option and its default: docs/settings.md
# [llm]
# name = "openai"                          # quote | local | openai
# base_url = "http://127.0.0.1:8000/v1"    # a vLLM server, say
"""


def init_workspace(folder: Path) -> list[Path]:
    """Make a workspace with the default recipes, prompts and suites; what is there already is left as it is.

    Gives the files that were written. Raises WardroundError if the folder is a file or can't be written.
    """
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _FOLDERS:
            source = resource_dir(name)
            (folder / name).mkdir(exist_ok=True)
            for file in sorted(p for p in source.iterdir() if p.is_file()):
                target = folder / name / file.name
                if not target.exists():
                    shutil.copyfile(file, target)
                    written.append(target)
        settings = folder / "wardround.toml"
        if not settings.exists():
            settings.write_text(_SETTINGS, encoding="utf-8")
            written.append(settings)
    except OSError as error:
        raise WardroundError(
            "{folder}: can't make a workspace here: {said}", folder=folder, said=error.strerror or error
        ) from error
    return written


def workspace_of_recipe(recipe: Path) -> Path:
    """The workspace a recipe belongs to: the folder around `indexes/`, else the current one."""
    parent = recipe.resolve().parent
    return parent.parent if parent.name == "indexes" else Path.cwd()


def of_a_suite(index: str) -> bool:
    """Whether an index belongs to a suite of an evaluation ("eval-…"); such a one is opened only where it is named."""
    return index.startswith("eval-")


def choose_indexes(workspace: Path, names: Sequence[str], *, may_be_empty: bool = False) -> list[str]:
    """The indexes to open: those named, or all that are built but for those of suites.

    Raises IndexMissing naming what there is; `may_be_empty` takes a workspace where nothing is built yet.
    """
    built = built_indexes(workspace)
    missing = [name for name in names if name not in built]
    if missing:
        there = ", ".join(built) if built else "none"
        raise IndexMissing(
            "{workspace}: index {missing!r} is not built (built: {there}); wardround index indexes/{missing}.toml",
            workspace=workspace,
            missing=missing[0],
            there=there,
        )
    everyday = [name for name in built if not of_a_suite(name)]
    if not (names or everyday or may_be_empty):
        if built:
            raise IndexMissing(
                "{workspace}: only indexes of evaluation suites are built here ({there}); one is searched where it "
                "is named: --index {first}",
                workspace=workspace,
                there=", ".join(built),
                first=built[0],
            )
        raise IndexMissing(
            "{workspace}: no index is built here; wardround index RECIPE.toml (or FOLDER) builds one",
            workspace=workspace,
        )
    return list(names) or everyday
