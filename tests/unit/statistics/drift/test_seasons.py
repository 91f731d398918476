"""The reference in the data's mixture of seasons."""

from __future__ import annotations

import numpy as np
import pytest

from mlops_actions.statistics.drift.distances import population_stability
from mlops_actions.statistics.drift.seasons import in_step


def test_the_reference_is_mixed_as_the_data_is() -> None:
    there, here = in_step([[80, 20], [10, 90], [7, 7]], [[30, 0], [5, 5], [0, 0]])
    weights = np.array([0.75, 0.25])
    rows = 1 / (0.75**2 / 100 + 0.25**2 / 100)
    assert there / there.sum() == pytest.approx(weights @ np.array([[0.8, 0.2], [0.1, 0.9]]))
    assert there.sum() == pytest.approx(rows)
    assert here.tolist() == [35, 5]


def test_rows_of_a_season_that_the_reference_lacks_are_left_out() -> None:
    there, here = in_step([[5, 5], [0, 0]], [[4, 4], [90, 0]])
    assert (there.tolist(), here.tolist()) == ([5, 5], [4, 4])
    assert [side.sum() for side in in_step([[5, 5], [0, 0]], [[0, 0], [9, 9]])] == [0, 0]


def test_sums_follow_with_the_same_weights() -> None:
    there, here, sums, _ = in_step([[100], [100]], [[30], [10]], ([[500.0], [100.0]], [[160.0], [9.0]]))
    assert sums / there == pytest.approx(0.75 * 5 + 0.25 * 1)
    assert here.tolist() == [40]


def test_summer_against_a_whole_year_is_drift_and_against_its_summers_is_noise() -> None:
    rng = np.random.default_rng(2)
    months = np.arange(12)
    mean = 10 - 12 * np.cos(2 * np.pi * months / 12)
    cuts = np.linspace(-5, 25, 9)

    def count(month: int, rows: int) -> np.ndarray:
        return np.bincount(np.searchsorted(cuts, rng.normal(mean[month], 4, rows)), minlength=10)

    year = np.array([count(month, 3_000) for month in range(12)])
    summer = np.array([count(month, 2_000 if month in (5, 6, 7) else 0) for month in range(12)])
    assert population_stability(year.sum(axis=0), summer.sum(axis=0)).excess > 1
    assert population_stability(*in_step(year, summer)).excess < 0.005
