from __future__ import annotations

import math

import pytest
from scipy.stats import invgauss

from mlops_actions.statistics.sequential.e_values import Null
from mlops_actions.statistics.sequential.first_passage import Growth, Passage, growth


@pytest.mark.parametrize(("mean", "variance"), [(100.0, 2_500.0), (3.0, 90.0), (1e6, 1e8), (50.0, 1.0)])
def test_the_distribution_is_scipys_inverse_gaussian(mean: float, variance: float) -> None:
    shape = mean**3 / variance
    oracle = invgauss(mean / shape, scale=shape)
    passage = Passage(mean, variance)
    for factor in (0.3, 0.9, 1.0, 1.4, 4.0):
        assert passage.probability_by(factor * mean) == pytest.approx(oracle.cdf(factor * mean), abs=1e-6)
    assert passage.by_probability(0.9) == pytest.approx(oracle.ppf(0.9), rel=1e-6)


def test_evidence_that_does_not_grow_never_arrives() -> None:
    never = Growth(0.0, 0.0).passage(3.0)
    assert never.mean == math.inf
    assert never.probability_by(1e12) == 0
    assert never.by_probability(0.5) == math.inf


def test_no_other_bet_grows_faster_than_the_truth() -> None:
    null = Null("not-worse", 0.01)
    best = growth(null, (0.05, 0.01), (0.05, 0.01), 0.1).mean
    assert all(growth(null, (bet, 0.01), (0.05, 0.01), 0.1).mean < best for bet in (0.025, 0.04, 0.06, 0.2))
