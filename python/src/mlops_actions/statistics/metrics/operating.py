"""A metric at an operating point: the threshold at which a constraint just holds, found on this very test set."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from mlops_actions.statistics.clusters import Codes, Floats
from mlops_actions.statistics.influence import Denominators, Influence
from mlops_actions.statistics.metrics import confusion
from mlops_actions.statistics.metrics.confusion import Confusion
from mlops_actions.statistics.metrics.names import Constraint, OperatingPoint
from mlops_actions.statistics.metrics.ranking import Ranked

_WIDTH = 1.645
"""Standard errors of the constraint on each side over which the exchange of one metric for the other is measured."""
_ROUNDING = 1e-12


def at_operating_point(rows: Ranked, metric: Confusion, point: OperatingPoint) -> Influence:
    """The metric where a row is positive from the threshold that just keeps the constraint, in each group.

    `false_positive_rate(0.01)`, `selection_rate` and `specificity` take the lowest such threshold, `recall` the
    highest; a metric of a group that lacks a class is NaN. The threshold is a quantile of this sample, so its own
    error belongs to the influence: with c the constraint, IF = IF_metric - (d metric / d c)·IF_c, both at the fixed
    threshold (for recall at a false positive rate: Hsieh & Turnbull 1996). The exchange rate d metric / d c is read
    off the curve between the limits c ± 1.645 standard errors, as far as the threshold varies (Woodruff 1952).
    """
    classes = rows.classes
    chosen = _chosen(rows, point.constraint, np.full(classes.frame.groups, point.limit))
    labels = rows.from_run(chosen)
    truth = classes.positive.astype(np.intp)
    found = confusion.influence(classes.frame, truth, labels, 2, metric)
    bound = confusion.influence(classes.frame, truth, labels, 2, _CONSTRAINTS[point.constraint])
    width = _WIDTH * np.sqrt(bound.base.spread(bound.slope).variance)
    ends = [_chosen(rows, point.constraint, point.limit + side * width) for side in (-1.0, 1.0)]
    (low, c_low), (high, c_high) = (
        tuple(one(_matrix(rows, end)).value for one in (metric, _CONSTRAINTS[point.constraint])) for end in ends
    )
    exchange = classes.frame.spread((high - low) / (c_high - c_low))
    base = Denominators(classes.frame, (*found.base.shares, *bound.base.shares))
    # Without a class there is no constraint to keep, and so no threshold.
    value = np.where(np.isfinite(bound.value), found.value, np.nan)
    return Influence(value, found.slope - exchange * bound.slope, base, found.hit)


_CONSTRAINTS: MappingProxyType[Constraint, Confusion] = MappingProxyType(
    {
        "false_positive_rate": confusion.false_positive_rate,
        "specificity": confusion.specificity,
        "selection_rate": confusion.selection_rate,
        "recall": confusion.recall,
    }
)


def _chosen(rows: Ranked, constraint: Constraint, limit: Floats) -> Codes:
    """The run from which each group's rows count as positive; past its last run where no row may."""
    hits, alarms = rows.from_here_positive, rows.from_here_negative
    positives, negatives = (rows.spread(total) for total in (rows.classes.positives, rows.classes.negatives))
    wanted = rows.spread(limit)
    with np.errstate(divide="ignore", invalid="ignore"):
        if constraint == "recall":
            return rows.last_where(hits / positives >= wanted - _ROUNDING)
        kept: Callable[[], NDArray[np.bool_]] = {
            "false_positive_rate": lambda: alarms / negatives <= wanted + _ROUNDING,
            "specificity": lambda: 1.0 - alarms / negatives >= wanted - _ROUNDING,
            "selection_rate": lambda: (hits + alarms) / (positives + negatives) <= wanted + _ROUNDING,
        }[constraint]
        return rows.first_where(kept())


def _matrix(rows: Ranked, chosen: Codes) -> Floats:
    """Confusion matrices (groups, 2, 2) where runs count as positive from the chosen one on."""
    classes = rows.classes
    hits, alarms = (rows.at(chosen, part) for part in (rows.from_here_positive, rows.from_here_negative))
    cells = [[classes.negatives - alarms, alarms], [classes.positives - hits, hits]]
    return np.asarray(np.moveaxis(np.array(cells), 2, 0))
