"""Residuals of a regression: their histogram, and their spread where the prediction is small or large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlops_actions.statistics.clusters import Floats

BINS = 30
BANDS = 12
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class ResidualHistogram:
    """Shares of several models' residuals, prediction - truth, in common bins of equal width."""

    edges: Floats
    """Of the bins (b + 1,); the outer bins hold whatever lies beyond too."""
    shares: tuple[Floats, ...]
    """One array (b,) a model; each sums to one."""


@dataclass(frozen=True)
class Band:
    """Rows of about the same prediction."""

    n: int
    """Rows."""
    predicted: float
    """Weighted mean of the prediction."""
    quantiles: tuple[float, ...]
    """Of the residual, at `QUANTILES`."""


def residual_histogram(
    residuals: Sequence[Floats], weights: Floats | None = None, bins: int = BINS
) -> ResidualHistogram:
    """Bins over the middle 98 % of all residuals (each (n,)), so that one outlier does not flatten the rest."""
    low, high = (float(one) for one in np.quantile(np.concatenate(residuals), (0.01, 0.99)))
    if not high > low:
        low, high = low - 0.5, high + 0.5
    shares = []
    for one in residuals:
        counts, edges = np.histogram(np.clip(one, low, high), bins, (low, high), weights=weights)
        shares.append(counts / counts.sum())
    return ResidualHistogram(edges, tuple(shares))


def bands(predicted: Floats, truth: Floats, weights: Floats | None = None, most: int = BANDS) -> tuple[Band, ...]:
    """Quantiles of the residual in bands that hold about as many rows each, by rising prediction.

    >>> [(one.n, one.quantiles[2]) for one in bands(np.array([1.0, 1.0, 5.0, 5.0]), np.array([1.0, 1, 3, 3]), most=2)]
    [(2, 0.0), (2, 2.0)]
    """
    inner = np.quantile(predicted, np.linspace(0.0, 1.0, most + 1)[1:-1])
    codes = np.searchsorted(inner, predicted)
    residual = predicted - truth
    found = []
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        weight = None if weights is None else weights[rows]
        quantiles = np.quantile(residual[rows], QUANTILES, weights=weight, method="inverted_cdf")
        mean = float(np.average(predicted[rows], weights=weight))
        found.append(Band(len(rows), mean, tuple(quantiles.tolist())))
    return tuple(found)
