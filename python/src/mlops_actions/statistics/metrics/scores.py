"""Metrics of predicted scores: ranking and probability, for two or more classes."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mlops_actions.statistics.clusters import Codes, Floats, sums
from mlops_actions.statistics.frame import Frame
from mlops_actions.statistics.influence import Denominators, Influence


def roc_auc(rows: Ranked) -> Influence:
    """Area under the ROC curve, ties as halves: structural components from one sort (Sun & Xu 2014).

    Summed by cluster they give Obuchowski's 1997 variance, for independent rows exactly DeLong's (1988).
    NaN in a group that lacks a class.
    """
    return Influence(*_area(rows), rows.classes.base)


def average_precision(rows: Ranked) -> Influence:
    """Mean, over the positives, of the precision at their score (sklearn's step sum).

    The slope is its exact derivative in each row's weight: AP = Σ_i∈P w_i T_i / N_i / W_P, with T and N the weight of
    positives and of all rows that score at least as high. NaN in a group without positives.
    """
    positives, negatives = rows.classes.positives, rows.classes.negatives
    with np.errstate(divide="ignore", invalid="ignore"):
        hits = rows.spread(positives) - rows.below_positive
        above = rows.spread(negatives) - rows.below_negative
        # Rounding must not lift a precision above 1.
        np.maximum(above, 0.0, out=above)
        above += hits
        # A further row at a score lowers or lifts the precision of every positive that scores no higher.
        lifting = np.divide(rows.positive, above, out=np.zeros_like(above), where=rows.positive > 0)
        precision = np.divide(hits, above, out=hits, where=above > 0)
        lifting_less = lifting * precision
        lowered = rows.below(lifting_less)
        lowered += lifting_less
        gain = rows.below(lifting)
        gain += lifting
        gain += precision
        value = rows.total(rows.positive * precision) / positives
        gain -= rows.spread(value)
        gain -= lowered
        per_positive = rows.spread(positives)
        gain /= per_positive
        np.negative(lowered, out=lowered)
        lowered /= per_positive
    return Influence(value, rows.slope(lowered, gain), rows.classes.base)


def log_loss(everything: Denominators, truth: Codes, scores: Floats) -> Influence:
    """Mean of -log p(truth), with p kept a rounding error away from 0 and 1 as in sklearn."""
    logarithm = np.log(_clipped(_probability_of_truth(truth, scores)))
    return everything.mean(np.negative(logarithm, out=logarithm))


def brier(everything: Denominators, truth: Codes, scores: Floats) -> Influence:
    """Mean squared error of the predicted probability (Brier 1950)."""
    return everything.mean(np.square(scores - truth))


def roc_auc_ovr(everything: Denominators, truth: Codes, scores: Floats) -> Influence:
    """Mean over the classes of each one's area against the rest; NaN in a group that lacks a class."""
    frame, classes = everything.frame, scores.shape[1]
    value, slope, share = np.zeros(frame.groups), np.zeros(len(truth)), np.zeros(len(truth))
    for k in range(classes):
        one = Classes(frame, truth == k)
        parts = _area(Ranked(one, scores[:, k], np.argsort(scores[:, k])))
        value += parts[0] / classes
        slope += parts[1] / classes
        # Each class is the positive one once: its mean share, so that one rare class does not set the df alone.
        share += one.base.shares[0] / classes
    return Influence(value, slope, Denominators(frame, (share,)))


def _area(rows: Ranked) -> tuple[Floats, Floats]:
    positives, negatives = (rows.spread(total) for total in (rows.classes.positives, rows.classes.negatives))
    with np.errstate(divide="ignore", invalid="ignore"):
        of_positive = rows.below_negative + 0.5 * rows.negative
        of_positive /= negatives
        of_negative = rows.below_positive + 0.5 * rows.positive
        of_negative /= positives
        value = rows.total(rows.positive * of_positive) / rows.classes.positives
        mean = rows.spread(value)
        of_positive -= mean
        of_positive /= positives
        np.subtract(1.0 - mean, of_negative, out=of_negative)
        of_negative /= negatives
    return value, rows.slope(of_negative, of_positive)


def _probability_of_truth(truth: Codes, scores: Floats) -> Floats:
    if scores.ndim == 1:
        # p or 1 - p, without a branch a row.
        return np.asarray(np.abs(scores - (truth != 1)))
    return np.asarray(scores[np.arange(len(truth)), truth] / scores.sum(axis=1))


def _clipped(probability: Floats) -> Floats:
    rounding = float(np.finfo(probability.dtype).eps)
    return np.clip(probability.astype(np.float64, copy=False), rounding, 1.0 - rounding)


class Classes:
    """Rows of two classes, in groups."""

    def __init__(self, frame: Frame, positive: NDArray[np.bool_]) -> None:
        """Take the rows and which of them are positive."""
        self.frame, self.positive = frame, positive
        self._code = 2 * frame.group + positive
        self.negatives, self.positives = sums(self._code, frame.mass, 2 * frame.groups).reshape(-1, 2).T

    @cached_property
    def base(self) -> Denominators:
        """Both classes: each is a denominator, so that the rarer one sets the degrees of freedom."""
        shares = np.zeros((2, self.frame.groups, 2))
        with np.errstate(divide="ignore"):
            shares[0, :, 1], shares[1, :, 0] = 1.0 / self.positives, 1.0 / self.negatives
        return Denominators(self.frame, tuple(share.ravel()[self._code] for share in shares))


class Ranked:
    """Rows sorted by group and score, as runs of equal scores: rows of one run and class are alike to a ranking.

    Arrays are (runs,), so that sums run through memory once.
    """

    def __init__(self, classes: Classes, scores: Floats, order: Codes) -> None:
        """Take the rows' classes, their scores, and the order that sorts these ascending."""
        frame = self._frame = classes.frame
        self.classes = classes
        if frame.groups > 1:
            # Short integers are sorted by radix, in linear time.
            group = frame.group.astype(np.min_scalar_type(frame.groups))
            order = order[np.argsort(group[order], kind="stable")]
            group = group[order]
        ordered = scores[order]
        fresh = np.ones(len(order), dtype=bool)
        np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
        if frame.groups > 1:
            fresh[1:] |= group[1:] != group[:-1]
        starts = np.flatnonzero(fresh)
        self._runs = len(starts)
        if frame.groups > 1:
            self._owner = group[starts].astype(np.intp)
            # The run with which each group begins.
            self._first = np.searchsorted(self._owner, np.arange(frame.groups))
        # Negatives of run i are cell i, positives cell runs + i.
        cell = np.cumsum(fresh) - 1
        cell += self._runs * classes.positive[order]
        mass = None if frame.mass is None else frame.mass[order]
        self.negative, self.positive = sums(cell, mass, 2 * self._runs).reshape(2, -1)
        self._cell = np.empty_like(cell)
        self._cell[order] = cell

    @cached_property
    def below_negative(self) -> Floats:
        """The weight of negatives that score lower."""
        return self.below(self.negative)

    @cached_property
    def below_positive(self) -> Floats:
        """The weight of positives that score lower."""
        return self.below(self.positive)

    def below(self, mass: Floats) -> Floats:
        """The mass of lower runs in the same group."""
        below = np.zeros(len(mass) + 1)
        np.cumsum(mass, out=below[1:])
        found = below[:-1]
        if self._frame.groups > 1:
            found -= self.spread(below[self._first])
        return found

    def total(self, mass: Floats) -> Floats:
        """Sum per group."""
        if self._frame.groups == 1:
            return np.array([mass.sum()])
        return sums(self._owner, mass, self._frame.groups)

    def spread(self, per_group: Floats) -> Floats:
        """Each run's value of its group; a single group broadcasts."""
        return per_group if self._frame.groups == 1 else per_group[self._owner]

    def slope(self, of_negatives: Floats, of_positives: Floats) -> Floats:
        """Each row's value of its run and class, in the order of the frame."""
        return np.asarray(np.concatenate((of_negatives, of_positives))[self._cell])
