"""Abstention: whether the case was answered, and whether it should have been."""

from __future__ import annotations

from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Suite
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Family, Marks, Metric, Pair
from assistant.records import Answer


def abstains(answer: Answer, *, removes: bool = False) -> bool:
    """Whether its reader is left without an answer. One without claims is an abstention.

    With `removes` (the setting verify.unsupported = "remove") so is one without any supported claim.
    """
    return answer.abstained or not any(claim.verdict == "supported" or not removes for claim in answer.claims)


def score_abstention(case: Case, answer: Answer, *, removes: bool = False) -> dict[str, Pair]:
    """Whether the case was answered, and whether it should have been."""
    abstained = abstains(answer, removes=removes)
    scores: dict[str, Pair] = {"abstention_rate": (float(abstained), 1.0)}
    if case.reference.answerable is not None:
        name = "answer_rate" if case.reference.answerable else "abstention_accuracy"
        scores[name] = (float(abstained != case.reference.answerable), 1.0)
    return scores


def _metrics(_: Suite) -> tuple[Metric, ...]:
    return (
        Metric(
            "abstention_rate",
            "Abstentions",
            None,
            "Cases that were not answered over all cases that ran.",
            edge="No claim: not answered. With verify.unsupported = remove so is an answer without a supported claim.",
        ),
        Metric(
            "abstention_accuracy",
            "Abstains where it should",
            "high",
            "Cases without an answer in the archive that were not answered, over all such cases.",
            edge="Cases of which nobody states whether there is an answer add nothing.",
        ),
        Metric(
            "answer_rate",
            "Answers where it should",
            "high",
            "Cases with an answer in the archive that were answered, rightly or not, over all such cases.",
            edge="Cases of which nobody states whether there is an answer add nothing.",
        ),
    )


def _mark(case: Case, sample: Sample, bench: Bench) -> Marks:
    if sample.answer is None:
        return Marks()
    return Marks(score_abstention(case, sample.answer, removes=bench.removes))


FAMILY = Family("abstention", "Abstention", frozenset({"ask"}), _metrics, _mark)
