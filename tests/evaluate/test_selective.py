"""Risk and coverage of five cases, worked out by hand."""

import numpy as np
import pytest

from assistant.evaluate.case import Case, Reference
from assistant.evaluate.dataset import Suite
from assistant.evaluate.judge import VerifierJudge
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench
from assistant.evaluate.score.selective import FAMILY, accuracy_at, aurc, confidence, excess_aurc, risk_coverage
from assistant.records import Answer, Claim
from assistant.settings import Settings

FOUR_AND_AN_ABSTENTION = np.array([(1, 0.7, 0), (1, 0.9, 0), (0, 0, 0), (1, 0.8, 1), (1, 0.6, 1)], dtype=float)
ONCE = np.ones(5)


def test_the_curve_and_its_area():
    coverage, risk = risk_coverage(FOUR_AND_AN_ABSTENTION, ONCE)
    assert coverage == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert risk == pytest.approx([0, 1 / 2, 1 / 3, 2 / 4])
    assert aurc(FOUR_AND_AN_ABSTENTION, ONCE) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    best = (0 + 0 + 1 / 3 + 2 / 4) / 4  # both right answers first
    assert excess_aurc(FOUR_AND_AN_ABSTENTION, ONCE) == pytest.approx(1 / 3 - best)


def test_accuracy_at_a_coverage_counts_abstentions_among_the_cases():
    assert accuracy_at(0.5)(FOUR_AND_AN_ABSTENTION, ONCE) == pytest.approx(2 / 3)
    assert accuracy_at(0.8)(FOUR_AND_AN_ABSTENTION, ONCE) == pytest.approx(1 / 2)
    assert accuracy_at(1.0)(FOUR_AND_AN_ABSTENTION, ONCE) is None


def test_equal_confidence_counts_as_the_mean_of_all_orders():
    tied = np.array([(1, 0.5, 1), (1, 0.5, 0), (1, 0.5, 0)], dtype=float)
    assert risk_coverage(tied, np.ones(3))[1] == pytest.approx([1 / 3] * 3)
    assert aurc(tied, np.ones(3)) == aurc(tied[::-1], np.ones(3)) == pytest.approx(1 / 3)


def test_a_row_drawn_twice_counts_twice_and_one_not_drawn_not_at_all():
    rows = np.array([(1, 0.9, 0), (1, 0.5, 1)], dtype=float)
    assert aurc(rows, np.array([2, 1])) == pytest.approx((0 + 0 + 1 / 3) / 3)
    assert aurc(rows, np.array([2, 0])) == 0
    assert excess_aurc(rows, np.array([2, 1])) == 0


def test_all_abstained_is_absent():
    rows = np.array([(0, 0, 0), (0, 0, 1)], dtype=float)
    assert aurc(rows, np.ones(2)) is None
    assert excess_aurc(rows, np.ones(2)) is None
    assert accuracy_at(0.5)(rows, np.ones(2)) is None


def answered(*scores: float) -> Sample:
    claims = tuple(Claim("aspirin", "general", "supported", score=score) for score in scores)
    return Sample("x", answer=Answer("?", claims, (), not claims, "", "test", None))


def test_confidence_is_the_mean_score_of_what_is_shown_or_the_lead_of_a_choice():
    assert confidence(answered(0.5, 1.0)) == 0.75
    assert confidence(answered()) == 0.0
    assert confidence(Sample("x", choice=1, choice_scores=(0.1, 0.7, 0.4))) == pytest.approx(0.3)
    assert confidence(Sample("x", choice=1)) == 0.0


@pytest.mark.parametrize(
    ("reference", "given", "row"),
    [
        (Reference(must=("aspirin",)), answered(0.5, 1.0), (1, 0.75, 0)),
        (Reference(must=("heparin",)), answered(0.5, 1.0), (1, 0.75, 1)),
        (Reference(must=("aspirin",)), answered(), (0, 0, 0)),
        (Reference(answerable=False), answered(1.0), (1, 1.0, 1)),
        (Reference(answerable=False), answered(), (0, 0, 0)),
    ],
)
def test_a_case_gives_one_row(reference, given, row):
    bench = Bench(Suite(name="x", cases="x.jsonl"), VerifierJudge(Settings()), Settings())
    case = Case(id="x", question="?", reference=reference)
    assert FAMILY.mark(case, given, bench).observations == {"confidence": (row,)}


def test_a_case_of_which_nobody_can_say_gives_none():
    bench = Bench(Suite(name="x", cases="x.jsonl"), VerifierJudge(Settings()), Settings())
    assert FAMILY.mark(Case(id="x", question="?"), answered(1.0), bench).observations == {}
