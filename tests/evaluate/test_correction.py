"""Rates corrected for a judge's error, by hand and on simulated runs whose truth is known."""

import numpy as np
import pytest

from assistant.evaluate.bootstrap import ABSENT, bootstrap_ratio
from assistant.evaluate.judge.agreement import Agreement, Counts, Reading, count_groups, measure_agreement
from assistant.evaluate.judge.correction import correct_rate, rogan_gladen
from assistant.evaluate.judge.wording import Wording


def labelled(recognised, missed, refused, believed, groups=None):
    """An agreement of so many claims, each its own group unless `groups` says how many there are."""
    cells = [(True, True)] * recognised + [(True, False)] * missed + [(False, False)] * refused
    cells += [(False, True)] * believed
    return measure_agreement(
        [Reading(str(n % groups if groups else n), truth, told, float(told)) for n, (truth, told) in enumerate(cells)]
    )


JUDGE = labelled(80, 20, 90, 10)  # sensitivity 0.8, specificity 0.9


def test_the_share_is_solved_for_by_hand():
    # of 100 claims 66 are told to be supported: (0.66 + 0.9 − 1) / (0.8 + 0.9 − 1) = 0.8
    found, _ = correct_rate([1.0] * 66 + [0.0] * 34, [Wording.PROSE] * 100, {Wording.PROSE: JUDGE}, range(100))
    assert found.value == pytest.approx(0.8)
    assert (found.n, found.clusters) == (100, 100)
    assert 0.6 < found.low < 0.72 and 0.88 < found.high <= 1


def test_it_stays_between_0_and_1():
    all_told, over = correct_rate([1.0] * 20, [Wording.PROSE] * 20, {Wording.PROSE: JUDGE}, range(20))
    none_told, under = correct_rate([0.0] * 20, [Wording.PROSE] * 20, {Wording.PROSE: JUDGE}, range(20))
    assert (all_told.value, all_told.high) == (1.0, 1.0) and all_told.low < 0.9
    assert (none_told.value, none_told.low) == (0.0, 0.0) and none_told.high > 0.05
    assert (
        over and not under
    )  # 0 of 20 may be chance where 2 would be believed, 20 of 20 not where 16 would be recognised


def test_at_its_limit_the_interval_holds_the_raw_rate_too():
    # 0.95 are told to be supported where the judge would recognise 0.8 of supported ones: it errs less here
    told = [1.0] * 95 + [0.0] * 5
    found, at_limit = correct_rate(told, [Wording.PROSE] * 100, {Wording.PROSE: JUDGE}, range(100))
    assert at_limit and found.value == 1.0
    assert found.low <= bootstrap_ratio(told, [1.0] * 100).low < 0.95


def test_a_rate_at_its_limit_by_chance_is_not_stretched():
    # 0.83 where 0.8 would be recognised: no reason to doubt the labels
    found, at_limit = correct_rate([1.0] * 83 + [0.0] * 17, [Wording.PROSE] * 100, {Wording.PROSE: JUDGE}, range(100))
    assert not at_limit and found.value == 1.0 and 0.83 < found.low < 1


def test_what_no_judge_had_to_read_is_taken_as_it_is():
    # 10 quotations, all supported, and 10 claims of prose of which 5 are told so: (0.5 − 0.1) / 0.7 = 4/7 of ten
    kinds = [Wording.CERTAIN] * 10 + [Wording.PROSE] * 10
    found, _ = correct_rate([1.0] * 15 + [0.0] * 5, kinds, {Wording.PROSE: JUDGE}, range(20))
    assert found.value == pytest.approx((10 + 10 * 4 / 7) / 20)
    certain, _ = correct_rate([1.0, 1.0, 0.0, 1.0], [Wording.CERTAIN] * 4, {}, range(4))
    assert certain.value == 0.75


def test_each_wording_is_corrected_by_its_own_labels():
    agreements = {Wording.PROSE: JUDGE, Wording.REPORT: labelled(10, 0, 10, 0)}
    kinds = [Wording.PROSE] * 10 + [Wording.REPORT] * 10
    found, _ = correct_rate([1.0] * 5 + [0.0] * 5 + [1.0] * 6 + [0.0] * 4, kinds, agreements, range(20))
    assert found.value == pytest.approx((10 * 4 / 7 + 6) / 20)


def test_a_judge_no_better_than_chance_corrects_nothing():
    coin = labelled(5, 5, 5, 5)
    assert correct_rate([1.0, 0.0], [Wording.PROSE] * 2, {Wording.PROSE: coin}, range(2))[0].value is None
    worse = labelled(2, 8, 2, 8)
    assert correct_rate([1.0, 0.0], [Wording.PROSE] * 2, {Wording.PROSE: worse}, range(2))[0].value is None
    assert np.isnan(rogan_gladen(np.array(0.5), np.array(0.5), np.array(0.5)))


def test_a_judge_hardly_better_than_chance_says_almost_nothing():
    weak = labelled(11, 9, 11, 9)  # 0.55 and 0.55
    found, _ = correct_rate([1.0] * 20 + [0.0] * 20, [Wording.PROSE] * 40, {Wording.PROSE: weak}, range(40))
    assert found.value == pytest.approx(0.5)
    assert (found.low, found.high) == (0.0, 1.0)


