"""The tables of docs/datasets.md and docs/evaluation.md, of the published scorecards; and whether two runs agree.

    python benchmarks/published_scorecards.py [--scorecards eval/scorecards]
    python benchmarks/published_scorecards.py --same-as OTHER_FOLDER

How the scorecards came about stands in docs/evaluation.md. `--same-as` names another folder of scorecards of the same
suites and tells every metric whose value, interval or n differs; times of a run (seconds) are not compared. It ends
with status 1 where one does.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

QUOTE = {
    "medhallu": ("check_auroc", "check_evidence_gap", "accuracy"),
    "kqa_labels": ("check_balanced_accuracy", "check_auroc"),
    "faithbench": ("check_balanced_accuracy", "check_auroc"),
    "radfact": ("check_balanced_accuracy",),
    "medec": ("check_auroc", "check_specificity"),
    "mts_dialog": ("check_auroc", "check_specificity"),
    "bioasq": ("recall@10", "ndcg@10", "accuracy", "accuracy_answered"),
    "pubmedqa": ("mrr", "accuracy", "accuracy_answered", "abstention_rate"),
    "liveqa": ("ndcg@10", "answer_rate", "abstention_accuracy"),
    "medquad": ("recall@10", "ndcg@10", "cited_recall", "abstention_rate"),
    "kqa": ("statement_coverage", "abstention_rate"),
    "medical_mcq": ("accuracy", "accuracy_answered", "abstention_rate"),
    "mmlu_medical": ("accuracy", "accuracy_answered", "abstention_rate"),
    "iu_xray_reports": ("accuracy", "accuracy_answered", "statement_coverage", "precision@10"),
    "covid_chestxray": ("precision@10", "mrr"),
    "nih_cxr64": ("precision@10", "mrr"),
    "ludb_measure": tuple(f"measured_error.{name}" for name in ("heart_rate_bpm", "pr_ms", "qrs_ms", "qt_ms")),
    "ludb_ecg": ("accuracy", "accuracy_answered", "precision@10"),
    "challenge2021_ecg": ("accuracy", "accuracy_answered"),
    "covid_drafts": ("finding_f1", "omission_rate", "logical_precision", "hallucination_rate"),
    "ludb_drafts": ("rhythm_f1", "finding_f1", "hallucination_rate"),
}
MODEL_COLUMNS = {
    "correct": ("accuracy", None),
    "without retrieval": ("accuracy", "no-retrieval"),
    "wrong answers": ("wrong_answer_rate", None),
    "unchecked": ("wrong_answer_rate", "no-verification"),
    "hallucinated claims": ("hallucination_rate", None),
    "its own without retrieval": ("hallucination_rate", "no-retrieval"),
    "claims cited to what carries them": ("citation_recall", None),
}
_OF_A_RUN = "seconds"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scorecards", type=Path, default=Path("eval/scorecards"))
    parser.add_argument("--same-as", type=Path, help="another folder of scorecards")
    chosen = parser.parse_args()
    if chosen.same_as:
        return _compare(chosen.scorecards, chosen.same_as)
    print("\n".join(quote_table(chosen.scorecards / "quote")), end="\n\n")
    print("\n".join(model_table(chosen.scorecards / "models" / "matrix.json")))
    return 0


def quote_table(folder: Path) -> Iterator[str]:
    """A row a suite: what `quote` and the rules of the checker come to."""
    yield from ("| suite | metric, value [95 %] (n) |", "|---|---|")
    for suite, names in QUOTE.items():
        path = folder / f"{suite}.json"
        if path.exists():
            metrics = json.loads(path.read_text(encoding="utf-8"))["metrics"]
            told = "; ".join(f"{name} {_value(metrics[name])}" for name in names if metrics[name]["n"])
            yield f"| `{suite}` | {told} |"


def model_table(path: Path) -> Iterator[str]:
    """A row a suite and model: right answers as it comes, without retrieval and unchecked; hallucinated claims."""
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    found = {(row["suite"], row["model"], row["variant"]): row.get("metrics", {}) for row in rows}
    yield "| suite | model | cases | " + " | ".join(MODEL_COLUMNS) + " |"
    yield "|---|---|---:|" + "---|" * len(MODEL_COLUMNS)
    for row in rows:
        if row["variant"] is None:
            cells = [
                _value(found.get((row["suite"], row["model"], variant), {}).get(metric), places=2)
                for metric, variant in MODEL_COLUMNS.values()
            ]
            yield f"| `{row['suite']}` | {row['model']} | {row['cases']} | {' | '.join(cells)} |"


def _value(interval: dict[str, Any] | None, places: int = 3) -> str:
    if interval is None or interval["value"] is None:
        return "–"
    value, low, high = (f"{interval[name]:.{places}f}" for name in ("value", "low", "high"))
    return f"{value} [{low}, {high}] ({interval['n']})"


def _compare(ours: Path, theirs: Path) -> int:
    compared, unlike = 0, 0
    for path in sorted(ours.rglob("*.json")):
        other = theirs / path.relative_to(ours)
        if path.name == "matrix.json" or not other.exists():
            print(f"{path.relative_to(ours)}: only here")
            continue
        first, second = (json.loads(p.read_text(encoding="utf-8"))["metrics"] for p in (path, other))
        for name in sorted(first.keys() | second.keys()):
            if not name.startswith(_OF_A_RUN):
                compared += 1
                if first.get(name) != second.get(name):
                    unlike += 1
                    print(f"{path.stem}: {name}: {first.get(name)} here, {second.get(name)} there")
    print(f"{compared} metrics compared, {unlike} differ")
    return int(unlike > 0)


if __name__ == "__main__":
    sys.exit(main())
