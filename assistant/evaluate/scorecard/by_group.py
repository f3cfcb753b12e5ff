"""Fairness on the page: the headline metrics by group of patients, each group against all others, and the gap."""

from __future__ import annotations

from html import escape

from assistant.evaluate.groups import FEW, GroupTable
from assistant.evaluate.metric import Metric
from assistant.evaluate.result import RunResult
from assistant.evaluate.scorecard.pieces import bar, difference_bar
from assistant.evaluate.scorecard.rates import headlines
from assistant.evaluate.scorecard.words import number_with_interval


def groups_section(result: RunResult) -> str:
    """A table for each way to group; "" where the suite names none."""
    if not result.groups:
        return ""
    return (
        '<section id="groups"><h2>By group</h2><p class="soft">The gap is the best group minus the worst, its interval '
        "widened for having picked the two: where it holds 0 it can't be told which is better. A group of fewer than "
        f"{FEW} independent patients or documents is too small to tell.</p>"
        + "".join(_table(result, table) for table in result.groups)
        + "</section>"
    )


def group_name(table: GroupTable) -> str:
    """What a table groups by, for a reader: "sex", "age: 40, 65"."""
    return table.rule.removeprefix("tags.")


def said_of_cases(table: GroupTable) -> str:
    """What is left out of a table, in words."""
    few = [f"{name} ({table.clusters[name]})" for name in table.too_few]
    parts = [f"too few to tell: {', '.join(few)}"] if few else []
    if table.ungrouped:
        parts.append(f"cases of unknown group: {table.ungrouped}")
    return "; ".join(parts)


def _table(result: RunResult, table: GroupTable) -> str:
    left_out = said_of_cases(table)
    note = f'<p class="soft">{escape(left_out)}</p>' if left_out else ""
    shown = [name for name in headlines(result) if name in table.metrics]
    parts = "".join(_metric(table, result.definitions[name]) for name in shown)
    return f'<h3>{escape(group_name(table))}</h3>{note}<table class="groups">{parts}</table>'


def _metric(table: GroupTable, known: Metric) -> str:
    of = table.metrics[known.name]
    rows = "".join(
        f'<tr class="minor"><th scope="row">{escape(name)} ({table.clusters[name]})</th>'
        f'<td class="plot">{bar(interval, known.bounds)}</td><td class="value">{number_with_interval(interval)}</td>'
        f'<td class="plot">{difference_bar(known, of.against[name]) if name in of.against else ""}</td></tr>'
        for name, interval in of.values.items()
    )
    gap = ""
    if of.gap.value is not None:
        gap = f"{of.best} against {of.worst}: {number_with_interval(of.gap, signed=True)}"
    return (
        f'<tr class="title"><th scope="row" colspan="3">{escape(known.title)} '
        f'<span class="soft">{escape(gap)}</span></th><td class="soft">against the others</td></tr>{rows}'
    )
