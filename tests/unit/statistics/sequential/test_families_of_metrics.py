"""What holds over several metrics, users and late labels, by the benchmarks' own simulations of 1,000 repetitions."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from scipy.stats import binom, mannwhitneyu

REPETITIONS = 1_000
ALPHA = 0.05
BOUND = float(binom.ppf(0.999, REPETITIONS, ALPHA)) / REPETITIONS
"""A rule that keeps alpha exactly exceeds it once in a thousand seeds."""


@pytest.mark.parametrize("position", range(4), ids=["independent", "copies", "half shared", "latency"])
def test_a_rollout_in_which_nothing_is_worse_is_rolled_back_at_most_alpha(
    benchmark_families: ModuleType, position: int
) -> None:
    found = benchmark_families.play(benchmark_families.harmless(metrics=4)[position], REPETITIONS)
    assert found.rolled_back <= BOUND
    assert found.any_z > 0.3, "the same counts mislead whoever looks at each metric alone"


def test_one_metric_that_is_worse_by_its_margin_is_enough_not_to_promote(benchmark_families: ModuleType) -> None:
    family = benchmark_families.not_good_enough(metrics=2)[0]
    assert benchmark_families.play(family, REPETITIONS).promoted <= BOUND


def test_one_broken_metric_of_ten_is_seen_nearly_as_soon_as_alone(benchmark_families: ModuleType) -> None:
    alone, of_ten = (benchmark_families.play(family, REPETITIONS) for family in benchmark_families.WORSE[:2])
    assert of_ten.rolled_back > 0.99
    assert of_ten.requests <= 2 * alone.requests


@pytest.mark.parametrize("difference", [0.0, 0.01], ids=["equal", "at the margin"])
def test_errors_that_hang_together_are_judged_by_user_or_by_their_dispersion(
    benchmark_dependence: ModuleType, difference: float
) -> None:
    found = benchmark_dependence.by_user(REPETITIONS, difference, margin=difference)
    for way in ("by user", "by request, φ"):
        rolled_back, promoted = found[way]
        assert rolled_back <= BOUND, way
        assert promoted <= BOUND, way
    assert found["by request"][0] > 0.5


def test_a_margin_of_users_is_the_one_of_their_requests(benchmark_dependence: ModuleType) -> None:
    _, saw_one = benchmark_dependence._users(np.random.default_rng(5), 20_000, 10, 0.02)
    assert saw_one.mean() / 10 == pytest.approx(benchmark_dependence._seen(0.02), abs=0.004)


def test_labels_that_go_missing_where_a_prediction_was_wrong_do_not_promote(benchmark_dependence: ModuleType) -> None:
    equal, at_the_margin, hidden = (
        benchmark_dependence.late_labels(REPETITIONS, canary) for _, canary in benchmark_dependence.MISSING
    )
    assert equal["comparable cohorts"][0] <= BOUND
    assert equal["comparable cohorts"][1] > 0.9, "few cohorts are thrown away by chance"
    assert at_the_margin["comparable cohorts"][1] <= BOUND
    assert hidden["as they come"][1] > 0.8
    assert hidden["comparable cohorts"][1] < 0.15


def test_a_look_at_a_hundred_metrics_costs_little(benchmark_families: ModuleType) -> None:
    """CPU time, not time on the clock."""
    assert benchmark_families.seconds_a_look(metrics=100, looks=60) <= 0.05


def test_kayenta_is_judged_by_a_rank_test(benchmark_canary: ModuleType) -> None:
    """What its rule calls high, scipy's test finds at the same level."""
    rng = np.random.default_rng(4)
    totals = np.full((60, 40), 1e6)
    canary, baseline = (rng.binomial(10**6, rate, (60, 40)).astype(float) for rate in (0.01005, 0.01))
    arms = [np.stack([bad, totals], axis=1) for bad in (canary, baseline)]
    high = benchmark_canary.kayenta_high(*arms, tolerance=0.0)
    p = mannwhitneyu(canary, baseline, alternative="greater", axis=0).pvalue
    assert 5 < high.sum() < 35
    assert np.mean(high == (p < 0.01)) >= 0.9
