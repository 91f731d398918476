"""Calibration: how far predicted probabilities are from the shares that come true."""

from __future__ import annotations

from math import erfc, pi, sqrt

import numpy as np

from mlops_actions.statistics.clusters import Codes, Floats
from mlops_actions.statistics.frame import Frame
from mlops_actions.statistics.influence import Denominators, Influence

BINS = 15
"""Of equal width, as Guo et al. (2017) and torchmetrics have them: the same for every model, slice and size."""
_erfc = np.frompyfunc(erfc, 1, 1)


def calibration_in_the_large(everything: Denominators, truth: Codes, scores: Floats) -> Influence:
    """Mean predicted probability - share of positives: above 0 where too much is predicted."""
    return everything.mean(scores - truth)


def ece(everything: Denominators, truth: Codes, scores: Floats) -> Influence:
    """Expected calibration error, debiased: mean of |share true - mean probability| over bins, by their weight.

    For several classes, of the class that is most probable (Guo et al. 2017). Noise alone makes |…| positive, so each
    bin's is corrected by the mean of its normal resamples (Kumar, Liang & Ma 2019, section 4.2; here the folded
    normal's mean instead of draws): 2|d| - E|N(d, σ²)|, with σ robust to clusters. What this leaves uncorrected is at
    most about √2 times the correction (reached where the model is calibrated); twice the correction, which is itself
    estimated, is added to the standard error: bounds are cautious near 0.
    """
    frame = everything.frame
    confidence = scores if scores.ndim == 1 else scores.max(axis=1)
    residual = (truth if scores.ndim == 1 else scores.argmax(axis=1) == truth) - confidence
    place = np.minimum((confidence * BINS).astype(np.intp), BINS - 1) + frame.group * BINS
    inside = Denominators.everything(Frame(place, frame.groups * BINS, frame.weight, frame.ways, frame.count))
    gap = inside.mean(residual)
    spread = inside.spread(gap.slope)
    # One row or cluster shows no variance; no residual varies by more than a half.
    variance = np.where(spread.effective > 1.5, spread.variance, 0.25)
    weight = inside.frame.masses.reshape(frame.groups, BINS) / frame.masses[:, None]
    distance = np.abs(np.nan_to_num(gap.value))
    correction = (weight * (_folded_mean(distance, variance) - distance).reshape(weight.shape)).sum(axis=1)
    found = everything.mean(np.sign(np.nan_to_num(gap.value))[place] * residual)
    value = np.where(np.isnan(found.value), np.nan, np.maximum(found.value - correction, 0.0))
    return Influence(value, found.slope, everything, hidden=np.square(2.0 * correction))


def _folded_mean(mean: Floats, variance: Floats) -> Floats:
    """E|N(mean, variance)| for a mean that is not negative (Leone, Nelson & Nottingham 1961)."""
    deviation = np.sqrt(variance)
    z = np.divide(mean, deviation, out=np.full_like(mean, np.inf), where=deviation > 0)
    below = 0.5 * np.asarray(_erfc(z / sqrt(2.0)), dtype=np.float64)
    return np.asarray(deviation * sqrt(2.0 / pi) * np.exp(-z * z / 2.0) + mean * (1.0 - 2.0 * below))
