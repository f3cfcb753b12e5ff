"""Intervals: values by hand and edge cases; how often they hold the truth is in test_coverage.py."""

import numpy as np
import pytest

from assistant.evaluate.bootstrap import (
    ABSENT,
    OfSums,
    bootstrap_mean,
    bootstrap_ratio,
    bootstrap_statistic,
    paired_bootstrap,
    paired_bootstrap_ratio,
    paired_bootstrap_statistic,
)


def test_ratio_of_sums_and_units():
    found = bootstrap_ratio([1, 0, 3], [2, 4, 4], ["p1", "p1", "p2"])
    assert found.value == pytest.approx(4 / 10)
    assert (found.n, found.clusters) == (10, 2)


def test_same_seed_same_numbers():
    values = np.linspace(0, 1, 30)
    assert bootstrap_mean(values, seed=4) == bootstrap_mean(values, seed=4)
    assert bootstrap_mean(values, seed=4) != bootstrap_mean(values, seed=5)


def test_nothing_measured_is_absent():
    assert bootstrap_mean([]) == ABSENT
    assert bootstrap_mean([np.nan, np.nan]) == ABSENT
    assert bootstrap_ratio([0, 0], [0, 0]) == ABSENT
    assert ABSENT.to_json() == {"value": None, "low": None, "high": None, "n": 0, "clusters": 0}


@pytest.mark.parametrize("clusters", [20, 100, 400])
def test_no_event_seen_is_not_no_event(clusters):
    """0 of n: the upper bound is near the rule of three, 3 / n; all of n: the mirror image."""
    none = bootstrap_mean(np.zeros(clusters))
    every = bootstrap_mean(np.ones(clusters))
    assert (none.value, none.low) == (0.0, 0.0)
    assert 2 / clusters <= none.high <= 4 / clusters
    assert (every.value, every.high) == (1.0, 1.0)
    assert 1 - 4 / clusters <= every.low <= 1 - 2 / clusters


def test_one_cluster_says_next_to_nothing():
    found = bootstrap_ratio([5], [5], ["one patient"])
    assert found.low < 0.1


def test_claims_of_one_patient_are_not_independent():
    values = np.repeat([0.0, 1.0], 50)
    alone = bootstrap_mean(values)
    by_patient = bootstrap_mean(values, np.repeat(np.arange(10), 10).tolist())
    assert by_patient.high - by_patient.low > 2 * (alone.high - alone.low)


def test_unbounded_values_get_no_imaginary_clusters():
    found = bootstrap_mean([10.0] * 8, bounds=None)
    assert (found.value, found.low, found.high) == pytest.approx((10.0, 10.0, 10.0))


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="finite"):
        bootstrap_ratio([np.nan], [1])
    with pytest.raises(ValueError, match="negative"):
        bootstrap_ratio([1, 1], [1, -1])
    with pytest.raises(ValueError, match="1 clusters were named for 2 items"):
        bootstrap_ratio([1, 1], [1, 1], ["a"])
    with pytest.raises(ValueError, match="equal shapes"):
        paired_bootstrap([1.0], [1.0, 0.0])


def test_paired_difference_by_hand():
    found = paired_bootstrap([0, 0, 1, 1, np.nan], [1, 0, 1, 1, 1])
    assert found.value == pytest.approx(1 / 4)
    assert found.n == 4


def test_pairing_is_tighter_than_two_separate_intervals():
    rng = np.random.default_rng(0)
    first = rng.random(60)
    second = np.clip(first + 0.05, 0, 1)
    found = paired_bootstrap(first, second)
    assert 0 < found.low < found.value < found.high < 0.12


def test_equal_runs_differ_by_nothing_but_not_for_certain():
    found = paired_bootstrap(np.ones(20), np.ones(20))
    assert found.value == 0.0
    assert -0.2 < found.low < 0 < found.high < 0.2


def test_paired_ratio_with_units_on_one_side_only():
    # first run: 1 of 2 claims wrong; second: 0 of 4, of which two on an item that the first did not answer
    found = paired_bootstrap_ratio([1, 0], [2, 0], [0, 0], [2, 2])
    assert found.value == pytest.approx(-0.5)
    assert found.n == 2
    assert paired_bootstrap_ratio([1], [2], [0], [0]) == ABSENT


