"""`check`: the verifier alone, on a claim and the evidence given with it; what `wardround check` does."""

from __future__ import annotations

from dataclasses import replace

from assistant.evaluate.case import Case
from assistant.evaluate.log import Sample
from assistant.evaluate.solve.interface import Means
from assistant.verify import check


def solve(case: Case, means: Means, sample: Sample) -> Sample:
    return replace(sample, judgement=check(case.claim, case.context, entailment=means.entailment))
