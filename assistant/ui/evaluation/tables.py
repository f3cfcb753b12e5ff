"""The list of scorecards as HTML: a table a suite with its headline rates, and two of its runs to compare."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from urllib.parse import quote

from markupsafe import Markup

from assistant.evaluate.bootstrap import Interval
from assistant.evaluate.scorecard.listing import Listed, headlines_of
from assistant.ui.language import is_known, say, say_count
from assistant.ui.language.figures import moment, number

CARDS = "/wr/scorecards"
COMPARED = "/wr/compared-scorecards"
SHOWN_RUNS = 10  # of a suite; older ones are folded away
_NONE = Markup("")


def scorecards_html(cards: Sequence[Listed]) -> Markup:
    """All that the visitor may open; how to make the first where there is none."""
    if not cards:
        return Markup(
            '<div class="wr-html wr-scorecards"><h2>{}</h2><p>{}</p><p><code>wardround eval eval/smoke.toml</code></p>'
            "</div>"
        ).format(say("evaluation.none"), say("evaluation.first"))
    by_suite = sorted((card for card in cards if card.kind == "run"), key=lambda card: card.suite)  # keeps newest first
    suites = [_suite(suite, list(runs)) for suite, runs in groupby(by_suite, key=lambda card: card.suite)]
    parts = [
        Markup('<p class="wr-soft">{}</p>').format(say("evaluation.about")),
        *suites,
        _short("evaluation.matrices", [card for card in cards if card.kind == "matrix"]),
        _short("evaluation.published", [card for card in cards if card.kind == "published"]),
    ]
    return Markup('<div class="wr-html wr-scorecards">{}</div>').format(Markup("").join(parts))


def _suite(suite: str, runs: Sequence[Listed]) -> Markup:
    columns = headlines_of(runs)
    table = _table(suite, runs[:SHOWN_RUNS], columns)
    older = runs[SHOWN_RUNS:]
    folded = Markup("<details><summary>{}</summary>{}</details>").format(
        say_count("evaluation.older", len(older)), _table(suite, older, columns)
    )
    return Markup('<section class="wr-suite" data-suite="{}"><h2>{}</h2>{}{}{}</section>').format(
        suite, suite, table, folded if older else _NONE, _compare(suite, [run for run in runs if run.page])
    )


def _table(suite: str, runs: Sequence[Listed], columns: Sequence[str]) -> Markup:
    heads = [say("evaluation.run"), say("evaluation.made"), say("evaluation.model"), say("evaluation.cases")]
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(name) for name in (*heads, *map(_titled, columns)))
    rows = Markup("").join(_row(run, columns) for run in runs)
    return Markup(
        '<div class="wr-wide" tabindex="0" role="group" aria-label="{}"><table><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(say("evaluation.runs_of", suite=suite), head, rows)


def _row(run: Listed, columns: Sequence[str]) -> Markup:
    cells = Markup("").join(_cell(run.metrics.get(name)) for name in columns)
    return Markup('<tr><th scope="row">{}{}</th><td>{}</td><td>{}</td><td class="wr-number">{}{}</td>{}</tr>').format(
        link(run),
        Markup(' <span class="wr-chip">{}</span>').format(run.variant) if run.variant else _NONE,
        moment(run.made_at),
        run.model,
        _cases(run),
        _aside(run),
        cells,
    )


def link(card: Listed) -> Markup:
    """Opens the scorecard in a tab of its own; a run that was broken off has none, and says so."""
    if card.page is None:
        return Markup('<code>{}</code> <span class="wr-chip wr-chip-warn">{}</span>').format(
            card.run, say("evaluation.broken_off")
        )
    return Markup('<a href="{}/{}" target="_blank" rel="noopener">{}<span class="wr-unseen"> {}</span></a>').format(
        CARDS, quote(card.name), card.run, say("evaluation.new_tab")
    )


def _cases(run: Listed) -> str:
    if run.total is None or run.total == run.cases:
        return number(run.cases)
    return say("evaluation.of", count=number(run.cases), total=number(run.total))


def _aside(run: Listed) -> Markup:
    if not run.set_aside:
        return _NONE
    return Markup('<br><span class="wr-chip wr-chip-warn">{}</span>').format(
        say_count("evaluation.set_aside", run.set_aside)
    )


def _cell(interval: Interval | None) -> Markup:
    """A rate with its interval, in figures and as a bar on [0, 1]."""
    if interval is None or interval.value is None or interval.low is None or interval.high is None:
        return Markup('<td class="wr-soft">—</td>')
    value, low, high = (number(100 * x, 1) for x in (interval.value, interval.low, interval.high))
    bar = Markup(
        '<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="wr-track" width="100" '
        'height="8"/><rect class="wr-bar" width="{:.1f}" height="8"/><path class="wr-whisker" d="M{:.1f} 4H{:.1f}"/>'
        "</svg>"
    ).format(100 * _unit(interval.value), 100 * _unit(interval.low), 100 * _unit(interval.high))
    return Markup('<td class="wr-rate"><b>{} %</b> <small>{}</small>{}</td>').format(
        value, say("evaluation.between", low=low, high=high), bar
    )


def _unit(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def _titled(metric: str) -> str:
    """A metric as scorecards call it."""
    return say(f"metric.{metric}") if is_known(f"metric.{metric}") else metric.replace("_", " ")


def _compare(suite: str, runs: Sequence[Listed]) -> Markup:
    """Two runs of the suite to choose, the newest against the one before it unless chosen otherwise."""
    if len(runs) < 2:
        return _NONE

    def choice(field: str, key: str, chosen: int) -> Markup:
        options = Markup("").join(
            Markup('<option value="{}"{}>{}</option>').format(
                run.name, Markup(" selected") if place == chosen else _NONE, _described(run)
            )
            for place, run in enumerate(runs)
        )
        return Markup('<label>{}<select name="{}">{}</select></label>').format(say(key), field, options)

    return Markup(
        '<form class="wr-compare" action="{}#comparison" method="get" target="_blank" aria-label="{}">{}{}'
        '<button type="submit">{}<span class="wr-unseen"> {}</span></button></form>'
    ).format(
        COMPARED,
        say("evaluation.compare_of", suite=suite),
        choice("run", "evaluation.compare_run", 0),
        choice("against", "evaluation.compare_against", 1),
        say("evaluation.compare"),
        say("evaluation.new_tab"),
    )


def _described(run: Listed) -> str:
    return " · ".join(filter(None, (run.run, run.variant, run.model, moment(run.made_at))))


def _short(title: str, cards: Sequence[Listed]) -> Markup:
    """A plain list, for what is no run of this workspace."""
    if not cards:
        return _NONE
    items = Markup("").join(
        Markup('<li>{} <span class="wr-soft">{}</span></li>').format(
            link(card), " · ".join(filter(None, (card.suite, card.variant, card.model, moment(card.made_at))))
        )
        for card in cards
    )
    return Markup("<section><h2>{}</h2><ul>{}</ul></section>").format(say(title), items)
