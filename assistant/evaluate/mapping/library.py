"""Where mappings lie, and where the data of a set does."""

from __future__ import annotations

import os
from pathlib import Path

from assistant.errors import RecipeError
from assistant.evaluate.mapping.scheme import Mapping, load_mapping

SHIPPED = Path(__file__).parent / "formats"
DATA = "WARDROUND_DATA"


def mapping_names(workspace: Path) -> list[str]:
    """The mappings of the workspace and of the installation, by name."""
    return sorted({path.stem for folder in _folders(workspace) for path in folder.glob("*.toml")})


def find_mapping(name: str, workspace: Path) -> Mapping:
    """A mapping by name: the workspace's `eval/mappings/` wins over the installation's.

    RecipeError lists what there is.
    """
    for folder in _folders(workspace):
        if (folder / f"{name}.toml").is_file():
            return load_mapping(folder / f"{name}.toml")
    raise RecipeError(f"no mapping {name!r}; there are: {', '.join(mapping_names(workspace))}")


def find_data(data: str, mapping: Mapping, suite: Path) -> Path:
    """The folder of a set: absolute, relative to the suite, or below the folder that WARDROUND_DATA names.

    RecipeError says where was looked, and how the set is to be had.
    """
    base = os.environ.get(DATA)
    places = [suite.parent / Path(data).expanduser()]
    if base:
        places.append(Path(base).expanduser() / data)
    for place in places:
        if place.is_dir():
            return place.resolve()
    looked = ", ".join(map(str, places))
    hint = "" if base else f", and {DATA} is not set: set it to the folder that holds your data sets"
    raise RecipeError(
        f"{suite}: the data of {mapping.title} is not there (looked for {looked}{hint}). "
        f"How to get it: {mapping.get} ({mapping.source})"
    )


def _folders(workspace: Path) -> tuple[Path, ...]:
    return (workspace / "eval" / "mappings", SHIPPED)
