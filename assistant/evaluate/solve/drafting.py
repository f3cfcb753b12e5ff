"""`draft`: a report for the study, which never sees the study's own report or its patient's other studies."""

from __future__ import annotations

from dataclasses import replace

from assistant.errors import WardroundError
from assistant.evaluate.case import Case
from assistant.evaluate.log import Sample
from assistant.evaluate.solve.interface import Means
from assistant.studies import StudyRequest


def solve(case: Case, means: Means, sample: Sample) -> Sample:
    """`tags.template` names the template where the case wants one."""
    problems: list[str] = []
    study = StudyRequest(case.study or case.id, means.uploads(case), case.patient)
    drafts = list(
        means.assistant(case).draft(
            [study],
            template=case.tags.get("template"),
            exclude_patient=case.exclude_patient,
            on_problem=lambda _, reason: problems.append(reason),
        )
    )
    if not drafts:
        raise WardroundError("; ".join(problems) or "no draft was written, and no reason given")
    return replace(sample, draft=drafts[0])
