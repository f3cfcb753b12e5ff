"""A patient leaves what evaluations hold of them: runs, probes, published scorecards; a suite of one's own is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from assistant.forget.report import ForgetReport
from assistant.forget.who import Who
from assistant.store.files import write_atomically
from assistant.store.written import drop_written, written

_RUNS = ("eval", "runs")


def erase_evaluations(session: Session, workspace: Path, who: Who, report: ForgetReport) -> None:
    """Remove whole what rests on the patient (a run, a scorecard), and of probes the pairs that concern them."""
    _runs(workspace, who, report)
    probes = written(session, "probes")
    for path in probes:
        _each(session, path, report, lambda path: _probes(path, who, report))
    for path in written(session, "scorecard"):
        _each(session, path, report, lambda path: _scorecard(path, who, report))
    _ones_own(workspace, probes, who, report)


def _each(session: Session, path: Path, report: ForgetReport, erase: Callable[[Path], None]) -> None:
    """Clean a file; of one that is no longer there nothing is kept, unless its folder is out of reach."""
    try:
        if path.exists():
            erase(path)
        elif not path.parent.exists():
            report.leave(path, "its folder is not there: if it is elsewhere now or not mounted, look into it yourself")
            return
        if not path.exists():
            drop_written(session, path)
    except (OSError, ValueError) as error:
        report.leave(path, error)


def _runs(workspace: Path, who: Who, report: ForgetReport) -> None:
    root = workspace.joinpath(*_RUNS)
    for folder in sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else ():
        try:
            if not any(who.in_text(path.read_text(encoding="utf-8")) for path in folder.iterdir() if path.is_file()):
                continue
            if not report.dry_run:
                shutil.rmtree(folder)
        except (OSError, UnicodeDecodeError) as error:
            report.leave(folder, error)
            continue
        report.evaluation_runs.append(folder.name)


def _probes(suite: Path, who: Who, report: ForgetReport) -> None:
    """Pairs go whole: the two cases count only together. A suite without any goes, too."""
    path = suite.with_suffix(".jsonl")
    cases = _cases(path)
    theirs = {case.get("pair") for case in cases if who.in_case(case)}
    kept = [case for case in cases if case.get("pair") not in theirs]
    joined = [case for case in kept if who.is_named(case.get("group"))]  # another patient's, who looks alike
    if len(kept) == len(cases) and not joined:
        return
    report.probes.append({"file": str(path), "cases": len(cases) - len(kept)})
    if report.dry_run:
        return
    if not kept:
        path.unlink()
        suite.unlink()
        return
    for case in joined:
        case["group"] = joined[0].get("exclude_patient") or joined[0]["id"]
    lines = (json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in kept)
    write_atomically(path, "".join(f"{line}\n" for line in lines))


def _scorecard(path: Path, who: Who, report: ForgetReport) -> None:
    if who.in_text(path.read_text(encoding="utf-8")):
        report.scorecards.append(str(path))
        if not report.dry_run:
            path.unlink()


def _ones_own(workspace: Path, probes: list[Path], who: Who, report: ForgetReport) -> None:
    """Suites that people wrote are theirs to change: it is told which of them name the patient."""
    ours = {path.with_suffix(".jsonl") for path in probes}
    runs = workspace.joinpath(*_RUNS)
    for path in sorted((workspace / "eval").rglob("*.jsonl")):
        if path.resolve() in ours or runs in path.parents:
            continue
        try:
            count = sum(who.in_case(case) or who.is_named(case.get("group")) for case in _cases(path))
        except (OSError, ValueError) as error:
            report.leave(path, error)
            continue
        if count:
            report.leave(path, f"{count} of its cases name the patient: it is a suite of yours, take them out yourself")


def _cases(path: Path) -> list[dict[str, Any]]:
    """Raises ValueError for what is no JSON Lines."""
    with path.open(encoding="utf-8", newline="\n") as file:
        found = [json.loads(line) for line in file if line.strip()]
    if not all(isinstance(case, dict) for case in found):
        raise ValueError("a line that is no JSON object")
    return found
