"""Is the verdict that of Welch's t-test, and does it say nothing where there is nothing to say?"""

import numpy as np
import pytest
from scipy import stats

from resnet_viz.lab import compare_errors, judge_overfitting
from resnet_viz.lab.verdict import LEVEL, OVERFITS, UNFIT

NAMES = ("plain-56", "ResNet-56")
SAMPLES = [
    ([0.70, 0.82, 0.61], [0.004, 0.003, 0.007]),
    ([0.10, 0.12], [0.11, 0.13, 0.09, 0.30]),
    ([0.2, 0.2, 0.2], [0.1, 0.15]),
    ([0.05, 0.06, 0.07, 0.08, 0.09], [0.01, 0.02]),
]


@pytest.mark.parametrize(("a", "b"), SAMPLES)
@pytest.mark.filterwarnings("ignore:Precision loss")  # one side never varies
def test_difference_interval_and_p_are_those_of_scipy(a, b):
    found = compare_errors(a, b, NAMES)
    theirs = stats.ttest_ind(np.multiply(a, 100), np.multiply(b, 100), equal_var=False)
    interval = theirs.confidence_interval(0.95)
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-9)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert found.difference == pytest.approx(100 * (np.mean(a) - np.mean(b)))
    assert found.counts == (len(a), len(b))


def test_a_verdict_by_hand():
    # Means 2 and 6 %, variances 1 and 1, three runs each: t = 4 / sqrt(2 / 3) = 4.899 with 4 degrees of freedom;
    # tables have 2.776 at 5 % and 4.604 at 1 %.
    found = compare_errors([0.01, 0.02, 0.03], [0.05, 0.06, 0.07], NAMES)
    assert found.difference == pytest.approx(-4)
    assert found.high - found.difference == pytest.approx(2.776 * np.sqrt(2 / 3), abs=0.001)
    assert 0.005 < found.p < 0.01
    assert found.words == "plain-56 beats ResNet-56"
    assert found.winner == "plain-56"


def test_the_words_turn_round_with_the_sides():
    low, high = [0.01, 0.02, 0.03], [0.05, 0.06, 0.07]
    assert compare_errors(high, low, NAMES).words == "ResNet-56 beats plain-56"
    assert compare_errors(high, low, NAMES[::-1]).words == "plain-56 beats ResNet-56"
    noise = compare_errors(low, [0.015, 0.02, 0.04], NAMES)
    assert noise.words == "within the noise of these seeds"
    assert noise.winner is None


@pytest.mark.parametrize(
    ("a", "b", "words", "difference"),
    [
        ([0.5], [0.25], "one run each: no verdict", 25.0),
        ([0.5], [0.25, 0.25], "one run of plain-56: no verdict", 25.0),
        ([0.5, 0.5], [0.25], "one run of ResNet-56: no verdict", 25.0),
        ([], [0.25], "no run of plain-56: no verdict", None),
        ([], [], "no run of plain-56 and ResNet-56: no verdict", None),
    ],
)
def test_fewer_than_two_runs_on_a_side_are_no_verdict(a, b, words, difference):
    found = compare_errors(a, b, NAMES)
    assert (found.words, found.difference, found.p, found.low, found.winner) == (words, difference, None, None, None)


def test_errors_that_never_vary_give_no_nan():
    same = compare_errors([0.01] * 3, [0.01] * 3, NAMES)
    assert (same.difference, same.low, same.high, same.p) == (0, 0, 0, 1)
    assert same.words == "within the noise of these seeds"
    apart = compare_errors([0.01] * 3, [0.02] * 3, NAMES)
    assert (apart.low, apart.p) == (pytest.approx(-1), 0)
    assert apart.words == "plain-56 beats ResNet-56"


def test_of_equal_nets_about_one_in_twenty_gets_a_verdict():
    chance = np.random.default_rng(0)
    runs = 0.1 + 0.01 * chance.standard_normal((2000, 2, 3))
    false = np.mean([compare_errors(list(a), list(b), NAMES).winner is not None for a, b in runs])
    # Welch's test is a little conservative with three runs a side.
    assert 0.02 < false < LEVEL + 3 * np.sqrt(LEVEL * (1 - LEVEL) / len(runs))


@pytest.mark.parametrize(
    ("deep", "shallow", "words"),
    [
        ((0.0, 0.20), (0.0, 0.08), OVERFITS),
        ((0.63, 0.74), (0.0, 0.08), UNFIT),
        ((0.0, 0.10), (0.0, 0.08), "fits its training pictures, and tests no worse than chance allows"),
        ((0.01, 0.02), (0.0, 0.08), "fits its training pictures, and tests better"),
        ((0.0, 0.0), (0.0, 0.0), "fits its training pictures, and tests no worse than chance allows"),
    ],
)
def test_overfitting_needs_a_fit_and_more_wrong_answers_than_chance(deep, shallow, words):
    found = judge_overfitting(deep, shallow, 397)
    assert found.words == words
    assert found.gap == pytest.approx(100 * (deep[1] - deep[0]))
    assert found.excess == pytest.approx(100 * (deep[1] - shallow[1]))


def test_the_noise_of_two_tests_is_that_of_binomial_draws():
    draws = np.random.default_rng(0).binomial(397, [0.2, 0.08], (20_000, 2)) / 397
    spread = 100 * np.std(draws[:, 0] - draws[:, 1])
    assert judge_overfitting((0, 0.2), (0, 0.08), 397).noise == pytest.approx(1.96 * spread, rel=0.02)
