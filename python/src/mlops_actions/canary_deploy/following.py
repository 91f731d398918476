"""Whether the traffic follows the weight that was set, and what is said where it does not."""

from __future__ import annotations

import math

from mlops_actions.canary_deploy.looks import Seen
from mlops_actions.evidence.statement import Reason
from mlops_actions.statistics.sequential import Counts

_WEIGHT_TOLERANCE = 0.01
"""Percent points: what a proxy may round."""
_SHARE_EVIDENCE = math.log(1e9)
"""A proxy that follows its weight is accused of not following it once in 1e9 looks."""
_SHARE_FACTOR = 2.0
"""Slow or retried requests shift the share that is seen; only odds wrong by more than this factor count."""
_LEAST_ODDS = 1e-3
"""A weight of 0 still lets through what was on its way."""


def is_same(weight: float, other: float) -> bool:
    """Whether two weights differ by no more than proxies round."""
    return abs(weight - other) <= _WEIGHT_TOLERANCE


def changed(weight: float, seen: Seen) -> Reason | None:
    """Why the weight in effect is not the one that was set, in percent; None where it is."""
    if is_same(seen.weight, weight):
        return None
    if seen.restarted:
        message = f"The proxy was restarted and holds {seen.weight:g} % instead of {weight:g} %."
        return Reason(code="proxy-restarted", message=message)
    message = (
        f"The candidate's weight is {seen.weight:g} %, this rollout had set {weight:g} %: somebody else changed it."
    )
    return Reason(code="weight-changed", message=message)


def mirror_changed(share: float, seen: Seen) -> Reason | None:
    """Why the share of requests that is copied, in percent, is not the one that was set; None where it is."""
    if is_same(seen.mirror, share):
        return None
    said = "the proxy was restarted" if seen.restarted else "somebody else changed it"
    message = (
        f"{seen.mirror:g} % of the requests are copied to the candidate, this rollout had set {share:g} %: {said}."
    )
    return Reason(code="mirror-changed", message=message)


def not_followed(weight: float, seen: tuple[int, int]) -> Reason | None:
    """Why requests, of the candidate and of both, could not come from a weight; None where they could.

    By the exponent of Chernoff's bound.
    """
    candidate, both = seen
    share = Counts(candidate, both).rate
    if share is None or weight == 100:
        return None
    odds = max(weight / (100 - weight), _LEAST_ODDS)
    low, high = (odds * factor / (1 + odds * factor) for factor in (1 / _SHARE_FACTOR, _SHARE_FACTOR))
    nearest = min(max(share, low), high)
    if both * _divergence(share, nearest) < _SHARE_EVIDENCE:
        return None
    message = (
        f"The proxy says {weight:g} %, but {candidate:,} of {both:,} requests went to the candidate: "
        "its routing does not follow the weight."
    )
    return Reason(code="weight-not-followed", message=message)


def _divergence(p: float, q: float) -> float:
    """Kullback-Leibler distance of two coins, in nats."""
    terms = ((p, q), (1 - p, 1 - q))
    return sum(a * math.log(a / b) for a, b in terms if a > 0)
