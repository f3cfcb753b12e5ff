"""A scorecard that may be passed on: figures and case ids, nothing of what cases, answers and evidence say.

For sets whose licence forbids passing on their texts and pictures, or changed versions of them; and for one's own
archive.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.evaluate.compare import Comparison
from assistant.evaluate.matrix import MatrixResult
from assistant.evaluate.result import RunResult
from assistant.evaluate.scorecard import markdown, scorecard
from assistant.evaluate.scorecard.matrix_page import matrix_markdown, matrix_page
from assistant.store.files import write_atomically

_PRIVATE = {"llm": {"base_url", "vllm_python"}}
"""Options that name a machine or a place on it."""


def publish(result: RunResult, folder: Path, name: str | None = None, *, with_variants: bool = True) -> list[Path]:
    """Write `<name>.html`, `.json` and `.md` into a folder; by default the name of the suite, with that of a variant.

    The runs of its variants are written beside it, unless their differences in its figures are enough. Gives the
    files that were written.
    """
    plain = name or "-".join(part for part in (result.suite, result.variant) if part)
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", plain).strip("-.") or "suite"
    folder.mkdir(parents=True, exist_ok=True)
    shown = replace(result, settings=without_private(result.settings))
    written = {
        folder / f"{stem}.html": scorecard(shown, texts=False),
        folder / f"{stem}.json": _a_case_a_line(figures(shown)),
        folder / f"{stem}.md": markdown(shown),
    }
    for path, content in written.items():
        write_atomically(path, content)
    for varied in result.varied if with_variants else ():
        written |= dict.fromkeys(publish(varied.result, folder, f"{plain}-{varied.variant.name}"), "")
    return list(written)


def write_matrix(result: MatrixResult, folder: Path) -> list[Path]:
    """Write `matrix.html`, `.json` and `.md`; they hold no text of any case. Gives the files that were written."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {
        folder / "matrix.html": matrix_page(result),
        folder / "matrix.json": json.dumps(result.to_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        folder / "matrix.md": matrix_markdown(result),
    }
    for path, content in pages.items():
        write_atomically(path, content)
    return list(pages)


def publish_matrix(result: MatrixResult, folder: Path) -> list[Path]:
    """The matrix, whose rows the variants are, and beside it the scorecard of every run that is as it comes."""
    beside = [
        publish(row.result, folder, f"{row.result.suite}-{row.name}", with_variants=False)
        for row in result.rows
        if row.result is not None and row.variant is None
    ]
    return [*write_matrix(result, folder), *(path for paths in beside for path in paths)]


def figures(result: RunResult) -> dict[str, Any]:
    """What `RunResult.to_json` has, less every place and text; and what each case adds to the metrics, by its id."""
    whole = result.to_json()
    kept = {name: whole[name] for name in ("suite", "run", "variant", "metrics", "cases", "of", "indexes", "settings")}
    if result.comparison is not None:
        kept["compare"] = _figures_of(result.comparison)
    if result.varied:
        kept["variants"] = {
            v.variant.name: {"run": v.result.run, "words": v.variant.words, **_figures_of(v.comparison)}
            for v in result.varied
        }
    return {
        **kept,
        "set_aside": [name for name, _ in result.set_aside],
        "by_case": {
            name: {metric: [round(x, 6) for x in pair] for metric, pair in sample.scores.items()}
            for name, sample in result.samples.items()
        },
    }


def _a_case_a_line(told: dict[str, Any]) -> str:
    """The figures as JSON, indented, but for the cases: each is a line, so that two versions can be told apart."""
    options: dict[str, Any] = {"ensure_ascii": False, "allow_nan": False}
    cases = [f"  {json.dumps(name)}: {json.dumps(scores, **options)}" for name, scores in told["by_case"].items()]
    head = json.dumps({name: value for name, value in told.items() if name != "by_case"}, indent=1, **options)
    body = "{\n" + ",\n".join(cases) + "\n }" if cases else "{}"
    return f'{head.removesuffix("}").rstrip()},\n "by_case": {body}\n}}\n'


def without_private(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings less those that name a machine."""
    return {
        group: {name: value for name, value in options.items() if name not in _PRIVATE.get(group, ())}
        for group, options in settings.items()
    }


def _figures_of(comparison: Comparison) -> dict[str, Any]:
    return {
        "against": comparison.run,
        "cases": comparison.cases,
        "left_out": list(comparison.left_out),
        "difference": {name: interval.to_json() for name, interval in comparison.metrics.items()},
        "changed": [
            {"id": diff.case, "harm": round(diff.harm, 6), "moved": {n: round(x, 6) for n, x in diff.moved.items()}}
            for diff in comparison.diffs
        ],
    }
