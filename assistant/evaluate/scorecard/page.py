"""The scorecard: one HTML page that works offline, weak points first, every case to look into.

Nothing is loaded and no script runs (the page's own policy forbids both). All text of cases, answers and evidence
is escaped: it is shown, never interpreted.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from assistant.evaluate.bootstrap import Interval
from assistant.evaluate.compare import Comparison
from assistant.evaluate.metric import Metric
from assistant.evaluate.result import RunResult
from assistant.evaluate.score import families_of
from assistant.evaluate.scorecard.cases import cases_section
from assistant.evaluate.scorecard.weak import weak_points
from assistant.evaluate.scorecard.words import number_with_interval
from assistant.html_page import html_page

_NOTICE = (
    "Verdicts, and with them every rate of hallucinations and citations, come from Wardround's own checker, the same "
    "that marks the answers. It reads text against text: what it wrongly believes counts as right here too, and what "
    "it wrongly doubts as a hallucination. Research software, no medical device."
)


def scorecard(result: RunResult) -> str:
    """The page as a string of HTML, self-contained."""
    style = Path(__file__).with_name("scorecard.css").read_text(encoding="utf-8")
    body = "\n".join(
        [_head(result), _weak_points(result), f'<p class="card notice">{escape(_NOTICE)}</p>']
        + [_metrics_section(title, names, result) for title, names in _groups(result)]
        + ([_comparison(result, result.comparison)] if result.comparison else [])
        + [cases_section(result)]
    )
    return html_page(f"Scorecard: {result.suite}", style, body)


def _head(result: RunResult) -> str:
    suite = result.dataset.suite
    answers = [sample.answer for sample in result.samples.values() if sample.answer]
    models = ", ".join(sorted({answer.model for answer in answers})) or "no answers"
    prompts = ", ".join(sorted({answer.prompt for answer in answers if answer.prompt})) or "none"
    indexes = ", ".join(f"{name} (generation {number})" for name, number in result.indexes.items())
    facts = f"{len(result.samples)} cases · model {models} · prompts: {prompts} · indexes: {indexes}"
    described = f"<p>{escape(suite.description)}</p>" if suite.description else ""
    return (
        f'<h1>Scorecard: {escape(suite.name)}</h1>{described}<p class="soft">{escape(facts)}<br>'
        f"run <code>{escape(result.run)}</code> · 95 % bootstrap intervals, {suite.bootstrap.resamples} resamples of "
        f"clusters by {escape(suite.cluster)}, seed {suite.bootstrap.seed}</p>"
    )


def _weak_points(result: RunResult) -> str:
    points = weak_points(result) or ["None of the measured values is far from perfect on these cases."]
    return (
        '<h2>Weak points</h2><div class="card weak"><ul>'
        + "".join(f"<li>{escape(p)}</li>" for p in points)
        + "</ul></div>"
    )


def _groups(result: RunResult) -> list[tuple[str, list[str]]]:
    """The families with their metrics; a detail that never came up, in a run that measured it, is left to the JSON."""

    def shown(metric: Metric) -> bool:
        return not metric.detail or not metric.judged or bool(result.metrics[metric.name].value)

    suite = result.dataset.suite
    return [
        (family.title, [m.name for m in family.metrics(suite) if m.name in result.metrics and shown(m)])
        for family in families_of(result.dataset)
    ]


def _metrics_section(title: str, names: Sequence[str], result: RunResult) -> str:
    rows = "".join(_row(result.definitions[name], result.metrics[name]) for name in names)
    return f"<h2>{escape(title)}</h2><table>{rows}</table>"


def _row(known: Metric, interval: Interval) -> str:
    minor = ' class="minor"' if known.detail else ""
    text = f"{escape(known.text)} {escape(known.edge)}<br><code>{escape(known.name)}</code>"
    explained = f"<details><summary>{escape(known.title)}</summary><p>{text}</p></details>"
    shown = f"{number_with_interval(interval)}" if interval.value is not None else "not measured"
    return (
        f'<tr{minor}><th scope="row">{explained}</th><td class="plot">{_bar(interval)}</td>'
        f'<td class="value">{shown}</td><td class="value soft">n = {interval.n}</td></tr>'
    )


def _bar(interval: Interval) -> str:
    """A bar from 0 to 1 with its interval as a whisker."""
    track = '<rect class="track" x="0" y="6" width="100" height="8"/>'
    if interval.value is None or interval.low is None or interval.high is None:
        inside = track
    else:
        bar = f'<rect class="bar" x="0" y="6" width="{100 * interval.value:.2f}" height="8"/>'
        inside = track + bar + _whisker(100 * interval.low, 100 * interval.high)
    label = f"{number_with_interval(interval)}" if interval.value is not None else "not measured"
    return f'<svg viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label="{label}">{inside}</svg>'


def _whisker(x0: float, x1: float) -> str:
    x0, x1 = min(max(x0, 0.4), 99.6), min(max(x1, 0.4), 99.6)
    return "".join(
        f'<line class="whisker" x1="{a:.2f}" y1="{b}" x2="{c:.2f}" y2="{d}"/>'
        for a, b, c, d in ((x0, 10, x1, 10), (x0, 5, x0, 15), (x1, 5, x1, 15))
    )


def _comparison(result: RunResult, comparison: Comparison) -> str:
    known = result.definitions
    left_out = f"; not paired: {', '.join(comparison.left_out)}" if comparison.left_out else ""
    caption = (
        f"This run minus {comparison.run}, on {comparison.cases} cases that both ran{left_out}. "
        "Green is better, red worse; where the interval holds 0 the cases do not tell the two apart."
    )
    moved = {n: i for n, i in comparison.metrics.items() if i.value is not None and (not known[n].detail or i.value)}
    rows = "".join(
        f'<tr><th scope="row">{escape(known[name].title)}</th>'
        f'<td class="plot">{_difference(known[name], interval)}</td>'
        f'<td class="value">{number_with_interval(interval, signed=True)}</td>'
        f'<td class="value soft">n = {interval.n}</td></tr>'
        for name, interval in moved.items()
    )
    return f'<h2>Against another run</h2><p class="soft">{escape(caption)}</p><table>{rows}</table>'


def _difference(known: Metric, interval: Interval) -> str:
    """A bar from the middle (no difference) to -1 or +1."""
    if interval.value is None or interval.low is None or interval.high is None:
        return ""
    better = known.better
    good = better is not None and (interval.value > 0) == (better == "high")
    colour = "bar" if better is None or interval.value == 0 else "good" if good else "bad"
    start, width = 50 + 50 * min(interval.value, 0.0), 50 * abs(interval.value)
    label = number_with_interval(interval, signed=True)
    return (
        f'<svg viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label="{label}">'
        '<rect class="track" x="0" y="6" width="100" height="8"/>'
        f'<rect class="{colour}" x="{start:.2f}" y="6" width="{width:.2f}" height="8"/>'
        '<line class="zero" x1="50" y1="0" x2="50" y2="20"/>'
        + _whisker(50 + 50 * interval.low, 50 + 50 * interval.high)
        + "</svg>"
    )
