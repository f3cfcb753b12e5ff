"""Which metrics notice which damage to an answer, and which stay put when it is only reworded.

    WARDROUND_DATA=… [RADLABELS=…] python benchmarks/evaluate_perturbations.py [--reports 200] [--half reported]

Right answers repeat real sentences of Open-i reports (Indiana University; read at run time, nothing made of them is
stored); one thing at a time is changed (`assistant.evaluate.perturb`), and every metric of Wardround that an answer
moves is computed before and after. Printed are, by metric and change, the share of changed answers for which the
metric got worse; of harmless changes it should be 0. In brackets: how many answers the change fitted.
The verifier behind the judged metrics was chosen on the development half of the reports.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from verify import development
from verify_perturbations import reports

from assistant.evaluate.dataset import Dataset, Suite
from assistant.evaluate.marking import bench_of
from assistant.evaluate.metric import Metric
from assistant.evaluate.perturb.answers import (
    ANSWER_DAMAGE,
    HARMLESS,
    SENTENCE_DAMAGE,
    Written,
    as_sample,
    changed_answers,
    right_answer,
)
from assistant.evaluate.perturb.moved import Marker, moved
from assistant.settings import Settings

SENTENCES = (3, 6)  # of a report that is used, least and most


def right_answers(data: Path, half: str, most: int, length: tuple[int, int] = SENTENCES) -> Iterator[Written]:
    """Right answers of one half of the reports, each beside the report before it."""
    least, longest = length
    before: list[str] | None = None
    made = 0
    for name, said in reports(data):
        said = list(dict.fromkeys(said))[:longest]
        if development(name) != (half == "development") or len(said) < least:
            continue
        if before is not None and made < most:
            made += 1
            yield right_answer(name, said, before)
        before = said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reports", type=int, default=200)
    parser.add_argument("--half", choices=("reported", "development"), default="reported")
    parser.add_argument("--errors", help="METRIC:KIND, show where it did not move, or did (development half)")
    chosen = parser.parse_args()
    if "WARDROUND_DATA" not in os.environ:
        raise SystemExit("WARDROUND_DATA is not set: the folder with iu_xray_reports")
    if chosen.errors and chosen.half != "development":
        raise SystemExit("answers of the reported half stay unread: --half development")
    suite = Suite(name="perturbations", cases="none.jsonl")
    marker = Marker(bench_of(Dataset(suite=suite, cases=(), path=Path("x"), workspace=Path()), Settings()))
    found: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for right in right_answers(Path(os.environ["WARDROUND_DATA"]), chosen.half, chosen.reports):
        before = marker.values(right, as_sample(right))
        for changed in changed_answers(right):
            after = marker.values(right, as_sample(changed))
            for metric in marker.metrics:
                worse = moved(metric, before.get(metric.name), after.get(metric.name))
                if worse is not None:
                    found[metric.name, changed.kind].append(worse == "worse")
                    if chosen.errors == f"{metric.name}:{changed.kind}" and (worse == "worse") == changed.harmless:
                        print(f"    {right.text}\n    → {changed.text}")
    print_table(marker.metrics, found)


def print_table(metrics: tuple[Metric, ...], found: dict[tuple[str, str], list[bool]]) -> None:
    kinds = [k for k in (*SENTENCE_DAMAGE, *ANSWER_DAMAGE, *HARMLESS) if any(kind == k for _, kind in found)]
    counts = {kind: max(len(rows) for (_, k), rows in found.items() if k == kind) for kind in kinds}
    print("| metric | " + " | ".join(f"{kind} ({counts[kind]})" for kind in kinds) + " |")
    print("|---|" + "---:|" * len(kinds))
    for metric in metrics:
        rows = [found.get((metric.name, kind)) for kind in kinds]
        if any(row and any(row) for row in rows):
            cells = [f"{sum(row) / len(row):.2f}" if row else "" for row in rows]
            print(f"| `{metric.name}` | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
