"""How long the evaluation itself takes beside the answers that it evaluates.

    WARDROUND_DATA=… python benchmarks/evaluate_speed.py [--cases 1000] [--workspace DIR] [--suite TOML] [--profile]

Questions of BioASQ (tasks 7b to 9b, as in MIRAGE) over an index of its documents, answered by `quote`; a yes or no, the
name of a fact, or the sentences of the ideal answer as reference. Printed are wall and processor seconds of solving the
cases, of marking them (every metric of the task, citations and statements judged), and of the rest: intervals, logs and
the scorecard. Wanted: marking and the rest at most 20 % of the run, and 1,000 cases evaluated in under 3 minutes. On a
busy machine go by the processor's.

With --workspace an index `bioasq` that is built there is used; otherwise one is built first, which takes some minutes
and is not counted. --suite takes another suite, whose earlier runs in the workspace are removed. --profile names the
functions in which marking spends its time.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from assistant import Assistant
from assistant.evaluate import run as running
from assistant.evaluate.marking import marked
from assistant.evaluate.solve import solve
from assistant.findings import sentences
from assistant.workspace import init_workspace

P = ParamSpec("P")
R = TypeVar("R")

RECIPE = """name = "bioasq"
[[source]]
path = "${WARDROUND_DATA}/bioasq_retrieval"
deidentify = false
manifest = "corpus.jsonl"
[source.columns]
id = "_id"
title = "title"
text = "text"
"""
SUITE = """name = "speed"
description = "BioASQ questions, to see how long evaluating takes"
cases = "speed.jsonl"
index = "bioasq"
[settings.llm]
name = "quote"
"""


def case_of(question: dict[str, Any]) -> dict[str, Any]:
    """A question with its gold documents, and of the right answer what its type gives."""
    ideal = question["ideal_answer"]
    ideal = ideal if isinstance(ideal, str) else ideal[0]
    exact = question.get("exact_answer")
    reference: dict[str, Any] = {"gold": question["documents"], "answerable": True}
    if question["type"] == "yesno" and str(exact).lower() in ("yes", "no"):
        reference["answer"] = str(exact).lower()
    elif question["type"] == "factoid" and exact:
        reference["must"] = exact[0][:1] if isinstance(exact[0], list) else exact[:1]
    else:
        reference["statements"] = sentences(ideal)
    return {"id": question["id"], "task": "ask", "question": question["question"], "reference": reference}


def prepare(workspace: Path, data: Path, count: int) -> Path:
    """The suite, and its index where there is none yet."""
    if not (workspace / "indexes" / "bioasq" / "CURRENT").is_file():
        init_workspace(workspace)
        (workspace / "indexes" / "bioasq.toml").write_text(RECIPE, encoding="utf-8")
        Assistant.build(workspace / "indexes" / "bioasq.toml", workspace=workspace)
    lines = (data / "bioasq_retrieval" / "questions_full.jsonl").read_text(encoding="utf-8").splitlines()[:count]
    cases = [json.dumps(case_of(json.loads(line))) for line in lines]
    (workspace / "eval" / "speed.jsonl").write_text("\n".join(cases) + "\n", encoding="utf-8")
    (workspace / "eval" / "speed.toml").write_text(SUITE, encoding="utf-8")
    return workspace / "eval" / "speed.toml"


class Clock:
    """Wall and processor seconds spent in functions, by what they do; `profile` looks into marking."""

    def __init__(self) -> None:
        self.spent: dict[str, tuple[float, float]] = {}
        self.profile: cProfile.Profile | None = None

    def timed(self, function: Callable[P, R], what: str) -> Callable[P, R]:
        def call(*args: P.args, **options: P.kwargs) -> R:
            started = time.perf_counter(), time.process_time()
            looks = self.profile if what == "marking" else None
            result = looks.runcall(function, *args, **options) if looks is not None else function(*args, **options)
            wall, processor = self.spent.get(what, (0.0, 0.0))
            self.spent[what] = (
                wall + time.perf_counter() - started[0],
                processor + time.process_time() - started[1],
            )
            return result

        return call


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--suite", type=Path)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    data = Path(os.environ["WARDROUND_DATA"])
    with tempfile.TemporaryDirectory(prefix="evaluate-speed-") as made:
        workspace = options.workspace or Path(made)
        suite = options.suite or prepare(workspace, data, options.cases)
        for run in (workspace / "eval" / "runs").glob(f"{suite.stem}-*"):
            shutil.rmtree(run)  # or its answers would be taken over
        clock = Clock()
        vars(running)["marked"] = clock.timed(marked, "marking")
        vars(running)["solve"] = clock.timed(solve, "solving")
        if options.profile:
            clock.profile = cProfile.Profile()
        started = time.perf_counter(), time.process_time()
        result = running.run_suite(suite, workspace=workspace, limit=options.cases)
        wall, processor = time.perf_counter() - started[0], time.process_time() - started[1]
        clock.spent["the rest"] = (
            wall - sum(seconds for seconds, _ in clock.spent.values()),
            processor - sum(seconds for _, seconds in clock.spent.values()),
        )
        print(f"{len(result.samples)} cases, {len(result.set_aside)} failed, {len(result.metrics)} metrics")
        print(f"{'':12} {'wall':>10} {'':8} {'processor':>10}")
        for what, (on_the_wall, of_the_processor) in clock.spent.items():
            print(
                f"{what:12} {on_the_wall:8.1f} s {on_the_wall / wall:8.1%} "
                f"{of_the_processor:8.1f} s {of_the_processor / processor:8.1%}"
            )
        if clock.profile is not None:
            pstats.Stats(clock.profile).sort_stats("cumulative").print_stats(45)


if __name__ == "__main__":
    main()
