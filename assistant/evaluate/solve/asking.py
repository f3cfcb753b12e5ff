"""`ask`: searched (only where gold makes it worth measuring), then asked."""

from __future__ import annotations

import time
from dataclasses import replace

from assistant.evaluate.case import Case
from assistant.evaluate.log import Sample
from assistant.evaluate.solve import searching
from assistant.evaluate.solve.interface import Means


def solve(case: Case, means: Means, sample: Sample) -> Sample:
    if case.reference.grades:
        sample = searching.solve(case, means, sample)
    started = time.perf_counter()
    answer = means.assistant(case).ask(
        case.question, files=means.uploads(case), patient=case.patient, exclude_patient=case.exclude_patient
    )
    return replace(sample, answer=answer, seconds={"ask": time.perf_counter() - started})
