"""ROC and precision-recall curves of a binary model, and how its scores spread over the classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlops_actions.statistics.clusters import Codes, Floats

POINTS = 101
"""Levels at which a curve keeps a point."""
BINS = 20


@dataclass(frozen=True)
class Curve:
    """Points of a curve, by falling threshold. Each is one of the full curve's, not an interpolation."""

    x: Floats
    y: Floats
    thresholds: Floats
    """A row counts as positive from this score on; NaN at the point where none does."""
    area: float
    """Under the full curve: ROC AUC by trapezoids, average precision by steps."""


@dataclass(frozen=True)
class Ranking:
    """The weight of each class at or above every distinct score, from the highest score down (k,)."""

    thresholds: Floats
    positives: Floats
    negatives: Floats

    @classmethod
    def of(cls, truth: Codes, scores: Floats, order: Codes, weights: Floats | None = None) -> Ranking:
        """Rank rows; `order` sorts the scores ascending (all four are (n,)).

        >>> ranking = Ranking.of(np.array([0, 1, 1]), np.array([0.2, 0.2, 0.9]), np.array([0, 1, 2]))
        >>> ranking.positives, ranking.negatives
        (array([1., 2.]), array([0., 1.]))
        """
        falling = order[::-1]
        ordered = scores[falling]
        ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)
        thresholds, positive = ordered[ends].astype(np.float64), truth[falling] == 1
        if weights is None:
            hits = np.cumsum(positive)[ends]
            return cls(thresholds, hits.astype(np.float64), (ends + 1 - hits).astype(np.float64))
        weight = weights[falling]
        return cls(thresholds, np.cumsum(weight * positive)[ends], np.cumsum(weight * ~positive)[ends])

    def roc(self, points: int = POINTS) -> Curve | None:
        """True against false positive rate; None where a class is missing.

        At most 3 · `points` of the curve's points are kept: the first at each of `points` levels of x + y, and the
        last before every long segment. Between two of them lies a straight piece of the full curve, or at most 1.5
        steps of x + y: the area under them differs by at most 0.75 / (points - 1), on smooth curves by some 1e-5.
        """
        if not (self.positives[-1] > 0 and self.negatives[-1] > 0):
            return None
        x = np.append(0.0, self.negatives / self.negatives[-1])
        y = np.append(0.0, self.positives / self.positives[-1])
        kept = _evenly(x + y, points)
        return Curve(x[kept], y[kept], np.append(np.nan, self.thresholds)[kept], float(np.trapezoid(y, x)))

    def precision_recall(self, points: int = POINTS) -> Curve | None:
        """Precision against recall, from the highest score down; None where a class is missing.

        From the first positive on, the first point at each of `points` levels of recall, and the last one. The area is
        the full curve's average precision, sum of (R_i - R_i-1) P_i.
        """
        if not (self.positives[-1] > 0 and self.negatives[-1] > 0):
            return None
        found = self.positives > 0
        positives, negatives, thresholds = self.positives[found], self.negatives[found], self.thresholds[found]
        recall = positives / positives[-1]
        precision = positives / (positives + negatives)
        kept = np.union1d(_evenly(recall, points), len(recall) - 1)
        area = float((np.diff(recall, prepend=0.0) * precision).sum())
        return Curve(recall[kept], precision[kept], thresholds[kept], area)


@dataclass(frozen=True)
class ScoreHistogram:
    """Shares of each class's weight in bins of equal width."""

    edges: Floats
    """Of the bins (b + 1,)."""
    negatives: Floats
    """Shares of the negatives (b,); they sum to one."""
    positives: Floats


def score_histogram(
    truth: Codes, scores: Floats, weights: Floats | None = None, *, probabilities: bool = True, bins: int = BINS
) -> ScoreHistogram:
    """How the scores of either class are spread: over 0 … 1 for probabilities, else over their range."""
    span = (0.0, 1.0) if probabilities else (float(scores.min()), float(scores.max()))
    shares = []
    for positive in (False, True):
        rows = (truth == 1) == positive
        counts, edges = np.histogram(scores[rows], bins, span, weights=None if weights is None else weights[rows])
        shares.append(counts / max(float(counts.sum()), np.finfo(np.float64).tiny))
    return ScoreHistogram(edges, *shares)


def _evenly(progress: Floats, points: int) -> Codes:
    """Places where a rising sequence first reaches each of evenly spaced levels, and those before a long jump."""
    levels = np.linspace(progress[0], progress[-1], points)
    first = np.minimum(np.searchsorted(progress, levels), len(progress) - 1)
    before = first[1:] - 1
    jump = progress[first[1:]] - progress[before]
    return np.unique(np.concatenate((first, before[jump > (levels[-1] - levels[0]) / (points - 1) / 2])))
