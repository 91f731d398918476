"""One group against another, when clusters may span both: differences, and the furthest that two groups are apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, nan, sqrt

from mlops_actions.statistics.contrasts import negate, variance
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.families import worst
from mlops_actions.statistics.quantiles import t_quantile

Pairs = Mapping[tuple[str, str], Estimate]
"""Differences first - second, one for each unordered pair of groups."""


def difference(first: Estimate, second: Estimate, error: float | None, *, clustered: bool) -> Estimate:
    """first - second, of two groups without a row in common.

    `error` is the difference's standard error as the rows gave it. Without it variances add where rows are
    independent, and with clusters the standard errors, which no correlation beats. A proportion that shows no
    variance, at 0 or 1, still has that of Agresti & Coull (1998).

    >>> rates = [Estimate(v, .03, 99, 100, 100, 20, "identity", "mean") for v in (0.4, 0.5)]
    >>> [round(difference(*rates, error, clustered=True).se, 3) for error in (None, 0.01)]
    [0.06, 0.01]
    """
    if first.scale == second.scale == "point":
        return Estimate.point(first.value - second.value)
    parts = (first, second)
    reasons = {part.undecidable for part in parts}
    one, other = (variance(part) for part in parts)
    if error is not None:
        hidden = sum(max(0.0, variance(part) - part.se**2) for part in parts)
        se = sqrt(error**2 + hidden)
    else:
        se = sqrt(one) + sqrt(other) if clustered else sqrt(one + other)
    empty = "no-data" in reasons
    return Estimate(
        value=nan if empty or "undefined" in reasons else first.value - second.value,
        # A group that shows no variance hides some; the difference must not profit from it.
        se=nan if empty else 0.0 if "zero-variance" in reasons else se,
        df=min(part.df for part in parts),
        n=0 if empty else first.n + second.n,
        n_effective=first.n_effective + second.n_effective,
        clusters=min(part.clusters for part in parts) if clustered else first.clusters + second.clusters,
        scale="identity",
        method="between",
    )


@dataclass(frozen=True)
class Extreme:
    """The pair of groups that is furthest apart, with bounds of the extreme over all pairs."""

    first: str
    second: str
    value: float
    lower: float
    """-inf, or 0 for a ratio, where nothing is known."""
    upper: float


def greatest_gap(pairs: Pairs, confidence: float) -> Extreme | None:
    """The greatest difference between two groups, as a gate judges `abs(gap(...))`; None without a pair.

    >>> pairs = {("a", "b"): Estimate.point(-0.1), ("a", "c"): Estimate.point(0.05)}
    >>> greatest_gap(pairs, 0.95)
    Extreme(first='b', second='a', value=0.1, lower=0.1, upper=0.1)
    """
    ordered = {**pairs, **{(h, g): negate(one) for (g, h), one in pairs.items()}}
    known = {pair: one for pair, one in ordered.items() if not one.undecidable}
    if not known:
        return None
    pair = max(known, key=lambda pair: known[pair].value)
    low, high = worst(ordered, confidence, least=False)
    return Extreme(*pair, known[pair].value, max(low, 0.0), high)


def least_ratio(groups: Mapping[str, Estimate], pairs: Pairs, confidence: float) -> Extreme | None:
    """The least ratio between two groups, as a gate judges `ratio(...)`; None without one.

    Bounds are Fieller's (1954): the ratios r at which first - r·second is not told from 0.

    >>> rates = {"a": Estimate.point(0.4), "b": Estimate.point(0.5)}
    >>> least_ratio(rates, {("a", "b"): Estimate.point(-0.1)}, 0.95)
    Extreme(first='a', second='b', value=0.8, lower=0.8, upper=0.8)
    """
    ordered = {**pairs, **{(h, g): negate(one) for (g, h), one in pairs.items()}}
    known = [
        (g, h) for (g, h), one in ordered.items() if not one.undecidable and groups[h].value > 0 <= groups[g].value
    ]
    if not known:
        return None
    first, second = min(known, key=lambda pair: groups[pair[0]].value / groups[pair[1]].value)
    corrected = 1.0 - (1.0 - confidence) / len(ordered)
    bounds = [
        (_fieller(groups[g], groups[h], one, confidence)[0], _fieller(groups[g], groups[h], one, corrected)[1])
        for (g, h), one in ordered.items()
    ]
    low, high = (min(side) for side in zip(*bounds, strict=True))
    return Extreme(first, second, groups[first].value / groups[second].value, low, high)


def _fieller(first: Estimate, second: Estimate, gap: Estimate, confidence: float) -> tuple[float, float]:
    """One-sided bounds of first / second, for second > 0."""
    if gap.scale == "point":
        ratio = first.value / second.value if second.value > 0 else nan
        return ratio, ratio
    if gap.undecidable:
        return 0.0, inf
    square = t_quantile(confidence, gap.df) ** 2
    one, other = variance(first), variance(second)
    a = second.value**2 - square * other
    b = first.value * second.value - square * (one + other - gap.se**2) / 2.0
    inside = b * b - a * (first.value**2 - square * one)
    if a <= 0 or inside < 0:
        return 0.0, inf
    return max((b - sqrt(inside)) / a, 0.0), (b + sqrt(inside)) / a
