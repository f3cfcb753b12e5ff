"""The rates: the few that matter most as tiles, and all of them by family with their definitions."""

from __future__ import annotations

from html import escape

from assistant.evaluate.bootstrap import UNIT
from assistant.evaluate.metric import Metric
from assistant.evaluate.result import RunResult
from assistant.evaluate.score import families_of
from assistant.evaluate.scorecard.judged import corrected_words
from assistant.evaluate.scorecard.pieces import bar
from assistant.evaluate.scorecard.words import counted, number, number_with_interval, percent

HEADLINES = (
    "hallucination_rate", "correct_and_supported", "accuracy", "wrong_answer_rate", "pair_accuracy", "omission_rate",
    "finding_f1", "rhythm_f1", "label_f1", "stated_wrong_rate", "logical_precision", "logical_recall",
    "statement_coverage", "citation_recall", "citation_precision", "invented_citation_rate", "planted_citation_rate",
    "abstention_accuracy", "answer_rate", "check_balanced_accuracy", "check_auroc", "check_sensitivity",
    "check_specificity", "given_recall", "ndcg@10",
)  # fmt: skip
"""The metrics that a reader wants to see first, in this order; those that a run measured."""
MOST_TILES, ENOUGH_TILES = 12, 4
_NO_HEADLINE = ("case_error_rate", "seconds")


def headlines(result: RunResult) -> list[str]:
    """The names of the run's headline metrics: of the list above, then whatever else it measured."""
    measured = [name for name in result.definitions if result.metrics[name].value is not None]
    first = [name for name in HEADLINES if name in measured]
    rest = [
        name
        for name in measured
        if name not in first and name not in _NO_HEADLINE and result.definitions[name].better is not None
    ]
    whole = [*first, *(name for name in rest if not result.definitions[name].detail)]
    details = [name for name in rest if result.definitions[name].detail] if len(whole) < ENOUGH_TILES else []
    return [*whole, *details][:MOST_TILES]


def tiles_section(result: RunResult) -> str:
    tiles = "".join(_tile(result, name) for name in headlines(result))
    return f'<section id="rates"><h2>Headline rates</h2><div class="tiles">{tiles}</div></section>' if tiles else ""


def all_rates_section(result: RunResult) -> str:
    """Every metric by family; a detail that never came up is left to the JSON."""
    drawn = []
    for family in families_of(result.dataset):
        names = [m.name for m in family.metrics(result.dataset.suite) if m.name in result.metrics and _shown(result, m)]
        if any(result.metrics[name].value is not None for name in names):
            rows = "".join(_row(result, name) for name in names)
            drawn.append(f"<h3>{escape(family.title)}</h3><table>{rows}</table>")
    return (
        '<section id="all"><h2>All metrics</h2><p class="soft">Open a name for what it counts and what it leaves out. '
        f"n is the number of its units.</p>{''.join(drawn)}</section>"
    )


def _shown(result: RunResult, metric: Metric) -> bool:
    value = result.metrics[metric.name].value
    return not metric.detail or (value is not None if not metric.judged else bool(value))


def _tile(result: RunResult, name: str) -> str:
    known, interval = result.definitions[name], result.metrics[name]
    assert interval.value is not None and interval.low is not None and interval.high is not None
    write = percent if known.bounds == UNIT else number
    shown = write(interval.value)
    between = f"{write(interval.low)} to {write(interval.high)}"
    said = corrected_words(result, name)
    corrected = f'<p class="corrected">{escape(said)}</p>' if said else ""
    better = {"low": "lower is better", "high": "higher is better", None: ""}[known.better]
    return (
        f'<div class="tile card"><h3>{escape(known.title)}</h3><p class="big">{shown}</p>'
        f"{bar(interval, known.bounds)}"
        f'<p class="soft">{between}<br>n = {escape(counted(interval.n, known.unit))}; {better}</p>{corrected}</div>'
    )


def _row(result: RunResult, name: str) -> str:
    known, interval = result.definitions[name], result.metrics[name]
    minor = ' class="minor"' if known.detail else ""
    judged = f" Rests on a judge's verdicts: {escape(corrected_words(result, name))}." if known.judged else ""
    text = f"{escape(known.text)} {escape(known.edge)}{judged}<br><code>{escape(known.name)}</code>"
    explained = f"<details><summary>{escape(known.title)}</summary><p>{text}</p></details>"
    drawn = bar(interval, known.bounds) if interval.value is not None else ""
    return (
        f'<tr{minor}><th scope="row">{explained}</th><td class="plot">{drawn}</td>'
        f'<td class="value">{number_with_interval(interval)}</td><td class="value soft">n = {interval.n}</td></tr>'
    )
