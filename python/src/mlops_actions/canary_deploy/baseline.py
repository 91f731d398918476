"""The stable side before the canary: how many requests, how many errors, and how much they come in bunches."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mlops_actions import cancellation
from mlops_actions.canary_deploy.metrics import MetricSource
from mlops_actions.canary_deploy.metrics.interface import block_since
from mlops_actions.statistics.sequential import Counts, Dispersion, pearson_dispersion


@dataclass(frozen=True)
class Baseline:
    """What was seen of the stable side alone."""

    counts: Counts
    dispersion: Dispersion
    requests_per_second: float

    @property
    def rate(self) -> float:
        """The error rate, never 0 or 1."""
        return (self.counts.bad + 0.5) / (self.counts.total + 1)


def watch_baseline(
    source: MetricSource, seconds: float, interval: float, is_over: Callable[[], bool] = lambda: False
) -> Baseline:
    """Look at the stable side every `interval` for as long as asked, or until `is_over`.

    OutsideError when its counters cannot be read.
    """
    looks: list[Counts] = []
    usable = 0
    before = source.read()
    for _ in range(max(1, math.ceil(seconds / interval - 1e-9))):
        cancellation.wait(interval)
        if is_over():
            break
        after = source.read()
        block = block_since(before, after, longest_gap(interval))
        before = after
        if block:
            looks.append(block.baseline)
            usable += 1
    return summarize(looks, usable * interval)


def summarize(looks: Sequence[Counts], seconds: float) -> Baseline:
    """Looks at the stable side as one baseline; `seconds` is how long they took together.

    >>> baseline = summarize([Counts(0, 50), Counts(1, 50)], seconds=20)
    >>> baseline.counts, baseline.requests_per_second, baseline.dispersion.source
    (Counts(bad=1, total=100), 5.0, 'assumed')
    """
    counts = Counts(sum(look.bad for look in looks), sum(look.total for look in looks))
    dispersion = pearson_dispersion([look.bad for look in looks], [look.total for look in looks])
    return Baseline(counts, dispersion, counts.total / seconds if seconds else 0.0)


def longest_gap(interval: float) -> float:
    """Seconds between two looks after which their difference is not trusted."""
    return max(5.0, 3 * interval)
