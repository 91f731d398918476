"""Which way a metric is better, and what an interval of a difference shows."""

from __future__ import annotations

from typing import Literal

from mlops_actions.evidence.evaluation import EstimateRecord
from mlops_actions.statistics.metrics import known_metric

HEADLINE = ("roc_auc", "roc_auc_ovr", "rmse")
"""Metrics that say most about a model in one number."""

Told = Literal["better", "worse", "not shown", "–"]


def higher_is_better(name: str) -> bool | None:
    """Whether more of a metric is better; None where neither is, or where it is not known.

    >>> higher_is_better("recall@0.3"), higher_is_better("rmse"), higher_is_better("selection_rate")
    (True, False, None)
    """
    metric = known_metric(name)
    return None if metric is None else metric.higher_is_better


def oriented(name: str, one: EstimateRecord) -> tuple[float, float] | None:
    """Both bounds, so that more is better; None where there are none, or no direction."""
    direction = higher_is_better(name)
    if direction is None or one.lower is None or one.upper is None:
        return None
    return (one.lower, one.upper) if direction else (-one.upper, -one.lower)


def told(name: str, difference: EstimateRecord) -> Told:
    """What a difference to the champion shows, at its interval's confidence; a dash where it cannot."""
    bounds = oriented(name, difference)
    if bounds is None:
        return "–"
    return "better" if bounds[0] > 0 else "worse" if bounds[1] < 0 else "not shown"
