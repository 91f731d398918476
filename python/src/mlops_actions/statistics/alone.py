"""How well one column alone tells the target: what a model of one column scores on rows that it did not see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.statistics.clusters import Codes, Floats

BINS = 64


def bins_of(values: NDArray[Any], valid: NDArray[np.bool_] | None = None, bins: int = BINS) -> Codes:
    """The bin of each value (n,): of about as many rows each, one a value where there are few; missing is one more.

    >>> bins_of(np.array([3.0, 1.0, 2.0]), np.array([True, True, False])).tolist()
    [1, 0, 3]
    """
    present = values if valid is None else values[valid]
    cuts = np.unique(present)
    if len(cuts) > bins:
        cuts = np.unique(np.quantile(present, np.arange(1, bins) / bins, method="inverted_cdf"))
    codes = np.searchsorted(cuts, values).astype(np.intp)  # above the last cut is one more bin
    return codes if valid is None else np.where(valid, codes, len(cuts) + 1)


def separation(bins: Codes, positive: NDArray[np.bool_]) -> float:
    """ROC AUC of the bins' rates of positives, from 0 to 1; NaN without both classes in either half.

    Rates are learned on every second row and scored on the others, then the other way round, and the two areas
    averaged: a column of names that stand once each tells nothing, as it would on new rows.
    """
    return _cross_fitted(bins, positive.astype(np.float64), _area)


def one_against_rest(bins: Codes, labels: Codes, most: int) -> float:
    """The mean `separation` of each label from all others, weighted by its rows; of the `most` frequent labels.

    NaN where no label has rows on both sides in either half.
    """
    counts = np.bincount(labels)
    frequent = np.argsort(-counts, kind="stable")[: 1 if len(counts) == 2 else most]
    areas = np.array([separation(bins, labels == label) for label in frequent])
    kept = ~np.isnan(areas)
    return float(np.average(areas[kept], weights=counts[frequent][kept])) if kept.any() else float("nan")


def explained(bins: Codes, target: Floats) -> float:
    """R² of the bins' means of a number, at most 1, cross-fitted like `separation`; NaN for a constant target."""
    return _cross_fitted(bins, target, _r2)


def _cross_fitted(bins: Codes, target: Floats, score: Callable[[Floats, Floats], float]) -> float:
    halves = [np.arange(len(bins)) % 2 == half for half in (0, 1)]
    if not all(half.any() for half in halves):
        return float("nan")
    scores = [
        score(_means(bins[learned], target[learned], int(bins.max()) + 1)[bins[scored]], target[scored])
        for learned, scored in (halves, halves[::-1])
    ]
    return float(np.mean(scores))


def _means(bins: Codes, target: Floats, count: int) -> Floats:
    """Each bin's mean, drawn to the overall mean by one row, which is all that an empty bin has (count,)."""
    rows = np.bincount(bins, minlength=count)
    means: Floats = (np.bincount(bins, target, minlength=count) + target.mean()) / (rows + 1)
    return means


def _area(scores: Floats, positive: Floats) -> float:
    _, places = np.unique(scores, return_inverse=True)
    hits = np.bincount(places, positive)
    misses = np.bincount(places) - hits
    if not hits.sum() or not misses.sum():
        return float("nan")
    return float((hits * (np.cumsum(misses) - misses / 2)).sum() / (hits.sum() * misses.sum()))


def _r2(scores: Floats, target: Floats) -> float:
    total = float(((target - target.mean()) ** 2).sum())
    return 1 - float(((target - scores) ** 2).sum()) / total if total else float("nan")
