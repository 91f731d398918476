"""HAProxy's own counters of each server: what its users were answered, retries not counted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from mlops_actions.canary_deploy.haproxy_runtime import HaproxyRuntime
from mlops_actions.canary_deploy.metrics.interface import Snapshot
from mlops_actions.canary_deploy.targets.haproxy import HaproxyTarget
from mlops_actions.errors import OutsideError
from mlops_actions.statistics.sequential import Counts

_ANSWERS = ("hrsp_1xx", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx", "hrsp_other")


@dataclass(frozen=True)
class HaproxyCounters:
    """Reads both servers in one command."""

    runtime: HaproxyRuntime
    backend: str

    def read(self) -> Snapshot:
        """The counters since HAProxy started."""
        now, born = time.monotonic(), self.runtime.born()
        found = self.runtime.counters(self.backend)
        candidate, stable = (self._of(found, side) for side in ("candidate", "stable"))
        return Snapshot.of_errors(now, candidate=candidate, stable=stable, born=born)

    def _of(self, found: Mapping[str, Mapping[str, int]], side: str) -> Counts:
        counters = found.get(side, {})
        if missing := [name for name in (*_ANSWERS, "econ", "eresp", "srv_abrt") if name not in counters]:
            raise OutsideError(
                f"HAProxy at {self.runtime.place} has no counter {missing[0]!r} of {self.backend}/{side}: is it in "
                "`mode http`?"
            )
        return counts_of(counters)


def open_metrics(target: HaproxyTarget) -> HaproxyCounters:
    """The counters of a HAProxy target."""
    return HaproxyCounters(target.runtime, target.backend)


def counts_of(counters: Mapping[str, int]) -> Counts:
    """Requests of a server that ended, and those without a good answer.

    A 5xx of the server is one; HAProxy's own 502 and 504 stand in `eresp` alone, its 503 in `econ` once a request.
    An answer that broke off stands in `eresp` and `srv_abrt`, and was counted by its status before.
    """
    answered = sum(counters[name] for name in _ANSWERS)
    without = counters["econ"] + counters["eresp"]
    return Counts(counters["hrsp_5xx"] + without, answered + without - min(counters["srv_abrt"], counters["eresp"]))
