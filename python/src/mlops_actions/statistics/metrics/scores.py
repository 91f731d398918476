"""Metrics of predicted scores: ranking and probability, for two or more classes."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.statistics.clusters import Codes, Floats, sums
from mlops_actions.statistics.frame import Frame, Influence


def roc_auc(rows: Ranked) -> Influence:
    """Area under the ROC curve, ties as halves: structural components from one sort (Sun & Xu 2014).

    Summed by cluster they give Obuchowski's 1997 variance, for independent rows exactly DeLong's (1988).
    NaN in a group that lacks a class.
    """
    below, tied = rows.below(rows.mass - rows.positive_mass)
    below_positive, tied_positive = rows.below(rows.positive_mass)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_positive = (below + 0.5 * tied) / rows.spread(rows.negatives)
        of_negative = 1.0 - (below_positive + 0.5 * tied_positive) / rows.spread(rows.positives)
        value = rows.total(rows.positive_mass * of_positive) / rows.positives
        component = np.where(rows.positive, of_positive, of_negative)
        slope = (component - rows.spread(value)) / rows.spread_by_class(rows.positives, rows.negatives)
    return Influence(value, rows.restore(slope), rows.class_shares)


def average_precision(rows: Ranked) -> Influence:
    """Mean, over the positives, of the precision at their score (sklearn's step sum).

    The slope is its exact derivative in each row's weight: AP = Σ_i∈P w_i T_i / N_i / W_P, with T and N the weight of
    positives and of all rows that score at least as high. NaN in a group without positives.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        above = rows.spread(rows.positives + rows.negatives) - rows.below(rows.mass)[0]
        hits = rows.spread(rows.positives) - rows.below(rows.positive_mass)[0]
        precision = np.where(above > 0, hits / above, 0.0)
        # A further row at a score lowers or lifts the precision of every positive that scores no higher.
        reach = np.where(rows.positive_mass > 0, rows.positive_mass / above, 0.0)
        lowered = np.add(*rows.below(reach * precision))
        lifted = np.add(*rows.below(reach))
        value = rows.total(rows.positive_mass * precision) / rows.positives
        gain = np.where(rows.positive, precision - rows.spread(value) + lifted, 0.0)
        slope = (gain - lowered) / rows.spread(rows.positives)
    return Influence(value, rows.restore(slope), rows.class_shares)


def log_loss(frame: Frame, truth: Codes, scores: Floats) -> Influence:
    """Mean of -log p(truth), with p kept a rounding error away from 0 and 1 as in sklearn."""
    return frame.ratio(*_mean(-np.log(_clipped(_probability_of_truth(truth, scores)))))


def brier(frame: Frame, truth: Codes, scores: Floats) -> Influence:
    """Mean squared error of the predicted probability (Brier 1950)."""
    return frame.ratio(*_mean(np.square(scores - truth)))


def roc_auc_ovr(frame: Frame, truth: Codes, scores: Floats) -> Influence:
    """Mean over the classes of each one's area against the rest; NaN in a group that lacks a class."""
    classes = scores.shape[1]
    parts = [roc_auc(Ranked(frame, truth == k, scores[:, k], np.argsort(scores[:, k]))) for k in range(classes)]
    # Each class is the positive one once: its mean share, so that one rare class does not set the df alone.
    share = np.mean([part.shares[0] for part in parts], axis=0)
    value = np.mean([part.value for part in parts], axis=0)
    return Influence(value, np.mean([part.slope for part in parts], axis=0), (share,))


def _mean(values: Floats) -> tuple[Floats, Floats]:
    return values, np.ones_like(values)


def _probability_of_truth(truth: Codes, scores: Floats) -> Floats:
    if scores.ndim == 1:
        return np.where(truth == 1, scores, 1.0 - scores)
    return np.asarray(scores[np.arange(len(truth)), truth] / scores.sum(axis=1))


def _clipped(probability: Floats) -> Floats:
    rounding = float(np.finfo(probability.dtype).eps)
    return np.clip(probability.astype(np.float64), rounding, 1.0 - rounding)


class Ranked:
    """Rows sorted by group and score. Arrays are in that order, so that sums run through memory once."""

    def __init__(self, frame: Frame, truth: NDArray[Any], scores: Floats, order: Codes) -> None:
        """Take the rows' classes (1 is positive), their scores, and the order that sorts these ascending."""
        self._frame, self._truth = frame, truth
        if frame.groups > 1:
            # Short integers are sorted by radix, in linear time.
            small = frame.group.astype(np.uint16) if frame.groups < 65536 else frame.group
            order = order[np.argsort(small[order], kind="stable")]
        self._order, self._groups, self._group = order, frame.groups, frame.group[order]
        self.mass = frame.mass[order]
        self.positive = truth[order] == 1
        self.positive_mass = self.mass * self.positive
        self.positives = self.total(self.positive_mass)
        self.negatives = self.total(self.mass - self.positive_mass)
        ordered = scores[order]
        fresh = np.ones(len(order), dtype=bool)
        fresh[1:] = (ordered[1:] != ordered[:-1]) | (self._group[1:] != self._group[:-1])
        starts = np.flatnonzero(fresh)
        # Runs of equal scores, and where each one's group begins.
        self._runs, self._block = len(starts), np.cumsum(fresh) - 1
        owner = self._group[starts]
        first = np.searchsorted(owner, np.arange(frame.groups))
        self._first = first[owner]

    def total(self, values: Floats) -> Floats:
        """Sum per group."""
        return sums(self._group, values, self._groups)

    def spread(self, per_group: Floats) -> Floats:
        """Each row's value of its group."""
        return per_group[self._group]

    def spread_by_class(self, of_positives: Floats, of_negatives: Floats) -> Floats:
        """Each row's value of its class in its group."""
        return np.where(self.positive, of_positives[self._group], of_negatives[self._group])

    def below(self, mass: Floats) -> tuple[Floats, Floats]:
        """For each row, the mass in its group that scores lower, and the mass that scores the same."""
        tied = sums(self._block, mass, self._runs)
        below = np.concatenate(([0.0], np.cumsum(tied)))
        below = below[:-1] - below[self._first]
        return below[self._block], tied[self._block]

    def restore(self, values: Floats) -> Floats:
        """The values in the order of the frame."""
        found = np.empty_like(values)
        found[self._order] = values
        return found

    @cached_property
    def class_shares(self) -> tuple[Floats, Floats]:
        """The shares of both classes, in the order of the frame: each is a denominator."""
        with np.errstate(divide="ignore"):
            positive, negative = 1.0 / self.positives, 1.0 / self.negatives
        of_positive, of_negative = positive[self._frame.group], negative[self._frame.group]
        return np.where(self._truth == 1, of_positive, 0.0), np.where(self._truth == 1, 0.0, of_negative)
