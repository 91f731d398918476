"""Envoy's own counters of each cluster: what its users were answered, retries not counted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from mlops_actions.canary_deploy.envoy_admin import EnvoyAdmin
from mlops_actions.canary_deploy.metrics.interface import ERRORS, MIRRORED, Snapshot
from mlops_actions.canary_deploy.metrics.latency import slower_than
from mlops_actions.canary_deploy.targets.envoy import EnvoyTarget
from mlops_actions.canary_deploy.targets.envoy_config import CANDIDATE, SHADOW, STABLE
from mlops_actions.canary_deploy.targets.envoy_file import EnvoyFileTarget
from mlops_actions.errors import OutsideError
from mlops_actions.statistics.sequential import Counts

_PATTERN = (
    rf"^cluster\.({STABLE}|{CANDIDATE}|{SHADOW})\.(membership_total|upstream_(rq_(completed|5xx|503|timeout|rx_reset|tx_reset)|"
    r"cx_destroy_(local|remote)_with_active_rq))$"
)
_TIMES = rf"^cluster\.({STABLE}|{CANDIDATE})\.upstream_rq_time$"
_MERGE = 0.02
"""Seconds; Envoy merges the histograms of its workers in a few milliseconds."""


@dataclass(frozen=True)
class EnvoyCounters:
    """Reads both clusters in one request."""

    admin: EnvoyAdmin

    def read(self) -> Snapshot:
        """The counters since Envoy started, and the times of requests where it merges its histograms when asked."""
        now, born = time.monotonic(), self.admin.born()
        found = self.admin.counters(_PATTERN)
        for cluster in (STABLE, CANDIDATE):
            if f"cluster.{cluster}.membership_total" not in found:
                raise OutsideError(f"the Envoy at {self.admin.find()} has no counters of a cluster {cluster!r}.")
        times = self._times()
        candidate, stable = (
            {ERRORS: errors} | slower_than(times.get(cluster, {}), errors)
            for cluster, errors in ((one, counts_of(found, one)) for one in (CANDIDATE, STABLE))
        )
        if f"cluster.{SHADOW}.membership_total" in found:
            # Copies are judged beside the requests of users, and never counted among them.
            candidate[MIRRORED], stable[MIRRORED] = counts_of(found, SHADOW), stable[ERRORS]
        return Snapshot.of_counts(now, candidate=candidate, stable=stable, born=born)

    def _times(self) -> dict[str, dict[float, int]]:
        """Of each cluster, how many answers took at most so many seconds."""
        if not self.flushes:
            return {}
        # The request for the counters has started the merge of the histograms.
        time.sleep(_MERGE)
        found = self.admin.histograms(_TIMES)
        return {
            name.split(".")[1]: {bound / 1000: fast for bound, fast in buckets.items()}
            for name, buckets in found.items()
        }

    @cached_property
    def flushes(self) -> bool:
        """Whether its histograms are as of now."""
        return self.admin.flushes_when_asked()


def open_metrics(target: EnvoyTarget | EnvoyFileTarget) -> EnvoyCounters:
    """The counters of an Envoy target."""
    return EnvoyCounters(target.admin)


def counts_of(found: Mapping[str, int], cluster: str) -> Counts:
    """Requests of a cluster that ended, and those without a good answer.

    A 5xx is one, a time-out (504), a refused or reset connection (503) too, whoever made it. Two kinds leave no
    status: a client that gave up waiting (its connection is destroyed from our side with a request on it, and it was
    no time-out), and an answer that broke off (destroyed from the other side, and not answered with 503).
    A counter that nothing has touched is not there and is 0.
    """

    def of(name: str) -> int:
        return found.get(f"cluster.{cluster}.upstream_{name}", 0)

    given_up = max(0, of("cx_destroy_local_with_active_rq") + of("rq_tx_reset") - of("rq_timeout"))
    broken_off = max(0, of("cx_destroy_remote_with_active_rq") + of("rq_rx_reset") - of("rq_503"))
    total = of("rq_completed") + given_up
    return Counts(min(of("rq_5xx") + given_up + broken_off, total), total)
