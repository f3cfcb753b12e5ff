"""Recipes: what is indexed and how, in TOML."""

from __future__ import annotations

import os
import re
from pathlib import Path
from string import Formatter
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from assistant.errors import RecipeError
from assistant.ingest.dicom.web import PacsSource
from assistant.ingest.folder import walk
from assistant.toml_file import checked, read_toml

COLUMNS = ("id", "path", "patient_id", "study_id", "taken_at", "title", "url", "text", "modality")
DEFAULTS = ("patient_id", "study_id", "taken_at", "title", "url", "modality")
_OF_FILES = {"manifest", "join", "columns", "labels", "labels_column", "include", "exclude"}
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_NAME = re.compile(r"^[A-Za-z0-9][\w.-]*$")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Encoders(_Model):
    """Encoders by registry name, where a recipe wants others than the settings'."""

    text: str | None = None
    image: str | None = None
    signal: str | None = None


class Heads(_Model):
    """Whether a metric may be learned on the index's labels, for each kind, where not as the settings say."""

    image: Literal["auto", "off"] | None = None
    signal: Literal["auto", "off"] | None = None


class Join(_Model):
    """A second table whose columns are added to a manifest's rows where the column `on` is equal."""

    manifest: str
    on: str


class Source(_Model):
    """One folder, with or without a manifest, or with `dicomweb` in place of `path` a PACS.

    `columns` maps a field of the record to a column of the manifest, or to a template over columns
    ("images/{filename}"); `labels` maps a label's name to a column; `labels_column` names a column that holds a JSON
    object, each entry of which is a label too; `defaults` are constants for all records of the source. `include` and
    `exclude` are globs on paths below `path`, for a folder without a manifest.
    `deidentify = false` leaves texts, dates and pictures of the source as they are: for literature, where authors
    and dates matter, and for data that its publisher has de-identified.
    """

    path: Path = Path()
    dicomweb: PacsSource | None = None
    manifest: str | None = None
    join: Join | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    labels: dict[str, str] = Field(default_factory=dict)
    labels_column: str | None = None
    defaults: dict[str, str] = Field(default_factory=dict)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    header_comments: bool = Field(True, description="a WFDB header's comments become a text record")
    deidentify: bool = Field(True, description="false: public literature, or data that holds no identifiers any more")

    @model_validator(mode="before")
    @classmethod
    def _one_place(cls, values: Any) -> Any:
        if isinstance(values, dict):
            if ("path" in values) == ("dicomweb" in values):
                raise ValueError("a source has either a path (a folder) or dicomweb (a PACS)")
            if "dicomweb" in values and (other := set(values) & _OF_FILES):
                raise ValueError(f"{sorted(other)[0]} is for a folder, not for dicomweb")
        return values

    @field_validator("columns")
    @classmethod
    def _known_columns(cls, columns: dict[str, str]) -> dict[str, str]:
        return _known(columns, COLUMNS)

    @field_validator("defaults")
    @classmethod
    def _known_defaults(cls, defaults: dict[str, str]) -> dict[str, str]:
        return _known(defaults, DEFAULTS)


class Recipe(_Model):
    """A named set of sources. `path` is the TOML file; `patient_namespace` keeps apart patients of equal ids."""

    name: str
    path: Path
    source: tuple[Source, ...]
    encoders: Encoders = Encoders()
    heads: Heads = Heads()
    patient_namespace: str = ""

    @field_validator("name")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not _NAME.match(name):
            raise ValueError("a name is letters, digits, dots, dashes and underscores")
        return name

    @field_validator("source")
    @classmethod
    def _some_source(cls, source: tuple[Source, ...]) -> tuple[Source, ...]:
        if not source:
            raise ValueError("a recipe needs at least one [[source]]")
        return source


def _known(mapping: dict[str, str], names: tuple[str, ...]) -> dict[str, str]:
    for key in mapping:
        if key not in names:
            raise ValueError(f"there is no field {key!r}; the fields are {', '.join(names)}")
    return mapping


def load_recipe(path: Path) -> Recipe:
    """Read a recipe; paths in it are relative to its folder, `${NAME}` is an environment variable.

    Raises RecipeError naming the file, the place and what is wrong: no such file, not TOML, an unknown or
    missing key, an unset variable.
    """
    path = Path(path).expanduser().resolve()
    values = read_toml(path, "there is no such recipe or folder")
    values.setdefault("name", path.stem)
    for source in values.get("source", []):
        if isinstance(source, dict) and isinstance(source.get("path"), str):
            source["path"] = _source_path(source["path"], path)
    return checked(path, Recipe, {**values, "path": path})


def _source_path(text: str, recipe: Path) -> Path:
    def expand(match: re.Match[str]) -> str:
        value = os.environ.get(match[1])
        if not value:
            raise RecipeError(
                "{recipe}: the environment variable {match} is not set (source path {text!r}): "
                "set it to the folder that holds the data",
                recipe=recipe,
                match=match[1],
                text=text,
            )
        return value

    return Path(os.path.normpath(recipe.parent / Path(_VARIABLE.sub(expand, text)).expanduser()))


def placeholders(template: str) -> tuple[str, ...]:
    """The columns that a mapping uses: those in braces, or the one that it is."""
    if "{" not in template:
        return (template,)
    try:
        return tuple(name for _, name, _, _ in Formatter().parse(template) if name)
    except ValueError:
        return (template,)


def fill(template: str, row: dict[str, str]) -> str:
    """A mapping's value in a row: the column's, or the template's with each `{column}` replaced."""
    if "{" not in template:
        return row.get(template, "").strip()
    return re.sub(r"\{([^{}]+)\}", lambda match: row.get(match[1], "").strip(), template)


def folder_recipe(folder: Path, workspace: Path) -> Path:
    """Write `indexes/<folder>.toml`, a recipe for every readable file below a folder, and return its path.

    An existing recipe for the same folder is used as it is; one of the same name for something else stays
    untouched, and a number is added to the new one's name. Raises RecipeError if there is no such folder, or
    no file in it and no recipe for it.
    """
    folder, workspace = Path(folder).expanduser().resolve(), Path(workspace).resolve()
    if not folder.is_dir():
        raise RecipeError("{folder}: there is no such folder", folder=folder)
    indexes = workspace / "indexes"
    indexes.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.-]+", "-", folder.name, flags=re.ASCII).strip("-._") or "archive"
    for number in range(1, 1000):
        path = indexes / (f"{name}.toml" if number == 1 else f"{name}-{number}.toml")
        if not path.exists():
            if next(walk(folder), None) is None:
                raise RecipeError("{folder}: no file lies in it, so there is nothing to index", folder=folder)
            path.write_text(_folder_toml(path.stem, folder, indexes), encoding="utf-8")
            return path
        if _is_of_folder(path, folder):
            return path
    raise RecipeError("{indexes}: too many recipes are named {name}", indexes=indexes, name=name)


def _is_of_folder(path: Path, folder: Path) -> bool:
    try:
        recipe = load_recipe(path)
    except RecipeError:
        return False
    return len(recipe.source) == 1 and recipe.source[0].path.resolve() == folder


def _folder_toml(name: str, folder: Path, indexes: Path) -> str:
    try:
        text = os.path.relpath(folder, indexes) if folder.is_relative_to(indexes.parent) else str(folder)
    except ValueError:
        text = str(folder)
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return (
        f'name = "{name}"\n\n'
        "[[source]]\n"
        f'path = "{quoted}"  # every readable file below; README, “Your own archive”, says what else to name\n'
    )
