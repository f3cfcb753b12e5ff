"""Running a suite: every case put to the assistant, case by case, logged, scored, compared and drawn.

    eval/runs/<suite>-<hash>/
        run.json         what went in: cases, settings, index generations, code (`assistant.evaluate.plan`)
        cases.jsonl      the cases as they were asked
        log.jsonl        one line a case, written as it is done
        scorecard.json   the metrics; scorecard.html the same to look at, scorecard.md to read

The same inputs give the same run id, an interrupted run goes on where it stopped, and no answer that any run of the
workspace has is asked for again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from assistant.errors import ModelUnavailable, RecipeError, WardroundError
from assistant.evaluate.answers import earlier_answers
from assistant.evaluate.archive import update_archive
from assistant.evaluate.case import Case
from assistant.evaluate.compare import compare_samples
from assistant.evaluate.dataset import Dataset, apply_overrides, load_suite
from assistant.evaluate.finished import compare_with, find_run, write_result
from assistant.evaluate.gate import Limit, known_limits
from assistant.evaluate.groups import group_tables
from assistant.evaluate.log import LogWriter, Sample, read_log
from assistant.evaluate.marking import bench_of, judge_of, marked, read_as, reported
from assistant.evaluate.plan import Plan, content_hash
from assistant.evaluate.result import RunResult, Varied, compute_over
from assistant.evaluate.score import metrics_of, prepare
from assistant.evaluate.solve import Assistant, Means, OpenAssistant, solve
from assistant.evaluate.variants import find_variant
from assistant.resources import resource_dir
from assistant.settings import Settings, load_settings
from assistant.store.files import write_atomically

Progress = Callable[[int, int, str], None]
"""Called with (cases done, cases in all, what is next)."""


class VariantUntouched(RecipeError):
    """A suite has no case to which a variant has anything to say; `names` are those variants."""

    def __init__(self, names: Sequence[str], suite: str) -> None:
        self.names = tuple(names)
        super().__init__(f"variant {', '.join(names)}: no case of {suite} is touched by it")


def run_suite(
    suite_path: Path | str,
    *,
    workspace: Path | str,
    index: str | None = None,
    compare: str | None = None,
    settings: Settings | None = None,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    llm: str | None = None,
    patient: str | None = None,
    exclude_patient: str | None = None,
    vary: Sequence[str] = (),
    limit: int | None = None,
    limits: Sequence[Limit] = (),
    progress: Progress | None = None,
    open_assistant: OpenAssistant | None = None,
) -> RunResult:
    """Run a suite and write its scorecard; what `wardround eval` does.

    `suite_path` is taken from here, from the workspace, or from the suites that came with the installation.
    `index`, `llm`, `patient` and `exclude_patient` win over what the suite and its cases say. `settings` are the
    workspace's if left out; the suite's overrides are put over them, and `overrides` over those. `compare` is the id or
    folder of another run: the result then carries the paired differences. `vary` names variants: the suite is run under
    each as well, and the result carries those runs with their differences from this one. `limit` takes so many of the
    cases, always the same. `limits` have to be on metrics that the suite reports (`gate`). `open_assistant` lets
    something else answer in place of `assistant.Assistant`.

    Raises RecipeError for a suite that can't be understood, VariantUntouched (before anything is asked), IndexMissing
    where nothing is built, ModelUnavailable when the model goes away (the cases done so far are kept). A case that
    fails is set aside with its reason.
    """
    workspace = Path(workspace)
    dataset = _with_filters(load_suite(find_suite(suite_path, workspace), workspace), patient, exclude_patient)
    total = len(dataset.cases)
    if limit is not None:
        dataset = some_of(dataset, limit)
    known_limits(limits, metrics_of(dataset))
    base = apply_overrides(settings or load_settings(workspace), dataset.suite.settings, str(dataset.path))
    if overrides:
        base = apply_overrides(base, {group: dict(options) for group, options in overrides.items()}, "overrides")
    if llm is not None:
        base = apply_overrides(base, {"llm": {"name": llm}}, "llm")
    chosen = [find_variant(name) for name in vary]
    if untouched := [v.name for v in chosen if not any(v.takes(case) for case in dataset.cases)]:
        raise VariantUntouched(untouched, dataset.suite.name)
    other = find_run(compare, workspace) if compare is not None else None
    if index is None:
        update_archive(dataset, workspace, base, progress)
    result = _run(Plan.of(dataset, workspace, base, index), total, progress, open_assistant)
    if other is not None:
        result = replace(result, comparison=compare_with(result, other))
    varied = [
        _varied(result, Plan.of(dataset, workspace, base, index, variant), total, progress, open_assistant)
        for variant in chosen
    ]
    result = replace(result, varied=tuple(varied))
    write_result(result)
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


def some_of(dataset: Dataset, limit: int) -> Dataset:
    """`limit` of the cases in the suite's order, drawn by a hash of their ids: more cases are the same ones and others.

    Cases of one pair are drawn together, as far as there is room. RecipeError for a limit below 1.
    """
    if limit < 1:
        raise RecipeError(f"--limit {limit}: at least one case is needed")
    drawn = sorted(dataset.cases, key=lambda case: (content_hash(case.pair or case.id), case.id))[:limit]
    taken = {case.id for case in drawn}
    return dataset.model_copy(update={"cases": tuple(case for case in dataset.cases if case.id in taken)})


def _run(plan: Plan, total: int, progress: Progress | None, opener: OpenAssistant | None) -> RunResult:
    """A planned run: asked where it has to be, marked, reduced. Nothing is drawn yet. `total` cases has the suite."""
    variant, dataset = plan.variant, plan.dataset
    plan.folder.mkdir(parents=True, exist_ok=True)
    where = {
        "description": dataset.suite.description,
        "total": total,
        "path": str(dataset.path.resolve()),
        "data": str(dataset.folder.resolve()),
        "workspace": str(plan.workspace.resolve()),
    }
    manifest = {**plan.manifest, "keys": plan.keys, "generations": plan.generations, **where}
    write_atomically(plan.folder / "run.json", json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True))
    write_atomically(plan.folder / "cases.jsonl", "".join(case.model_dump_json() + "\n" for case in dataset.cases))
    try:
        samples = _ask_all(plan, opener or _opener(plan), progress)
    finally:
        shutil.rmtree(plan.changed_files, ignore_errors=True)
    if variant is not None and variant.reading is not None:
        samples = read_as(variant.reading, dataset, samples, bench_of(dataset, plan.settings))
    metrics = reported(dataset, variant)
    return RunResult(
        suite=dataset.suite.name,
        run=plan.run,
        folder=plan.folder,
        dataset=dataset,
        samples=samples,
        metrics=compute_over(metrics, dataset, [(case, samples[case.id]) for case in dataset.cases]),
        settings=plan.manifest["settings"],
        indexes=plan.generations,
        total=total,
        variant=variant.name if variant else None,
        groups=group_tables(dataset, metrics, [(case, samples[case.id]) for case in dataset.cases]),
        judge=judge_of(dataset, plan.settings, metrics, samples, plan.workspace),
    )


def _varied(base: RunResult, plan: Plan, total: int, progress: Progress | None, opener: OpenAssistant | None) -> Varied:
    """The run under a variant, and its differences from the run without it."""
    variant = plan.variant
    assert variant is not None
    if opener is not None and variant.asks_otherwise:
        raise RecipeError(f"variant {variant.name}: changes what assistant.Assistant does, and something else answers")
    result = _run(plan, total, progress, opener)
    unchanged = base.samples
    if variant.base_reading is not None:
        bench = bench_of(base.dataset, plan.settings)
        unchanged = read_as(variant.base_reading, base.dataset, unchanged, bench)
    comparison = compare_samples(result.dataset, result.samples, unchanged, (), base.run, result.definitions)
    result = replace(result, comparison=comparison)
    write_result(result)
    return Varied(variant, result, comparison)


def _ask_all(plan: Plan, opener: OpenAssistant, progress: Progress | None) -> dict[str, Sample]:
    """The samples of all cases, in the suite's order; those in the log are not asked again, failed ones are."""
    cases = plan.dataset.cases
    done = {name: sample for name, sample in read_log(plan.folder).items() if sample.error is None}
    missing = {case.id: plan.keys[case.id] for case in cases if case.id not in done}
    taken = earlier_answers(plan.folder.parent, missing, plan.folder) if missing else {}
    bench = bench_of(plan.dataset, plan.settings)
    by_id = {case.id: case for case in cases}
    prepare([by_id[name] for name in missing])
    with LogWriter(plan.folder) as log:

        def keep(sample: Sample) -> None:
            name = sample.case
            logged = replace(sample, key=plan.keys[name]).as_logged()
            done[name] = marked(logged, by_id[name], bench).rounded()
            log.write([done[name]])

        for sample in taken.values():
            keep(sample)
        left = [case for case in cases if case.id not in done]
        try:
            for sample in _solved(left, plan, opener):
                if progress:
                    progress(len(done), len(cases), plan.dataset.suite.name)
                keep(sample)
        except ModelUnavailable as error:
            kept = f"{len(done)} of {len(cases)} cases are kept; the same command goes on from there"
            raise ModelUnavailable(f"{error} ({kept})") from error
    if progress:
        progress(len(cases), len(cases), plan.dataset.suite.name)
    return {case.id: done[case.id] for case in cases}


