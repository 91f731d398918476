"""The reliability curve: how often what was predicted with some probability happens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlops_actions.statistics.clusters import Codes, Design, Floats, sums
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.evaluation import by_slice, evaluate
from mlops_actions.statistics.sample import Predictions, Sample

BINS = 10
_SHARE = "selection_rate"


@dataclass(frozen=True)
class Bin:
    """Rows of about the same predicted probability."""

    n: int
    """Rows."""
    predicted: float
    """Weighted mean of the predicted probability."""
    observed: Estimate
    """How often the event happened, with its Wilson interval over clusters."""


def reliability(chance: Floats, event: Codes, design: Design, bins: int = BINS) -> tuple[Bin, ...]:
    """Bins that hold about as many rows each, by rising probability.

    `chance` is the predicted probability of the event (n,), `event` whether it happened, 0 or 1 (n,). Fewer bins come
    back where probabilities are tied. The bins are those of sklearn's `calibration_curve` with strategy `quantile`.

    >>> found = reliability(np.array([0.1, 0.1, 0.9, 0.9]), np.array([0, 1, 1, 1]), Design(4), bins=2)
    >>> [(one.n, round(one.predicted, 2), one.observed.value) for one in found]
    [(2, 0.1, 0.5), (2, 0.9, 1.0)]
    """
    inner = np.quantile(chance, np.linspace(0.0, 1.0, bins + 1)[1:-1])
    places = np.searchsorted(inner, chance)
    # Ties leave bins empty: the others close up.
    taken = np.bincount(places, minlength=bins) > 0
    codes, size = (np.cumsum(taken) - 1)[places], int(taken.sum())
    # The share of events is the selection rate of a model that predicts them.
    sample = Sample("binary", event, Predictions(labels=event), None, design)
    table = evaluate(sample, [_SHARE])
    observed = [part.estimates[_SHARE] for part in by_slice(sample, [_SHARE], codes, size, table)]
    weight = np.ones(len(chance)) if design.weights is None else design.weights
    with np.errstate(invalid="ignore"):
        predicted = sums(codes, weight * chance, size) / sums(codes, weight, size)
    return tuple(
        Bin(one.n, float(mean), one) for mean, one in zip(predicted, observed, strict=True) if np.isfinite(mean)
    )
