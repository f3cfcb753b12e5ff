"""Solvers: what is done with a case of each task, always through the assistant's public API."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from assistant.errors import ModelUnavailable, ReplyRefused, WardroundError
from assistant.evaluate.case import Case, Task
from assistant.evaluate.log import Sample
from assistant.evaluate.solve import asking, checking, choosing, drafting, measuring, searching
from assistant.evaluate.solve.interface import ARCHIVE_TASKS, Assistant, Means, OpenAssistant, Solver

__all__ = ["ARCHIVE_TASKS", "SOLVERS", "Assistant", "Means", "OpenAssistant", "solve"]

SOLVERS: Mapping[Task, Solver] = {
    "ask": asking.solve,
    "search": searching.solve,
    "choose": choosing.solve,
    "check": checking.solve,
    "draft": drafting.solve,
    "measure": measuring.solve,
}


def solve(case: Case, means: Means) -> Sample:
    """What the assistant makes of a case, with the seconds it took; an error is kept with the case.

    ModelUnavailable is raised: with the model gone, every further case would fail the same way. A reply that could not
    be used is this case's error.
    """
    started = time.perf_counter()
    empty = Sample(case=case.id)
    try:
        sample = SOLVERS[case.task](case, means, empty)
    except ReplyRefused as error:
        sample = replace(empty, error=str(error))
    except ModelUnavailable:
        raise
    except WardroundError as error:
        sample = replace(empty, error=str(error))
    except Exception as error:  # one case that breaks must not cost the other thousand; it is counted and named
        sample = replace(empty, error=f"{type(error).__name__}: {error}")
    return replace(sample, seconds={**sample.seconds, "solve": time.perf_counter() - started})
