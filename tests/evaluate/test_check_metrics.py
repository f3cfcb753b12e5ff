"""The checker's figures on four claims, worked out by hand."""

import numpy as np
import pytest

from assistant.evaluate.case import Case, Reference
from assistant.evaluate.dataset import Suite
from assistant.evaluate.judge import VerifierJudge
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench
from assistant.evaluate.score.checking import (
    FAMILY,
    auroc,
    balanced_accuracy,
    calibration_error,
    evidence_gap,
    reliability,
    three_way_accuracy,
    truth_auroc,
)
from assistant.records import Judgement
from assistant.settings import Settings

SCORES, POSITIVE = np.array([0.9, 0.8, 0.3, 0.3]), np.array([1.0, 0, 1, 0])
ONCE = np.ones(4)
#                  score, people, given
ROWS = np.array([(0.9, 0, 0), (0.8, 1, 0), (0.3, 0, 2), (0.3, 2, 2)])


def test_auroc_counts_pairs_and_ties_half():
    """0.9 above both negatives: 2; 0.3 below 0.8: 0; 0.3 level with 0.3: 0.5; of 4 pairs."""
    assert auroc(SCORES, POSITIVE, ONCE) == pytest.approx(2.5 / 4)
    assert auroc(SCORES, POSITIVE, np.array([2, 1, 0, 1])) == 1.0
    assert auroc(SCORES, np.ones(4), ONCE) is None


def test_bins_hold_equal_scores_together():
    assert reliability(SCORES, POSITIVE, ONCE) == [
        (pytest.approx(0.3), 0.5, 2.0),
        (pytest.approx(0.8), 0.0, 1.0),
        (pytest.approx(0.9), 1.0, 1.0),
    ]
    assert reliability(SCORES, POSITIVE, ONCE, bins=1) == [(pytest.approx(2.3 / 4), 0.5, 4.0)]
    assert calibration_error(ROWS, ONCE) == pytest.approx((2 * 0.2 + 0.8 + 0.1) / 4)
    assert calibration_error(ROWS, np.zeros(4)) is None


def test_two_and_three_way_accuracy():
    assert balanced_accuracy(ROWS, ONCE) == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert three_way_accuracy(ROWS, ONCE) == pytest.approx(2 / 4)
    assert three_way_accuracy(ROWS, np.array([1, 0, 1, 1])) is None  # nothing that people call contradicted
    assert balanced_accuracy(ROWS[[0, 2]], np.ones(2)) is None


def test_what_the_evidence_tells():
    """With its own evidence the true claim scores higher; with another's the two are level."""
    rows = np.array([(0.9, 1, 1), (0.2, 1, 0), (0.4, 0, 1), (0.4, 0, 0)])  # score, evidence, truth
    assert (truth_auroc("own")(rows, ONCE), truth_auroc("other")(rows, ONCE)) == (1.0, 0.5)
    assert evidence_gap(rows, ONCE) == pytest.approx(1.0 - 0.5)
    assert evidence_gap(rows[:2], ONCE[:2]) is None


def marks(verdict, judgement, **tags):
    bench = Bench(Suite(name="x", cases="x.jsonl"), VerifierJudge(Settings()), Settings())
    case = Case(id="x", task="check", claim="c", reference=Reference(verdict=verdict), tags=tags)
    return FAMILY.mark(case, Sample("x", judgement=judgement), bench)


def test_a_case_adds_its_row_and_counts():
    found = marks("unsupported", Judgement("contradicted", 0.1), evidence="own", answer="invented")
    assert found.observations == {"check": ((0.1, 2, 1),), "check_told": ((0.1, 1, 0),)}
    assert found.scores == {"check_brier": (pytest.approx(0.01), 1), "check_sensitivity": (1, 1)}
    found = marks("supported", Judgement("unsupported", 0.4))
    assert found.observations == {"check": ((0.4, 0, 2),)}
    assert found.scores == {"check_brier": (pytest.approx(0.36), 1), "check_specificity": (0, 1)}


def test_a_control_counts_as_one_alone():
    """Given another case's evidence: refusing it proves nothing of the checker's eye for invented claims."""
    found = marks("unsupported", Judgement("supported", 0.8), evidence="other", answer="true")
    assert found.observations == {"check_told": ((0.8, 0, 1),)}
    assert found.scores == {"check_passed_elsewhere": (1, 1)}


def test_without_a_verdict_of_people_it_is_absent():
    assert marks(None, Judgement("supported", 1.0)).observations == {}
    assert marks("supported", None).scores == {}
