"""A matrix: suites × models × settings × variants in one table, each cell with its interval.

```toml
name = "models"
suites = ["smoke", "eval/medquad.toml"]
vary = ["no-retrieval", "no-verification"]   # each run as it is, and under these
limit = 200                                  # optional: so many cases of each suite
metrics = ["hallucination_rate", "accuracy"] # optional: the columns

[[model]]
name = "quote"
[[model]]
name = "small"
limit = 40                                   # optional: fewer (or more) of the cases for this model
[model.settings.llm]                         # any option; wins over the suite's
name = "local"

[[setting]]                                  # optional: each model under each of them
name = "as it comes"
[[setting]]
name = "four contexts"
[setting.settings.retrieve]
max_contexts = 4
```

Every run is a run of its own (`run`), so an interrupted matrix goes on where it stopped, and what is there already is
not asked again. A model that can't be reached leaves its rows empty, with the reason.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from assistant.errors import ModelUnavailable, RecipeError
from assistant.evaluate.case import Strict
from assistant.evaluate.compare import Comparison, compare_samples
from assistant.evaluate.dataset import load_suite
from assistant.evaluate.plan import RUNS, content_hash
from assistant.evaluate.result import RunResult
from assistant.evaluate.run import Progress, VariantUntouched, find_suite, run_suite
from assistant.evaluate.score import metrics_of
from assistant.evaluate.solve import OpenAssistant
from assistant.settings import Settings, load_settings
from assistant.toml_file import load_toml

AS_IT_COMES = "as it comes"
"""The name of the setting that changes nothing; it is left out of what a row is called."""
Overrides = dict[str, dict[str, Any]]


class Named(Strict):
    """A setting: its name in the table, and the options that make it."""

    name: str = Field(min_length=1)
    settings: Overrides = Field(default_factory=dict)


class Model(Named):
    """A model; `limit` wins over the matrix's: a slow one is asked some of the cases, and compared over these."""

    limit: int | None = Field(default=None, ge=1)


class Matrix(Strict):
    """A matrix as written."""

    name: str = Field(min_length=1)
    description: str = ""
    suites: tuple[str, ...] = Field(min_length=1)
    vary: tuple[str, ...] = ()
    limit: int | None = Field(default=None, ge=1)
    metrics: tuple[str, ...] = ()
    models: tuple[Model, ...] = Field(alias="model", min_length=1)
    settings: tuple[Named, ...] = Field(alias="setting", default=(Named(name=AS_IT_COMES),))

    @field_validator("models", "settings")
    @classmethod
    def _names_differ(cls, value: tuple[Named, ...]) -> tuple[Named, ...]:
        if len({named.name for named in value}) < len(value):
            raise ValueError("two have the same name")
        return value


@dataclass(frozen=True, slots=True)
class Row:
    """One run of the table, or why there is none.

    `difference` compares it pair by pair: a variant with the same run as it is, any other with the first model under
    the same setting, or under the first one.
    """

    suite: str
    model: str
    setting: str
    variant: str | None = None
    result: RunResult | None = None
    difference: Comparison | None = None
    reason: str = ""
    untouched: bool = False
    """A variant that has nothing to say about any case of the suite: nothing is missing."""

    @property
    def name(self) -> str:
        """What tells the row from the others of its suite: "small · four contexts · no-retrieval"."""
        parts = (self.model, self.setting if self.setting != AS_IT_COMES else "", self.variant or "")
        return " · ".join(part for part in parts if part)

    def to_json(self) -> dict[str, Any]:
        row: dict[str, Any] = {name: getattr(self, name) for name in ("suite", "model", "setting", "variant")}
        if self.result is None:
            return {**row, "reason": self.reason}
        row |= {
            "run": self.result.run,
            "cases": len(self.result.samples),
            "set_aside": [name for name, _ in self.result.set_aside],
            "metrics": {name: interval.to_json() for name, interval in self.result.metrics.items()},
        }
        if self.difference is not None:
            differences = {name: interval.to_json() for name, interval in self.difference.metrics.items()}
            row["difference"] = {"from": self.difference.run, "cases": self.difference.cases, "metrics": differences}
        return row


