"""No model at all: what somebody would predict who knows the labels' distribution and no feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.statistics.clusters import Floats
from mlops_actions.statistics.sample import Predictions, Sample

SQUARED = frozenset({"mse", "rmse", "r2"})
"""Metrics whose best constant is the mean; that of the others, of absolute errors, is the median."""


def baseline_of(
    sample: Sample, metrics: Sequence[str], trained: NDArray[Any] | None = None
) -> tuple[str, Mapping[tuple[str, ...], Predictions]]:
    """What the baseline is in words, and its predictions for each set of metrics.

    The majority class with the classes' shares as probabilities; for numbers the mean or the median, by metric. They
    are those of the training data, whose labels are `trained`, as any model could know them; without these, those of
    the test set itself: in hindsight no other constant is better, so that the baseline is never too easy.
    """
    known, weights = (sample.truth, sample.sampling.weights) if trained is None else (trained, None)
    source = "test set" if trained is None else "training data"
    rows = len(sample.truth)
    if sample.task == "regression":
        squared = tuple(name for name in metrics if name in SQUARED)
        absolute = tuple(name for name in metrics if name not in SQUARED)
        mean = float(np.average(known, weights=weights))
        constants = {squared: mean, absolute: _median(known, weights)}
        found = {names: Predictions(values=np.full(rows, value)) for names, value in constants.items() if names}
        return f"mean (median for absolute errors) of the {source}", found
    shares = np.bincount(known, weights, sample.classes)
    shares = shares / shares.sum()
    labels = np.full(rows, int(shares.argmax()), dtype=np.intp)
    scores = np.full(rows, shares[1]) if sample.task == "binary" else np.tile(shares, (rows, 1))
    return f"majority class of the {source}", {tuple(metrics): Predictions(labels=labels, scores=scores)}


def _median(truth: Floats, weights: Floats | None) -> float:
    if weights is None:
        return float(np.median(truth))
    order = np.argsort(truth)
    passed = np.cumsum(weights[order])
    return float(truth[order][np.searchsorted(passed, passed[-1] / 2)])
