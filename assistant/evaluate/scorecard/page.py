"""The scorecard: one HTML page that works offline, weak points first, every case to look into.

Nothing is loaded and no script runs (the page's own policy forbids both). All text of cases, answers and evidence
is escaped: it is shown, never interpreted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from assistant.evaluate.result import RunResult
from assistant.evaluate.scorecard.by_group import groups_section
from assistant.evaluate.scorecard.cases import MOST_BYTES, cases_section, cases_table
from assistant.evaluate.scorecard.differences import comparison_section, variants_section
from assistant.evaluate.scorecard.judged import judge_section
from assistant.evaluate.scorecard.plots import plots_section
from assistant.evaluate.scorecard.rates import all_rates_section, tiles_section
from assistant.evaluate.scorecard.weak import weak_points
from assistant.evaluate.scorecard.words import how_many
from assistant.html_page import html_page
from assistant.settings import Settings


def scorecard(result: RunResult, *, texts: bool = True, most_bytes: int = MOST_BYTES) -> str:
    """The page as a string of HTML, self-contained.

    Without `texts` it holds figures and case ids only, nothing of what cases, answers and evidence say. `most_bytes` is
    what the cases' drawers may take together; what does not fit is named in a line each.
    """
    style = Path(__file__).with_name("scorecard.css").read_text(encoding="utf-8")
    sections = [
        _head(result),
        _weak_points(result),
        tiles_section(result),
        judge_section(result),
        variants_section(result),
        comparison_section(result, texts=texts),
        plots_section(result),
        groups_section(result),
        all_rates_section(result),
        cases_section(result, most_bytes) if texts else cases_table(result),
        _made_with(result),
    ]
    return html_page(f"Scorecard: {result.suite}", style, "\n".join([_contents(sections), *sections]))


def _contents(sections: list[str]) -> str:
    """Links to the sections that are there."""
    names = {
        "weak": "Weak points",
        "rates": "Rates",
        "judge": "The judge",
        "variants": "Variants",
        "comparison": "Comparison",
        "plots": "Plots",
        "groups": "By group",
        "all": "All metrics",
        "cases": "Cases",
        "made": "Made with",
    }
    there = [name for name in names if any(section.startswith(f'<section id="{name}"') for section in sections)]
    return "<nav>" + "".join(f'<a href="#{name}">{names[name]}</a>' for name in there) + "</nav>"


def _head(result: RunResult) -> str:
    suite = result.dataset.suite
    written = [side for sample in result.samples.values() if (side := sample.answer or sample.draft) is not None]
    models = ", ".join(sorted({side.model for side in written})) or "none asked"
    prompts = ", ".join(sorted({side.prompt for side in written if side.prompt})) or "none"
    indexes = ", ".join(f"{name} (generation {number})" for name, number in result.indexes.items()) or "none"
    varied = f" · variant <b>{escape(result.variant)}</b>" if result.variant else ""
    described = f"<p>{escape(suite.description)}</p>" if suite.description else ""
    return (
        f'<header><h1>Scorecard: {escape(suite.name)}</h1>{described}<p class="soft">'
        f"{how_many(result)} · model {escape(models)} · prompts: {escape(prompts)} · "
        f"archive: {escape(indexes)}{varied}<br>"
        f"run <code>{escape(result.run)}</code> · 95 % bootstrap intervals, {suite.bootstrap.resamples} resamples of "
        f"clusters by {escape(suite.cluster)}, seed {suite.bootstrap.seed}</p></header>"
    )


def _weak_points(result: RunResult) -> str:
    points = weak_points(result) or ["None of the measured values is far from perfect on these cases."]
    items = "".join(f"<li>{escape(point)}</li>" for point in points)
    return f'<section id="weak"><h2>Weak points</h2><div class="card weak"><ul>{items}</ul></div></section>'


def _made_with(result: RunResult) -> str:
    """The settings that are not the defaults; all else is a default of the version that ran."""
    changed = list(_changed(result.settings, Settings.model_construct().model_dump(mode="json")))
    rows = "".join(
        f'<tr><th scope="row"><code>{escape(name)}</code></th><td><code>{escape(json.dumps(value))}</code></td></tr>'
        for name, value in changed
    )
    shown = f'<table class="plain">{rows}</table>' if rows else "<p>Every setting is the default.</p>"
    return (
        '<section id="made"><h2>Made with</h2><p class="soft">Settings that are not the defaults. What else went in is '
        f"in <code>run.json</code>.</p>{shown}</section>"
    )


def _changed(settings: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for group, options in settings.items():
        for name, value in options.items():
            if value != defaults.get(group, {}).get(name):
                yield f"{group}.{name}", value
