"""Wasserstein distance from counts and sums in bins, so that no row has to be sorted or kept."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import pi, sqrt

import numpy as np
from numpy.typing import ArrayLike

from mlops_actions.statistics.clusters import Floats
from mlops_actions.statistics.drift.distances import UNKNOWN, Distance


@dataclass(frozen=True)
class Spread:
    """What a sample of the reference tells of its own noise, at given cuts."""

    scale: float
    """Its standard deviation."""
    noise: float
    """Σ over bins of the standard deviation of the bin's share in a row's ∫ 1{x ≤ t} dt."""

    @classmethod
    def of(cls, values: ArrayLike, cuts: ArrayLike) -> Spread:
        """Of values (n,) at ascending cuts (K - 1,)."""
        x, edges = np.asarray(values, dtype=np.float64), np.asarray(cuts, dtype=np.float64)
        if not len(x):
            return cls(0.0, 0.0)
        if not len(edges):
            return cls(float(x.std()), float(x.std()))
        inner = pairwise(edges)
        shares = [np.clip(edges[0] - x, 0, None), *(np.clip(x, low, high) for low, high in inner)]
        shares.append(np.clip(x - edges[-1], 0, None))
        return cls(float(x.std()), float(sum(share.std() for share in shares)))


def wasserstein(
    cuts: ArrayLike,
    reference: tuple[ArrayLike, ArrayLike],
    current: tuple[ArrayLike, ArrayLike],
    spread: Spread,
) -> Distance:
    """∫ |F - G| dx in standard deviations of the reference (Villani 2009, 2.2), from counts and sums in each bin (K,).

    Bin k holds what lies above cut k - 1 and not above cut k. Within a bin ∫ (F - G) is exact from counts and sums, so
    the result is exact where no bin hides a crossing of F and G, and else a little below. The floor is the mean of
    Σ |∫ (F - G)| under no change, normal with the variance that `spread` holds (del Barrio, Giné & Matrán 1999).
    A reference of one value has no scale: any move is then infinite.

    >>> zeros_and_ones, minus_ones_and_ones = ([50, 50], [0, 50]), ([50, 50], [-50, 50])
    >>> wasserstein([0.5], zeros_and_ones, minus_ones_and_ones, Spread(0.5, 0.5)).value
    1.0
    """
    edges = np.asarray(cuts, dtype=np.float64)
    (n, expected), (m, actual) = (_shares(*side) for side in (reference, current))
    if not n or not m:
        return UNKNOWN
    moved = _integrals(edges, expected, actual)
    observed, floor = float(np.abs(moved).sum()), sqrt(2 / pi) * sqrt(1 / n + 1 / m) * spread.noise
    if not spread.scale:
        value = float("inf") if observed > 0 else 0.0
        return Distance(value, 0.0, value)
    return Distance(observed / spread.scale, floor / spread.scale, max(observed - floor, 0.0) / spread.scale)


def _shares(counts: ArrayLike, sums: ArrayLike) -> tuple[float, Floats]:
    """Rows, and of each row its part in every bin's count and sum (2, K)."""
    both = np.array([counts, sums], dtype=np.float64)
    rows = float(both[0].sum())
    return rows, both / rows if rows else both


def _integrals(edges: Floats, expected: Floats, actual: Floats) -> Floats:
    """∫ (F - G) dx over each bin (K,), the first and the last to infinity."""
    difference: Floats = expected - actual
    count: Floats = difference[0]
    total: Floats = difference[1]
    if not len(edges):
        return total
    below = np.cumsum(count)[:-1]  # F - G at each cut
    at_cuts = edges * below
    found: Floats = np.append(at_cuts, 0.0) - np.append(0.0, at_cuts) - total
    return found
