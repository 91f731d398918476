"""Distances against scipy, their noise against simulation."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency

from mlops_actions.statistics.drift.distances import Distance, chi_square, jensen_shannon, population_stability

Measure = Callable[..., Distance]
ALL = [population_stability, jensen_shannon, chi_square]


def two_samples(seed: int, bins: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.full(bins, 3.0), 2)
    return rng.multinomial(5_000, p), rng.multinomial(3_000, q)


@pytest.mark.parametrize("seed", range(5))
def test_each_distance_is_what_an_independent_formula_gives(seed: int) -> None:
    old, new = two_samples(seed)
    p, q = ((side + 0.5) / (side + 0.5).sum() for side in (old, new))
    assert population_stability(old, new).value == pytest.approx(sum((p - q) * np.log(p / q)))
    assert jensen_shannon(old, new).value == pytest.approx(jensenshannon(old, new, base=2))
    alike = old / 5_000 * 4_000, new / 3_000 * 4_000
    statistic = chi2_contingency(alike, correction=False).statistic
    assert chi_square(old, new).value == pytest.approx(math.sqrt(statistic * 2 / 4_000))


@pytest.mark.parametrize("measure", ALL)
@pytest.mark.parametrize(("n", "m"), [(1_000, 1_000), (50_000, 500)])
def test_without_a_change_the_floor_is_what_is_seen_on_average(measure: Measure, n: int, m: int) -> None:
    rng = np.random.default_rng(5)
    p = rng.dirichlet(np.full(10, 20.0))
    found = [measure(rng.multinomial(n, p), rng.multinomial(m, p)) for _ in range(600)]
    square = 1 if measure is population_stability else 2  # of the others the square has this mean
    assert np.mean([one.value**square for one in found]) == pytest.approx(found[0].floor ** square, rel=0.08)


@pytest.mark.parametrize("measure", ALL)
def test_noise_is_no_distance_and_a_shift_is_one_whatever_the_sizes(measure: Measure) -> None:
    rng = np.random.default_rng(7)
    p = np.full(10, 0.1)
    q = np.linspace(0.05, 0.15, 10)
    seen = []
    for rows in (2_000, 200_000):
        same = [measure(rng.multinomial(rows, p), rng.multinomial(rows, p)).excess for _ in range(50)]
        assert max(same) < (0.02 if measure is population_stability else 0.16) * math.sqrt(2_000 / rows)
        seen.append(np.mean([measure(rng.multinomial(rows, p), rng.multinomial(rows, q)).excess for _ in range(50)]))
    assert seen[0] == pytest.approx(seen[1], rel=0.05)


@pytest.mark.parametrize("measure", ALL)
def test_a_side_without_rows_has_no_distance(measure: Measure) -> None:
    assert math.isnan(measure([0, 0], [5, 5]).excess)
    assert measure([5, 5, 0], [5, 5, 0]).value == 0
    with pytest.raises(ValueError, match="one common length"):
        measure([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="not negative"):
        measure([1, -2], [1, 2])


def test_an_empty_bin_stays_finite() -> None:
    assert population_stability([500, 500], [900, 100]).excess > 0.8
    assert math.isfinite(population_stability([1000, 0], [500, 500]).value)
    assert jensen_shannon([1000, 0], [0, 500]).value == 1.0


def test_one_row_of_a_new_value_moves_nothing() -> None:
    assert chi_square([500_000, 400_000, 100_000, 0], [500, 400, 99, 1]).excess == 0
    assert chi_square([500_000, 500_000, 0], [400, 400, 200]).excess > 0.5
