"""Comparisons: against another run, and the run's variants side by side; what changed, to read."""

from __future__ import annotations

from html import escape

from assistant.evaluate.compare import Comparison
from assistant.evaluate.diff import CaseDiff
from assistant.evaluate.result import RunResult
from assistant.evaluate.scorecard.pieces import Colour, chip, clipped, difference_bar, judged_change
from assistant.evaluate.scorecard.words import number, number_with_interval

SHOWN_DIFFS = 25

_WORDS = {
    "answered": "Answered",
    "claim": "Sentence",
    "verdict": "Verdict",
    "citations": "Citations",
    "choice": "Choice",
    "judgement": "Verdict",
    "ranking": "Place of the gold",
    "measured": "Measured",
}


def comparison_section(result: RunResult, *, texts: bool = True) -> str:
    """This run against another: every metric's difference, and the cases that became different, worse first.

    Without `texts` the cases are named by their ids alone.
    """
    comparison = result.comparison
    if comparison is None:
        return ""
    known = result.definitions
    left_out = f" {len(comparison.left_out)} cases could not be paired." if comparison.left_out else ""
    caption = (
        f"This run minus {comparison.run}, on {comparison.cases} cases that both ran.{left_out} Green is better, red "
        "worse, where the whole interval lies on that side; where it holds 0 the cases do not tell the two apart."
    )
    shown = {name: interval for name, interval in comparison.metrics.items() if interval.value}
    same = [known[name].title for name, i in comparison.metrics.items() if i.value == 0 and not known[name].detail]
    alike = f'<p class="soft">The very same in both: {escape(", ".join(same))}.</p>' if same else ""
    rows = "".join(
        f'<tr{" class=minor" if known[name].detail else ""}><th scope="row">{escape(known[name].title)}</th>'
        f'<td class="plot">{difference_bar(known[name], interval)}</td>'
        f'<td class="value">{number_with_interval(interval, signed=True)}</td>'
        f'<td class="value soft">n = {interval.n}</td></tr>'
        for name, interval in shown.items()
    )
    return (
        f'<section id="comparison"><h2>Against another run</h2><p class="soft">{escape(caption)}</p>'
        f"<table>{rows}</table>{alike}{_diffs(comparison, texts)}</section>"
    )


def variants_section(result: RunResult) -> str:
    """What each variant changes: a row a metric, a column a variant, the paired difference in each cell."""
    if not result.varied:
        return ""
    names = [
        name
        for name, metric in result.definitions.items()
        if not metric.detail and any(_has_value(varied.comparison, name) for varied in result.varied)
    ]
    head = "".join(f'<th scope="col">{escape(varied.variant.name)}</th>' for varied in result.varied)
    rows = "".join(_variant_row(result, name) for name in names)
    words = "".join(
        f"<dt>{escape(v.variant.name)}</dt><dd>{escape(v.variant.words)} "
        f'<span class="soft">{v.comparison.cases} cases, run <code>{escape(v.result.run)}</code></span></dd>'
        for v in result.varied
    )
    return (
        '<section id="variants"><h2>With one thing changed</h2>'
        '<p class="soft">The varied run minus this one on the same cases, with its 95 % interval. Coloured where the '
        f'whole interval lies on one side.</p><dl class="known">{words}</dl><div class="wide"><table class="plain">'
        f"<tr><th></th><th>as it is</th>{head}</tr>{rows}</table></div></section>"
    )


def changes_list(diff: CaseDiff) -> str:
    """What became different in a case, before and after."""
    items = []
    for change in diff.changes:
        about = f" <q>{clipped(change.text, 200)}</q>" if change.text else ""
        before = f"<del>{clipped(change.before, 300)}</del>" if change.before else chip("nothing")
        after = f"<ins>{clipped(change.after, 300)}</ins>" if change.after else chip("nothing")
        items.append(f"<li>{_WORDS[change.kind]}{about}: {before} → {after}</li>")
    return f'<ul class="changes">{"".join(items)}</ul>'


def _diffs(comparison: Comparison, texts: bool) -> str:
    if not comparison.diffs:
        return '<p class="soft">No case became different.</p>'
    worse = sum(diff.harm > 0 for diff in comparison.diffs)
    better = sum(diff.harm < 0 for diff in comparison.diffs)
    heading = (
        f"<h3>{len(comparison.diffs)} cases became different: {worse} worse, {better} better, "
        f"{len(comparison.diffs) - worse - better} neither</h3>"
    )
    drawn = []
    for diff in comparison.diffs[:SHOWN_DIFFS]:
        colour: Colour = "bad" if diff.harm > 0 else "good" if diff.harm < 0 else ""
        moved = "".join(chip(f"{name} {number(move, signed=True)}") for name, move in diff.moved.items())
        inside = f"<p>{moved}</p>" + (changes_list(diff) if texts else "")
        state = chip("worse" if diff.harm > 0 else "better" if diff.harm < 0 else "different", colour)
        line = f"<code>{escape(diff.case)}</code> {state}"
        drawn.append(f'<details class="case"><summary>{line}</summary><div>{inside}</div></details>')
    rest = len(comparison.diffs) - SHOWN_DIFFS
    more = f'<p class="soft">{rest} more are in scorecard.json.</p>' if rest > 0 else ""
    return heading + "".join(drawn) + more


def _variant_row(result: RunResult, name: str) -> str:
    metric = result.definitions[name]
    cells = []
    for varied in result.varied:
        interval = varied.comparison.metrics.get(name)
        if interval is None or interval.value is None or interval.low is None or interval.high is None:
            cells.append('<td class="value soft">—</td>')
            continue
        bounds = f"{number(interval.low, signed=True)} to {number(interval.high, signed=True)}"
        cells.append(
            f'<td class="value {judged_change(metric, interval)}">{number(interval.value, signed=True)}'
            f'<br><span class="soft">{bounds}</span></td>'
        )
    own = result.metrics[name].value
    value = "—" if own is None else number(own)
    return f'<tr><th scope="row">{escape(metric.title)}</th><td class="value">{value}</td>{"".join(cells)}</tr>'


def _has_value(comparison: Comparison, name: str) -> bool:
    return name in comparison.metrics and comparison.metrics[name].value is not None
