"""What a finished case adds to every metric of its run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Dataset
from assistant.evaluate.judge import VerifierJudge
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Metric
from assistant.evaluate.score import mark, metrics_of
from assistant.evaluate.variants.interface import Reading, Variant
from assistant.settings import Settings


def bench_of(dataset: Dataset, settings: Settings) -> Bench:
    """What the metrics of a run may use; `settings` as the user has them."""
    removes = settings.verify.unsupported == "remove"
    return Bench(dataset.suite, VerifierJudge(settings), settings, removes)


def marked(sample: Sample, case: Case, bench: Bench) -> Sample:
    """The sample with what it adds to every metric, and the seconds that took."""
    started = time.perf_counter()
    marks = mark(case, sample, bench)
    return replace(
        sample,
        scores=marks.scores,
        observations=marks.observations,
        citations=marks.citations,
        seconds={**sample.seconds, "evaluate": time.perf_counter() - started},
    )


def read_as(reading: Reading, dataset: Dataset, samples: Mapping[str, Sample], bench: Bench) -> dict[str, Sample]:
    """The samples as another reader would see them, marked anew."""
    cases = {case.id: case for case in dataset.cases}
    return {
        name: marked(reading(sample), cases[name], bench) if sample.error is None else sample
        for name, sample in samples.items()
        if name in cases
    }


def reported(dataset: Dataset, variant: Variant | None) -> dict[str, Metric]:
    """The metrics that a run reports: all of the data set's, or those that rest on no judge."""
    metrics = metrics_of(dataset)
    if variant is None or not variant.reference_only:
        return metrics
    return {name: metric for name, metric in metrics.items() if not metric.judged}
