"""The archive page as HTML: what is indexed, how a build goes, the first steps, and the folders to choose from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from markupsafe import Markup

from assistant.store.build import BuildReport
from assistant.ui.archive.builder import Work
from assistant.ui.archive.folders import Folder
from assistant.ui.archive.glance import Glance, Tried
from assistant.ui.gate.visitor import visitor
from assistant.ui.language import say, say_count, words
from assistant.ui.language.figures import moment, number, percent
from assistant.ui.language.told import translated

SHOWN_ASIDE = 30
SHOWN_PARTS = 3
_NONE = Markup("")
_STEPS = {
    "fetching the archive": "archive.fetching",
    "reading and encoding": "archive.reading",
    "writing the generation": "archive.writing",
}


def archives_html(
    totals: Mapping[str, Mapping[str, int]], generations: Mapping[str, int], opened: Mapping[str, datetime]
) -> Markup:
    """The indexes that are open, each with its generation, since when it is searched, and a button that brings it up to
    date; where none is, what this page is for."""
    if not totals:
        return Markup('<section class="wr-html wr-first"><h2>{}</h2><p>{}</p></section>').format(
            say("archive.nothing"), say("archive.welcome")
        )
    heads = (say("archive.name"), *(say(f"archive.{kind}s") for kind in ("image", "signal", "text")))
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(name) for name in heads)
    rows = Markup("").join(
        Markup(
            '<tr><th scope="row">{}<br><small>{}</small></th>{}<td><button type="button" class="wr-do" '
            'data-act="update" data-index="{}">{}<span class="wr-unseen"> {}</span></button></td></tr>'
        ).format(
            name,
            say("archive.generation", number=number(generations[name]), when=moment(opened[name])),
            Markup("").join(
                Markup('<td class="wr-number">{}</td>').format(number(kinds.get(kind, 0)))
                for kind in ("image", "signal", "text")
            ),
            name,
            say("archive.update"),
            name,
        )
        for name, kinds in totals.items()
    )
    return Markup(
        '<section class="wr-html wr-archives"><h2>{}</h2><div class="wr-wide" tabindex="0" role="group" '
        'aria-label="{}"><table><thead><tr>{}<td></td></tr></thead><tbody>{}</tbody></table></div></section>'
    ).format(say("archive.open"), say("archive.open"), head, rows)


def work_html(work: Work) -> Markup:
    """How the build goes: a bar while it runs, what came of it after."""
    if work.stage == "idle":
        return _NONE
    if work.stage == "running":
        inside = _running(work)
    elif work.report is not None:
        inside = _report(work.report)
    else:
        inside = Markup('<p class="wr-error"><strong>{}</strong> {}</p>').format(
            say("archive.failed", what=work.what),
            say("archive.fault", error=work.error) if work.ours else translated(work.error),
        )
    told = Markup("") if work.stage == "running" else Markup(' role="status"')
    return Markup('<section class="wr-html wr-work" data-stage="{}"{}>{}</section>').format(work.stage, told, inside)


def _running(work: Work) -> Markup:
    key = _STEPS.get(work.step, "")
    step = say(key) if key else work.step or say("archive.starting")
    share = work.done / work.total if work.total else 0.0
    if work.total:
        bar = Markup('<progress max="100" value="{:.1f}" aria-label="{}"></progress>').format(100 * share, step)
    else:
        bar = Markup('<progress aria-label="{}"></progress>').format(step)
    told = say("archive.done_of", done=number(work.done), total=number(work.total)) if work.total else ""
    return Markup('<h2 tabindex="-1" data-focus>{}</h2>{}<p class="wr-soft">{} · {} · {}</p>').format(
        say("archive.building", what=work.what),
        bar,
        step,
        f"{told} ({percent(share)})" if told else "…",
        say("archive.seconds", seconds=number(work.seconds)),
    )


def _report(report: BuildReport) -> Markup:
    kinds = ", ".join(
        say_count(f"archive.count_{kind}", report.records[kind])
        for kind in ("image", "signal", "text")
        if report.records[kind]
    )
    removed = sum(report.removed_identifiers.values())
    lines = [
        say("archive.holds", index=report.index, kinds=kinds or say("archive.no_records")),
        say(
            "archive.changes",
            added=number(report.added),
            updated=number(report.updated),
            unchanged=number(report.unchanged),
            removed=number(report.removed),
            seconds=number(report.seconds),
        ),
        say_count("archive.identifiers", removed) if removed else "",
    ]
    told = Markup("").join(Markup("<p>{}</p>").format(line) for line in lines if line)
    return Markup('<h2 tabindex="-1" data-focus>{}</h2>{}{}<p>{}</p>').format(
        say("archive.ready"), told, _aside(report.set_aside), _to_chat()
    )


def _to_chat() -> Markup | str:
    if not visitor().may("reader"):
        return say("archive.no_reader", role=say("role.reader"))
    return Markup('<a class="wr-do wr-main" href="/">{}</a>').format(say("archive.to_chat"))


def _aside(aside: Sequence[tuple[str, str]]) -> Markup:
    if not aside:
        return _NONE
    rest = len(aside) - SHOWN_ASIDE
    more = Markup("<li>{}</li>").format(say_count("archive.more", rest)) if rest > 0 else _NONE
    items = Markup("").join(
        Markup('<li><bdi>{}</bdi> <span class="wr-soft">{}</span></li>').format(translated(path), translated(reason))
        for path, reason in aside[:SHOWN_ASIDE]
    )
    return Markup('<details class="wr-kept-out"><summary>{}</summary><ul>{}{}</ul></details>').format(
        say_count("archive.aside", len(aside)), items, more
    )


def offers_html(has_demo: bool, roots: Markup) -> Markup:
    """The two ways to an archive: the demonstration's, unless it is there, and one's own."""
    return Markup('<div class="wr-offers">{}{}</div>').format(_NONE if has_demo else _demo(), own_html(roots))


def _demo() -> Markup:
    return Markup(
        '<section class="wr-html wr-offer"><h2>{}</h2><p>{}</p><p class="wr-soft">{}</p>'
        '<p><button type="button" class="wr-do wr-main" data-act="demo">{}</button></p></section>'
    ).format(say("archive.demo"), say("archive.demo_holds"), say("archive.demo_takes"), say("archive.demo_build"))


def own_html(browser: Markup) -> Markup:
    """One's own archive: the folders to choose from."""
    return Markup('<section class="wr-html wr-offer"><h2>{}</h2><p>{}</p>{}</section>').format(
        say("archive.own"), say("archive.own_how"), browser
    )


