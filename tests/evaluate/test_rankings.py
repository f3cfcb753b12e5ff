"""Ranking metrics against numbers worked out by hand."""

import math

import pytest

from assistant.evaluate.rankings import mrr, ndcg_at_k, precision_at_k, recall_at_k, reciprocal_rank


def test_recall_counts_gold_among_the_first_k():
    assert recall_at_k(["a", "b", "c", "d"], {"b", "d", "x"}, 3) == pytest.approx(1 / 3)
    assert recall_at_k(["a", "b", "c", "d"], {"b", "d", "x"}, 4) == pytest.approx(2 / 3)


def test_precision_divides_by_k_even_when_fewer_were_found():
    assert precision_at_k(["a", "b"], ["a"], 5) == pytest.approx(1 / 5)


def test_a_repeated_id_counts_once_and_the_rest_moves_up():
    assert recall_at_k(["a", "a", "a", "b"], ["b"], 2) == 1.0
    assert reciprocal_rank(["a", "a", "b"], ["b"]) == pytest.approx(1 / 2)


def test_ndcg_of_graded_gold():
    # grades 1, 0, 3 at places 1, 2, 3; ideal is 3, 1: (1 + 3/2) / (3 + 1/log2(3))
    expected = (1 + 3 / 2) / (3 + 1 / math.log2(3))
    assert ndcg_at_k(["a", "b", "c"], {"a": 1, "c": 3, "z": 0}, 10) == pytest.approx(expected)
    assert ndcg_at_k(["x", "a"], ["a"], 10) == pytest.approx(1 / math.log2(3))
    assert ndcg_at_k(["c", "a"], {"a": 1, "c": 3}, 2) == 1.0


def test_nothing_found_is_zero_and_nothing_to_find_is_no_value():
    assert recall_at_k([], ["a"], 5) == reciprocal_rank([], ["a"]) == ndcg_at_k([], ["a"], 10) == 0.0
    assert recall_at_k(["a"], [], 5) is None
    assert precision_at_k(["a"], [], 5) is None
    assert reciprocal_rank(["a"], []) is None
    assert ndcg_at_k(["a"], {"a": 0}, 10) is None


def test_mrr_leaves_out_questions_without_gold():
    assert mrr([["a", "b"], ["a", "b"], ["a"]], [["a"], ["b"], []]) == pytest.approx(0.75)
    assert mrr([["a"]], [[]]) is None


def test_k_below_one_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        recall_at_k(["a"], ["a"], 0)
