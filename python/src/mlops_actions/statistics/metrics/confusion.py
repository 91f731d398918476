"""Metrics of predicted labels: smooth functions of the confusion matrix.

Each function takes the weighted matrices M of all groups at once, (groups, K, K) with the truth in rows, and returns
the value with its gradient in every cell. All are homogeneous of degree 0, so by Euler's identity that gradient is
the influence function (delta method, Binder 1983). Where a denominator is empty the value is NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlops_actions.statistics.clusters import Codes, Floats, sums
from mlops_actions.statistics.frame import Frame
from mlops_actions.statistics.influence import Denominators, Influence


@dataclass(frozen=True)
class Cells:
    """A metric of confusion matrices, linearised per cell."""

    value: Floats
    """(groups,)"""
    gradient: Floats
    """d value / d cell (groups, K, K)."""
    shares: tuple[Floats, ...]
    """Per denominator, 1 / its total in the cells it holds (groups, K, K)."""
    hit: Floats | None = None
    """Proportions: 1 in the cells of the numerator (K, K)."""


Confusion = Callable[[Floats], Cells]


def influence(frame: Frame, truth: Codes, labels: Codes, classes: int, metric: Confusion) -> Influence:
    """Evaluate a confusion metric per group and hand each row its cell's gradient."""
    cell = truth * classes + labels
    size = classes * classes
    where = frame.group * size + cell
    matrix = sums(where, frame.mass, frame.groups * size).reshape(frame.groups, classes, classes)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = metric(matrix)
    return Influence(
        found.value,
        found.gradient.ravel()[where],
        Denominators(frame, tuple(share.ravel()[where] for share in found.shares)),
        None if found.hit is None else found.hit.ravel()[cell],
    )


def precision(matrix: Floats) -> Cells:
    """TP / (TP + FP)."""
    return _share(matrix, [[0, 0], [0, 1]], [[0, 1], [0, 1]])


def recall(matrix: Floats) -> Cells:
    """TP / (TP + FN)."""
    return _share(matrix, [[0, 0], [0, 1]], [[0, 0], [1, 1]])


def specificity(matrix: Floats) -> Cells:
    """TN / (TN + FP)."""
    return _share(matrix, [[1, 0], [0, 0]], [[1, 1], [0, 0]])


def false_positive_rate(matrix: Floats) -> Cells:
    """FP / (TN + FP)."""
    return _share(matrix, [[0, 1], [0, 0]], [[1, 1], [0, 0]])


def selection_rate(matrix: Floats) -> Cells:
    """Share of rows that are predicted positive."""
    return _share(matrix, [[0, 1], [0, 1]], [[1, 1], [1, 1]])


def accuracy(matrix: Floats) -> Cells:
    """Share of rows on the diagonal."""
    classes = matrix.shape[-1]
    return _share(matrix, np.eye(classes), np.ones((classes, classes)))


def fbeta(beta: float) -> Confusion:
    """(1 + β²) TP / ((1 + β²) TP + FP + β² FN), a ratio of cells: recall counts β times as much as precision."""
    square = beta * beta

    def metric(matrix: Floats) -> Cells:
        hits, all_of_it = np.array([[0, 0], [0, 1 + square]]), np.array([[0, 1], [square, 1 + square]])
        cells = _share(matrix, hits, all_of_it)
        return Cells(cells.value, cells.gradient, cells.shares)

    return metric


def cost(costs: Floats) -> Confusion:
    """Mean cost a row, given the cost of each cell (K, K), the truth in rows."""

    def metric(matrix: Floats) -> Cells:
        total = matrix.sum((1, 2))
        value = (matrix * costs).sum((1, 2)) / total
        return Cells(value, (costs - _outer(value)) / _outer(total), (_everything(matrix),))

    return metric


def balanced_accuracy(matrix: Floats) -> Cells:
    """Mean recall over the classes present in the truth (sklearn); NaN where only one is."""
    rows = matrix.sum(2)
    present = rows > 0
    cells = _macro_recall(matrix, present)
    alone = present.sum(1) < 2
    return Cells(np.where(alone, np.nan, cells.value), cells.gradient, cells.shares)


def recall_macro(matrix: Floats) -> Cells:
    """Mean recall over the classes in truth or prediction; 0 for one never true (sklearn)."""
    return _macro_recall(matrix, _seen(matrix))


def precision_macro(matrix: Floats) -> Cells:
    """Mean precision over the classes in truth or prediction; 0 for one never predicted (sklearn)."""
    cells = _macro_recall(np.swapaxes(matrix, 1, 2), _seen(matrix))
    return Cells(cells.value, np.swapaxes(cells.gradient, 1, 2), tuple(np.swapaxes(s, 1, 2) for s in cells.shares))


def f1_macro(matrix: Floats) -> Cells:
    """Mean F1 over the classes in truth or prediction (sklearn)."""
    seen = _seen(matrix)
    scores, per_cell, margin = _f1_parts(matrix)
    classes = seen.sum(1)
    value = scores.sum(1) / classes
    return Cells(value, per_cell(1.0 / margin) / _outer(classes), (_both(1.0 / margin, seen) / _outer(classes),))


