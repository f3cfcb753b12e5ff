"""Finished runs: found by id or folder, read back without asking anything, compared, written down."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from assistant.errors import RecipeError
from assistant.evaluate.case import Case
from assistant.evaluate.compare import Comparison, compare_samples
from assistant.evaluate.dataset import Dataset, Suite, apply_overrides
from assistant.evaluate.gate import Limit, known_limits
from assistant.evaluate.groups import group_tables
from assistant.evaluate.log import Sample, read_log
from assistant.evaluate.marking import bench_of, judge_of, read_as, reported
from assistant.evaluate.plan import RUNS, metrics_code
from assistant.evaluate.result import RunResult, compute_over
from assistant.evaluate.scorecard import markdown, scorecard
from assistant.evaluate.variants import Variant, find_variant
from assistant.settings import Settings
from assistant.store.files import write_atomically


@dataclass(frozen=True)
class FinishedRun:
    """A run as its folder has it."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def run(self) -> str:
        return self.folder.resolve().name

    @property
    def variant(self) -> Variant | None:
        name = self.manifest["variant"]
        return find_variant(name) if name else None

    @cached_property
    def dataset(self) -> Dataset:
        lines = (self.folder / "cases.jsonl").read_text(encoding="utf-8").strip("\n").split("\n")
        return Dataset(
            suite=Suite.model_validate({**self.manifest["suite"], "description": self.manifest["description"]}),
            cases=tuple(Case.model_validate_json(line) for line in lines),
            path=Path(self.manifest["path"]),
            workspace=Path(self.manifest["workspace"]),
            data=Path(self.manifest["data"]),
        )

    @cached_property
    def samples(self) -> dict[str, Sample]:
        """What became of the cases, read as the run's variant reads it; marked anew where the metrics have changed."""
        logged = read_log(self.folder)
        samples = {case.id: logged[case.id] for case in self.dataset.cases if case.id in logged}
        reading = self.variant.reading if self.variant else None
        if reading is None and self.manifest["metrics"] == metrics_code():
            return samples
        settings = apply_overrides(Settings(), self.manifest["settings"], str(self.folder))
        return read_as(reading or (lambda sample: sample), self.dataset, samples, bench_of(self.dataset, settings))

    def result(self) -> RunResult:
        """The run's result, as far as it has come; nothing is asked."""
        cases = [(case, self.samples[case.id]) for case in self.dataset.cases if case.id in self.samples]
        metrics = reported(self.dataset, self.variant)
        settings = apply_overrides(Settings(), self.manifest["settings"], str(self.folder))
        return RunResult(
            suite=self.dataset.suite.name,
            run=self.run,
            folder=self.folder,
            dataset=self.dataset.model_copy(update={"cases": tuple(case for case, _ in cases)}),
            samples=self.samples,
            metrics=compute_over(metrics, self.dataset, cases),
            settings=self.manifest["settings"],
            indexes=self.manifest["generations"],
            total=self.manifest["total"],
            variant=self.manifest["variant"],
            groups=group_tables(self.dataset, metrics, cases),
            judge=judge_of(self.dataset, settings, metrics, self.samples, Path(self.manifest["workspace"])),
        )


def find_run(run: str, workspace: Path) -> FinishedRun:
    """A run by its id, the beginning of its id, or its folder. RecipeError if there is none, or no case is done."""
    runs = workspace.joinpath(*RUNS)
    begins = sorted(path.parent for path in runs.glob(f"{run}*/run.json")) if Path(run).name == run else []
    if len(begins) > 1 and runs / run not in begins:
        raise RecipeError(f"run {run}: several begin so: {', '.join(path.name for path in begins)}")
    for folder in (Path(run), runs / run, *begins):
        if not (folder / "run.json").is_file():
            continue
        manifest = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        if not {"keys", "path", "data", "generations", "description", "total"} <= manifest.keys():
            raise RecipeError(f"{folder}: this run was made by an older version; run its suite again")
        found = FinishedRun(folder, manifest)
        if not found.samples:
            raise RecipeError(f"{folder}: this run has no cases done; run its suite first")
        return found
    raise RecipeError(f"run {run}: no run there, nor in {runs}")


def is_run(name: Path | str, workspace: Path) -> bool:
    """Whether this names a run, not a suite."""
    return any((folder / "run.json").is_file() for folder in (Path(name), workspace.joinpath(*RUNS, str(name))))


def read_run(run: str, workspace: Path, compare: str | None = None, *, limits: Sequence[Limit] = ()) -> RunResult:
    """A finished run's result, scored with the metrics as they are now and drawn again; nothing is asked.

    `compare` is another finished run, whose paired differences the result then carries.
    """
    result = find_run(run, workspace).result()
    known_limits(limits, result.definitions)
    if compare is not None:
        result = replace(result, comparison=compare_with(result, find_run(compare, workspace)))
    write_result(result)
    return result


def compare_with(result: RunResult, other: FinishedRun) -> Comparison:
    """The paired differences of a run from another, on the cases that read the same in both."""
    manifest = json.loads((result.folder / "run.json").read_text(encoding="utf-8"))
    changed = [name for name, content in manifest["cases"].items() if other.manifest["cases"].get(name) != content]
    return compare_samples(result.dataset, result.samples, other.samples, changed, other.run, result.definitions)


def write_result(result: RunResult) -> None:
    """The scorecard of a run, in its folder: HTML, JSON and Markdown."""
    write_atomically(
        result.folder / "scorecard.json", json.dumps(result.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
    )
    write_atomically(result.folder / "scorecard.html", scorecard(result))
    write_atomically(result.folder / "scorecard.md", markdown(result))
