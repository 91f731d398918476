"""Latency: in each repeat a quantile over its calls, and the mean of that over repeats, a repeat being a cluster.

Calls that follow each other share what the machine is doing, so that their number says nothing about the error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import fmean, stdev
from typing import Literal

from mlops_actions.statistics.estimate import Estimate

FEWEST_REPEATS = 10
QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
Kind = Literal["row", "batch"]
KINDS: dict[Kind, str] = {"row": "latency", "batch": "batch_latency"}
LATENCIES = tuple(f"{kind}_{quantile}_ms" for kind in KINDS.values() for quantile in QUANTILES)
"""What a rule may name."""

Repeats = Sequence[Mapping[Kind, Sequence[float]]]
"""By repeat and kind: milliseconds of each call."""


def estimates_of(repeats: Repeats) -> dict[str, Estimate]:
    """By the names of LATENCIES, those that the calls of each repeat are enough for."""
    return {name: mean_of(values) for name, values in _quantiles(repeats).items()}


def differences_of(candidate: Repeats, champion: Repeats) -> dict[str, Estimate]:
    """Candidate less champion, paired by repeat: both took their turns side by side."""
    pairs = min(len(candidate), len(champion))
    own, other = _quantiles(candidate[:pairs]), _quantiles(champion[:pairs])
    return {
        name: mean_of([a - b for a, b in zip(own[name], other[name], strict=True)], scale="identity")
        for name in own
        if name in other
    }


def mean_of(values: Sequence[float], scale: str = "log") -> Estimate:
    """The mean of one number a repeat, by t; fewer than FEWEST_REPEATS leave it undecidable.

    >>> found = mean_of([9.0, 10.0, 11.0] * 4)
    >>> found.value, found.df, round(found.se, 4), round(found.upper(0.95), 2)
    (10.0, 11, 0.2462, 10.45)
    >>> mean_of([9.0, 10.0, 11.0]).undecidable
    'few-clusters'
    """
    n = len(values)
    return Estimate(
        value=fmean(values),
        se=stdev(values) / sqrt(n) if n > 1 else 0.0,
        df=n - 1 if n >= FEWEST_REPEATS else 0.0,
        n=n,
        n_effective=float(n),
        clusters=n,
        scale=scale,
        method="repeats",
    )


def _quantiles(repeats: Repeats) -> dict[str, list[float]]:
    """By name, one number a repeat. A quantile that lies beyond the greatest of so few calls is left out."""
    # A gate needs the names alone, and is to start quickly.
    import numpy as np

    found = {}
    for kind, prefix in KINDS.items():
        calls = [repeat.get(kind, ()) for repeat in repeats]
        fewest = min(map(len, calls), default=0)
        for name, level in QUANTILES.items():
            if fewest and level * (fewest + 1) <= fewest:
                # Weibull's plotting position: the expected share of calls below the k-th of n is k / (n + 1).
                found[f"{prefix}_{name}_ms"] = [float(np.quantile(one, level, method="weibull")) for one in calls]
    return found
