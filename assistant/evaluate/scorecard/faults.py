"""What is wrong with a case, in words that hold no text of it, and how grave that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from assistant.evaluate.bootstrap import UNIT
from assistant.evaluate.case import Case
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Metric
from assistant.evaluate.score.claims import hallucinated
from assistant.evaluate.score.told import claims_of

GRAVE = 3
"""From here on a case is wrong, or misleads its reader."""
POOR = 0.5  # a case's own value this far from perfect is named, where nothing graver says the same


@dataclass(frozen=True, slots=True)
class Fault:
    words: str
    gravity: int


def faults(case: Case, sample: Sample, metrics: Mapping[str, Metric]) -> list[Fault]:
    """The faults of a case, the gravest first; [] if nothing is wrong."""
    if sample.error is not None:
        return [Fault("failed", 5)]
    found = [*_of_claims(sample), *_of_answer(case, sample), *_of_judgement(case, sample), *_of_rank(sample)]
    return sorted(found or _by_metrics(sample, metrics), key=lambda fault: -fault.gravity)


def own_values(sample: Sample, metrics: Mapping[str, Metric]) -> Iterator[tuple[Metric, float]]:
    """The case's own value of each metric that it adds to, details and costs apart."""
    for name, metric in metrics.items():
        top, bottom = sample.scores.get(name, (0.0, 0.0))
        if bottom and not metric.detail and metric.bounds is not None:
            yield metric, top / bottom


def _of_claims(sample: Sample) -> Iterator[Fault]:
    claims = claims_of(sample) or ()
    if wrong := sum(map(hallucinated, claims)):
        contradicted = any(claim.verdict == "contradicted" for claim in claims)
        yield Fault(f"{wrong} of {len(claims)} claims hallucinated", 4 if contradicted else 3)
    if invented := list(sample.citations.values()).count("invented"):
        yield Fault(f"{invented} invented citation{'s' if invented > 1 else ''}", 4)
    recalled, of = sample.scores.get("citation_recall", (0.0, 0.0))
    if recalled < of and not wrong:
        yield Fault(f"{of - recalled:.0f} of {of:.0f} claims not carried by their citations", 2)


def _of_answer(case: Case, sample: Sample) -> Iterator[Fault]:
    right, known = sample.scores.get("accuracy", (0.0, 0.0))
    answered = sample.scores.get("answer_rate")
    if sample.unparsed:
        yield Fault("the reply could not be understood", 3)
    elif sample.scores.get("abstention_accuracy", (1.0, 1.0))[0] == 0.0:
        yield Fault("answered, though there is no answer", 4)
    elif answered is not None and answered[0] == 0.0:
        yield Fault("abstained, though there is an answer", 2)
    elif known and not right and case.task != "check":
        yield Fault("wrong choice" if case.task == "choose" else "not the reference answer", 3)
    elif known and sample.scores.get("correct_unsupported", (0.0, 0.0))[0]:
        yield Fault("right, but not supported", 1)


def _of_judgement(case: Case, sample: Sample) -> Iterator[Fault]:
    judged, people = sample.judgement, case.reference.verdict
    if judged is None or people is None or judged.verdict == people:
        return
    if judged.verdict == "supported":
        yield Fault(f"let through: people say {people}", 4)
    elif people == "supported":
        yield Fault(f"doubted: told to be {judged.verdict}, people say supported", 2)
    else:
        yield Fault(f"told to be {judged.verdict}, people say {people}", 1)


def _of_rank(sample: Sample) -> Iterator[Fault]:
    if sample.scores.get("mrr", (1.0, 1.0))[0] == 0.0:
        yield Fault("gold not found", 1)
    elif sample.scores.get("kept_recall", (1.0, 1.0))[0] == 0.0:
        yield Fault("gold found, not kept", 1)


def _by_metrics(sample: Sample, metrics: Mapping[str, Metric]) -> list[Fault]:
    """Where nothing else was said: the metrics in which the case does badly."""
    poor = []
    for metric, value in own_values(sample, metrics):
        if metric.better is None or metric.bounds != UNIT:
            continue
        short = value if metric.better == "low" else 1 - value
        if short >= POOR:
            poor.append(Fault(f"{metric.title}: {value:.2f}", 1))
    return poor
