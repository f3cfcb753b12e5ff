"""How long the evaluation itself takes beside the answers that it evaluates.

    WARDROUND_DATA=… python benchmarks/evaluate_speed.py [--cases 1000] [--workspace DIR] [--profile]

Questions of BioASQ (tasks 7b to 9b, as in MIRAGE) over an index of its documents, answered by `quote`: processor and
wall seconds of solving the cases, of marking them (every metric of the task, citations judged), and of all the rest:
intervals, logs and the scorecard. Wanted: marking and the rest at most 20 % of the run, and 1,000 cases evaluated in
under 3 minutes. With --workspace an index `bioasq` that is built there is used; otherwise one is built first, which
takes some minutes and is not counted. --profile names the functions in which marking spends its time.
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
from pathlib import Path
from typing import Any

from assistant import Assistant
from assistant.evaluate.dataset import load_suite
from assistant.evaluate.marking import bench_of, marked
from assistant.evaluate.run import run_suite
from assistant.findings import sentences
from assistant.settings import load_settings
from assistant.workspace import init_workspace

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
    reference: dict[str, Any] = {"gold": question["documents"], "answerable": True, "report": ideal}
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    data = Path(os.environ["WARDROUND_DATA"])
    with tempfile.TemporaryDirectory(prefix="evaluate-speed-") as made:
        workspace = options.workspace or Path(made)
        suite = prepare(workspace, data, options.cases)
        for run in (workspace / "eval" / "runs").glob("speed-*"):
            shutil.rmtree(run)  # or its answers would be taken over
        wall, processor = time.perf_counter(), time.process_time()
        result = run_suite(suite, workspace=workspace)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        solve, mark = result.seconds["solve"], result.seconds["evaluate"]
        rest = wall - solve - mark
        print(f"{len(result.samples)} cases, {len(result.set_aside)} failed, {len(result.metrics)} metrics")
        print(f"wall {wall:.1f} s, processor {processor:.1f} s")
        for what, seconds in (("solving", solve), ("marking", mark), ("intervals, logs, scorecard", rest)):
            print(f"{what:28} {seconds:8.1f} s {seconds / wall:8.1%}")
        print(f"evaluating in all            {mark + rest:8.1f} s {(mark + rest) / wall:8.1%}")
        dataset = load_suite(suite, workspace)
        bench = bench_of(dataset, load_settings(workspace))
        profile = cProfile.Profile()
        started = time.process_time()
        for case in dataset.cases:
            if options.profile:
                profile.enable()
            marked(result.samples[case.id], case, bench)
            profile.disable()
        print(f"marked again: {time.process_time() - started:.1f} s of the processor")
        if options.profile:
            pstats.Stats(profile).sort_stats("cumulative").print_stats(45)


if __name__ == "__main__":
    main()
