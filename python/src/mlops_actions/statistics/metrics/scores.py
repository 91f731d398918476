"""Metrics of predicted scores: ranking and probability, for two or more classes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mlops_actions.statistics.clusters import Codes, Floats
from mlops_actions.statistics.influence import Denominators, Influence
from mlops_actions.statistics.metrics.ranking import Classes, Ranked

Ranking = Callable[[Ranked], Influence]


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
    """Mean squared error of the predicted probabilities (Brier 1950), halved for several classes: always in 0 … 1.

    So it is sklearn's with `scale_by_half=True`.
    """
    if scores.ndim == 1:
        return everything.mean(np.square(scores - truth))
    missed = scores.copy()
    missed[np.arange(len(truth)), truth] -= 1.0
    return everything.mean(np.einsum("ij,ij->i", missed, missed) / 2.0)


def one_vs_rest(metric: Ranking, *, weighted: bool) -> Callable[[Denominators, Codes, Floats], Influence]:
    """The mean over the classes of a metric of each one's probability against the rest.

    Plain (macro): NaN in a group that lacks a class. Weighted by how often each class is true, whose own variation
    is in the influence: a class that is never true weighs nothing.
    """

    def mean(everything: Denominators, truth: Codes, scores: Floats) -> Influence:
        frame, classes = everything.frame, scores.shape[1]
        value, slope, base = np.zeros(frame.groups), np.zeros(len(truth)), np.zeros(len(truth))
        for k in range(classes):
            one = Classes(frame, truth == k)
            found = metric(Ranked(one, scores[:, k], np.argsort(scores[:, k])))
            if not weighted:
                value += found.value / classes
                slope += found.slope / classes
            else:
                share = one.positives / frame.masses
                alone = np.where(share > 0, found.value, 0.0)
                value += share * alone
                part = np.where(frame.spread(share) > 0, frame.spread(share) * found.slope, 0.0)
                slope += part + one.positive * frame.spread(alone / frame.masses)
            # Each class is the positive one once: its mean share, so that one rare class does not set the df alone.
            base += found.base.shares[0] / classes
        if weighted:
            slope -= frame.spread(value / frame.masses)
        return Influence(value, slope, Denominators(frame, (base,)))

    return mean


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
