"""What a finished case adds to every metric of its run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Dataset
from assistant.evaluate.judge import open_judge
from assistant.evaluate.judge.report import JudgeReport, report_judge
from assistant.evaluate.judge.wording import seen_by
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Metric
from assistant.evaluate.score import mark, metrics_of
from assistant.evaluate.variants.interface import Reading, Variant
from assistant.settings import Settings


def bench_of(dataset: Dataset, settings: Settings) -> Bench:
    """What the metrics of a run may use; `settings` as the user has them."""
    removes = settings.verify.unsupported == "remove"
    return Bench(dataset.suite, open_judge(dataset.suite.judge, settings), settings, removes)


def marked(sample: Sample, case: Case, bench: Bench) -> Sample:
    """The sample with what it adds to every metric, and the seconds that took."""
    started = time.perf_counter()
    marks = mark(case, seen_by(bench.judge, sample), bench)
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
        name: marked(reading(sample), cases[name], bench).rounded() if sample.error is None else sample
        for name, sample in samples.items()
        if name in cases
    }


def judge_of(
    dataset: Dataset, settings: Settings, metrics: Mapping[str, Metric], samples: Mapping[str, Sample], workspace: Path
) -> JudgeReport | None:
    """How far the judge of a run can be believed; None where no metric rests on one.

    What the workspace has measured of a judge itself wins over what came with the installation.
    """
    if not any(metric.judged for metric in metrics.values()):
        return None
    cases = [case for case in dataset.cases if case.id in samples]
    return report_judge(
        open_judge(dataset.suite.judge, settings),
        metrics,
        [samples[case.id] for case in cases],
        [dataset.cluster_of(case) for case in cases],
        labels=dataset.suite.judge_labels,
        workspace=workspace,
        **dataset.suite.bootstrap.model_dump(),
    )


def reported(dataset: Dataset, variant: Variant | None) -> dict[str, Metric]:
    """The metrics that a run reports: all of the data set's, or those that rest on no judge."""
    metrics = metrics_of(dataset)
    if variant is None or not variant.reference_only:
        return metrics
    return {name: metric for name, metric in metrics.items() if not metric.judged}
