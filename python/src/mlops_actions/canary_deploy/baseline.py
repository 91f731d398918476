"""The stable side before the canary: how many requests, how many errors, and how much they come in bunches."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mlops_actions import cancellation
from mlops_actions.canary_deploy.metrics import MetricSource
from mlops_actions.canary_deploy.metrics.interface import ERRORS, blocks_since
from mlops_actions.statistics.sequential import Counts, Dispersion, pearson_dispersion


@dataclass(frozen=True)
class History:
    """What one metric of the stable side was before the first weight."""

    counts: Counts
    dispersion: Dispersion

    @property
    def rate(self) -> float:
        """The share of bad ones, never 0 or 1."""
        return (self.counts.bad + 0.5) / (self.counts.total + 1)


@dataclass(frozen=True)
class Baseline:
    """What was seen of the stable side alone."""

    metrics: Mapping[str, History]
    """By what is counted: `errors` always."""
    requests_per_second: float
    looks: tuple[Mapping[str, Counts], ...] = ()
    """One after the other."""
    seconds: float = 0.0
    """That they took together."""

    @property
    def counts(self) -> Counts:
        """Requests, and those of them that failed."""
        return self.metrics[ERRORS].counts

    @property
    def dispersion(self) -> Dispersion:
        """Of the errors."""
        return self.metrics[ERRORS].dispersion

    @property
    def rate(self) -> float:
        """The error rate, never 0 or 1."""
        return self.metrics[ERRORS].rate


def watch_baseline(
    source: MetricSource, seconds: float, interval: float, is_over: Callable[[], bool] = lambda: False
) -> Baseline:
    """Look at the stable side every `interval` for as long as asked, or until `is_over`.

    OutsideError when its counters cannot be read.
    """
    looks: list[dict[str, Counts]] = []
    before = source.read()
    for _ in range(max(1, math.ceil(seconds / interval - 1e-9))):
        cancellation.wait(interval)
        if is_over():
            break
        after = source.read()
        blocks = blocks_since(before, after, longest_gap(interval))
        before = after
        if ERRORS in blocks:
            looks.append({name: block.baseline for name, block in blocks.items()})
    return summarize(looks, len(looks) * interval)


def summarize(looks: Sequence[Mapping[str, Counts]], seconds: float) -> Baseline:
    """Looks at the stable side as one baseline; `seconds` is how long they took together.

    >>> baseline = summarize([{"errors": Counts(0, 50)}, {"errors": Counts(1, 50)}], seconds=20)
    >>> baseline.counts, baseline.requests_per_second, baseline.dispersion.source
    (Counts(bad=1, total=100), 5.0, 'assumed')
    """
    names = dict.fromkeys([ERRORS, *(name for look in looks for name in look)])
    metrics = {name: _history([look[name] for look in looks if name in look]) for name in names}
    return Baseline(metrics, metrics[ERRORS].counts.total / seconds if seconds else 0.0, tuple(looks), seconds)


def _history(looks: Sequence[Counts]) -> History:
    bad, total = [look.bad for look in looks], [look.total for look in looks]
    return History(Counts(sum(bad), sum(total)), pearson_dispersion(bad, total))


def longest_gap(interval: float) -> float:
    """Seconds between two looks after which their difference is not trusted."""
    return max(5.0, 3 * interval)
