"""The runs of drafts and the drafts of one run, as lists of buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from assistant.drafting.runs import Drafted
from assistant.records import STATES, State
from assistant.ui.drafts.button import button
from assistant.ui.drafts.jobs import Job
from assistant.ui.drafts.report import here
from assistant.ui.drafts.shelf import Run
from assistant.ui.gate.seals import address
from assistant.ui.language import say, say_count
from assistant.ui.language.figures import moment, number
from assistant.ui.language.told import translated

PAGE = 40  # drafts shown at a time
SHOWS = ("all", "look", "open")
"""Which drafts a list shows: all, those that need a look, those not gone through."""

Counts = Mapping[State, int]


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run with what is to be told of it: `planned` studies, where its list says how many."""

    run: Run
    job: Job | None
    drafted: int
    planned: int | None
    aside: Sequence[tuple[str, str]]


def runs_html(lines: Sequence[RunLine], chosen: str | None) -> Markup:
    """All runs, newest first, and the way to a new one."""
    new = button("new", say("drafts.new"), "new", css="wr-primary")
    if not lines:
        return Markup('{}<p class="wr-soft">{}</p>').format(new, say("drafts.none"))
    items = Markup("").join(_run(line, line.run.id == chosen) for line in lines)
    return Markup('{}<h2>{}</h2><ul class="wr-dr-runs">{}</ul>').format(new, say("drafts.runs"), items)


def _run(line: RunLine, pressed: bool) -> Markup:
    return Markup(
        '<li><button type="button" class="wr-dr-item" data-act="run" data-run="{}" data-key="run-{}" aria-pressed="{}">'
        "<b><bdi>{}</bdi></b><small>{}</small></button></li>"
    ).format(
        line.run.id,
        line.run.id,
        "true" if pressed else "false",
        line.run.folder.name,
        " · ".join((moment(here(line.run.began)), state_of(line))),
    )


def state_of(line: RunLine) -> str:
    """How far a run is: "12 of 40 drafted", "waits for another run", "stopped"."""
    total = line.planned
    count = (
        say("drafts.of", done=number(line.drafted), total=number(total))
        if total is not None and total != line.drafted
        else say_count("drafts.drafted", line.drafted)
    )
    if line.job is not None and line.job.is_running:
        state = "waits" if line.job.waits else "stopping" if line.job.stopping.is_set() else "running"
        return f"{count}, {say(f'drafts.{state}')}"
    return count + (f", {say_count('drafts.aside', len(line.aside))}" if line.aside else "")


def progress_html(line: RunLine | None) -> Markup:
    """How far the open run is, and what can be done about it."""
    if line is None:
        return Markup("")
    running = line.job is not None and line.job.is_running
    bar = Markup("")
    if running and line.planned:
        bar = Markup('<progress max="{}" value="{}" aria-label="{}"></progress>').format(
            line.planned, line.drafted, say("drafts.progress")
        )
    way = Markup("")
    if running:
        way = button("stop", say("drafts.stop"), "stop", run=line.run.id)
    elif line.planned is not None and line.drafted < line.planned:
        way = button("resume", say("drafts.resume"), "resume", run=line.run.id)
    error = line.job.error if line.job is not None and not running else ""
    told = (
        Markup('<p class="wr-reason" role="alert">{}</p>').format(say("drafts.ended", reason=translated(error)))
        if error
        else ""
    )
    return Markup('<p class="wr-dr-state"><span role="status">{}</span> {}</p>{}{}').format(
        state_of(line), way, bar, told
    )


