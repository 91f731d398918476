"""Wasserstein distance from bins, against scipy on the rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from mlops_actions.statistics.drift.distances import Distance
from mlops_actions.statistics.drift.transport import Spread, wasserstein


def binned(reference: np.ndarray, current: np.ndarray, bins: int = 10) -> Distance:
    cuts = np.unique(np.quantile(reference, np.arange(1, bins) / bins))

    def side(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        places = np.searchsorted(cuts, values)
        return np.bincount(places, minlength=len(cuts) + 1), np.bincount(places, values, minlength=len(cuts) + 1)

    return wasserstein(cuts, side(reference), side(current), Spread.of(reference, cuts))


SHAPES = {
    "normal": lambda rng, rows: rng.normal(3, 2, rows),
    "exponential": lambda rng, rows: rng.exponential(5, rows),
    "heavy": lambda rng, rows: rng.lognormal(0, 1, rows),
    "uniform": lambda rng, rows: rng.uniform(-1, 1, rows),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shift_or_a_stretch_has_the_distance_of_its_rows(shape: str) -> None:
    rng = np.random.default_rng(3)
    old, new = SHAPES[shape](rng, 20_000), SHAPES[shape](rng, 15_000)
    for moved, least in ((new + 0.5 * old.std(), 0.99), (1.4 * new, 0.97)):
        exact = wasserstein_distance(old, moved) / old.std()
        assert least * exact - 1e-9 <= binned(old, moved).value <= exact + 1e-9


@pytest.mark.parametrize("shape", SHAPES)
def test_without_a_change_the_floor_is_what_is_seen_on_average(shape: str) -> None:
    rng = np.random.default_rng(4)
    found = [binned(SHAPES[shape](rng, 4_000), SHAPES[shape](rng, 1_000)) for _ in range(200)]
    assert np.mean([one.value for one in found]) == pytest.approx(np.mean([one.floor for one in found]), rel=0.1)


def test_a_reference_of_one_value_has_no_scale() -> None:
    assert binned(np.ones(10), np.ones(5)) == Distance(0.0, 0.0, 0.0)
    assert binned(np.ones(10), np.array([1.0, 2.0])).excess == math.inf


def test_a_side_without_rows_has_no_distance() -> None:
    assert math.isnan(wasserstein([0.0], ([1, 1], [0, 1]), ([0, 0], [0, 0]), Spread(1, 1)).value)
