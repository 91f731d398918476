"""The test for dependence against all permutations, analysis of variance, and rows that are independent."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from mlops_actions.statistics.clusters import Floats
from mlops_actions.statistics.dependence import Dependence, Shape, Values, permutation_moments


def by(values: Floats, sizes: list[int]) -> Dependence:
    """Rows in groups of these sizes, one after the other."""
    return Values(values).dependence(np.repeat(np.arange(len(sizes)), sizes), len(sizes))


def test_mean_and_variance_are_those_of_all_permutations() -> None:
    values, codes = np.random.default_rng(0).gamma(0.5, size=7), np.array([0, 0, 0, 1, 1, 2, 3])
    deviations, counts = values - values.mean(), np.bincount(codes).astype(np.float64)
    squares = np.square(deviations).sum()
    shares = [
        (np.bincount(codes, deviations[list(order)]) ** 2 / counts).sum() / squares for order in permutations(range(7))
    ]
    shape = Shape.of([float(np.mean(deviations**power)) for power in (2, 3, 4, 6)], 7)
    mean, variance, _third = permutation_moments(counts, shape)
    assert mean == pytest.approx(np.mean(shares), rel=1e-9)
    assert variance == pytest.approx(np.var(shares), rel=1e-9)


def test_the_third_moment_is_that_of_many_permutations() -> None:
    rng = np.random.default_rng(1)
    values, codes = rng.gamma(2.0, size=800), np.repeat(np.arange(380), [2] * 340 + [3] * 40)
    deviations, counts = values - values.mean(), np.bincount(codes).astype(np.float64)
    squares = np.square(deviations).sum()
    shares = np.array(
        [(np.bincount(codes, rng.permutation(deviations)) ** 2 / counts).sum() / squares for _ in range(40_000)]
    )
    shape = Shape.of([float(np.mean(deviations**power)) for power in (2, 3, 4, 6)], 800)
    assert permutation_moments(counts, shape)[2] == pytest.approx(stats.moment(shares, order=3), rel=0.1)


def test_among_normal_errors_it_agrees_with_the_f_test() -> None:
    rng = np.random.default_rng(2)
    for shift in (0.0, 0.1, 0.2, 0.3):
        parts = [rng.normal(rng.normal(0, shift), 1, size) for size in (30, 50, 40, 60, 20, 45, 55)]
        expected = stats.f_oneway(*parts).pvalue
        found = by(np.concatenate(parts), [len(part) for part in parts])
        assert found.p_value == pytest.approx(expected, rel=0.15, abs=0.005)


def test_correlation_and_design_effect_are_those_the_rows_were_made_with() -> None:
    rng = np.random.default_rng(3)
    correlations, ratios = [], []
    for _ in range(200):
        shared = np.repeat(rng.normal(0, np.sqrt(0.1), 100), 20)
        found = by(shared + rng.normal(0, np.sqrt(0.9), 2000), [20] * 100)
        correlations.append(found.correlation)
        ratios.append(found.design_effect)
    assert np.mean(correlations) == pytest.approx(0.1, abs=0.005)
    assert np.mean(ratios) == pytest.approx(1 + 19 * 0.1, abs=0.1)


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, n: rng.normal(size=n),
        lambda rng, n: rng.pareto(2.5, n),
        lambda rng, n: (rng.random(n) < 0.02).astype(float),
    ],
    ids=["normal", "heavy tails", "rare errors"],
)
@pytest.mark.parametrize(
    "sizes", [[2] * 500, [100] * 10, [1] * 500 + [2] * 200 + [3] * 50, [*range(1, 41)]], ids=["2", "100", "1-3", "1-40"]
)
def test_independent_rows_are_rarely_called_dependent(
    draw: Callable[[np.random.Generator, int], Floats], sizes: list[int]
) -> None:
    rng = np.random.default_rng(4)
    repeats = 2000
    below = sum(by(draw(rng, sum(sizes)), sizes).p_value <= 0.01 for _ in range(repeats))
    # Three standard errors above the level.
    assert below / repeats <= 0.01 + 3 * np.sqrt(0.01 * 0.99 / repeats)


def test_opposites_in_a_group_are_no_reason_to_widen() -> None:
    found = by(np.tile([1.0, -1.0], 50), [2] * 50)
    assert found.correlation < 0
    assert (found.design_effect, found.p_value > 0.99) == (1.0, True)


@pytest.mark.parametrize("sizes", [[40], [1] * 40], ids=["one group", "groups of one"])
def test_where_no_group_can_be_compared_nothing_is_found(sizes: list[int]) -> None:
    found = by(np.arange(40.0), sizes)
    assert (found.correlation, found.design_effect, found.p_value) == (0.0, 1.0, 1.0)


def test_equal_values_tell_nothing() -> None:
    assert by(np.ones(40), [4] * 10).p_value == 1.0


def test_codes_without_rows_are_no_groups() -> None:
    values, codes = np.random.default_rng(5).normal(size=60), np.arange(60) % 6
    assert Values(values).dependence(codes * 3, 40) == Values(values).dependence(codes, 6)
