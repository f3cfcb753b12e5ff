"""The data set: a suite (TOML) and its cases (JSON Lines).

```toml
name = "smoke"
description = "…"
cases = "smoke.jsonl"            # relative to the suite
index = "demo"                   # index name or recipe, optional; a case may name its own
task = "ask"                     # what is done with cases that do not say it themselves
retrieval_k = [1, 5, 10]
cluster = "group"                # "group", "case", "patient" or "tags.<name>": what the intervals resample
[bootstrap]
resamples = 2000
seed = 0
[settings.llm]                   # overrides of any option of `wardround.toml`
name = "quote"
```

What a case holds is said in `assistant.evaluate.case`. A file is relative to the cases' folder, absolute, below the
workspace (`workspace:indexes/demo-data/ecgs/A0003.hea`) or inside an installed package
(`package:pydicom/data/test_files/waveform_ecg.dcm`).
"""

from __future__ import annotations

import importlib.util
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, Field, ValidationError, field_validator

from assistant.errors import RecipeError
from assistant.evaluate.case import Case, Strict, Task
from assistant.settings import Settings

PACKAGE_SCHEME = "package:"
WORKSPACE_SCHEME = "workspace:"


class Bootstrap(Strict):
    resamples: int = Field(default=2000, ge=100, le=100_000)
    seed: int = Field(default=0, ge=0)


class Suite(Strict):
    """A suite as written; `cases` have been read by `load_suite`, `path` is the TOML itself."""

    name: str = Field(min_length=1)
    description: str = ""
    cases_file: str = Field(alias="cases")
    index: str | None = None
    task: Task = "ask"
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict)
    retrieval_k: tuple[int, ...] = (1, 5, 10)
    cluster: str = "group"
    bootstrap: Bootstrap = Bootstrap()

    @field_validator("retrieval_k")
    @classmethod
    def _positive_and_sorted(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value or min(value) < 1:
            raise ValueError("retrieval_k needs at least one number, each 1 or more")
        return tuple(sorted(set(value)))

    @field_validator("cluster")
    @classmethod
    def _known_cluster(cls, value: str) -> str:
        if value not in {"group", "case", "patient"} and not value.startswith("tags."):
            raise ValueError('cluster is "group", "case", "patient" or "tags.<name>"')
        return value


class Dataset(Strict):
    """A suite with its cases; file names are relative to `folder`."""

    suite: Suite
    cases: tuple[Case, ...]
    path: Path
    workspace: Path

    @property
    def tasks(self) -> frozenset[Task]:
        """The tasks that occur among the cases."""
        return frozenset(case.task for case in self.cases)

    @property
    def folder(self) -> Path:
        return (self.path.parent / self.suite.cases_file).parent

    def cluster_of(self, case: Case) -> str:
        """The unit of resampling that a case belongs to; a case without one is a unit of its own."""
        rule = self.suite.cluster
        if rule == "patient":
            unit = case.patient or case.exclude_patient
        elif rule.startswith("tags."):
            unit = case.tags.get(rule.removeprefix("tags."))
        else:
            unit = case.group if rule == "group" else None
        return f"{rule}:{unit}" if unit is not None else f"case:{case.id}"

    def files_of(self, case: Case) -> tuple[Path, ...]:
        """The uploads of a case as paths; RecipeError naming the case if one is not there."""
        where = f"{self.suite.cases_file}: case {case.id}"
        return tuple(_locate(name, self.folder, self.workspace, where) for name in case.files)


def load_suite(path: Path, workspace: Path | None = None) -> Dataset:
    """Read a suite and its cases; RecipeError names the file, the line and the field that does not fit.

    `workspace` is where `workspace:` files lie, by default the current folder.
    """
    path = Path(path)
    try:
        suite = Suite.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise RecipeError(f"{path}: no such suite; suites are TOML files, see docs/evaluation.md") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: not valid TOML: {error}") from error
    except ValidationError as error:
        raise RecipeError(f"{path}: {_first(error)}") from error
    cases = tuple(_read_cases(path.parent / suite.cases_file, suite.task))
    return Dataset(suite=suite, cases=cases, path=path, workspace=workspace or Path.cwd())


def _read_cases(path: Path, task: Task) -> Iterator[Case]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise RecipeError(f"{path}: no such file; the suite's `cases` is relative to the suite") from None
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: not UTF-8 text: {error}") from error
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            read = json.loads(line)
            case = Case.model_validate({"task": task, **read} if isinstance(read, dict) else read)
        except json.JSONDecodeError as error:
            raise RecipeError(f"{path}, line {number}: not valid JSON: {error.msg} at column {error.colno}") from error
        except ValidationError as error:
            raise RecipeError(f"{path}, line {number}: {_first(error)}") from error
        if case.id in seen:
            raise RecipeError(f"{path}, line {number}: id {case.id!r} was already used in line {seen[case.id]}")
        seen[case.id] = number
        yield case
    if not seen:
        raise RecipeError(f"{path}: no cases; write one JSON object a line")


def apply_overrides(settings: Settings, overrides: dict[str, dict[str, Any]], where: str) -> Settings:
    """`settings` with a suite's options put over it; they win over file and environment, so that runs agree.

    RecipeError names the option that does not exist or does not fit.
    """
    groups: dict[str, Any] = {}
    for name, options in overrides.items():
        group = getattr(settings, name, None)
        if not isinstance(group, BaseModel):
            raise RecipeError(f"{where}: settings.{name}: there is no such group of options")
        try:
            groups[name] = type(group).model_validate({**group.model_dump(), **options})
        except ValidationError as error:
            raise RecipeError(f"{where}: settings.{name}.{_first(error)}") from error
    return settings.model_copy(update=groups)


def _locate(name: str, folder: Path, workspace: Path, where: str) -> Path:
    if name.startswith(PACKAGE_SCHEME):
        path = _package_path(name, where)
    elif name.startswith(WORKSPACE_SCHEME):
        path = workspace / name.removeprefix(WORKSPACE_SCHEME)
    else:
        path = folder / name
    if not path.exists():
        raise RecipeError(f"{where}: file {name!r} is not there (looked for {path})")
    return path


def _package_path(name: str, where: str) -> Path:
    """Data inside an installed package; the package is found, never imported (but for the parents of a.b)."""
    package, _, inside = name.removeprefix(PACKAGE_SCHEME).partition("/")
    parts = PurePosixPath(inside).parts
    if not package.isidentifier() or not parts or ".." in parts or inside.startswith("/"):
        raise RecipeError(f"{where}: {name!r} should read package:<name>/<path inside it>")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise RecipeError(f"{where}: {name!r}: the package {package} is not installed")
    return Path(next(iter(spec.submodule_search_locations))).joinpath(*parts)


def _first(error: ValidationError) -> str:
    """The first thing wrong, with its field: 'reference.gold: Input should be …'."""
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"{field}: {message}" if field else message
