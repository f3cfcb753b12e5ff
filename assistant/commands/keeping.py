"""Commands that keep a workspace in order: forgetting a patient, examining its indexes, handing out feedback."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from assistant.commands.common import OK, SET_ASIDE
from assistant.console import print_json, say, write_file

if TYPE_CHECKING:
    from assistant.forget import ForgetReport


def run_forget(arguments: Namespace) -> int:
    from assistant.forget import forget_patient

    report = forget_patient(arguments.workspace, arguments.patient, index=arguments.index, dry_run=arguments.dry_run)
    if arguments.json:
        print_json(report.to_json())
    else:
        if report.found_nothing:
            print(f"{report.patient}: nothing of this patient is in the workspace; is the id right?")
            _tell_what_is_left(report)
            return SET_ASIDE if report.not_cleaned else OK
        print(f"{report.patient}: " + ("would be removed" if report.dry_run else "removed"))
        for found in report.indexes:
            print(
                f"  index {found['index']}: {found['records']} records of {found['studies']} studies; "
                f"generation {found['generation']} is the only one"
            )
        print(f"  conversations: {report.conversations} whole, {report.turns} turns, {report.feedback} judgements")
        for drafts in report.drafts:
            print(f"  {drafts['file']}: {drafts['lines']} drafts")
        if report.draft_edits:
            print(f"  decisions on drafts: {report.draft_edits}")
        for run in report.evaluation_runs:
            print(f"  evaluation run {run}: removed whole, since its figures rest on this patient too; run it again")
        for probes in report.probes:
            print(f"  probes {probes['file']}: {probes['cases']} cases, the others of their pairs among them")
        for path in report.scorecards:
            print(f"  published scorecard {path}: removed, since it names the patient")
        print(f"  access log: {report.access_log_entries_unlinked} entries lead to nobody any more")
        _tell_what_is_left(report)
        if not report.dry_run:
            print("Restart chats that are open: they may still hold files of this patient in memory.")
    return SET_ASIDE if report.not_cleaned else OK


def _tell_what_is_left(report: ForgetReport) -> None:
    for problem in report.not_cleaned:
        print(f"  NOT cleaned: {problem['path']}: {problem['reason']}")


def run_feedback(arguments: Namespace) -> int:
    """Everybody's feedback as JSON Lines, as CSV, or with --json as one document."""
    from assistant.feedback import as_csv, as_json_lines, feedback_rows
    from assistant.store.workspace_db import WorkspaceDb

    rows = feedback_rows(WorkspaceDb(arguments.workspace))
    if arguments.json:
        told = list(rows)
        lines = iter([json.dumps({"feedback": told}, ensure_ascii=False, indent=2) + "\n"])
    else:
        lines = as_csv(rows) if arguments.csv else as_json_lines(rows)
    if arguments.out is not None:
        write_file(arguments.out, "".join(lines))
        say(f"{arguments.out}: the feedback")
    else:
        for line in lines:
            sys.stdout.write(line)
    return OK


def run_doctor(arguments: Namespace) -> int:
    from assistant.store.doctor import examine
    from assistant.store.generations import built_indexes
    from assistant.store.repair import mend

    names = [arguments.index] if arguments.index else built_indexes(arguments.workspace)
    reports = [examine(arguments.workspace, name) for name in names]
    repairs = {r.index: mend(arguments.workspace, r) for r in reports if arguments.repair and not r.sound}
    reports = [examine(arguments.workspace, r.index) if r.index in repairs else r for r in reports]
    if arguments.json:
        mended = {name: {"repair": done.to_json()} for name, done in repairs.items()}
        print_json({"indexes": [{**report.to_json(), **mended.get(report.index, {})} for report in reports]})
    else:
        for report in reports:
            print(f"{report.index}: generation {report.generation}, " + ("sound" if report.sound else "NOT SOUND"))
            for check in report.checks:
                print(f"  {'ok ' if check.ok else 'BAD'} {check.name}: {check.found}")
            if found := repairs.get(report.index):
                print("".join(f"  repaired: {done}\n" for done in found.done), end="")
                print("".join(f"  LEFT TO DO: {left}\n" for left in found.left), end="")
    is_mended = all(report.sound for report in reports) and not any(found.left for found in repairs.values())
    return OK if is_mended else SET_ASIDE
