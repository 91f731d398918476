"""From a linearised metric to its estimates, one a group."""

from __future__ import annotations

from math import isfinite

import numpy as np

from mlops_actions.statistics.clusters import Floats
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.frame import Frame
from mlops_actions.statistics.influence import Denominators, Influence, Spread
from mlops_actions.statistics.metrics import Metric


def estimates_of(frame: Frame, metric: Metric, influence: Influence, whole: Estimate | None) -> list[Estimate]:
    """One estimate a group; `whole` is the table's, for its design effect."""
    spread = influence.spread
    naive = influence.value * (1.0 - influence.value) if metric.scale == "wilson" else None
    effective = _effective_rows(spread, naive, whole)
    return [
        _estimate(metric.scale, metric.method, influence.value[g], spread, effective, g) for g in range(frame.groups)
    ]


def differences_of(
    frame: Frame, metric: Metric, candidate: Influence, champion: Influence, whole: Estimate | None
) -> list[Estimate]:
    """Candidate - champion, one estimate a group: a row's influence is the difference of its two."""
    value = candidate.value - champion.value
    shared = metric.difference == "tango" or candidate.base is champion.base
    base = candidate.base if shared else Denominators(frame, (*candidate.base.shares, *champion.base.shares))
    spread = base.spread(candidate.slope - champion.slope).plus(candidate.hidden).plus(champion.hidden)
    if metric.difference != "tango" or candidate.hit is None or champion.hit is None:
        effective = _effective_rows(spread, None, whole)
        return [_estimate("identity", "paired", value[g], spread, effective, g) for g in range(frame.groups)]
    share = base.shares[0]
    gained = frame.total(share * (candidate.hit > champion.hit))
    lost = frame.total(share * (candidate.hit < champion.hit))
    effective = _effective_rows(spread, gained + lost - np.square(gained - lost), whole)
    return [
        _estimate("tango", "tango", value[g], spread, effective, g, float(gained[g]), float(lost[g]))
        for g in range(frame.groups)
    ]


def _effective_rows(spread: Spread, naive: Floats | None, whole: Estimate | None) -> Floats:
    """Rows over the design effect: how many independent rows would vary as much.

    A proportion compares its variance with that of independent rows, `naive` / n. Where it is 0 or 1 the variance
    says nothing: the table's design effect takes over, and without one a cluster counts as one row.
    """
    rows = spread.rows.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        if naive is None:
            found = rows * spread.independent / spread.variance
            return np.where(spread.variance > 0, np.minimum(found, rows), spread.effective)
        seen = (naive > 1e-12) & (spread.variance > 0)
        found = np.minimum(np.where(seen, naive / spread.variance, 0.0), rows)
    least = np.minimum(spread.effective, rows)
    informed = whole is not None and whole.n_effective > 0 and isfinite(whole.se) and whole.se > 0
    effect = whole.n / whole.n_effective if whole is not None and informed else np.inf
    return np.where(seen, found, np.clip(rows / effect, least, rows))


def _estimate(
    scale: str,
    method: str,
    value: float,
    spread: Spread,
    effective: Floats,
    group: int,
    gained: float | None = None,
    lost: float | None = None,
) -> Estimate:
    variance, value = float(spread.variance[group]), float(value)
    se = float(np.sqrt(variance)) if variance > 0 else variance * 0.0
    return Estimate(
        value=value,
        # What is left of a standard error by rounding is no standard error.
        se=0.0 if se <= 1e-13 * abs(value) else se,
        df=max(float(spread.effective[group]) - 1.0, 0.0),
        n=int(spread.rows[group]),
        n_effective=float(effective[group]),
        clusters=int(spread.clusters[group]),
        scale=scale,
        method=method,
        gained=gained,
        lost=lost,
    )
