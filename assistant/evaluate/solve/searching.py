"""`search`: the archive is searched, and the ranking kept."""

from __future__ import annotations

from dataclasses import replace

from assistant.evaluate.case import Case
from assistant.evaluate.log import Sample
from assistant.evaluate.score.ranking import NDCG_K, ranked_ids
from assistant.evaluate.solve.interface import Means

PASSAGES_PER_RECORD = 4  # a search asks for so many times k pieces: several passages of a record are one place
KEPT = 10  # pieces of evidence kept with their text, to look at; of the rest the ids


def solve(case: Case, means: Means, sample: Sample) -> Sample:
    found = means.assistant(case).search(
        case.question,
        files=means.uploads(case),
        k=PASSAGES_PER_RECORD * max(*means.dataset.suite.retrieval_k, NDCG_K),
        patient=case.patient,
        exclude_patient=case.exclude_patient,
    )
    ranked = tuple(dict.fromkeys(ranked_ids(found.evidence)))
    return replace(sample, search=replace(found, evidence=found.evidence[:KEPT]), ranked=ranked)
