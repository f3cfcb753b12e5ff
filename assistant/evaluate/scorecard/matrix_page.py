"""A matrix to look at: a table a suite, a row a run, coloured where the paired difference is certain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from assistant.evaluate.bootstrap import UNIT, Interval
from assistant.evaluate.matrix import MatrixResult, Row
from assistant.evaluate.metric import Metric
from assistant.evaluate.result import RunResult
from assistant.evaluate.scorecard.pieces import judged_change
from assistant.evaluate.scorecard.rates import headlines
from assistant.evaluate.scorecard.words import between, number, percent
from assistant.html_page import html_page

_HOW = (
    "Each value with its 95 % interval. Green and red: better and worse than the row it is compared with, pair by pair "
    "on the same cases, where the whole interval of the difference lies on one side. A variant is compared with the "
    "same run as it is, any other row with the first model."
)


def matrix_page(result: MatrixResult) -> str:
    """The page as a string of HTML, self-contained; it holds no text of any case."""
    style = Path(__file__).with_name("scorecard.css").read_text(encoding="utf-8")
    described = f"<p>{escape(result.matrix.description)}</p>" if result.matrix.description else ""
    head = f'<header><h1>{escape(result.matrix.name)}</h1>{described}<p class="soft">{escape(_HOW)}</p></header>'
    tables = "".join(_table(result, suite) for suite in result.matrix.suites)
    return html_page(result.matrix.name, style, head + tables)


def matrix_markdown(result: MatrixResult) -> str:
    return "\n".join(_lines(result)) + "\n"


def _columns(result: MatrixResult, rows: Sequence[Row]) -> list[str]:
    """The matrix's own metrics, or the headlines of its first run that is as it comes."""
    if result.matrix.metrics:
        return list(result.matrix.metrics)
    return next((headlines(row.result) for row in rows if row.result is not None), [])


def _table(result: MatrixResult, suite: str) -> str:
    rows = [row for row in result.rows if row.suite == suite]
    columns = _columns(result, rows)
    titles = _titles(rows)
    head = "".join(f'<th scope="col">{escape(titles.get(name, name))}</th>' for name in columns)
    body = "".join(_row(row, columns) for row in rows)
    counted = max((len(row.result.samples) for row in rows if row.result is not None), default=0)
    return (
        f'<section><h2>{escape(suite)}</h2><p class="soft">{counted} cases</p><div class="wide">'
        f'<table class="plain"><tr><th></th>{head}</tr>{body}</table></div></section>'
    )


def _row(row: Row, columns: Sequence[str]) -> str:
    name = f'<th scope="row">{escape(row.name)}</th>'
    minor = ' class="minor"' if row.variant else ""
    if row.result is None:
        return f'<tr>{name}<td colspan="{len(columns)}" class="soft">not run: {escape(row.reason)}</td></tr>'
    return f"<tr{minor}>{name}{''.join(_cell(row, row.result, column) for column in columns)}</tr>"


def _cell(row: Row, result: RunResult, name: str) -> str:
    known, interval = result.definitions.get(name), result.metrics.get(name)
    if known is None or interval is None or interval.value is None:
        return '<td class="value soft">—</td>'
    difference = row.difference.metrics.get(name) if row.difference is not None else None
    colour = judged_change(known, difference) if difference is not None else ""
    value, between = _written(known, interval)
    return f'<td class="value {colour}">{value}<br><span class="soft">{between}</span></td>'


def _lines(result: MatrixResult) -> Iterator[str]:
    yield f"# {result.matrix.name}"
    if result.matrix.description:
        yield ""
        yield result.matrix.description
    yield ""
    yield _HOW.replace("Green and red: better and worse", "Bold: better or worse")
    for suite in result.matrix.suites:
        rows = [row for row in result.rows if row.suite == suite]
        columns = _columns(result, rows)
        yield ""
        yield f"## {suite}"
        yield ""
        yield f"| | {' | '.join(f'`{name}`' for name in columns)} |"
        yield f"| --- |{' --- |' * len(columns)}"
        for row in rows:
            yield f"| {row.name} | {' | '.join(_marked(row, name) for name in columns)} |"


def _marked(row: Row, name: str) -> str:
    if row.result is None:
        return "not run"
    known, interval = row.result.definitions.get(name), row.result.metrics.get(name)
    if known is None or interval is None or interval.value is None:
        return "—"
    value, between = _written(known, interval)
    difference = row.difference.metrics.get(name) if row.difference is not None else None
    certain = difference is not None and judged_change(known, difference)
    return f"{f'**{value}**' if certain else value} ({between})"


def _written(known: Metric, interval: Interval) -> tuple[str, str]:
    assert interval.value is not None and interval.low is not None and interval.high is not None
    if known.bounds == UNIT:
        return percent(interval.value), between(interval)
    return number(interval.value), f"{number(interval.low)} to {number(interval.high)}"


def _titles(rows: Sequence[Row]) -> dict[str, str]:
    found = (row.result.definitions for row in rows if row.result is not None)
    return {name: metric.title for known in found for name, metric in known.items()}