@pytest.mark.parametrize(("events", "units"), [(0, 20), (3, 20), (20, 20), (5, 100)])
def test_independent_events_have_the_interval_of_the_beta_distribution(events, units):
    """Beta(events + 2/3, rest + 2/3), whose quantiles are drawn here another way."""
    found = bootstrap_mean([1.0] * events + [0.0] * (units - events), resamples=20_000)
    beta = np.random.default_rng(1).beta(events + 2 / 3, units - events + 2 / 3, 200_000)
    low, high = np.quantile(beta, [0.025, 0.975])
    assert found.low == pytest.approx(0.0 if events == 0 else low, abs=0.006)
    assert found.high == pytest.approx(1.0 if events == units else high, abs=0.006)


def test_shares_of_a_narrow_range_are_not_taken_for_events():
    """Twenty cases of recall near 0.8: known far better than 16 of 20 right."""
    narrow = bootstrap_mean(np.linspace(0.75, 0.85, 20))
    events = bootstrap_mean([1.0] * 16 + [0.0] * 4)
    assert narrow.value == pytest.approx(events.value)
    assert narrow.high - narrow.low < 0.1 < 0.3 < events.high - events.low


def test_bounds_other_than_none_and_one():
    """Grades from 1 to 5 are the same as shares from 0 to 1, stretched."""
    shares = np.linspace(0, 1, 15)
    plain, graded = bootstrap_mean(shares), bootstrap_mean(1 + 4 * shares, bounds=(1.0, 5.0))
    assert (graded.value, graded.low, graded.high) == pytest.approx(
        (1 + 4 * plain.value, 1 + 4 * plain.low, 1 + 4 * plain.high), abs=0.1
    )


def test_a_perfect_statistic_is_no_certain_one():
    rows = [(float(place), 1.0) for place in range(10)]
    found = bootstrap_statistic(rows, lambda rows, weights: 1.0, bounds=(0.0, 1.0))
    assert (found.value, found.high) == (1.0, 1.0)
    assert 0.4 < found.low < 0.8
    alone = bootstrap_statistic(rows[:1], lambda rows, weights: 1.0, bounds=(0.0, 1.0))
    assert (alone.low, alone.high) == (0.0, 1.0)


def mean_of_first(rows, weights):
    return float(rows[:, 0] @ weights / weights.sum()) if weights.sum() else None


def test_a_statistic_of_rows_agrees_with_the_ratio_it_is():
    values = np.linspace(0, 1, 40)
    clusters = [place // 4 for place in range(40)]
    plain = bootstrap_mean(values, clusters, bounds=None)
    found = bootstrap_statistic([(value,) for value in values], mean_of_first, clusters)
    assert (found.value, found.n, found.clusters) == (pytest.approx(plain.value), 40, 10)
    assert (found.low, found.high) == (pytest.approx(plain.low, abs=0.01), pytest.approx(plain.high, abs=0.01))


def test_a_statistic_without_rows_or_without_a_value_is_absent():
    assert bootstrap_statistic([], mean_of_first) == ABSENT
    assert bootstrap_statistic([(1.0,)], lambda rows, weights: None) == ABSENT
    with pytest.raises(ValueError, match="finite"):
        bootstrap_statistic([(float("nan"),)], mean_of_first)
    with pytest.raises(ValueError, match="2 clusters were named for 1 rows"):
        bootstrap_statistic([(1.0,)], mean_of_first, ["a", "b"])


def test_paired_statistics_keep_their_pairing():
    first = ([(value,) for value in (0.1, 0.4, 0.9)], ["a", "b", "c"])
    second = ([(value + 0.05,) for value in (0.1, 0.4, 0.9)], ["a", "b", "c"])
    found = paired_bootstrap_statistic(first, second, mean_of_first)
    assert found.value == pytest.approx(0.05)
    assert (found.low, found.high) == (pytest.approx(0.05), pytest.approx(0.05))
    assert paired_bootstrap_statistic(first, ([], []), mean_of_first) == ABSENT


def test_a_statistic_of_sums_is_the_same_as_one_that_sums_for_itself():
    """Counts of 40 cases in 13 clusters: none of the draws may differ, not in the last bit."""
    rows = np.random.default_rng(1).integers(0, 5, (40, 2)).astype(float)
    clusters = [f"patient {number % 13}" for number in range(40)]

    def share(sums):
        return float(sums[0] / (sums[0] + sums[1])) if sums.sum() > 20 else None

    slow, quick = (lambda table, weights: share(weights @ table)), OfSums(share)
    assert quick(rows, np.ones(40)) == slow(rows, np.ones(40)) == rows[:, 0].sum() / rows.sum()
    assert bootstrap_statistic(rows, quick, clusters) == bootstrap_statistic(rows, slow, clusters)
    sides = (rows[:30], clusters[:30]), (rows[10:], clusters[10:])
    assert paired_bootstrap_statistic(*sides, quick) == paired_bootstrap_statistic(*sides, slow)
