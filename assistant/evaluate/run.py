"""A run: a suite put to the assistant, case by case, logged, scored and drawn.

    eval/runs/<suite>-<hash>/
        run.json         what went in: cases, settings, index generations, code
        log.jsonl        one line a case, written as it is done
        scorecard.json   the metrics
        scorecard.html   the same to look at

The hash is taken over all that can change an answer: the suite and its cases with their uploads' content, the
settings, the prompts, the committed generations of the indexes and the code. So the same inputs give the same run
id, an interrupted run goes on where it stopped, and a finished one is not asked again.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assistant.errors import IndexMissing, ModelUnavailable, RecipeError, WardroundError
from assistant.evaluate.case import Case
from assistant.evaluate.compare import Comparison, compare_samples
from assistant.evaluate.dataset import Dataset, apply_overrides, load_suite
from assistant.evaluate.judge import VerifierJudge
from assistant.evaluate.log import LogWriter, Sample, read_log
from assistant.evaluate.metric import Bench
from assistant.evaluate.result import RunResult, compute_metrics
from assistant.evaluate.score import mark
from assistant.evaluate.scorecard import scorecard
from assistant.evaluate.solve import ARCHIVE_TASKS, Assistant, Means, OpenAssistant, solve
from assistant.resources import Resource, resource_dir
from assistant.settings import Settings, load_settings
from assistant.store.files import write_atomically
from assistant.store.generations import IndexFolder, built_indexes

Progress = Callable[[int, int, str], None]
"""Called with (cases done, cases in all, what is next)."""

_NOT_SHAPING: dict[str, Any] = {
    "ui": True,
    "serve": True,
    "llm": {
        "api_key",
        "timeout_s",
        "retries",
        "requests",
        "when_lost",
        "drafts_when_lost",
        "patience_s",
        "vllm_python",
    },
    "embed": {"fetch_weights"},
    "store": {"catalogue", "database_url", "database_connections"},
}


def run_suite(
    suite_path: Path | str,
    *,
    workspace: Path | str,
    index: str | None = None,
    compare: str | None = None,
    settings: Settings | None = None,
    llm: str | None = None,
    patient: str | None = None,
    exclude_patient: str | None = None,
    progress: Progress | None = None,
    open_assistant: OpenAssistant | None = None,
) -> RunResult:
    """Run a suite and write its scorecard; what `wardround eval` does.

    `suite_path` is taken from here, from the workspace, or from the suites that came with the installation.
    `index`, `llm`, `patient` and `exclude_patient` win over what the suite and its cases say. `settings` are the
    workspace's if left out; the suite's overrides are put over them. `compare` is the id or folder of another
    run: the result then carries the paired differences. `open_assistant` lets something else answer in place of
    `assistant.Assistant`.

    Raises RecipeError for a suite that can't be understood, IndexMissing where nothing is built, ModelUnavailable
    when the model goes away (the cases done so far are kept). A case that fails is set aside with its reason.
    """
    workspace = Path(workspace)
    dataset = _with_filters(load_suite(find_suite(suite_path, workspace), workspace), patient, exclude_patient)
    base = apply_overrides(settings or load_settings(workspace), dataset.suite.settings, str(dataset.path))
    if llm is not None:
        base = apply_overrides(base, {"llm": {"name": llm}}, "llm")
    plan = _Plan.of(dataset, workspace, base, index)
    folder = workspace / "eval" / "runs" / plan.run
    other = _read_other(compare, workspace) if compare is not None else None
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "run.json", json.dumps(plan.manifest, indent=1, ensure_ascii=False, sort_keys=True))
    samples = _ask_all(plan, folder, open_assistant or _opener(workspace, plan.marking), progress)
    result = RunResult(
        suite=dataset.suite.name,
        run=plan.run,
        folder=folder,
        dataset=dataset,
        samples=samples,
        metrics=compute_metrics(dataset, samples),
        settings=plan.manifest["settings"],
        indexes=plan.generations,
        comparison=_compare(dataset, samples, other, plan) if other is not None else None,
    )
    write_atomically(folder / "scorecard.json", json.dumps(result.to_json(), indent=1, ensure_ascii=False))
    write_atomically(folder / "scorecard.html", scorecard(result))
    return result


def find_suite(suite_path: Path | str, workspace: Path) -> Path:
    """The suite's file: as given, below the workspace or its `eval/`, or among those of the installation."""
    asked = Path(suite_path)
    named = asked if asked.suffix == ".toml" else asked.with_name(f"{asked.name}.toml")
    try:
        carried = [resource_dir("eval") / named.name]
    except WardroundError:
        carried = []
    places = [asked, workspace / named, workspace / "eval" / named.name, *carried]
    for place in places:
        if place.is_file():
            return place
    raise RecipeError(f"{suite_path}: no such suite (looked for {', '.join(map(str, places))})")


