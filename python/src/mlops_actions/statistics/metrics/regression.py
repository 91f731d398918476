"""Metrics of predicted numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mlops_actions.statistics.clusters import Floats
from mlops_actions.statistics.influence import Denominators, Influence

Numeric = Callable[[Denominators, Floats, Floats], Influence]


def mean_error(everything: Denominators, truth: Floats, values: Floats) -> Influence:
    """Mean of prediction - truth: above 0 where too much is predicted."""
    return everything.mean(values - truth)


def mae(everything: Denominators, truth: Floats, values: Floats) -> Influence:
    """Mean absolute error."""
    return everything.mean(np.abs(values - truth))


def mse(everything: Denominators, truth: Floats, values: Floats) -> Influence:
    """Mean squared error."""
    return everything.mean(np.square(values - truth))


def rmse(everything: Denominators, truth: Floats, values: Floats) -> Influence:
    """Square root of the mean squared error, by the delta method."""
    square = mse(everything, truth, values)
    root = np.sqrt(square.value)
    half = np.divide(0.5, root, out=np.zeros_like(root), where=root > 0)
    return Influence(root, square.slope * everything.frame.spread(half), everything)


def mape(everything: Denominators, truth: Floats, values: Floats) -> Influence:
    """Mean absolute error relative to the truth, as a fraction (sklearn: a truth of 0 counts as a rounding error)."""
    return everything.mean(np.abs(values - truth) / np.maximum(np.abs(truth), np.finfo(np.float64).eps))


def quantile_loss(quantile: float) -> Numeric:
    """Mean pinball loss of a predicted quantile (Koenker & Bassett 1978): a miss below costs `quantile` a unit."""

    def metric(everything: Denominators, truth: Floats, values: Floats) -> Influence:
        missed = truth - values
        return everything.mean(np.maximum(quantile * missed, (quantile - 1.0) * missed))

    return metric


def within_tolerance(tolerance: float) -> Numeric:
    """Share of rows whose prediction is at most `tolerance` away from the truth, in units of the target."""

    def metric(everything: Denominators, truth: Floats, values: Floats) -> Influence:
        hit = (np.abs(values - truth) <= tolerance).astype(np.float64)
        return everything.mean(hit, hits=True)

    return metric


def r2(everything: Denominators, truth: Floats, values: Floats) -> Influence:
    """Share of the variance of the truth that is explained; NaN where the truth does not vary."""
    frame = everything.frame
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = frame.total(truth) / frame.masses
        deviation = np.square(truth - frame.spread(mean))
        error = np.square(values - truth)
        unexplained = frame.total(error)
        total = frame.total(deviation)
        value = np.where(total > 0, 1.0 - unexplained / total, np.nan)
        # The mean is the minimiser of the total, so its own variation does not enter at first order.
        slope = (frame.spread(unexplained / total) * deviation - error) / frame.spread(total)
    return Influence(value, slope, everything)
