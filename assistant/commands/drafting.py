"""The command that drafts reports."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from assistant.commands.common import OK, SET_ASIDE, open_assistant
from assistant.console import one_line, print_json, progress
from assistant.errors import WardroundError


def run_draft(arguments: Namespace) -> int:
    from assistant.export import EXPORTS

    assistant = open_assistant(arguments)
    problems: list[tuple[str, str]] = []
    drafts = assistant.draft(
        _studies(arguments.studies), workers=arguments.workers, template=arguments.template, out=arguments.out,
        resume=arguments.resume, llm=arguments.llm, prior=arguments.prior,
        exports=[name for name in EXPORTS if getattr(arguments, name)],
        patient=arguments.patient, exclude_patient=arguments.exclude_patient,
        on_problem=lambda study, reason: problems.append((study, reason)),
        on_progress=lambda done, total: progress(done, total, "drafting"),
    )  # fmt: skip
    done = flagged = 0
    for draft in drafts:
        done += 1
        flagged += bool(draft.flags)
    drafted = arguments.out / "drafts.jsonl"
    if arguments.json:
        aside = [{"study_id": study, "reason": reason} for study, reason in problems]
        print_json({"out": str(drafted), "drafted": done, "need_a_look": flagged, "set_aside": aside})
    else:
        print(f"{done} drafted into {drafted}; {flagged} need a look")
        for study, reason in problems:
            print(f"set aside: {one_line(study)}: {one_line(reason)}")
    return SET_ASIDE if problems else OK


def _studies(given: Sequence[str]) -> Path | list[str]:
    """A table or folder, or ids of indexed studies. Raises WardroundError for a path at which nothing is."""
    if len(given) == 1 and Path(given[0]).exists():
        return Path(given[0])
    for name in given:
        if name.lower().endswith((".csv", ".tsv")) or Path(name).is_absolute():
            raise WardroundError(f"{name}: there is no such file or folder")
    return list(given)
