"""Latency as counts: how many requests were slower than a bound, from the cumulative buckets of a histogram."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from mlops_actions.statistics.sequential import Counts

_PREFIX = "latency>"
_NAME = re.compile(rf"{_PREFIX}([0-9.]+)ms")


def latency_name(seconds: float) -> str:
    """The reading of requests that took longer.

    >>> latency_name(0.25), bound_of("latency>250ms"), bound_of("errors")
    ('latency>250ms', 0.25, None)
    """
    return f"{_PREFIX}{round(1000 * seconds, 6):.12g}ms"


def bound_of(name: str) -> float | None:
    """The bound in seconds that a reading's name tells; None where it is no latency."""
    match = _NAME.fullmatch(name)
    return float(match[1]) / 1000 if match else None


def slower_than(buckets: Mapping[float, int], errors: Counts) -> dict[str, Counts]:
    """How many requests were slower than each bound in seconds, by the name of the reading.

    A bucket holds the requests that were answered within its bound, in whatever way. A request in none of them, such
    as a time-out, is slow; and so is an error that was answered: a server that fails at once is not a fast one.

    >>> slower_than({0.1: 80, 0.5: 95, math.inf: 97}, Counts(bad=5, total=100))  # 3 without a time, 2 answered errors
    {'latency>100ms': Counts(bad=22, total=100), 'latency>500ms': Counts(bad=7, total=100)}
    """
    timed = max(buckets.values(), default=0)
    answered_errors = max(0, errors.bad - max(0, errors.total - timed))
    return {
        latency_name(bound): Counts(min(errors.total, max(0, errors.total - fast) + answered_errors), errors.total)
        for bound, fast in sorted(buckets.items())
        if math.isfinite(bound)
    }
