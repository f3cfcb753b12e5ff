"""The solver: puts each case to the assistant through its public API, and has the outcome scored."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from assistant.errors import ModelUnavailable, ReplyRefused, WardroundError
from assistant.evaluate.dataset import Case, Dataset
from assistant.evaluate.log import Sample
from assistant.evaluate.scorers import (
    NDCG_K,
    Judge,
    judge_citations,
    score_abstention,
    score_claims,
    score_retrieval,
)
from assistant.records import Answer, SearchResult

PASSAGES_PER_RECORD = 4  # a search asks for so many times k pieces: several passages of a record are one place


class Assistant(Protocol):
    """What an evaluation needs of `assistant.Assistant`; anything that answers like it can be evaluated."""

    def search(
        self,
        text: str = "",
        *,
        files: Sequence[Path] = (),
        k: int = 10,
        patient: str | None = None,
        exclude_patient: str | None = None,
    ) -> SearchResult: ...

    def ask(
        self,
        question: str,
        *,
        files: Sequence[Path] = (),
        patient: str | None = None,
        exclude_patient: str | None = None,
    ) -> Answer: ...


OpenAssistant = Callable[[str | None], Assistant]
"""Gives the assistant for an index name (None: every index that is built)."""


def solve(case: Case, dataset: Dataset, assistant: Assistant) -> Sample:
    """Search (only where gold makes it worth measuring) and ask; an error is kept with the case.

    ModelUnavailable is raised: with the model gone, every further case would fail the same way. A reply that could not
    be used is this case's error.
    """
    files = dataset.files_of(case)
    seconds: dict[str, float] = {}
    search: SearchResult | None = None
    answer: Answer | None = None
    try:
        if case.reference.grades:
            started = time.perf_counter()
            search = assistant.search(
                case.question,
                files=files,
                k=PASSAGES_PER_RECORD * max(*dataset.suite.retrieval_k, NDCG_K),
                patient=case.patient,
                exclude_patient=case.exclude_patient,
            )
            seconds["search"] = time.perf_counter() - started
        started = time.perf_counter()
        answer = assistant.ask(case.question, files=files, patient=case.patient, exclude_patient=case.exclude_patient)
        seconds["ask"] = time.perf_counter() - started
    except ReplyRefused as error:
        return Sample(case=case.id, error=str(error), seconds=seconds)
    except ModelUnavailable:
        raise
    except WardroundError as error:
        return Sample(case=case.id, error=str(error), seconds=seconds)
    except Exception as error:  # one case that breaks must not cost the other thousand; it is counted and named
        return Sample(case=case.id, error=f"{type(error).__name__}: {error}", seconds=seconds)
    return Sample(case=case.id, search=search, answer=answer, seconds=seconds)


def score(sample: Sample, case: Case, dataset: Dataset, judge: Judge, *, removes: bool = False) -> Sample:
    """The sample with every metric's (numerator, denominator); a failed case counts in `case_error_rate` only.

    `removes`: whether the user's setting removes unsupported claims, see `score_abstention`.
    """
    if sample.error is not None or sample.answer is None:
        return replace(sample, scores={"case_error_rate": (1.0, 1.0)})
    started = time.perf_counter()
    citation_scores, citations = judge_citations(sample.answer, judge)
    scores = {
        "case_error_rate": (0.0, 1.0),
        **score_claims(sample.answer),
        **score_abstention(case, sample.answer, removes=removes),
        **citation_scores,
    }
    if sample.search is not None:
        scores |= score_retrieval(case, sample.search, sample.answer, dataset.suite.retrieval_k)
    seconds = {**sample.seconds, "evaluate": time.perf_counter() - started}
    return replace(sample, scores=scores, citations=citations, seconds=seconds)
