"""The plots: risk and coverage, calibration, error kinds, the funnel from found to cited. Each says how to read it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import numpy as np

from assistant.evaluate.bootstrap import Interval, bootstrap_statistic
from assistant.evaluate.result import RunResult, table_of
from assistant.evaluate.score import checking, selective, stages
from assistant.evaluate.score.claims import ERROR_KINDS
from assistant.evaluate.scorecard.axes import Axes, Point
from assistant.evaluate.scorecard.pieces import bar
from assistant.evaluate.scorecard.words import percent_with_interval

FEWEST = 5  # answers; a curve through fewer shows nothing
BAND_AT = 12  # coverages at which the risk gets an interval
BAND_RESAMPLES = 200
DRAWN_POINTS = 400  # of a curve; more are not told apart at this size


def plots_section(result: RunResult) -> str:
    """All plots that the run's cases allow; "" if none."""
    found = [draw(result) for draw in (risk_and_coverage, calibration, error_kinds, funnel)]
    drawn = "".join(plot for plot in found if plot)
    return f'<section id="plots"><h2>Plots</h2><div class="figures">{drawn}</div></section>' if drawn else ""


def risk_and_coverage(result: RunResult) -> str:
    """The share of wrong answers among the surest, over how many of the cases they make; with its interval."""
    rows, clusters = _observed(result, selective.TABLE)
    if len(rows) < FEWEST:
        return ""
    table = np.asarray(rows)
    coverage, risk = selective.risk_coverage(table, np.ones(len(table)))
    if len(coverage) < FEWEST:
        return ""
    top = _rounded_up(float(risk.max()))
    seed = result.dataset.suite.bootstrap.seed
    lower: list[Point] = []
    upper: list[Point] = []
    for share in np.linspace(coverage[0], coverage[-1], BAND_AT):
        statistic = selective.accuracy_at(float(share))
        right = bootstrap_statistic(rows, statistic, clusters, seed=seed, resamples=BAND_RESAMPLES)
        if right.low is not None and right.high is not None:
            lower.append((float(share), 1 - right.high))
            upper.append((float(share), 1 - right.low))
    top = max(top, _rounded_up(max((y for _, y in upper), default=0.0)))
    axes = Axes("Coverage: share of all cases answered", "Risk: share wrong", y_most=top)
    step = max(1, len(coverage) // DRAWN_POINTS)
    points = [(float(x), float(y)) for x, y in zip(coverage[::step], risk[::step], strict=True)]
    last = (float(coverage[-1]), float(risk[-1]))
    marks = [
        axes.band(lower, upper),
        axes.line([(0.0, last[1]), last], "chance"),
        axes.line([*points, last]),
        axes.dot(*last, 4.5, f"all answers: coverage {last[0]:.0%}, risk {last[1]:.0%}"),
    ]
    return _figure(
        "Risk and coverage",
        axes.drawn(marks, f"At full coverage, {last[0]:.0%} of the cases, {last[1]:.0%} of the answers are wrong."),
        f"Answers in order of confidence, the surest first. {last[0]:.0%} of the cases were answered, {last[1]:.0%} of "
        "those wrongly (the dot). A confidence that knows when it is right stays below the dashed line, which is any "
        "order by chance. The band is the 95 % interval.",
    )


def calibration(result: RunResult) -> str:
    """Of the checker's scores against people's verdicts, or of an answer's confidence against being right."""
    rows, _ = _observed(result, checking.TABLE)
    if rows:
        table = np.asarray(rows)
        scores, right = table[:, 0], (table[:, 1] == 0).astype(np.float64)
        words = ("Score of the checker", "Share that people call supported", "claims")
    else:
        rows, _ = _observed(result, selective.TABLE)
        table = np.asarray([row for row in rows if row[0] > 0])
        if len(table) < FEWEST:
            return ""
        scores, right = table[:, 1], 1 - table[:, 2]
        words = ("Confidence of the answer", "Share of right answers", "answers")
    bins = checking.reliability(scores, right, np.ones(len(scores)))
    if len(bins) < 2:
        return ""
    axes = Axes(words[0], words[1])
    most = max(weight for _, _, weight in bins)
    marks = [
        axes.line([(0.0, 0.0), (1.0, 1.0)], "chance"),
        axes.line([(said, true) for said, true, _ in bins], "thin"),
        *(
            axes.dot(
                said, true, 3 + 5 * math.sqrt(count / most), f"{count:.0f} {words[2]}: {said:.2f}, true {true:.2f}"
            )
            for said, true, count in bins
        ),
    ]
    said = "; ".join(f"{said:.2f} → {true:.2f} (n = {weight:.0f})" for said, true, weight in bins)
    return _figure(
        "Calibration",
        axes.drawn(marks, f"{words[0]} and {words[1].lower()}: {said}"),
        f"Bins of {words[2]} by score; a larger dot holds more. On the dashed line the score is the share that holds. "
        "Above it the score is too careful, below it too sure.",
    )


def error_kinds(result: RunResult) -> str:
    """The hallucination rate by error kind, the most frequent first."""
    named = {f"hallucination_rate.{kind}": kind for kind in ERROR_KINDS}
    found = [(named[n], i) for n, i in result.metrics.items() if n in named and i.value]
    if not found:
        return ""
    found.sort(key=lambda pair: -(pair[1].value or 0.0))
    return _bars(
        "What kind of error",
        found,
        "Hallucinated claims by kind, over all claims; the kinds add up to the rate. What did not occur is left out.",
        most=_rounded_up(max(interval.high or 0.0 for _, interval in found)),
    )


def funnel(result: RunResult) -> str:
    """The share of gold records that reaches each stage, from the search to the citation."""
    words = {
        "found": "found by the search",
        "kept": "kept by selection",
        "given": "given to the model",
        "cited": "cited",
    }
    found = [
        (words[stage], result.metrics[f"{stage}_recall"])
        for stage in stages.STAGES
        if f"{stage}_recall" in result.metrics and result.metrics[f"{stage}_recall"].value is not None
    ]
    if len(found) < 2:
        return ""
    return _bars(
        "From found to cited",
        found,
        "Of the records that the cases name as gold, the share that is found by the search, kept by selection, given "
        "to the model, and cited. A bar much shorter than the one above it loses what was there.",
    )


def _bars(title: str, found: Sequence[tuple[str, Interval]], how: str, most: float = 1.0) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td class="plot">{bar(interval, (0.0, most))}</td>'
        f'<td class="value">{percent_with_interval(interval)}</td></tr>'
        for name, interval in found
    )
    scale = "" if most == 1.0 else f" The bars end at {most:.0%}."
    return _figure(title, f'<table class="bars">{rows}</table>', how + scale)


def _figure(title: str, drawn: str, how: str) -> str:
    return f'<figure class="card"><h3>{escape(title)}</h3>{drawn}<figcaption>{escape(how)}</figcaption></figure>'


def _observed(result: RunResult, table: str) -> tuple[list[tuple[float, ...]], list[str]]:
    cases = [case for case in result.dataset.cases if case.id in result.samples]
    clusters = [result.dataset.cluster_of(case) for case in cases]
    return table_of(table, [result.samples[case.id] for case in cases], clusters)


def _rounded_up(value: float) -> float:
    """The next of 5, 10, 20, 40, 60, 80 and 100 %."""
    return next((step for step in (0.05, 0.1, 0.2, 0.4, 0.6, 0.8) if value <= step), 1.0)
