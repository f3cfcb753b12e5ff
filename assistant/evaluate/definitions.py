"""Every metric with its definition, as Markdown: what stands in docs/metrics.md below its introduction.

python -m assistant.evaluate.definitions docs/metrics.md      # writes it anew
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from assistant.evaluate.case import TASKS
from assistant.evaluate.dataset import Suite
from assistant.evaluate.metric import Family, Metric
from assistant.evaluate.score import FAMILIES

BELOW = "<!-- Below: python -m assistant.evaluate.definitions docs/metrics.md -->"


def definitions() -> str:
    """Every metric that a suite can report, by family, each with its edge cases, what n counts and its source."""
    every = get_args(get_args(Suite.model_fields["external"].annotation)[0])
    suite = Suite(name="all", cases="all.jsonl", external=every)
    return "\n".join(line for family in FAMILIES for line in _family(family, suite))


def write(page: Path) -> None:
    """Replace what stands below the mark in `page`."""
    introduction, mark, _ = page.read_text(encoding="utf-8").partition(BELOW)
    if not mark:
        raise ValueError(f"{page}: the line {BELOW!r} is missing")
    page.write_text(f"{introduction}{BELOW}\n\n{definitions()}", encoding="utf-8")


def _family(family: Family, suite: Suite) -> Iterator[str]:
    yield f"## {family.title}\n"
    yield f"Tasks: {', '.join(task for task in TASKS if task in family.tasks)}.\n"
    yield "| metric | definition | left out, and edge cases | n counts | judged | source |"
    yield "|---|---|---|---|---|---|"
    for metric in family.metrics(suite):
        yield _row(metric)
    yield ""


def _row(metric: Metric) -> str:
    arrow = {"high": " ↑", "low": " ↓", None: ""}[metric.better]
    cells = (
        f"`{metric.name}`{arrow}<br>{metric.title}",
        metric.text,
        metric.edge,
        metric.unit,
        "yes" if metric.judged else "",
        metric.source,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    write(Path(sys.argv[1]))
