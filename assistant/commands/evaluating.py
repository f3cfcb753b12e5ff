"""Commands that measure the assistant: suites, matrices, probes."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.commands.common import OK, SET_ASIDE
from assistant.console import print_json, progress, say
from assistant.errors import RecipeError

if TYPE_CHECKING:
    from assistant.evaluate.gate import Limit
    from assistant.evaluate.result import RunResult


def run_probe(arguments: Namespace) -> int:
    from assistant.evaluate.probe import KINDS, write_probes
    from assistant.settings import load_settings

    made = write_probes(
        arguments.source,
        arguments.out,
        arguments.kind or KINDS,
        count=arguments.n,
        seed=arguments.seed,
        workspace=arguments.workspace,
        settings=load_settings(arguments.workspace),
    )
    if arguments.json:
        print_json(made.to_json())
    else:
        pairs = ", ".join(f"{count} of kind {kind}" for kind, count in made.pairs.items())
        print(f"{arguments.out}: {pairs}, of {made.subjects} labelled subjects")
        print(f"wardround eval {arguments.out}")
    return OK


def run_eval(arguments: Namespace) -> int:
    from assistant.evaluate.finished import is_run
    from assistant.evaluate.gate import failures, read_limit
    from assistant.evaluate.matrix import is_matrix
    from assistant.evaluate.publish import publish
    from assistant.evaluate.run import find_suite
    from assistant.evaluate.show import print_result

    finished = is_run(arguments.suite, arguments.workspace)
    if not finished and is_matrix(path := find_suite(arguments.suite, arguments.workspace)):
        return _run_matrix(arguments, path)
    limits = [read_limit(text) for text in arguments.fail_under]
    result = _read_back(arguments, limits) if finished else _evaluated(arguments, limits)
    published = publish(result, arguments.publish) if arguments.publish else []
    _remember(arguments.workspace, published)
    corrected = {name: rate.interval for name, rate in result.judge.corrected.items()} if result.judge else {}
    missed = failures(limits, result.definitions, result.metrics, corrected)
    if arguments.json:
        print_json({**result.to_json(), "failed_under": missed, "published": [str(path) for path in published]})
    else:
        print_result(result)
        for path in published:
            print(f"published: {path}")
    for sentence in missed:
        say(f"not reached: {sentence}")
    return SET_ASIDE if result.set_aside or missed else OK


def _run_matrix(arguments: Namespace, path: Path) -> int:
    from assistant.evaluate.matrix import run_matrix
    from assistant.evaluate.publish import publish_matrix, write_matrix

    fixed = ("index", "llm", "patient", "exclude_patient", "vary", "limit", "compare", "fail_under")
    if given := [name for name in fixed if getattr(arguments, name)]:
        name = given[0].replace("_", "-")
        raise RecipeError(f"--{name}: {arguments.suite} is a matrix; what its runs are is said in the file itself")
    result = run_matrix(path, workspace=arguments.workspace, progress=progress)
    written = write_matrix(result, result.folder)
    published = publish_matrix(result, arguments.publish) if arguments.publish else []
    _remember(arguments.workspace, published)
    if arguments.json:
        print_json({**result.to_json(), "files": [str(path) for path in (*written, *published)]})
    else:
        print((result.folder / "matrix.md").read_text(encoding="utf-8"))
        for path in (*written, *published):
            print(f"written: {path}")
    return OK if result.is_whole else SET_ASIDE


def _remember(workspace: Path, published: Sequence[Path]) -> None:
    """Where figures went is kept: the ids of their cases may be those of patients."""
    from assistant.settings import load_settings
    from assistant.store.workspace_db import WorkspaceDb
    from assistant.store.written import remember_written

    if published:
        remember_written(WorkspaceDb(workspace, load_settings(workspace).store), "scorecard", published)


def _read_back(arguments: Namespace, limits: Sequence[Limit]) -> RunResult:
    """A finished run, scored with the metrics as they are now."""
    from assistant.evaluate.finished import read_run

    asking = ("index", "llm", "patient", "exclude_patient", "vary", "limit")
    if given := [name for name in asking if getattr(arguments, name)]:
        name = given[0].replace("_", "-")
        raise RecipeError(f"--{name}: {arguments.suite} is a finished run, and nothing is asked; name its suite")
    return read_run(arguments.suite, arguments.workspace, arguments.compare, limits=limits)


def _evaluated(arguments: Namespace, limits: Sequence[Limit]) -> RunResult:
    from assistant.evaluate.run import run_suite

    return run_suite(
        arguments.suite,
        workspace=arguments.workspace,
        index=arguments.index,
        compare=arguments.compare,
        llm=arguments.llm,
        patient=arguments.patient,
        exclude_patient=arguments.exclude_patient,
        vary=arguments.vary,
        limit=arguments.limit,
        limits=limits,
        progress=progress,
    )
