"""The scorecard as Markdown: figures to read in a terminal, a review or a repository. It holds no text of any case."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.evaluate.bootstrap import Interval
from assistant.evaluate.metric import Metric
from assistant.evaluate.result import RunResult
from assistant.evaluate.score import families_of
from assistant.evaluate.scorecard.by_group import group_name, said_of_cases
from assistant.evaluate.scorecard.cases import rated_cases
from assistant.evaluate.scorecard.faults import GRAVE
from assistant.evaluate.scorecard.judged import corrected_words
from assistant.evaluate.scorecard.rates import headlines
from assistant.evaluate.scorecard.weak import weak_points
from assistant.evaluate.scorecard.words import how_many, number_with_interval

NAMED = 20  # cases to look at, by id


def markdown(result: RunResult) -> str:
    """Weak points, headline rates, differences, every metric, and the ids of the cases to look at first."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: RunResult) -> Iterator[str]:
    suite = result.dataset.suite
    yield f"# Scorecard: {_cell(suite.name)}"
    yield ""
    if suite.description:
        yield _cell(suite.description)
        yield ""
    varied = f", variant {result.variant}" if result.variant else ""
    yield (
        f"{how_many(result)}, run `{result.run}`{varied}; 95 % bootstrap intervals, "
        f"{suite.bootstrap.resamples} resamples of clusters by {suite.cluster}, seed {suite.bootstrap.seed}."
    )
    yield ""
    yield "## Weak points"
    yield from (f"- {_cell(point)}" for point in weak_points(result) or ["None far from perfect on these cases."])
    yield ""
    yield "## Headline rates"
    yield from _table(result, headlines(result))
    yield from _differences(result)
    yield from _groups(result)
    for family in families_of(result.dataset):
        names = [m.name for m in family.metrics(suite) if m.name in result.metrics]
        if names := [name for name in names if result.metrics[name].value is not None]:
            yield ""
            yield f"## {_cell(family.title)}"
            yield from _table(result, names)
    grave = [case.id for case, found in rated_cases(result) if any(fault.gravity >= GRAVE for fault in found)]
    yield ""
    yield f"## Wrong or misleading: {len(grave)} cases"
    if grave:
        more = f" and {len(grave) - NAMED} more" if len(grave) > NAMED else ""
        yield ", ".join(f"`{name}`" for name in grave[:NAMED]) + more


def _table(result: RunResult, names: list[str]) -> Iterator[str]:
    yield "| metric | | value [95 %] | n | of a judged rate |"
    yield "| --- | --- | --- | ---: | --- |"
    for name in names:
        known, interval = result.definitions[name], result.metrics[name]
        corrected = _cell(corrected_words(result, name))
        yield f"| `{name}` | {_cell(known.title)} | {number_with_interval(interval)} | {interval.n} | {corrected} |"


def _differences(result: RunResult) -> Iterator[str]:
    compared = [(varied.variant.name, varied.comparison) for varied in result.varied]
    if result.comparison is not None:
        compared.append((f"this − {result.comparison.run}", result.comparison))
    if not compared:
        return
    yield ""
    yield "## Differences"
    yield "The varied run − this one, or this one − the other, on the same cases; bold where the interval leaves out 0."
    yield ""
    yield f"| metric | {' | '.join(_cell(title) for title, _ in compared)} |"
    yield f"| --- |{' --- |' * len(compared)}"
    for name, known in result.definitions.items():
        cells = [_difference(comparison.metrics.get(name)) for _, comparison in compared]
        if _worth_a_row(known, cells):
            yield f"| `{name}` | {' | '.join(cells)} |"


def _groups(result: RunResult) -> Iterator[str]:
    """The headline metrics by group, and the gap; bold where its interval leaves out 0."""
    for table in result.groups:
        left_out = said_of_cases(table)
        sized = [name for name in table.clusters if name not in table.too_few]
        yield ""
        yield f"## By {_cell(group_name(table))}"
        if left_out:
            yield f"{_cell(left_out)}."
        yield ""
        yield f"| metric | {''.join(f'{_cell(name)} ({table.clusters[name]}) | ' for name in sized)}best − worst |"
        yield f"| --- |{' --- |' * (len(sized) + 1)}"
        for name in (name for name in headlines(result) if name in table.metrics):
            of = table.metrics[name]
            values = [number_with_interval(of.values[group]) if group in of.values else "—" for group in sized]
            yield f"| `{name}` | {' | '.join([*values, _difference(of.gap)])} |"


def _worth_a_row(known: Metric, cells: list[str]) -> bool:
    return not known.detail and any(cell != "—" for cell in cells)


def _difference(interval: Interval | None) -> str:
    if interval is None or interval.low is None or interval.high is None:
        return "—"
    shown = number_with_interval(interval, signed=True)
    return f"**{shown}**" if not interval.low <= 0 <= interval.high else shown


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