def test_claims_of_which_the_labels_say_nothing_widen_it_by_their_share_only():
    agreements = {Wording.PROSE: JUDGE, Wording.REPORT: labelled(1, 1, 1, 0)}
    kinds = [Wording.CERTAIN] * 95 + [Wording.REPORT] * 5
    found, _ = correct_rate([1.0] * 100, kinds, agreements, range(100))
    assert found.value == 1.0 and 0.88 < found.low < 0.96


def test_nothing_judged_is_absent():
    assert correct_rate([], [], {}, [])[0].value is None


def test_fewer_labels_widen_the_interval():
    told = [1.0] * 140 + [0.0] * 60
    widths = []
    for agreement in (labelled(800, 200, 900, 100), labelled(80, 20, 90, 10), labelled(80, 20, 90, 10, groups=10)):
        found, _ = correct_rate(told, [Wording.PROSE] * 200, {Wording.PROSE: agreement}, range(200))
        widths.append(found.high - found.low)
    assert widths[0] < widths[1]


def lang_reiczigel(told, n, counts):
    """The interval of Lang and Reiczigel (2014, Prev. Vet. Med. 113:13), for independent claims and labels."""
    z = 1.959964
    sick, well = counts.recognised + counts.missed, counts.refused + counts.believed
    apparent = (told + z * z / 2) / (n + z * z)
    se, sp = (counts.recognised + 1) / (sick + 2), (counts.refused + 1) / (well + 2)
    gain = se + sp - 1
    share = (apparent + sp - 1) / gain
    moved = 2 * z * z * (share * se * (1 - se) / (sick + 2) - (1 - share) * sp * (1 - sp) / (well + 2))
    variance = apparent * (1 - apparent) / (n + z * z)
    variance += share**2 * se * (1 - se) / (sick + 2) + (1 - share) ** 2 * sp * (1 - sp) / (well + 2)
    half = z * np.sqrt(variance) / gain
    return max(0.0, share + moved - half), min(1.0, share + moved + half)


@pytest.mark.parametrize("told", [40, 100, 160])
def test_the_interval_is_close_to_the_published_formula_for_independent_claims(told):
    found, _ = correct_rate(
        [1.0] * told + [0.0] * (200 - told), [Wording.PROSE] * 200, {Wording.PROSE: JUDGE}, range(200)
    )
    low, high = lang_reiczigel(told, 200, Counts(80, 20, 90, 10))
    assert found.low == pytest.approx(low, abs=0.03)
    assert found.high == pytest.approx(high, abs=0.03)


def simulate(rng, truth, sensitivity, specificity, groups, size, correlation):
    """Clusters of claims: what is true, and what a judge says, both alike within a cluster as far as `correlation`."""
    drawn_truth, told, clusters = [], [], []
    for group in range(groups):
        share = truth if not correlation else rng.beta(truth * _PRECISION, (1 - truth) * _PRECISION)
        for _ in range(size if not correlation else rng.integers(1, 2 * size)):
            supported = rng.random() < share
            right = rng.random() < (sensitivity if supported else specificity)
            drawn_truth.append(supported)
            told.append(supported == right)
            clusters.append(group)
    return drawn_truth, told, clusters


_PRECISION = 7 / 3  # of the beta distribution: a correlation of 0.3 within a cluster


def coverage(truth, correlation, simulations, groups=60, size=4, labelled_groups=40, seed=0):
    """The share of simulated runs, each with its own labelled set, whose corrected interval holds the truth."""
    rng = np.random.default_rng(seed)
    held = 0
    for _ in range(simulations):
        labels = simulate(rng, 0.5, 0.75, 0.85, labelled_groups, size, correlation)
        readings = [Reading(str(g), t, s, float(s)) for t, s, g in zip(*labels, strict=True)]
        _, told, clusters = simulate(rng, truth, 0.75, 0.85, groups, size, correlation)
        kinds = [Wording.PROSE] * len(told)
        agreement = bare(readings)
        found, _ = correct_rate(np.array(told, float).tolist(), kinds, {0: agreement}, clusters, resamples=1000)
        held += found.value is None or found.low <= truth <= found.high
    return held / simulations


def bare(readings):
    """An agreement with nothing but its counts, which is all that a correction takes."""
    return Agreement(len(readings), 0, *[ABSENT] * 5, counts=count_groups(readings))


TRUTHS = [0.98, 0.9, 0.7, 0.3]


@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize("correlation", [False, True])
def test_the_corrected_interval_holds_the_truth(truth, correlation):
    assert coverage(truth, correlation, 100) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 100)


@pytest.mark.slow
@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize("correlation", [False, True])
def test_the_corrected_interval_holds_the_truth_in_many_simulations(truth, correlation):
    found = coverage(truth, correlation, 1_000, seed=1)
    print(f"truth {truth}, {'clustered' if correlation else 'independent'}: held in {found:.3f}")
    assert 0.93 <= found <= (1.0 if truth > 0.95 else 0.98)  # near the limit it holds too often rather than too rarely
