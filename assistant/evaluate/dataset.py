"""The data set: a suite (TOML) and its cases, of a file (JSON Lines) or of a published set through a mapping.

```toml
name = "smoke"
description = "…"
cases = "smoke.jsonl"            # relative to the suite
index = "demo"                   # index name or recipe, optional; a case may name its own
task = "ask"                     # what is done with cases that do not say it themselves
retrieval_k = [1, 5, 10]
cluster = "group"                # "group", "case", "patient" or "tags.<name>": what the intervals resample
groups = ["tags.sex", "tags.age: 40, 65"]   # every metric by group as well, numbers in bands; see `groups`
judge = "verifier"               # whose verdicts the judged metrics rest on, see `assistant.evaluate.judge.registry`
judge_labels = "auto"            # the labelled set that speaks for its errors, see `assistant.evaluate.judge.labels`
external = ["radgraph_f1"]       # report metrics of other packages, see `assistant.evaluate.score.external`
[bootstrap]
resamples = 2000
seed = 0
[settings.llm]                   # overrides of any option of `wardround.toml`
name = "quote"
```

Instead of `cases` a suite may name a published set, whose own files a mapping turns into cases:

```toml
mapping = "medhallu"             # `eval/mappings/medhallu.toml`, or one that came with the installation
data = "medhallu"                # the set's folder: below WARDROUND_DATA, relative to the suite, or absolute
kinds = ["own", "other"]         # which of the mapping's kinds of cases; all, if left out
where = { record = "even" }      # only cases with these tags
half = "reported"                # or "development"; both, if left out
sample = { n = 200, seed = 0 }   # whole groups, drawn until so many cases are there
recipe = "recipes/medquad.toml"  # an archive that is built, or brought up to date, before the suite is run
archive = true                   # or one of the set's own texts, as its mapping says
choose_by = "evidence"           # how choices are picked, see `assistant.evaluate.solve.choosing`
```

What a case holds is said in `assistant.evaluate.case`. A file is relative to the cases' folder, absolute, below the
workspace (`workspace:indexes/demo-data/ecgs/A0003.hea`) or inside an installed package
(`package:pydicom/data/test_files/waveform_ecg.dcm`).
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from assistant.errors import RecipeError
from assistant.evaluate.case import Case, Strict, Task
from assistant.evaluate.mapping import Sample, find_data, find_mapping, map_cases, sample_cases
from assistant.evaluate.mapping.choose import Half, half_of
from assistant.resources import resource_dir
from assistant.settings import Settings
from assistant.toml_file import first_fault, load_toml

PACKAGE_SCHEME = "package:"
WORKSPACE_SCHEME = "workspace:"
_GROUPS = re.compile(r"tags\.\w+(\s*:\s*\d+(\.\d+)?(\s*,\s*\d+(\.\d+)?)*)?")


class Bootstrap(Strict):
    resamples: int = Field(default=2000, ge=100, le=100_000)
    seed: int = Field(default=0, ge=0)


class Suite(Strict):
    """A suite as written. Its cases are those of `cases_file`, or those that `mapping` makes of the files in `data`."""

    name: str = Field(min_length=1)
    description: str = ""
    cases_file: str | None = Field(default=None, alias="cases")
    mapping: str | None = None
    data: str | None = None
    kinds: tuple[str, ...] = ()
    where: dict[str, str] = Field(default_factory=dict)
    half: Half | None = None
    sample: Sample | None = None
    index: str | None = None
    recipe: str | None = None
    archive: bool = False
    choose_by: Literal["answer", "evidence"] | None = None
    task: Task = "ask"
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict)
    retrieval_k: tuple[int, ...] = (1, 5, 10)
    cluster: str = "group"
    groups: tuple[str, ...] = ()
    external: tuple[Literal["radgraph_f1", "chexbert_f1", "ratescore", "green"], ...] = ()
    judge: str = "verifier"
    judge_labels: Literal["auto", "kqa", "faithbench", "radfact", "mts_dialog"] = "auto"
    bootstrap: Bootstrap = Bootstrap()

    @field_validator("retrieval_k")
    @classmethod
    def _positive_and_sorted(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value or min(value) < 1:
            raise ValueError("retrieval_k needs at least one number, each 1 or more")
        return tuple(sorted(set(value)))

    @model_validator(mode="after")
    def _cases_from_one_place(self) -> Suite:
        if (self.cases_file is None) == (self.mapping is None):
            raise ValueError("a suite has either cases (a file) or a mapping (of a published set)")
        if (self.mapping is None) != (self.data is None):
            raise ValueError("mapping and data belong together: how a set is read, and the folder it lies in")
        if (self.index is not None) + (self.recipe is not None) + self.archive > 1:
            raise ValueError("a suite has one of index (built by you), recipe (built with it), archive (of the set)")
        if self.archive and self.mapping is None:
            raise ValueError("archive = true takes the texts of a mapping, and the suite names none")
        return self

    @field_validator("groups")
    @classmethod
    def _groups_of_tags(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for rule in value:
            if not _GROUPS.fullmatch(rule):
                raise ValueError(f'{rule!r} should read "tags.<name>", or "tags.<name>: 40, 65" to cut numbers')
        return value

    @field_validator("cluster")
    @classmethod
    def _known_cluster(cls, value: str) -> str:
        if value not in {"group", "case", "patient"} and not value.startswith("tags."):
            raise ValueError('cluster is "group", "case", "patient" or "tags.<name>"')
        return value


class Dataset(Strict):
    """A suite with its cases; `path` is the TOML itself, file names of cases are relative to `folder`."""

    suite: Suite
    cases: tuple[Case, ...]
    path: Path
    workspace: Path
    data: Path | None = None

    @property
    def tasks(self) -> frozenset[Task]:
        """The tasks that occur among the cases."""
        return frozenset(case.task for case in self.cases)

    @property
    def folder(self) -> Path:
        """Where the files of the cases lie: the folder of the set, or that of the file of cases."""
        return self.data or (self.path.parent / (self.suite.cases_file or "")).parent

    @property
    def recipe(self) -> Path | None:
        """The recipe of the archive that belongs to the suite, if it has one."""
        if self.suite.archive:
            return self.workspace / "eval" / "archives" / f"eval-{self.suite.mapping}" / "recipe.toml"
        if self.suite.recipe is None:
            return None
        beside = self.path.parent / self.suite.recipe
        return beside if beside.exists() else resource_dir("eval") / self.suite.recipe  # suites are copied without it

    @property
    def archive(self) -> str | None:
        """The index that the cases ask, unless they name one themselves: its name, or its recipe."""
        return str(self.recipe.resolve()) if self.recipe is not None else self.suite.index

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
        where = f"{self.suite.cases_file or self.suite.name}: case {case.id}"
        return tuple(_locate(name, self.folder, self.workspace, where) for name in case.files)


def load_suite(path: Path, workspace: Path | None = None) -> Dataset:
    """Read a suite and its cases; RecipeError names the file, the line and the field that does not fit.

    `workspace` is where `workspace:` files lie, by default the current folder.
    """
    path = Path(path)
    suite = load_toml(path, Suite, "no such suite; suites are TOML files, see docs/evaluation.md")
    workspace = workspace or Path.cwd()
    if suite.mapping is not None and suite.data is not None:
        mapping = find_mapping(suite.mapping, workspace)
        data = find_data(suite.data, mapping, path)
        cases = map_cases(mapping, data, suite.kinds)
    else:
        data, cases = None, list(_read_cases(path.parent / (suite.cases_file or ""), suite.task))
    tagged = [case for case in cases if all(case.tags.get(tag) == value for tag, value in suite.where.items())]
    chosen = tuple(sample_cases(half_of(tagged, suite.half), suite.sample))
    if not chosen:
        raise RecipeError(f"{path}: none of {len(cases)} cases is in half = {suite.half!r} with where = {suite.where}")
    return Dataset(suite=suite, cases=chosen, path=path, workspace=workspace, data=data)


def _read_cases(path: Path, task: Task) -> Iterator[Case]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # splitlines would cut at U+2028 inside a text
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
            raise RecipeError(f"{path}, line {number}: {first_fault(error)}") from error
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
            raise RecipeError(f"{where}: settings.{name}.{first_fault(error)}") from error
    return settings.model_copy(update=groups)


def _locate(name: str, folder: Path, workspace: Path, where: str) -> Path:
    hint = ""
    if name.startswith(PACKAGE_SCHEME):
        path = _package_path(name, where)
    elif name.startswith(WORKSPACE_SCHEME):
        path = workspace / name.removeprefix(WORKSPACE_SCHEME)
        hint = (
            ": it lies with the archive that the suite asks; build that in this workspace first (the demonstration "
            "archive: wardround demo --no-chat)"
        )
    else:
        path = folder / name
    if not path.exists():
        raise RecipeError(f"{where}: file {name!r} is not there (looked for {path}){hint}")
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
