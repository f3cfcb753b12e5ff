"""What a run has to reach: how a limit reads, which number it is held against, and what counts nothing."""

from __future__ import annotations

import pytest

from assistant.errors import RecipeError
from assistant.evaluate.bootstrap import ABSENT, Interval
from assistant.evaluate.gate import failures, known_limits, read_limit
from assistant.evaluate.metric import Metric

METRICS = {
    "recall@10": Metric("recall@10", "Recall", "high", ""),
    "hallucination_rate": Metric("hallucination_rate", "Hallucinated", "low", ""),
    "abstention_rate": Metric("abstention_rate", "Abstentions", None, ""),
}
VALUES = {
    "recall@10": Interval(0.9, 0.8, 0.95, 50),
    "hallucination_rate": Interval(0.05, 0.01, 0.12, 80),
    "abstention_rate": ABSENT,
}


@pytest.mark.parametrize(
    ("text", "reached"),
    [
        ("recall@10=0.9", True),
        ("recall@10=0.91", False),
        ("recall@10>=0.9", True),
        ("recall@10<=0.9", True),
        ("recall@10<=0.8", False),
        ("recall@10:low>=0.8", True),
        ("recall@10:low>=0.85", False),
        ("recall@10:high = 0.95", True),
        ("hallucination_rate=0.05", True),
        ("hallucination_rate=0.04", False),
        ("hallucination_rate:high<=0.1", False),
        ("hallucination_rate:high<=0.12", True),
        ("abstention_rate<=1", False),
    ],
)
def test_a_limit_is_reached_or_not(text, reached):
    limits = [read_limit(text)]
    known_limits(limits, METRICS)
    missed = failures(limits, METRICS, VALUES)
    assert bool(missed) != reached


def test_what_was_missed_is_said():
    (sentence,) = failures([read_limit("hallucination_rate:high<=0.1")], METRICS, VALUES)
    assert sentence == (
        "hallucination_rate:high<=0.1: hallucination_rate, the upper end of its interval, is 0.12, and at most 0.1 was "
        "asked for"
    )
    (nothing,) = failures([read_limit("abstention_rate>=0")], METRICS, VALUES)
    assert "counted nothing" in nothing


@pytest.mark.parametrize(
    "text", ["recall@10", "recall@10=", "recall@10=high", "recall@10:middle>=0.5", "recall@10>=nan"]
)
def test_a_limit_that_says_nothing_is_refused(text):
    with pytest.raises(RecipeError, match="--fail-under"):
        read_limit(text)


def test_a_corrected_rate_is_held_against_its_limit():
    judged = {"hallucination_rate": Metric("hallucination_rate", "Hallucinated", "low", "", judged=True)}
    limits = [read_limit("hallucination_rate:corrected<=0.1")]
    known_limits(limits, judged)
    assert failures(limits, judged, VALUES, {"hallucination_rate": Interval(0.08, 0.0, 0.3, 80)}) == []
    (missed,) = failures(limits, judged, VALUES, {"hallucination_rate": Interval(0.2, 0.0, 0.3, 80)})
    assert "corrected for the judge's error, is 0.2" in missed
    (absent,) = failures(limits, judged, VALUES)
    assert "has no corrected rate here" in absent
    with pytest.raises(RecipeError, match="nothing to correct"):
        known_limits([read_limit("recall@10:corrected>=0.9")], METRICS)


def test_an_unknown_metric_and_an_undirected_one_are_refused():
    with pytest.raises(RecipeError, match="reports no such metric; near to it: recall@10 "):
        known_limits([read_limit("recal@10>=0.9")], METRICS)
    with pytest.raises(RecipeError, match="write >= or <="):
        known_limits([read_limit("abstention_rate=0.1")], METRICS)
