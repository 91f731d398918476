from __future__ import annotations

import math

import numpy as np
import pytest

from mlops_actions.errors import InputError
from mlops_actions.statistics.sequential.means import LEAST_UNITS, Moments, difference_of_means, mean


def moments(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Moments:
    return Moments(len(values), float(values.sum()), float((values**2).sum()))


def test_the_width_is_the_papers() -> None:
    """Of Waudby-Smith et al. 2024, written out anew as they have it, at the time where it is tightest."""
    t, alpha = 10_000, 0.05
    rho = math.sqrt((-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / t)
    expected = math.sqrt(2 * (t * rho**2 + 1) / (t**2 * rho**2) * math.log(math.sqrt(t * rho**2 + 1) / alpha))
    found = mean(Moments(t, 0.0, float(t)), alpha)
    assert found is not None
    assert (found.value, found.upper, found.lower) == pytest.approx((0, expected, -expected))


def test_the_difference_is_that_of_the_arms_and_excludes_what_is_far() -> None:
    rng = np.random.default_rng(3)
    found = difference_of_means(moments(rng.normal(1.2, 1, 4000)), moments(rng.normal(1.0, 1, 4000)), 0.05)
    assert found is not None
    assert found.lower < 0.2 < found.upper
    assert found.excludes(0)


def test_too_few_units_and_values_that_are_all_alike_have_no_interval() -> None:
    few = Moments(LEAST_UNITS - 1, 10.0, 100.0)
    many = Moments(LEAST_UNITS, 10.0, 100.0)
    alike = Moments(LEAST_UNITS, float(LEAST_UNITS), float(LEAST_UNITS))
    assert mean(few, 0.05) is difference_of_means(few, many, 0.05) is None
    assert mean(alike, 0.05) is difference_of_means(alike, alike, 0.05) is None


@pytest.mark.parametrize(("number", "total", "squares"), [(10, 100.0, 1.0), (0, 1.0, 1.0), (5, float("nan"), 1.0)])
def test_sums_that_no_values_have_are_refused(number: int, total: float, squares: float) -> None:
    with pytest.raises(InputError, match=f"no {number} values can have the sum"):
        Moments(number, total, squares)
