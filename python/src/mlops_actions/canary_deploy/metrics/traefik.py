"""Traefik's own counters of each service: what its users were answered.

Traefik does not count an answer that broke off after its status was sent.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from mlops_actions.canary_deploy.metrics.interface import ERRORS, Snapshot
from mlops_actions.canary_deploy.metrics.latency import slower_than
from mlops_actions.canary_deploy.targets.traefik import TraefikTarget
from mlops_actions.canary_deploy.traefik_api import Counted, TraefikApi
from mlops_actions.statistics.sequential import Counts

_GAVE_UP = 499
"""How Traefik counts a client that waited no longer."""


@dataclass(frozen=True)
class TraefikCounters:
    """Reads both services in one request."""

    api: TraefikApi
    service: str

    def read(self) -> Snapshot:
        """The counters since Traefik started; a service that was asked nothing has none."""
        now, found = time.monotonic(), self.api.counted()
        candidate, stable = (_readings(found, f"{self.service}-{side}@file") for side in ("candidate", "stable"))
        return Snapshot.of_counts(now, candidate=candidate, stable=stable, born=found.born)


def _readings(found: Counted, service: str) -> dict[str, Counts]:
    errors = counts_of(found.statuses.get(service, {}))
    return {ERRORS: errors} | slower_than(found.times.get(service, {}), errors)


def open_metrics(target: TraefikTarget) -> TraefikCounters:
    """The counters of a Traefik target."""
    return TraefikCounters(target.api, target.service)


def counts_of(statuses: Mapping[int, int]) -> Counts:
    """Requests by status as requests and errors.

    >>> counts_of({200: 90, 404: 5, 499: 1, 502: 4})
    Counts(bad=5, total=100)
    """
    bad = sum(number for status, number in statuses.items() if status >= 500 or status == _GAVE_UP)
    return Counts(bad, sum(statuses.values()))
