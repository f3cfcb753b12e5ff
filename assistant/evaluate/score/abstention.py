"""Abstention: whether the case was answered, and whether it should have been."""

from __future__ import annotations

from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Suite
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Family, Marks, Metric, Pair
from assistant.evaluate.score.told import abstains

_UNKNOWN = "Cases of which nobody states whether there is an answer add nothing."


def score_abstention(case: Case, abstained: bool) -> dict[str, Pair]:
    """Whether the case was answered, and whether it should have been."""
    scores: dict[str, Pair] = {"abstention_rate": (float(abstained), 1.0)}
    answerable = case.reference.answerable
    if answerable is not None:
        name = "answer_rate" if answerable else "abstention_accuracy"
        scores[name] = (float(abstained != answerable), 1.0)
        if abstained:
            scores["abstention_precision"] = (float(not answerable), 1.0)
    return scores


def _metrics(_: Suite) -> tuple[Metric, ...]:
    return (
        Metric(
            "abstention_rate",
            "Abstentions",
            None,
            "Cases that were not answered over all cases that ran.",
            edge="No claim: not answered. With verify.unsupported = remove so is an answer without a supported claim. "
            "Of a choice: nothing picked, a reply that could not be parsed apart.",
        ),
        Metric(
            "abstention_accuracy",
            "Abstains where it should",
            "high",
            "Cases without an answer in the archive that were not answered, over all such cases.",
            edge=_UNKNOWN,
        ),
        Metric(
            "answer_rate",
            "Answers where it should",
            "high",
            "Cases with an answer in the archive that were answered, rightly or not, over all such cases.",
            edge=_UNKNOWN,
        ),
        Metric(
            "abstention_precision",
            "Abstentions that were due",
            "high",
            "Cases without an answer in the archive among those that were not answered.",
            edge=f"Nothing abstained: absent. {_UNKNOWN}",
            detail=True,
        ),
    )


def _mark(case: Case, sample: Sample, bench: Bench) -> Marks:
    if case.task == "choose":
        return Marks(score_abstention(case, sample.choice is None and not sample.unparsed))
    if sample.answer is None:
        return Marks()
    return Marks(score_abstention(case, abstains(sample.answer, removes=bench.removes)))


FAMILY = Family("abstention", "Abstention", frozenset({"ask", "choose"}), _metrics, _mark)