@dataclass(frozen=True, slots=True)
class MatrixResult:
    matrix: Matrix
    rows: tuple[Row, ...]
    folder: Path

    @property
    def is_whole(self) -> bool:
        """Whether every run was made, and no case of any was set aside."""
        made = [row.result for row in self.rows if not row.untouched]
        return all(result is not None and not result.set_aside for result in made)

    def to_json(self) -> dict[str, Any]:
        named = {"matrix": self.matrix.name, "description": self.matrix.description}
        return {**named, "rows": [row.to_json() for row in self.rows]}


def is_matrix(path: Path | str) -> bool:
    """Whether a TOML file is a matrix, not a suite."""
    try:
        return "model" in tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False


def load_matrix(path: Path) -> Matrix:
    """A matrix from its file; RecipeError names the field that does not fit."""
    return load_toml(path, Matrix, "no such matrix")


def run_matrix(
    path: Path,
    *,
    workspace: Path,
    settings: Settings | None = None,
    progress: Progress | None = None,
    open_assistant: OpenAssistant | None = None,
) -> MatrixResult:
    """Run what is missing of a matrix and put it together. Raises RecipeError and IndexMissing as `run_suite` does."""
    matrix = load_matrix(path)
    _known_metrics(matrix, path, workspace)
    base = settings or load_settings(workspace)
    rows = [row for suite in matrix.suites for row in _rows(matrix, suite, workspace, base, progress, open_assistant)]
    runs = [row.result.run if row.result else row.reason for row in rows]
    folder = workspace.joinpath(*RUNS, f"{matrix.name.replace(' ', '-')}-{content_hash(runs)}")
    return MatrixResult(matrix, tuple(rows), folder)


def _rows(
    matrix: Matrix,
    suite: str,
    workspace: Path,
    base: Settings,
    progress: Progress | None,
    open_assistant: OpenAssistant | None,
) -> Iterator[Row]:
    """The rows of one suite, compared."""
    first: dict[str, RunResult] = {}
    for model in matrix.models:
        for setting in matrix.settings:
            row = Row(suite, model.name, setting.name)
            run = partial(
                run_suite, suite, workspace=workspace, settings=base, limit=model.limit or matrix.limit,
                overrides=_together(model.settings, setting.settings), progress=progress, open_assistant=open_assistant,
            )  # fmt: skip
            untouched: tuple[str, ...] = ()
            try:
                try:
                    result = run(vary=matrix.vary)
                except VariantUntouched as error:  # nothing was asked yet
                    untouched = error.names
                    result = run(vary=[name for name in matrix.vary if name not in untouched])
            except ModelUnavailable as error:
                yield replace(row, reason=str(error))
                continue
            reference = first.get(setting.name) or next(iter(first.values()), None)
            first.setdefault(setting.name, result)
            compared = _compared(result, reference) if reference is not None else None
            yield replace(row, result=result, difference=compared)
            for varied in result.varied:
                yield replace(row, variant=varied.variant.name, result=varied.result, difference=varied.comparison)
            for name in untouched:
                yield replace(row, variant=name, reason="no case is touched by it", untouched=True)


def _known_metrics(matrix: Matrix, path: Path, workspace: Path) -> None:
    """RecipeError for a column that none of the suites reports."""
    if matrix.metrics:
        suites = [load_suite(find_suite(suite, workspace), workspace) for suite in matrix.suites]
        known = {name for suite in suites for name in metrics_of(suite)}
        if unknown := [name for name in matrix.metrics if name not in known]:
            raise RecipeError(f"{path}: metrics: none of the suites reports {unknown[0]!r} (docs/metrics.md)")


def _compared(result: RunResult, reference: RunResult) -> Comparison:
    return compare_samples(result.dataset, result.samples, reference.samples, (), reference.run, result.definitions)


def _together(*overrides: Mapping[str, Mapping[str, Any]]) -> Overrides:
    """Options of several groups in one; the last wins."""
    together: Overrides = {}
    for groups in overrides:
        for group, options in groups.items():
            together[group] = {**together.get(group, {}), **options}
    return together
