"""Do rows that share a key share their errors too? One-way analysis of variance, without a permutation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from mlops_actions.statistics.clusters import Codes, Floats, sums
from mlops_actions.statistics.quantiles import gamma_survival, normal_cdf

_CLIPPED_AT = 5.0
"""Standard deviations."""


@dataclass(frozen=True)
class Dependence:
    """What the rows of a group have in common."""

    groups: int
    """Number of groups that hold rows."""
    rows: int
    """Number of rows."""
    correlation: float
    """Intra-class correlation of two rows of one group, estimated by analysis of variance; below 0 for opposites."""
    design_effect: float
    """By how much the variance of a mean exceeds that of independent rows (Kish 1965); at least 1."""
    p_value: float
    """Of "rows are exchangeable", against a positive correlation."""

    @property
    def narrowness(self) -> float:
        """How many times too narrow an interval is that takes the rows for independent."""
        return sqrt(self.design_effect)


class Values:
    """One number a row, ready to be looked at by several groupings."""

    def __init__(self, values: Floats) -> None:
        """Take the values (n,)."""
        self.rows = len(values)
        self._deviations = values - values.mean() if self.rows else values
        self._squares = float(self._deviations @ self._deviations)

    def dependence(self, codes: Codes, size: int) -> Dependence:
        """The intra-class correlation within groups of rows with equal codes 0 … size - 1 (n,).

        The estimator is that of one-way analysis of variance for groups of unequal sizes (Donner 1986),
        ρ = (MSB - MSW) / (MSB + (n₀ - 1) MSW); the mean's design effect is 1 + (Σn²/N - 1) ρ. The test refers the
        between-group share of the squares to the gamma distribution (Pearson's type III) with the moments that it
        has over all permutations of the rows (Pitman 1937; Box & Andersen 1955), so that heavy tails, ones among
        zeros and small or unequal groups keep its level.

        >>> values = Values(np.array([1.0, 1.1, 2.0, 2.1, 3.0, 3.1, 4.0, 4.1]))
        >>> found = values.dependence(np.array([0, 0, 1, 1, 2, 2, 3, 3]), 4)
        >>> round(found.correlation, 3), round(found.design_effect, 3), found.p_value < 0.05
        (0.997, 1.997, True)
        """
        counts = sums(codes, None, size)
        held = counts > 0
        counts = counts[held]
        groups, rows = len(counts), self.rows
        if groups < 2 or groups == rows or not self._squares > 0.0:
            return Dependence(groups, rows, 0.0, 1.0, 1.0)
        between = _between(self._deviations, codes, held, counts)
        mean_between, mean_within = between / (groups - 1), (self._squares - between) / (rows - groups)
        crowd = float(np.square(counts).sum()) / rows
        typical = (rows - crowd) / (groups - 1)
        spread = mean_between + (typical - 1.0) * mean_within
        correlation = min((mean_between - mean_within) / spread, 1.0) if spread > 0.0 else 0.0
        effect = max(1.0 + (crowd - 1.0) * correlation, 1.0)
        clipped, squares, shape = self._clipped
        p_value = _p_value(_between(clipped, codes, held, counts) / squares, counts, shape)
        return Dependence(groups, rows, correlation, effect, p_value)

    @cached_property
    def _clipped(self) -> tuple[Floats, float, Shape]:
        """Deviations for the test: a few huge errors must neither make nor hide a correlation.

        Clipped rows are as exchangeable as they were.
        """
        limit = _CLIPPED_AT * sqrt(self._squares / self.rows)
        clipped = np.clip(self._deviations, -limit, limit)
        clipped -= clipped.mean()
        square = np.square(clipped)
        second, third, fourth = float(clipped @ clipped), float(square @ clipped), float(square @ square)
        square *= clipped
        moments = [one / self.rows for one in (second, third, fourth, float(square @ square))]
        return clipped, second, Shape.of(moments, self.rows)


def _between(deviations: Floats, codes: Codes, held: NDArray[np.bool_], counts: Floats) -> float:
    """The squares between groups."""
    return float((np.square(sums(codes, deviations, len(held))[held]) / counts).sum())


@dataclass(frozen=True)
class Shape:
    """Standardised central moments of the values, which is all that the test needs of them."""

    rows: int
    skewness: float
    kurtosis: float
    sixth: float

    @classmethod
    def of(cls, moments: Sequence[float], rows: int) -> Shape:
        """From the central moments 2, 3, 4 and 6."""
        second, third, fourth, sixth = moments
        return cls(rows, third / second**1.5, fourth / second**2, sixth / second**3)


def _p_value(share: float, counts: Floats, shape: Shape) -> float:
    mean, variance, third = permutation_moments(counts, shape)
    if not variance > 1e-12 * mean**2:
        # Every permutation gives the same share: nothing can be told.
        return 1.0
    deviation, skewness = (share - mean) / sqrt(variance), third / variance**1.5
    if skewness < 1e-3:
        return normal_cdf(-deviation)
    gamma = 4.0 / skewness**2
    return gamma_survival(gamma + deviation * sqrt(gamma), gamma)


def permutation_moments(counts: Floats, shape: Shape) -> tuple[float, float, float]:
    """Mean, variance and third central moment of the between-group share, over all permutations of the rows.

    `counts` are the groups' sizes. The share is a quadratic form with 1 / n_g in the block of a group; its powers
    are sums of products of deviations, by how many of their rows coincide. Mean and variance are exact from 4 rows
    on; the third moment takes the rows for independent, which errs by a term of order 1 / rows.
    """
    k, n = float(len(counts)), float(shape.rows)
    if n < 4:
        return 0.0, 0.0, 0.0
    # Many groups have few sizes: what follows runs over these.
    times = np.bincount(counts.astype(np.intp))
    counts = np.flatnonzero(times).astype(np.float64)
    times = times[times > 0]
    inverse = float((times / counts).sum())
    two_pairs = (n - shape.kurtosis) / (n - 1)
    triple = -shape.kurtosis / (n - 1)
    pair = (2 * shape.kurtosis - n) / ((n - 1) * (n - 2))
    distinct = (3 * n - 6 * shape.kurtosis) / ((n - 1) * (n - 2) * (n - 3))
    chained = n - 3 * k + 2 * inverse
    second = (
        inverse * shape.kurtosis
        + (k * k - inverse + 2 * (k - inverse)) * two_pairs
        + 4 * (k - inverse) * triple
        + (2 * k * (n - k) - 4 * (k - inverse) + 4 * chained) * pair
        + ((n - k) ** 2 - 2 * (k - inverse) - 4 * chained) * distinct
    )
    mean = (k - 1) / (n - 1)
    # What a row's own square adds, beside what it adds in a group of any size.
    own = 1.0 / counts - k / n
    pairs = times * counts * (counts - 1.0)
    squared_skewness, excess = shape.skewness**2, shape.kurtosis - 1.0
    third = (
        8.0 * float((pairs * (counts - 2.0) / counts**3).sum())
        + 4.0 * float((pairs / counts**3).sum()) * squared_skewness
        + 12.0 * float((pairs / counts**2 * own).sum()) * excess
        + 6.0 * float((pairs / counts * own**2).sum()) * squared_skewness
        + float((times * counts * own**3).sum()) * (shape.sixth - 3.0 * shape.kurtosis + 2.0)
    )
    return mean, second / n**2 - mean * mean, third / n**3