def drafts_html(
    line: RunLine, listed: Sequence[Drafted], counts: Mapping[str, Counts], show: str, page: int, chosen: str | None
) -> Markup:
    """The drafts of a run that `show` lets through, a page of them, and the studies that could not be drafted."""
    kept = [drafted for drafted in listed if shown(drafted, counts.get(drafted.digest, {}), show)]
    pages = max(1, -(-len(kept) // PAGE))
    page = min(page, pages - 1)
    filters = Markup("").join(
        button("show", say(f"drafts.show_{name}"), f"show-{name}", pressed=name == show, show=name) for name in SHOWS
    )
    items = Markup("").join(
        _item(drafted, counts.get(drafted.digest, {}), drafted.digest == chosen)
        for drafted in kept[page * PAGE : (page + 1) * PAGE]
    )
    links = _links(line.run.id, any(map(gives_pair, counts.values())))
    empty = Markup('<p class="wr-soft">{}</p>').format(say("drafts.nothing_here")) if not kept else Markup("")
    return Markup(
        '<h2><bdi>{}</bdi></h2><div class="wr-dr-filter" role="group" aria-label="{}">{}</div>{}'
        '<ul class="wr-dr-list">{}</ul>{}{}{}'
    ).format(
        line.run.folder.name, say("drafts.which"), filters, empty, items, _pages(page, pages), _aside(line.aside),
        links if listed else "",
    )  # fmt: skip


def gives_pair(counts: Counts) -> bool:
    """Whether people went through a draft to its end and changed anything, so that it may give a preference pair."""
    return not counts.get("open") and any(counts.get(state) for state in ("changed", "rejected", "added"))


def _links(run_id: str, pairs: bool) -> Markup:
    """The files of the whole run; in the place of pairs that there are none of yet, what makes one."""
    told = Markup("{} {}").format(
        say("drafts.export_run"),
        Markup('<a href="{}" download>{}</a>').format(address(run_id, "run.drafts.jsonl"), say("drafts.json_lines")),
    )
    if not pairs:
        return Markup('<p class="wr-dr-links">{}</p><p class="wr-dr-links">{}</p>').format(
            told, say("drafts.no_preferences")
        )
    return Markup('<p class="wr-dr-links">{} · <a href="{}" download>{}</a></p>').format(
        told, address(run_id, "run.preferences.jsonl"), say("drafts.preferences")
    )


def delete_html(line: RunLine, asked: bool) -> Markup:
    """The way to be rid of a run, and the question before it."""
    if line.job is not None and line.job.is_running:
        return Markup("")
    if not asked:
        return Markup('<p class="wr-dr-links">{}</p>').format(
            button("delete", say("drafts.delete"), "delete", run=line.run.id)
        )
    return Markup('<div class="wr-dr-look" role="alert"><p>{}</p>{} {}</div>').format(
        say("drafts.delete_sure", name=line.run.folder.name),
        button("deleted", say("drafts.delete_yes"), "deleted", run=line.run.id),
        button("run", say("drafts.cancel"), "delete", focus=True, run=line.run.id),
    )


def shown(drafted: Drafted, counts: Counts, show: str) -> bool:
    """Whether a list shows a draft; `counts` are of its sentences where anybody decided on one."""
    if show == "look":
        return bool(drafted.flags)
    if show == "open":
        return not counts or bool(counts.get("open"))
    return True


def _item(drafted: Drafted, counts: Counts, pressed: bool) -> Markup:
    decided = sum(counts.get(state, 0) for state in STATES[1:])
    every = sum(counts.values()) or drafted.sentences
    told = say("drafts.decided", done=number(decided), total=number(every))
    mark, state = (
        ("✓", "finished") if counts and decided == every else ("◐", "begun") if decided else ("○", "untouched")
    )
    flag = Markup('<span class="wr-dr-flag">⚑ {}</span>').format(say_count("drafts.flags", len(drafted.flags)))
    return Markup(
        '<li><button type="button" class="wr-dr-item wr-dr-{}" data-act="open" data-draft="{}" data-key="{}" '
        'aria-pressed="{}"><b><span aria-hidden="true">{}</span> <bdi>{}</bdi></b><small>{}</small>{}</button></li>'
    ).format(
        state,
        drafted.digest,
        drafted.digest,
        "true" if pressed else "false",
        mark,
        drafted.external_id or drafted.study_id,
        " · ".join(filter(None, (translated(drafted.given), told))),
        flag if drafted.flags else "",
    )


def _pages(page: int, pages: int) -> Markup:
    if pages == 1:
        return Markup("")

    def turn(to: int, text: str, key: str) -> Markup:
        return button("page", text, key, off=not 0 <= to < pages, page=to)

    return Markup('<p class="wr-dr-pages">{} <span>{}</span> {}</p>').format(
        turn(page - 1, say("drafts.earlier"), "earlier"),
        say("drafts.page", page=number(page + 1), pages=number(pages)),
        turn(page + 1, say("drafts.later"), "later"),
    )


def _aside(aside: Sequence[tuple[str, str]]) -> Markup:
    if not aside:
        return Markup("")
    rows = Markup("").join(
        Markup("<dt><bdi>{}</bdi></dt><dd>{}</dd>").format(study, translated(why)) for study, why in aside[:200]
    )
    return Markup('<details class="wr-fold"><summary>{}</summary><dl class="wr-about">{}</dl></details>').format(
        say_count("drafts.aside", len(aside)), rows
    )
