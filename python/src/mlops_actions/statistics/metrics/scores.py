"""Metrics of predicted scores: ranking and probability, for two or more classes."""

from __future__ import annotations

import numpy as np

from mlops_actions.statistics.clusters import Codes, Floats, sums
from mlops_actions.statistics.frame import Frame, Influence


def roc_auc(frame: Frame, truth: Codes, scores: Floats, order: Codes) -> Influence:
    """Area under the ROC curve, ties as halves: structural components from one sort (Sun & Xu 2014).

    Summed by cluster they give Obuchowski's 1997 variance, for independent rows exactly DeLong's (1988).
    `order` sorts `scores` ascending. NaN in a group that lacks a class.
    """
    blocks = _Blocks(frame, scores, order)
    positive = truth.astype(np.float64)
    mass_positive, mass_negative = frame.mass * positive, frame.mass * (1.0 - positive)
    total_positive, total_negative = frame.bincount(mass_positive), frame.bincount(mass_negative)
    below, tied = blocks.below(mass_negative)
    below_positive, tied_positive = blocks.below(mass_positive)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_positive = (below + 0.5 * tied) / total_negative[frame.group]
        of_negative = 1.0 - (below_positive + 0.5 * tied_positive) / total_positive[frame.group]
        value = frame.bincount(mass_positive * of_positive) / total_positive
        share_positive = positive / total_positive[frame.group]
        share_negative = (1.0 - positive) / total_negative[frame.group]
        centred = np.where(truth == 1, of_positive, of_negative) - value[frame.group]
        slope = centred * (share_positive + share_negative)
    return Influence(value, slope, (share_positive, share_negative))


def average_precision(frame: Frame, truth: Codes, scores: Floats, order: Codes) -> Influence:
    """Mean, over the positives, of the precision at their score (sklearn's step sum).

    The slope is its exact derivative in each row's weight: AP = Σ_i∈P w_i T_i / N_i / W_P, with T and N the weight of
    positives and of all rows that score at least as high. NaN in a group without positives.
    """
    blocks = _Blocks(frame, scores, order)
    positive = truth.astype(np.float64)
    mass_positive = frame.mass * positive
    total_positive, total = frame.bincount(mass_positive), frame.bincount(frame.mass)
    with np.errstate(divide="ignore", invalid="ignore"):
        above = total[frame.group] - blocks.below(frame.mass)[0]
        hits = total_positive[frame.group] - blocks.below(mass_positive)[0]
        precision = np.where(above > 0, hits / above, 0.0)
        # A further row at a score lowers or lifts the precision of every positive that scores no higher.
        reach = np.where(mass_positive > 0, mass_positive / above, 0.0)
        lowered = np.add(*blocks.below(reach * precision))
        lifted = np.add(*blocks.below(reach))
        value = frame.bincount(mass_positive * precision) / total_positive
        share_positive = positive / total_positive[frame.group]
        share_negative = (1.0 - positive) / (total - total_positive)[frame.group]
        gain = precision - value[frame.group]
        slope = (positive * (gain + lifted) - lowered) / total_positive[frame.group]
    return Influence(value, slope, (share_positive, share_negative))


def log_loss(frame: Frame, truth: Codes, scores: Floats) -> Influence:
    """Mean of -log p(truth), with p kept a rounding error away from 0 and 1 as in sklearn."""
    return frame.ratio(*_mean(-np.log(_clipped(_probability_of_truth(truth, scores)))))


def brier(frame: Frame, truth: Codes, scores: Floats) -> Influence:
    """Mean squared error of the predicted probability (Brier 1950)."""
    return frame.ratio(*_mean(np.square(scores - truth)))


def roc_auc_ovr(frame: Frame, truth: Codes, scores: Floats) -> Influence:
    """Mean over the classes of each one's area against the rest; NaN in a group that lacks a class."""
    classes = scores.shape[1]
    parts = [
        roc_auc(frame, (truth == k).astype(np.intp), scores[:, k], np.argsort(scores[:, k], kind="stable"))
        for k in range(classes)
    ]
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


class _Blocks:
    """Rows sorted by group and score, and the runs of equal scores."""

    def __init__(self, frame: Frame, scores: Floats, order: Codes) -> None:
        if frame.groups > 1:
            # Short integers are sorted by radix, in linear time.
            small = frame.group.astype(np.uint16) if frame.groups < 65536 else frame.group
            order = order[np.argsort(small[order], kind="stable")]
        group, ordered = frame.group[order], scores[order]
        fresh = np.ones(len(order), dtype=bool)
        fresh[1:] = (ordered[1:] != ordered[:-1]) | (group[1:] != group[:-1])
        self._starts = np.flatnonzero(fresh)
        self._block = np.empty(len(order), dtype=np.intp)
        self._block[order] = np.cumsum(fresh) - 1
        group_of_block = group[self._starts]
        first = np.ones(len(self._starts), dtype=bool)
        first[1:] = group_of_block[1:] != group_of_block[:-1]
        self._first_of_group = np.flatnonzero(first)[np.cumsum(first) - 1] if len(first) else self._starts

    def below(self, mass: Floats) -> tuple[Floats, Floats]:
        """For each row, the mass in its group that scores lower, and the mass that scores the same."""
        tied = sums(self._block, mass, len(self._starts))
        below = np.concatenate(([0.0], np.cumsum(tied)))
        below = below[:-1] - below[self._first_of_group]
        return below[self._block], tied[self._block]
