"""Diagnoses against labels."""

import numpy as np
import pytest

from assistant.evaluate.score.labels import compare, f1, is_rhythm, score_labels
from assistant.evaluate.score.stated import read

SAID = read("Sinus bradycardia. Left ventricular hypertrophy. Left axis deviation. No atrial fibrillation.")


def test_rhythm_is_told_from_the_rest():
    assert is_rhythm("atrial fibrillation") and is_rhythm("sinus rhythm") and is_rhythm("sinus bradycardia")
    assert not is_rhythm("left ventricular hypertrophy") and not is_rhythm("pleural effusion")


def test_rhythm_and_the_other_labels_are_counted_apart():
    """Said: one rhythm, two other findings. Labelled: that rhythm; hypertrophy and ischaemia; and something unread."""
    labels = ("Sinus bradycardia", "Left ventricular hypertrophy", "Ischemia: lateral wall", "vertical")
    scores, rows = score_labels(SAID, labels)
    assert scores == {
        "label_unread_rate": (1, 4),
        "rhythm_precision": (1, 1),
        "rhythm_recall": (1, 1),
        "label_precision": (1, 2),
        "label_recall": (1, 2),
    }
    assert rows == {"rhythm": ((1, 1, 1, 1),), "labels": ((2, 1, 2, 1),)}


def test_a_label_bears_out_what_it_implies_and_not_the_other_way_round():
    assert compare(read("Sinus rhythm."), read("Sinus bradycardia.")) == (1, 1, 1, 0)
    assert compare(read("Sinus bradycardia."), read("Sinus rhythm.")) == (1, 0, 1, 1)


def test_f1_of_pooled_counts():
    rows = np.array([(2, 1, 2, 1), (0, 0, 2, 0), (2, 2, 4, 2)], dtype=float)
    precision, recall = 3 / 4, 3 / 8
    assert f1(rows, np.ones(3)) == pytest.approx(2 * precision * recall / (precision + recall))
    assert f1(rows, np.array([0.0, 1.0, 0.0])) == 0.0
    assert f1(np.zeros((1, 4)), np.ones(1)) is None


def test_who_says_nothing_finds_nothing_and_what_nobody_labelled_is_not_compared():
    scores, rows = score_labels((), ("Atrial fibrillation",))
    assert scores == {"label_unread_rate": (0, 1), "rhythm_recall": (0, 1)}
    assert rows == {"rhythm": ((0, 0, 1, 0),)}
    assert score_labels(SAID, ("vertical",)) == ({"label_unread_rate": (1, 1)}, {})