def f1_weighted(matrix: Floats) -> Cells:
    """Mean F1 weighted by how often each class is true (sklearn)."""
    rows, total = matrix.sum(2), matrix.sum((1, 2))
    scores, per_cell, margin = _f1_parts(matrix)
    value = (rows * scores).sum(1) / total
    gradient = (scores[:, :, None] - _outer(value) + per_cell(rows / margin)) / _outer(total)
    return Cells(value, gradient, (_everything(matrix),))


def kappa(matrix: Floats) -> Cells:
    """Agreement beyond chance (Cohen 1960); NaN where chance alone agrees always."""
    total = matrix.sum((1, 2))
    rows, columns = matrix.sum(2), matrix.sum(1)
    observed = np.trace(matrix, axis1=1, axis2=2) / total
    expected = (rows * columns).sum(1) / total**2
    eye = np.eye(matrix.shape[-1])
    d_observed = (eye - _outer(observed)) / _outer(total)
    d_expected = (columns[:, :, None] + rows[:, None, :]) / _outer(total**2) - _outer(2 * expected / total)
    room = 1.0 - expected
    gradient = (d_observed * _outer(room) - d_expected * _outer(1.0 - observed)) / _outer(room**2)
    value = np.where(room > 0, (observed - expected) / room, np.nan)
    return Cells(value, gradient, _chance_shares(matrix))


def mcc(matrix: Floats) -> Cells:
    """Matthews correlation, for any number of classes (Gorodkin 2004); NaN where a margin holds one class."""
    total, rows, columns = matrix.sum((1, 2)), matrix.sum(2), matrix.sum(1)
    right = np.trace(matrix, axis1=1, axis2=2)
    joint = total * right - (rows * columns).sum(1)
    true = total**2 - np.square(rows).sum(1)
    predicted = total**2 - np.square(columns).sum(1)
    root = np.sqrt(true * predicted)
    value = np.where(root > 0, joint / root, np.nan)
    eye = np.eye(matrix.shape[-1])
    d_joint = _outer(right) + _outer(total) * eye - columns[:, :, None] - rows[:, None, :]
    d_true = 2.0 * (_outer(total) - rows[:, :, None])
    d_predicted = 2.0 * (_outer(total) - columns[:, None, :])
    gradient = d_joint / _outer(root) - _outer(value / 2) * (d_true / _outer(true) + d_predicted / _outer(predicted))
    return Cells(value, gradient, _chance_shares(matrix))


def _share(matrix: Floats, numerator: ArrayLike, denominator: ArrayLike) -> Cells:
    hit, base = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    total = (matrix * base).sum((1, 2))
    value = (matrix * hit).sum((1, 2)) / total
    return Cells(value, (hit - _outer(value) * base) / _outer(total), (base / _outer(total),), hit)


def _macro_recall(matrix: Floats, among: NDArray[np.bool_]) -> Cells:
    rows = matrix.sum(2)
    classes = among.sum(1)
    weight = np.divide(1.0, rows, out=np.zeros_like(rows), where=rows > 0)
    recalls = np.diagonal(matrix, axis1=1, axis2=2) * weight
    gradient = (np.eye(matrix.shape[-1]) - recalls[:, :, None]) * weight[:, :, None] / _outer(classes)
    return Cells(recalls.sum(1) / classes, gradient, _class_shares(matrix))


def _f1_parts(matrix: Floats) -> tuple[Floats, Callable[[Floats], Floats], Floats]:
    """F1 of each class, the gradient of Σ w_k F1_k given w_k / margin_k, and the margins (1 for unseen classes)."""
    margin = matrix.sum(2) + matrix.sum(1)
    margin = np.where(margin > 0, margin, 1.0)
    scores = 2.0 * np.diagonal(matrix, axis1=1, axis2=2) / margin

    def gradient(weight: Floats) -> Floats:
        lost = scores * weight
        return 2.0 * np.eye(matrix.shape[-1]) * weight[:, :, None] - lost[:, :, None] - lost[:, None, :]

    return scores, gradient, margin


def _seen(matrix: Floats) -> NDArray[np.bool_]:
    return np.asarray(matrix.sum(1) + matrix.sum(2) > 0)


def _class_shares(matrix: Floats) -> tuple[Floats, ...]:
    """Two classes: a denominator each, so that the rarer one sets the degrees of freedom. More: their mean."""
    rows = matrix.sum(2)
    weight = np.divide(1.0, rows, out=np.zeros_like(rows), where=rows > 0)
    spread = np.broadcast_to(weight[:, :, None], matrix.shape)
    if matrix.shape[-1] == 2:
        return tuple(spread * np.eye(2)[k][None, :, None] for k in range(2))
    return (spread / _outer((rows > 0).sum(1)),)


def _chance_shares(matrix: Floats) -> tuple[Floats, ...]:
    return _class_shares(matrix) if matrix.shape[-1] == 2 else (_everything(matrix),)


def _everything(matrix: Floats) -> Floats:
    return np.broadcast_to(_outer(1.0 / matrix.sum((1, 2))), matrix.shape)


def _both(weight: Floats, seen: NDArray[np.bool_]) -> Floats:
    kept = weight * seen
    return np.asarray(kept[:, :, None] + kept[:, None, :])


def _outer(values: Floats) -> Floats:
    return np.asarray(values)[:, None, None]
