"""The scorecard's cases, in groups by what is wrong with them, the gravest first; bounded in size."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from assistant.evaluate.case import Case
from assistant.evaluate.result import RunResult
from assistant.evaluate.scorecard.drawer import case_line, drawer
from assistant.evaluate.scorecard.faults import GRAVE, Fault, faults
from assistant.evaluate.scorecard.pieces import chip
from assistant.evaluate.scorecard.uploads import Pictures
from assistant.settings import IngestSettings

MOST_BYTES = 6_000_000  # of all drawers together: a browser opens it at once, and it can be sent by mail

_Rated = tuple[Case, list[Fault]]


def rated_cases(result: RunResult) -> list[_Rated]:
    """The cases with their faults, those that did most harm first."""
    metrics = result.definitions
    rated = [
        (case, faults(case, result.samples[case.id], metrics))
        for case in result.dataset.cases
        if case.id in result.samples
    ]
    return sorted(rated, key=lambda pair: [-fault.gravity for fault in pair[1]] + [0])


def cases_section(result: RunResult, most_bytes: int = MOST_BYTES) -> str:
    """Every case in a closed drawer, as far as `most_bytes` go; the rest in a line each."""
    diffs = {diff.case: diff for diff in result.comparison.diffs} if result.comparison else {}
    metrics = result.definitions
    pictures = Pictures(result.dataset, IngestSettings.model_validate(result.settings.get("ingest", {})))
    left = most_bytes
    drawn: dict[str, str] = {}
    rated = rated_cases(result)
    for case, found in rated:
        shown = pictures.of(case)
        page = drawer(case, result.samples[case.id], found, metrics, diffs.get(case.id), shown)
        left -= len(page.encode())
        if left < 0:
            break
        drawn[case.id] = page
    lines = {case.id: f'<p class="line">{case_line(case, found)}</p>' for case, found in rated if case.id not in drawn}
    note = (
        f'<p class="card notice">{len(lines)} of {len(rated)} cases, those in which least was wrong, are named in one '
        "line each, to keep the page usable. All that came of them is in <code>log.jsonl</code> beside this page.</p>"
        if lines
        else ""
    )
    groups = "".join(
        _group(title, [drawn.get(case.id) or lines[case.id] for case, _ in some], number == 0)
        for number, (title, some) in enumerate(_grouped(rated))
    )
    return f'<section id="cases"><h2>Cases</h2>{note}{groups}</section>'


def cases_table(result: RunResult) -> str:
    """The cases by their ids and what is wrong with them, without any text of theirs."""
    rows = "".join(f"<tr>{_by_id(case, found)}</tr>" for case, found in rated_cases(result))
    return (
        '<section id="cases"><h2>Cases</h2><p class="soft">By their ids alone: this page is to be passed on, and what '
        f'the cases say is not.</p><table class="plain">{rows}</table></section>'
    )


def _by_id(case: Case, found: Sequence[Fault]) -> str:
    chips = "".join(chip(fault.words, "bad" if fault.gravity >= GRAVE else "warn") for fault in found)
    shown = chips or chip("nothing found wrong", "good")
    return f'<th scope="row"><code>{escape(case.id)}</code></th><td>{shown}</td>'


def _grouped(rated: Sequence[_Rated]) -> list[tuple[str, list[_Rated]]]:
    titles = ("Failed", "Wrong or misleading", "Something is lacking", "Nothing found wrong")
    groups: dict[str, list[_Rated]] = {title: [] for title in titles}
    for case, found in rated:
        worst = max((fault.gravity for fault in found), default=0)
        groups[titles[0 if worst > 4 else 1 if worst >= GRAVE else 2 if worst else 3]].append((case, found))
    return [(title, some) for title, some in groups.items() if some]


def _group(title: str, drawn: Sequence[str], is_open: bool) -> str:
    opened = " open" if is_open else ""
    return (
        f'<details class="group"{opened}><summary><h3>{escape(title)} <span class="count">{len(drawn)}</span></h3>'
        f"</summary>{''.join(drawn)}</details>"
    )
