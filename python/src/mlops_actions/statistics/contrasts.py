"""Contrasts of estimates: a multiple of the champion, and the opposite; plain numbers, no arrays."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isfinite, nan, sqrt

from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.scales import discordant, restricted_variance


def combine(
    candidate: Estimate,
    champion: Estimate,
    difference: Estimate | None,
    *,
    a: float = 1.0,
    b: float = 1.0,
    limit: float = 0.0,
) -> Estimate:
    """The contrast a·candidate - b·champion of two estimates from the same rows.

    Var = a²V_c + b²V_b - ab(V_c + V_b - V_d), so the paired difference is all that `0.98 * champion` needs. With
    a = b = 1 it is the difference itself, on its own scale. Variances of proportions are first moved away from 0 as
    Agresti & Coull (1998) and, paired, Bonett & Price (2012) do, and a paired one is at least Tango's (1998) at
    `limit`: no contrast is sharp because little was seen. `limit` is what the contrast will be compared with, where a
    constant (`champion - 0.01`) goes too; it does not enter the value. `difference` may be None only for points.

    >>> c, b = (Estimate(v, .02, 99, 100, 100, 100, "identity", "mean") for v in (0.91, 0.90))
    >>> d = Estimate(0.01, .01, 99, 100, 100, 100, "identity", "paired")
    >>> contrast = combine(c, b, d, b=0.98)
    >>> round(contrast.value, 3), round(contrast.se, 4)
    (0.028, 0.0099)
    """
    value = a * candidate.value - b * champion.value
    if candidate.scale == champion.scale == "point":
        return Estimate.point(value)
    if difference is None:
        raise ValueError("a contrast of sampled estimates needs their paired difference")
    if a == b == 1.0:
        return difference
    parts = (candidate, champion, difference)
    reasons = {part.undecidable for part in parts}
    candidate_variance, champion_variance, paired = (variance(part) for part in parts)
    if difference.scale == "tango" and a > 0 and not reasons - {None}:
        null = (limit - (a - b) * champion.value) / a
        paired = max(paired, restricted_variance(difference, null) if -1.0 < null < 1.0 else 0.0)
    shared = candidate_variance + champion_variance - paired
    least = (abs(a) * sqrt(candidate_variance) - abs(b) * sqrt(champion_variance)) ** 2 if not reasons - {None} else 0.0
    total = max(a * a * candidate_variance + b * b * champion_variance - a * b * shared, least)
    return Estimate(
        value=nan if "undefined" in reasons else value,
        # A part that shows no variance at all hides some; the contrast must not profit from it.
        se=0.0 if "zero-variance" in reasons else sqrt(total) if isfinite(total) else nan,
        df=min(part.df for part in parts),
        n=min(part.n for part in parts),
        n_effective=min(part.n_effective for part in parts),
        clusters=min(part.clusters for part in parts),
        scale="identity",
        method="paired",
    )


def independent(first: Estimate, second: Estimate) -> Estimate:
    """First - second of two estimates from different rows: variances add, degrees of freedom by Welch (1947).

    Variances of proportions are first moved away from 0, as Agresti & Caffo (2000) do. Where the same clusters stand
    behind both, their correlation makes the true standard error smaller than the one that is given.

    >>> one, two = (Estimate(v, .03, 99, 100, 100, 100, "identity", "mean") for v in (0.9, 0.8))
    >>> found = independent(one, two)
    >>> round(found.value, 3), round(found.se, 4), round(found.df)
    (0.1, 0.0424, 198)
    """
    if first.scale == second.scale == "point":
        return Estimate.point(first.value - second.value)
    reasons = {first.undecidable, second.undecidable}
    one, two = variance(first), variance(second)
    total = one + two
    if "few-clusters" in reasons or not isfinite(total) or not total > 0:
        df = min(first.df, second.df)
    else:
        spread = one**2 / first.df + two**2 / second.df
        df = total**2 / spread if spread else inf
    return Estimate(
        value=nan if "undefined" in reasons else first.value - second.value,
        # A part that shows no variance at all hides some; the difference must not profit from it.
        se=0.0 if "zero-variance" in reasons else sqrt(total) if isfinite(total) else nan,
        df=df,
        n=min(first.n, second.n),
        n_effective=min(first.n_effective, second.n_effective),
        clusters=min(first.clusters, second.clusters),
        scale="identity",
        method="independent",
    )


def negate(estimate: Estimate) -> Estimate:
    """The same estimate of the opposite quantity: h - g from g - h. Only on scales symmetric about 0.

    >>> negate(Estimate.point(2.0)).value
    -2.0
    """
    if estimate.scale in ("log", "logit", "wilson"):
        raise ValueError(f"an estimate on the scale {estimate.scale} has no opposite")
    return replace(estimate, value=-estimate.value, gained=estimate.lost, lost=estimate.gained)


def variance(estimate: Estimate) -> float:
    """Squared standard error, for proportions at least that of two more successes and failures.

    >>> variance(Estimate(1.0, 0.0, 49, 50, 50, 50, "wilson", "wilson")) > 0
    True
    """
    n, floor = estimate.n_effective, 0.0
    if not isfinite(estimate.value) or not n > 0:
        return nan
    if estimate.scale == "wilson":
        share = (estimate.value * n + 2.0) / (n + 4.0)
        floor = share * (1.0 - share) / (n + 4.0)
    elif estimate.scale == "tango":
        gained, lost = ((count + 1.0) / (n + 2.0) for count in discordant(estimate))
        floor = (gained + lost - (gained - lost) ** 2) / (n + 2.0)
    return max(estimate.se**2, floor)
