"""The scales on which a bound is computed: each is one test statistic and its inverse.

A bound is the limit at which the statistic equals the t quantile, so bound and p-value cannot disagree.
Every statistic falls when the limit rises; a large one is evidence that the truth lies above the limit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import copysign, exp, inf, log, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops_actions.statistics.estimate import Estimate


@dataclass(frozen=True)
class Scale:
    """How an estimate is compared with a limit."""

    low: float
    """The least value the quantity can take."""
    high: float
    """The greatest value the quantity can take."""
    statistic: Callable[[Estimate, float], float]
    """The t-like distance of an estimate from a limit strictly between low and high."""
    invert: Callable[[Estimate, float], float]
    """The limit at which the statistic has this value."""
    bears_zero_se: bool = False
    """Score statistics take their standard error from the limit, so an observed SE of 0 is no obstacle."""


def _identity_statistic(estimate: Estimate, limit: float) -> float:
    return (estimate.value - limit) / estimate.se


def _identity_inverse(estimate: Estimate, q: float) -> float:
    return estimate.value - q * estimate.se


def _log_odds(low: float, high: float) -> Scale:
    """The delta method on log((value - low) / (high - value))."""

    def transformed(value: float) -> float:
        return log((value - low) / (high - value))

    def se(estimate: Estimate) -> float:
        return estimate.se * (high - low) / ((estimate.value - low) * (high - estimate.value))

    def statistic(estimate: Estimate, limit: float) -> float:
        return (transformed(estimate.value) - transformed(limit)) / se(estimate)

    def invert(estimate: Estimate, q: float) -> float:
        x = transformed(estimate.value) - q * se(estimate)
        share = 1.0 / (1.0 + exp(-x)) if x > 0 else exp(max(x, -700.0)) / (1.0 + exp(max(x, -700.0)))
        return low + (high - low) * share

    return Scale(low, high, statistic, invert)


def _log_statistic(estimate: Estimate, limit: float) -> float:
    """The delta method on log(value): means of losses are skewed, and their logarithms less so."""
    return (log(estimate.value) - log(limit)) * estimate.value / estimate.se


def _log_inverse(estimate: Estimate, q: float) -> float:
    return estimate.value * exp(min(-q * estimate.se / estimate.value, 700.0))


def _wilson_statistic(estimate: Estimate, limit: float) -> float:
    return (estimate.value - limit) / sqrt(limit * (1.0 - limit) / estimate.n_effective)


def _wilson_inverse(estimate: Estimate, q: float) -> float:
    """Wilson (1927), solved for the limit."""
    p, n = estimate.value, estimate.n_effective
    ratio = q * q / n
    root = sqrt(p * (1.0 - p) / n + ratio / (4.0 * n))
    return min(1.0, max(0.0, (p + ratio / 2.0 - q * root) / (1.0 + ratio)))


def _tango_statistic(estimate: Estimate, limit: float) -> float:
    """Tango (1998), equation 5."""
    deviation = sqrt(max(restricted_variance(estimate, limit), 0.0))
    distance = estimate.value - limit
    if deviation == 0.0:
        return copysign(inf, distance) if distance else 0.0
    return distance / deviation


def restricted_variance(estimate: Estimate, limit: float) -> float:
    """Variance of a paired difference of proportions if it truly were `limit` (Tango 1998, equation 4).

    The discordant counts are shrunk to the effective number of pairs.
    """
    n, b, c = estimate.n_effective, *discordant(estimate)
    linear = -b - c + (2.0 * n - b + c) * limit
    root = sqrt(max(linear * linear + 8.0 * n * c * limit * (1.0 - limit), 0.0))
    lost = (root - linear) / (4.0 * n)
    return (2.0 * lost + limit * (1.0 - limit)) / n


def _tango_inverse(estimate: Estimate, q: float) -> float:
    """The root of value - limit - q·deviation by secant steps, with bisection where one leaves the bracket."""

    def excess(limit: float) -> float:
        return estimate.value - limit - q * sqrt(max(restricted_variance(estimate, limit), 0.0))

    low, high = (-1.0, estimate.value) if q > 0 else (estimate.value, 1.0)
    last, limit = estimate.value, (low + high) / 2.0
    last_excess = excess(last)
    if low < last + last_excess < high:
        limit = last + last_excess
    for step in range(400):
        if not low < limit < high:
            break
        found = excess(limit)
        low, high = (limit, high) if found > 0 else (low, limit)
        rise = found - last_excess
        following = limit - found * (limit - last) / rise if rise else low
        # The next secant step would be far smaller still.
        if abs(following - limit) <= 1e-13:
            return following
        # A bisection now and then makes an end certain.
        bisect = step % 8 == 7 or not low < following < high
        last, last_excess, limit = limit, found, (low + high) / 2.0 if bisect else following
    return low if q > 0 else high


def discordant(estimate: Estimate) -> tuple[float, float]:
    """Rows gained and lost by the candidate, scaled to `n_effective` pairs."""
    if estimate.gained is None or estimate.lost is None:
        raise ValueError("a paired proportion needs its discordant shares")
    return estimate.gained * estimate.n_effective, estimate.lost * estimate.n_effective


def _point_statistic(estimate: Estimate, limit: float) -> float:
    return copysign(inf, estimate.value - limit) if estimate.value != limit else 0.0


SCALES: dict[str, Scale] = {
    "identity": Scale(-inf, inf, _identity_statistic, _identity_inverse),
    "log": Scale(0.0, inf, _log_statistic, _log_inverse),
    "logit": _log_odds(0.0, 1.0),
    "fisher": _log_odds(-1.0, 1.0),
    "wilson": Scale(0.0, 1.0, _wilson_statistic, _wilson_inverse, bears_zero_se=True),
    "tango": Scale(-1.0, 1.0, _tango_statistic, _tango_inverse, bears_zero_se=True),
    # A measured number without sampling error, such as a file size.
    "point": Scale(-inf, inf, _point_statistic, lambda estimate, _: estimate.value, bears_zero_se=True),
}