def _solved(cases: Sequence[Case], plan: Plan, opener: OpenAssistant) -> Iterator[Sample]:
    """What becomes of each case, as it is done: with a served model `llm.requests` at a time, else one by one."""
    means = Means(plan.dataset, plan.asking, _opened_once(opener), plan.index_of)
    llm = plan.settings.llm
    if llm.name != "openai" or llm.requests == 1 or len(cases) < 2:
        yield from (solve(case, means) for case in cases)
        return
    with ThreadPoolExecutor(max_workers=llm.requests) as pool:
        jobs = [pool.submit(solve, case, means) for case in cases]
        lost: ModelUnavailable | None = None
        try:
            for job in as_completed(jobs):
                try:
                    yield job.result()
                except CancelledError:
                    continue
                except ModelUnavailable as error:  # what is under way may still come to an end, and is kept
                    lost = lost or error
                    for other in jobs:
                        other.cancel()
        finally:  # nobody wants the rest, where an interrupt ended it
            pool.shutdown(wait=False, cancel_futures=True)
    if lost is not None:
        raise lost


def _opened_once(opener: OpenAssistant) -> OpenAssistant:
    """The opener, giving the same assistant for an index to every thread."""
    opened: dict[str | None, Assistant] = {}
    lock = Lock()

    def open_it(index: str | None) -> Assistant:
        with lock:
            if index not in opened:
                opened[index] = opener(index)
            return opened[index]

    return open_it


def _opener(plan: Plan) -> OpenAssistant:
    settings, variant = plan.asking, plan.variant

    def open_it(index: str | None) -> Assistant:
        from assistant.assistant import Assistant as Wardround
        from assistant.evaluate.variants.varied import VariedAssistant

        names = [] if index is None else [index]
        if variant is not None and variant.asks_otherwise:
            return VariedAssistant(plan.workspace, names, settings, variant)
        return Wardround(plan.workspace, names, settings)

    return open_it


def _with_filters(dataset: Dataset, patient: str | None, exclude_patient: str | None) -> Dataset:
    filters = {"patient": patient, "exclude_patient": exclude_patient}
    given = {name: value for name, value in filters.items() if value is not None}
    return dataset.model_copy(update={"cases": tuple(case.model_copy(update=given) for case in dataset.cases)})
