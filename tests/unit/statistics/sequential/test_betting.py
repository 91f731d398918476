from __future__ import annotations

import numpy as np
import pytest

from mlops_actions.statistics.sequential.betting import bounded_mean, log_wealth


def test_every_bet_is_fair_by_exact_enumeration() -> None:
    """Over all sequences of five values, weighted by their probability, the bettor's wealth has expectation 1."""
    rate = 0.3
    sequences = np.array(np.meshgrid(*[[0.0, 1.0]] * 5)).reshape(5, -1).T
    probability = np.prod(np.where(sequences == 1, rate, 1 - rate), axis=1)
    for side in ("above", "below"):
        wealth = np.exp(log_wealth(sequences, rate, side)[:, -1])
        assert (wealth * probability).sum() == pytest.approx(1)


def test_a_bet_against_the_truth_grows_on_one_side_only() -> None:
    values = (np.arange(1000) % 10 > 0).astype(float)
    assert log_wealth(values, 0.7, "above")[-1] > 20
    assert log_wealth(values, 0.7, "below")[-1] <= 0


def test_pairs_that_never_differ_have_a_bound_and_no_standard_error_of_zero() -> None:
    found = bounded_mean(np.ones(500), 0.05)
    assert found is not None
    assert (found.value, found.upper) == (1, 1)
    assert 0.97 < found.lower < 0.995


def test_values_between_other_bounds() -> None:
    values = np.tile([1.0, 0.0, -1.0, 0.0, 0.0], 400)
    found = bounded_mean(values, 0.05, (-1.0, 1.0))
    assert found is not None
    assert found.lower < 0 < found.upper
    assert found.upper - found.lower < 0.12


def test_nothing_has_no_mean() -> None:
    assert bounded_mean([], 0.05) is None
