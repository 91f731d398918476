"""Means, and the difference of two arms' means, with an interval that is valid at every look, for large numbers.

The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, "Time-uniform central limit theory
and asymptotic confidence sequences", Annals of Statistics 2024: what the normal interval is to one look, this is to all
looks together. Its unit is what was randomised (a user), or it is too narrow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from mlops_actions.errors import InputError
from mlops_actions.statistics.sequential.interval import Interval

LEAST_UNITS: Final = 500
"""Of an arm: with fewer the normal approximation fails skewed values (`benchmarks/comparisons.py`)."""
_TIGHTEST_AT: Final = 10_000
"""Units of both arms together at which the interval is meant to be tightest; anywhere else it is as valid."""


@dataclass(frozen=True)
class Moments:
    """Sums over an arm's units."""

    number: int
    total: float
    squares: float

    def __post_init__(self) -> None:
        enough = self.number >= 0 and math.isfinite(self.total) and math.isfinite(self.squares)
        # Cauchy and Schwarz, less what floats round.
        if not enough or self.total**2 > self.number * self.squares * (1 + 1e-9) + 1e-12:
            raise InputError(
                f"no {self.number} values can have the sum {self.total:g} and the sum of squares {self.squares:g}."
            )

    def __add__(self, other: Moments) -> Moments:
        return Moments(self.number + other.number, self.total + other.total, self.squares + other.squares)

    def since(self, before: Moments) -> Moments | None:
        """What was added; None where sums shrank or do not fit together, which no added values do."""
        try:
            return Moments(self.number - before.number, self.total - before.total, self.squares - before.squares)
        except InputError:
            return None

    @property
    def mean(self) -> float:
        return self.total / self.number

    @property
    def variance(self) -> float:
        return max(0.0, self.squares / self.number - self.mean**2)


def mean(moments: Moments, alpha: float) -> Interval | None:
    """A mean; None while there are too few units, or while all of them are alike."""
    if moments.number < LEAST_UNITS or not moments.variance:
        return None
    return _around(moments.mean, moments.variance / moments.number, moments.number, alpha)


def difference_of_means(canary: Moments, baseline: Moments, alpha: float) -> Interval | None:
    """Canary minus baseline; None while an arm has too few units, or while all of them are alike.

    >>> found = difference_of_means(Moments(5000, 5100.0, 10200.0), Moments(5000, 5000.0, 10000.0), alpha=0.05)
    >>> round(found.value, 3), round(found.lower, 3), round(found.upper, 3)
    (0.02, -0.041, 0.081)
    """
    if min(canary.number, baseline.number) < LEAST_UNITS:
        return None
    variance = canary.variance / canary.number + baseline.variance / baseline.number
    if not variance:
        return None
    return _around(canary.mean - baseline.mean, variance, canary.number + baseline.number, alpha)


def _around(value: float, variance: float, units: int, alpha: float) -> Interval:
    """Their Gaussian mixture boundary, with the parameter that makes it tightest at a time."""
    rho = (-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))) / _TIGHTEST_AT
    scaled = units * rho + 1
    width = math.sqrt(variance * 2 * scaled / (units * rho) * math.log(math.sqrt(scaled) / alpha))
    return Interval(value, value - width, value + width)