@dataclass(frozen=True, slots=True)
class _Plan:
    """What goes into a run, hashed to its id. `marking` are the settings with which the assistant is asked."""

    run: str
    dataset: Dataset
    settings: Settings
    index_of: Mapping[str, str | None]
    generations: Mapping[str, int | None]
    manifest: dict[str, Any]

    @property
    def marking(self) -> Settings:
        """Unsupported claims marked, not removed: a rate of what was shown after removal would always be 0; and a lost
        model an error: what `quote` says in its place is no figure of the model's."""
        return apply_overrides(
            self.settings, {"verify": {"unsupported": "mark"}, "llm": {"when_lost": "error"}}, "evaluate"
        )

    @property
    def removes(self) -> bool:
        return self.settings.verify.unsupported == "remove"

    @classmethod
    def of(cls, dataset: Dataset, workspace: Path, settings: Settings, index: str | None) -> _Plan:
        index_of = {
            case.id: _index_name(index or case.index or dataset.suite.index, dataset, workspace)
            for case in dataset.cases
            if case.task in ARCHIVE_TASKS
        }
        states = _index_states(workspace, set(index_of.values()))
        manifest = {
            "suite": dataset.suite.model_dump(mode="json", exclude={"description"}),
            "cases": {case.id: _hash(_case_content(case, dataset)) for case in dataset.cases},
            "index_of": index_of,
            "indexes": states,
            "settings": settings.model_dump(mode="json", exclude=_NOT_SHAPING),
            "prompts": _hash_files(_folders("prompts", workspace), "*.md"),
            "code": _hash_files([Path(__file__).resolve().parents[1]], "**/*.py"),
        }
        slug = re.sub(r"[^A-Za-z0-9_.-]+", "-", dataset.suite.name).strip("-.") or "suite"
        generations = {name: IndexFolder.of(workspace, name).current() for name in states}
        return cls(f"{slug}-{_hash(manifest)}", dataset, settings, index_of, generations, manifest)


def _ask_all(plan: _Plan, folder: Path, opener: OpenAssistant, progress: Progress | None) -> dict[str, Sample]:
    """The samples of all cases, in the suite's order; those in the log are not asked again, failed ones are."""
    cases = plan.dataset.cases
    done = {name: sample for name, sample in read_log(folder).items() if sample.error is None}
    means = Means(plan.dataset, plan.marking, opener, plan.index_of)
    bench = Bench(plan.dataset.suite, VerifierJudge(plan.settings), plan.settings, plan.removes)
    with LogWriter(folder) as log:
        for number, case in enumerate(cases):
            if progress:
                progress(number, len(cases), case.id)
            if case.id in done:
                continue
            try:
                sample = solve(case, means)
            except ModelUnavailable as error:
                kept = f"{len(done)} of {len(cases)} cases are kept; the same command goes on from there"
                raise ModelUnavailable(f"{error} ({kept})") from error
            done[case.id] = _marked(sample, case, bench)
            log.write([done[case.id]])
    if progress:
        progress(len(cases), len(cases), "scorecard")
    return {case.id: done[case.id] for case in cases}


