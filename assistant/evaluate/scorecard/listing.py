"""Which scorecards a workspace has: its runs, its matrices, and what was published below `eval/`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from assistant.evaluate.bootstrap import Interval
from assistant.evaluate.plan import RUNS
from assistant.evaluate.scorecard.rates import HEADLINES

ListedKind = Literal["run", "matrix", "published"]

MOST_HEADLINES = 4
_DEPTH = 3  # folders below eval/ in which published scorecards are looked for
_RUN_KEYS = frozenset({"suite", "run", "metrics", "cases"})
_MATRIX_KEYS = frozenset({"matrix", "rows"})


@dataclass(frozen=True, slots=True)
class Listed:
    """A scorecard as the list shows it.

    `name` is its page's path below `eval/`, without the ending: unique in the workspace. `run` is a run's id (its
    folder's name) or a matrix' name. `cases` are those done, `total` those of the suite where that is known. `model`
    names the answerer. A run that was broken off before it had a scorecard has no `page`.
    """

    kind: ListedKind
    name: str
    suite: str
    run: str
    made_at: datetime
    page: Path | None
    cases: int = 0
    total: int | None = None
    set_aside: int = 0
    model: str = ""
    variant: str | None = None
    indexes: tuple[str, ...] = ()
    metrics: Mapping[str, Interval] = field(default_factory=dict)


def listed(workspace: Path) -> list[Listed]:
    """All scorecards of a workspace, the newest first; a file that is none of ours is passed over."""
    home = workspace / RUNS[0]
    found = [*_runs(workspace.joinpath(*RUNS), home), *_published(home)]
    return sorted(found, key=lambda one: (-one.made_at.timestamp(), one.name))


def headlines_of(cards: Sequence[Listed]) -> list[str]:
    """The metrics that a table of these runs has as its columns: the first headline, whoever measured it, and those
    that most of them measured."""
    measured = {
        name: sum(one.metrics[name].value is not None for one in cards if name in one.metrics) for name in HEADLINES
    }
    there = [name for name in HEADLINES if measured[name]]
    often = sorted(there, key=lambda name: (name != HEADLINES[0], -measured[name]))[:MOST_HEADLINES]
    return [name for name in HEADLINES if name in often]


def _runs(runs: Path, home: Path) -> Iterator[Listed]:
    for folder in sorted(runs.iterdir()) if runs.is_dir() else ():
        if (page := folder / "matrix.html").is_file():
            yield from _card("matrix", page, home)
        elif (page := folder / "scorecard.html").is_file():
            yield from _card("run", page, home)
        elif (manifest := folder / "run.json").is_file():
            yield from _broken_off(folder, manifest, home)


def _published(home: Path) -> Iterator[Listed]:
    for depth in range(_DEPTH):
        for page in sorted(home.glob("*/" * depth + "*.html")):
            if home.joinpath(*RUNS[1:]) not in page.parents:
                yield from _card("published", page, home)


def _card(kind: ListedKind, page: Path, home: Path) -> Iterator[Listed]:
    """A scorecard by its page and the figures beside it; nothing where those are not there, or not a scorecard's."""
    figures = page.with_suffix(".json")
    try:
        stat = figures.stat()
    except OSError:
        return
    told = _figures(figures, stat.st_mtime_ns, stat.st_size)
    if told is None:
        return
    name = page.relative_to(home).with_suffix("").as_posix()
    made_at = datetime.fromtimestamp(stat.st_mtime)
    if told.keys() >= _MATRIX_KEYS:
        suites = dict.fromkeys(str(row.get("suite")) for row in told["rows"])
        yield Listed(kind, name, ", ".join(suites), str(told["matrix"]), made_at, page, cases=len(told["rows"]))
        return
    yield Listed(
        kind,
        name,
        told["suite"],
        page.parent.name if kind == "run" else told["run"],
        made_at,
        page,
        cases=told["cases"],
        total=told.get("of"),
        set_aside=len(told.get("set_aside", ())),
        model=_model(told.get("settings", {})),
        variant=told.get("variant"),
        indexes=tuple(told.get("indexes", ())),
        metrics=told["metrics"],
    )


def _broken_off(folder: Path, manifest: Path, home: Path) -> Iterator[Listed]:
    told = _read(manifest)
    if told is None or not isinstance(told.get("suite"), dict):
        return
    log = folder / "log.jsonl"
    done = log.read_bytes().count(b"\n") if log.is_file() else 0
    yield Listed(
        "run",
        (folder / "scorecard").relative_to(home).as_posix(),
        str(told["suite"].get("name")),
        folder.name,
        datetime.fromtimestamp(manifest.stat().st_mtime),
        None,
        cases=done,
        total=len(told.get("cases", ())),
        model=_model(told.get("settings", {})),
        variant=told.get("variant"),
        indexes=tuple(told.get("generations", ())),
    )


@lru_cache(maxsize=2_000)
def _figures(path: Path, _changed: int, _size: int) -> dict[str, Any] | None:
    """What a list needs of a scorecard's JSON, read once for each state of the file; None where it is none."""
    told = _read(path)
    if told is None or not (told.keys() >= _RUN_KEYS or told.keys() >= _MATRIX_KEYS):
        return None
    if "metrics" in told:
        told["metrics"] = {
            name: Interval(one.get("value"), one.get("low"), one.get("high"), one.get("n", 0), one.get("clusters", 0))
            for name in HEADLINES
            if isinstance(one := told["metrics"].get(name), dict)
        }
        for large in ("by_case", "compare", "variants", "groups", "judge"):
            told.pop(large, None)
    return told


def _read(path: Path) -> dict[str, Any] | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def _model(settings: Mapping[str, Any]) -> str:
    """ "openai: medgemma-4b-it", "quote"."""
    llm = settings.get("llm", {})
    return ": ".join(str(part) for part in (llm.get("name"), llm.get("model")) if part)
