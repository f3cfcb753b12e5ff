"""Pairs: what counts together, by hand; what a guess, always yes and an abstention come to."""

from pathlib import Path

import numpy as np
import pytest

from assistant.evaluate.case import Case, Reference
from assistant.evaluate.dataset import Dataset, Suite
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench
from assistant.evaluate.result import compute_over
from assistant.evaluate.score.probing import FAMILY, pair_accuracy, pair_number, yes_bias
from assistant.settings import Settings

BENCH = Bench(Suite(name="s", cases="s.jsonl"), None, Settings())


def metrics_of_picks(picks):
    """Pairs of (true answer, what was picked) to the metrics of the family; None: nothing was picked."""
    cases = []
    for number, pair in enumerate(picks):
        for place, (true, told) in enumerate(pair):
            case = Case(
                id=f"{number}-{place}",
                task="choose",
                question="Is there an effusion?",
                choices=("yes", "no"),
                reference=Reference(answerable=True, choice=("yes", "no").index(true)),
                pair=f"p{number}",
                group=f"g{number}",
            )
            sample = Sample(case.id, choice=None if told is None else ("yes", "no").index(told))
            marks = FAMILY.mark(case, sample, BENCH)
            cases.append((case, Sample(case.id, scores=marks.scores, observations=marks.observations)))
    dataset = Dataset(suite=BENCH.suite, cases=tuple(c for c, _ in cases), path=Path("s.toml"), workspace=Path())
    return compute_over({metric.name: metric for metric in FAMILY.metrics(BENCH.suite)}, dataset, cases)


def test_by_hand():
    """Three pairs: wholly right, half right, all wrong; a yes too many and one too few."""
    found = metrics_of_picks(
        [
            [("yes", "yes"), ("no", "no")],
            [("yes", "yes"), ("no", "yes")],
            [("yes", "no"), ("no", "yes")],
        ]
    )
    assert found["pair_accuracy"].value == pytest.approx(1 / 3)
    assert found["pair_half_rate"].value == pytest.approx(1 / 3)
    assert found["pair_told_alike_rate"].value == pytest.approx(1 / 3)
    assert found["probe_accuracy"].value == pytest.approx(3 / 6)
    assert found["yes_bias"].value == pytest.approx(4 / 6 - 3 / 6)
    assert found["pair_accuracy"].clusters == 3


def test_always_yes_gets_half_of_the_single_ones_and_no_pair():
    found = metrics_of_picks([[("yes", "yes"), ("no", "yes")]] * 12)
    assert found["probe_accuracy"].value == 0.5
    assert (found["pair_accuracy"].value, found["pair_told_alike_rate"].value) == (0.0, 1.0)
    assert 0 < found["pair_accuracy"].high < 0.4  # none of twelve is not never
    assert found["yes_bias"].value == 0.5


def test_an_abstention_is_not_right_and_leans_to_nothing():
    found = metrics_of_picks([[("yes", None), ("no", None)]] * 3)
    assert (found["pair_accuracy"].value, found["probe_told_rate"].value) == (0.0, 0.0)
    assert found["yes_bias"].value is None
    assert found["pair_told_alike_rate"].value == 0.0


def test_a_pair_whose_partner_failed_is_left_out():
    found = metrics_of_picks([[("yes", "yes"), ("no", "no")], [("yes", "yes")]])
    assert found["pair_accuracy"].value == 1.0
    assert found["probe_accuracy"].value == 1.0


def test_without_pairs_there_is_nothing():
    case = Case(id="1", task="choose", question="?", choices=("yes", "no"), reference=Reference(choice=0))
    marks = FAMILY.mark(case, Sample("1", choice=0), BENCH)
    assert (marks.scores, marks.observations) == ({}, {})
    assert pair_accuracy(np.zeros((0, 4)), np.zeros(0)) is None
    assert yes_bias(np.array([[1.0, 0.0, -1.0, 1.0]]), np.ones(1)) is None


def test_a_pair_drawn_twice_weighs_twice():
    a, b = pair_number("a"), pair_number("b")
    rows = np.array([[a, 1, 1, 1], [a, 1, 0, 0], [b, 0, 1, 0], [b, 1, 1, 1]])
    assert pair_accuracy(rows, np.array([2.0, 2.0, 1.0, 1.0])) == pytest.approx(2 / 3)
    assert pair_accuracy(rows, np.array([1.0, 1.0, 0.0, 0.0])) == 1.0