def _marked(sample: Sample, case: Case, bench: Bench) -> Sample:
    """The sample with what it adds to every metric."""
    started = time.perf_counter()
    marks = mark(case, sample, bench)
    return replace(
        sample,
        scores=marks.scores,
        observations=marks.observations,
        citations=marks.citations,
        seconds={**sample.seconds, "evaluate": time.perf_counter() - started},
    )


def _opener(workspace: Path, settings: Settings) -> OpenAssistant:
    def open_it(index: str | None) -> Assistant:
        from assistant.assistant import Assistant as Wardround

        return Wardround(workspace, [] if index is None else [index], settings)

    return open_it


def _index_name(where: str | None, dataset: Dataset, workspace: Path) -> str | None:
    """The name of an index given by name or by recipe, the recipe's path relative to the workspace or the suite."""
    if where is None or not where.endswith(".toml"):
        return where
    from assistant.ingest import load_recipe

    places = (workspace / where, dataset.path.parent / where)
    return load_recipe(next((place for place in places if place.is_file()), places[0])).name


def _index_states(workspace: Path, wanted: set[str | None]) -> dict[str, str]:
    """The hash of the commit of each index that the cases ask, by name; IndexMissing where there is none."""
    names = {name for name in wanted if name is not None}
    if None in wanted:
        names |= set(built_indexes(workspace))
    states: dict[str, str] = {}
    for name in sorted(names):
        pointer = IndexFolder.of(workspace, name).path / "CURRENT"
        if not pointer.is_file():
            raise IndexMissing(f"{workspace}: index {name!r} is not built: wardround index indexes/{name}.toml")
        states[name] = hashlib.sha256(pointer.read_bytes()).hexdigest()[:16]
    if wanted and not states:
        raise IndexMissing(f"{workspace}: no index is built here: wardround index RECIPE.toml, or wardround demo")
    return states


def _read_other(run: str, workspace: Path) -> tuple[str, dict[str, Any], dict[str, Sample]]:
    """Another run's id, manifest and samples; `run` is its id or folder."""
    for folder in (Path(run), workspace / "eval" / "runs" / run):
        if (folder / "run.json").is_file():
            samples = read_log(folder)
            if not samples:
                raise RecipeError(f"{folder}: this run has no cases done; run its suite first")
            return folder.resolve().name, json.loads((folder / "run.json").read_text(encoding="utf-8")), samples
    raise RecipeError(f"--compare {run}: no run there, nor in {workspace / 'eval' / 'runs'}")


def _compare(
    dataset: Dataset,
    samples: Mapping[str, Sample],
    other: tuple[str, dict[str, Any], dict[str, Sample]],
    plan: _Plan,
) -> Comparison:
    name, manifest, theirs = other
    changed = [case for case, content in plan.manifest["cases"].items() if manifest["cases"].get(case) != content]
    return compare_samples(dataset, samples, theirs, changed, name)


def _with_filters(dataset: Dataset, patient: str | None, exclude_patient: str | None) -> Dataset:
    filters = {"patient": patient, "exclude_patient": exclude_patient}
    given = {name: value for name, value in filters.items() if value is not None}
    return dataset.model_copy(update={"cases": tuple(case.model_copy(update=given) for case in dataset.cases)})


def _case_content(case: Case, dataset: Dataset) -> dict[str, Any]:
    """A case and the content of its uploads, sidecars of a WFDB header (same stem) included."""
    uploads = {}
    for name, path in zip(case.files, dataset.files_of(case), strict=True):
        beside = sorted(path.parent.glob(f"{path.stem}.*")) if path.suffix == ".hea" else [path]
        uploads[name] = [hashlib.sha256(part.read_bytes()).hexdigest() for part in beside if part.is_file()]
    return {"case": case.model_dump(mode="json"), "uploads": uploads}


def _folders(name: Resource, workspace: Path) -> list[Path]:
    own = workspace / name
    return [own if own.is_dir() else resource_dir(name)]


def _hash_files(folders: list[Path], pattern: str) -> str:
    content = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in sorted(folder.glob(pattern))
    }
    return _hash(content)


def _hash(content: Any) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(canonical.encode(), digest_size=6).hexdigest()
