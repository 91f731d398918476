"""Distances between distributions over the same bins, each with its noise: what equal ones show on average.

A test of significance answers another question: with a million rows it is sure of a shift that nobody would notice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from mlops_actions.statistics.clusters import Floats

_NAN = float("nan")


@dataclass(frozen=True)
class Distance:
    """All are NaN where a side has no rows."""

    value: float
    """As observed."""
    floor: float
    """What two samples of these sizes from one distribution show on average."""
    excess: float
    """What is left of the value above the floor, at least 0: this is what a limit should be compared with."""


UNKNOWN = Distance(_NAN, _NAN, _NAN)


def population_stability(reference: ArrayLike, current: ArrayLike) -> Distance:
    """Σ (p - q)·ln(p / q) over bins, from the counts of rows in each bin (K,) (Lewis 1994).

    Half a row is added to every bin, so that an empty one stays finite. Under no change the index is about
    (K - 1)(1/n + 1/m), a chi-square with K - 1 degrees of freedom scaled (Yurdakul & Naranjo 2020), over the K bins
    that hold any row. Raises ValueError for counts of different shapes or below 0.

    >>> found = population_stability([100, 100, 100], [100, 100, 100])
    >>> found.value, round(found.floor, 4)
    (0.0, 0.0133)
    """
    return _compared(reference, current, _population_stability)


def jensen_shannon(reference: ArrayLike, current: ArrayLike) -> Distance:
    """The square root of the Jensen-Shannon divergence in bits, from 0 to 1 (Endres & Schindelin 2003).

    The divergence under no change is about (K - 1)(1/n + 1/m) / (8 ln 2), by the same expansion as the stability
    index. Raises ValueError as that does.

    >>> round(jensen_shannon([50, 50], [100, 0]).value, 3), jensen_shannon([9, 0], [0, 9]).value
    (0.558, 1.0)
    """
    return _compared(reference, current, _jensen_shannon)


def chi_square(reference: ArrayLike, current: ArrayLike) -> Distance:
    """√ Σ (p - q)² / ((p + q) / 2), Cohen's w of two distributions: .1 small, .3 medium, .5 large (Cohen 1988).

    For sides of one size it is √(χ²·2/n) of the chi-square test of homogeneity; for others the sides weigh alike, lest
    a few rows of a value that a long reference lacks count for any distance. The square is (K - 1)(1/n + 1/m) on
    average under no change. Raises ValueError as `population_stability` does.

    >>> round(chi_square([500, 500], [600, 400]).value, 3)
    0.201
    """
    return _compared(reference, current, _chi_square)


def _compared(
    reference: ArrayLike, current: ArrayLike, distance: Callable[[Floats, Floats, float], Distance]
) -> Distance:
    """The distance of counts without the bins that nobody fills; `distance` also takes 1/n + 1/m."""
    expected, actual = np.asarray(reference, dtype=np.float64), np.asarray(current, dtype=np.float64)
    if expected.shape != actual.shape or expected.ndim != 1:
        raise ValueError(f"counts need one common length, found shapes {expected.shape} and {actual.shape}")
    if not (
        np.isfinite(expected).all() and np.isfinite(actual).all() and (expected >= 0).all() and (actual >= 0).all()
    ):
        raise ValueError("counts must be finite and not negative")
    if not expected.sum() or not actual.sum():
        return UNKNOWN
    used = expected + actual > 0
    return distance(expected[used], actual[used], float(1.0 / expected.sum() + 1.0 / actual.sum()))


def _population_stability(expected: Floats, actual: Floats, noise: float) -> Distance:
    p, q = ((counts + 0.5) / (counts.sum() + 0.5 * len(counts)) for counts in (expected, actual))
    value, floor = float(((p - q) * np.log(p / q)).sum()), (len(expected) - 1) * noise
    return Distance(value, floor, max(value - floor, 0.0))


def _jensen_shannon(expected: Floats, actual: Floats, noise: float) -> Distance:
    p, q = expected / expected.sum(), actual / actual.sum()
    middle = (p + q) / 2
    divergence = sum(
        float((one[one > 0] * np.log2(one[one > 0] / middle[one > 0])).sum()) / 2 for one in (p, q)
    )  # an empty bin adds nothing on its own side
    return _root(min(max(divergence, 0.0), 1.0), (len(expected) - 1) * noise / (8 * np.log(2)))


def _chi_square(expected: Floats, actual: Floats, noise: float) -> Distance:
    p, q = expected / expected.sum(), actual / actual.sum()
    return _root(float(((p - q) ** 2 / ((p + q) / 2)).sum()), (len(expected) - 1) * noise)


def _root(square: float, floor: float) -> Distance:
    """Of a distance whose square has the noise `floor` on average."""
    return Distance(sqrt(square), sqrt(floor), sqrt(max(square - floor, 0.0)))