def roots_html(roots: Sequence[Folder], missing: Sequence[Path], workspace: Path) -> Markup:
    """The folders that the settings allow; how to allow one where none of them is there."""
    gone = Markup("").join(
        Markup('<p class="wr-soft">{}</p>').format(say("archive.missing", folder=str(path))) for path in missing
    )
    how = Markup('<p class="wr-soft">{}</p><pre>{}</pre>').format(
        say("archive.allow", file=str(workspace / "wardround.toml")), '[ui]\narchive_folders = ["data", "/srv/archive"]'
    )
    return Markup("{}{}{}").format(_folders(roots), gone, how)


def folder_html(trail: Sequence[Folder], below: Sequence[Folder]) -> Markup:
    """One folder: the way back, the folders in it, and what can be done with it."""
    here = trail[-1]
    way = Markup('<span aria-hidden="true">›</span>').join(
        [_button("roots", "", say("archive.all_folders")), *(_button("enter", f.key, f.path.name) for f in trail)]
    )
    return Markup(
        '<nav class="wr-trail" aria-label="{}">{}</nav><h3 tabindex="-1" data-focus>{}</h3>{}'
        '<p><button type="button" class="wr-do wr-main" data-act="look" data-folder="{}">{}</button></p>'
    ).format(say("archive.trail"), way, here.name, _folders(below), here.key, say("archive.look", folder=here.name))


def looking_html(folder: Folder) -> Markup:
    return Markup('<p class="wr-busy">{}</p>').format(say("archive.looking", folder=folder.name))


def glance_html(folder: Folder, seen: Glance, trail: Markup) -> Markup:
    """What would be read of a folder, and the button that builds."""
    if not seen.files:
        return Markup("{}<p>{}</p>").format(trail, say("archive.empty", folder=folder.name))
    endings = ", ".join(f"{number(count)} {ending}" for ending, count in seen.endings)
    counted = say_count("archive.files" if seen.is_counted else "archive.files_at_least", seen.files)
    good = [tried for tried in seen.tried if tried.records]
    kinds = Counter(words.modality(*record) for tried in good for record in dict.fromkeys(tried.records))
    facts = [
        f"{counted}: {endings}",
        say(
            "archive.tried",
            good=number(len(good)),
            tried=number(len(seen.tried)),
            kinds=", ".join(f"{name} {number(count)}" for name, count in kinds.most_common()) or "–",
        ),
        say(
            "archive.patients", patients=number(seen.patients), dated=number(seen.dated), tried=number(len(seen.tried))
        ),
        say("archive.tables", tables=words.listed(seen.tables)) if seen.tables else "",
    ]
    lines = Markup("").join(Markup("<li>{}</li>").format(fact) for fact in facts if fact)
    return Markup(
        '{}<div class="wr-glance"><h3 tabindex="-1" data-focus>{}</h3><ul>{}</ul>{}'
        '<p><button type="button" class="wr-do wr-main" data-act="build" data-folder="{}">{}</button></p>'
        '<p class="wr-soft">{}</p></div>'
    ).format(
        trail,
        say("archive.would_read", folder=folder.name),
        lines,
        _tried(seen.tried),
        folder.key,
        say("archive.build", folder=folder.name),
        say("archive.build_does"),
    )


def _tried(tried: Iterable[Tried]) -> Markup:
    """The sample, file by file."""
    items = Markup("").join(
        Markup('<li><bdi>{}</bdi> <span class="{}">{}</span>{}</li>').format(
            one.name,
            "wr-soft" if one.records else "wr-reason",
            ", ".join(dict.fromkeys(words.modality(*record) for record in one.records))
            if one.records
            else say("archive.not_read", reason=translated(one.reason)),
            Markup("").join(
                Markup('<br><span class="wr-reason">⚠ {}: {}</span>').format(translated(part), translated(reason))
                for part, reason in one.aside[:SHOWN_PARTS]
            ),
        )
        for one in tried
    )
    return Markup("<details><summary>{}</summary><ul>{}</ul></details>").format(say("archive.each"), items)


def _folders(folders: Sequence[Folder]) -> Markup:
    if not folders:
        return _NONE
    items = Markup("").join(
        Markup('<li><button type="button" class="wr-folder" data-act="enter" data-folder="{}">{}</button></li>').format(
            folder.key, folder.name if "/" not in folder.key else folder.path.name
        )
        for folder in folders
    )
    return Markup('<ul class="wr-folders" aria-label="{}">{}</ul>').format(say("archive.folders"), items)


def _button(act: str, key: str, name: str) -> Markup:
    return Markup('<button type="button" data-act="{}" data-folder="{}">{}</button>').format(act, key, name)
