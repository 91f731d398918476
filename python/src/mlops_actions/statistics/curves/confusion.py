"""The confusion matrix, small enough to look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlops_actions.statistics.clusters import Codes, Floats, sums

CLASSES = 12
"""Rows and columns of the largest matrix."""


@dataclass(frozen=True)
class Confusion:
    """Weight of the rows by true and predicted class."""

    classes: tuple[int, ...]
    """Codes of the classes that have a row and a column of their own, ascending."""
    counts: Floats
    """Truth down, prediction across (k, k); the last row and column are all other classes where there are any."""


def confusion(
    truth: Codes, labels: Codes, classes: int, weights: Floats | None = None, most: int = CLASSES
) -> Confusion:
    """The matrix of the most frequent true classes; where there are more than `most`, the others share the last place.

    >>> confusion(np.array([0, 1, 2, 2]), np.array([0, 2, 2, 2]), 3, most=2).counts
    array([[2., 0.],
           [1., 1.]])
    """
    whole = sums(truth * classes + labels, weights, classes * classes).reshape(classes, classes)
    if classes <= most:
        return Confusion(tuple(range(classes)), whole)
    frequent = np.argsort(-whole.sum(axis=1), kind="stable")
    kept = np.sort(frequent[: most - 1])
    place = np.full(classes, most - 1, dtype=np.intp)
    place[kept] = np.arange(len(kept))
    counts = np.zeros((most, most))
    np.add.at(counts, (place[:, None], place[None, :]), whole)
    return Confusion(tuple(kept.tolist()), counts)
