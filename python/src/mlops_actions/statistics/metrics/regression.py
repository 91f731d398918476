"""Metrics of predicted numbers."""

from __future__ import annotations

import numpy as np

from mlops_actions.statistics.clusters import Floats
from mlops_actions.statistics.frame import Frame, Influence


def mae(frame: Frame, truth: Floats, values: Floats) -> Influence:
    """Mean absolute error."""
    return _mean(frame, np.abs(values - truth))


def mse(frame: Frame, truth: Floats, values: Floats) -> Influence:
    """Mean squared error."""
    return _mean(frame, np.square(values - truth))


def rmse(frame: Frame, truth: Floats, values: Floats) -> Influence:
    """Square root of the mean squared error, by the delta method."""
    square = mse(frame, truth, values)
    root = np.sqrt(square.value)
    half = np.divide(0.5, root, out=np.zeros_like(root), where=root > 0)
    return Influence(root, square.slope * half[frame.group], square.shares)


def mape(frame: Frame, truth: Floats, values: Floats) -> Influence:
    """Mean absolute error relative to the truth, as a fraction (sklearn: a truth of 0 counts as a rounding error)."""
    return _mean(frame, np.abs(values - truth) / np.maximum(np.abs(truth), np.finfo(np.float64).eps))


def r2(frame: Frame, truth: Floats, values: Floats) -> Influence:
    """Share of the variance of the truth that is explained; NaN where the truth does not vary."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = frame.total(truth) / frame.total(np.ones_like(truth))
        deviation = np.square(truth - mean[frame.group])
        error = np.square(values - truth)
        unexplained = frame.total(error)
        total = frame.total(deviation)
        value = np.where(total > 0, 1.0 - unexplained / total, np.nan)
        # The mean is the minimiser of the total, so its own variation does not enter at first order.
        slope = ((unexplained / total)[frame.group] * deviation - error) / total[frame.group]
    return Influence(value, slope, _mean(frame, deviation).shares)


def _mean(frame: Frame, values: Floats) -> Influence:
    return frame.ratio(values, np.ones_like(values))
