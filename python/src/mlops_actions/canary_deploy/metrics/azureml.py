"""Azure Monitor's counts of an endpoint's requests: by deployment and class of status, in whole minutes.

Monitor has counts of requests, and of latency only percentiles, from which no test on counts can be made. A minute is
read once, when it is over and Monitor has had time to gather it. Minutes that began under another split than the one
now are left out, since they would tell of another share of traffic.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mlops_actions.canary_deploy.azureml_api import Endpoint
from mlops_actions.canary_deploy.metrics.interface import Snapshot
from mlops_actions.canary_deploy.targets.azureml import AzureMlTarget
from mlops_actions.canary_deploy.targets.interface import Services
from mlops_actions.clouds.azure import Json
from mlops_actions.errors import OutsideError
from mlops_actions.statistics.sequential import Counts

METRIC = "RequestsPerMinute"
_API_VERSION = "2023-10-01"
"""Of Microsoft.Insights."""
MINUTE = 60.0
LAG = 180.0
"""Seconds after which Monitor has a minute's requests, by Microsoft's own account of it."""


@dataclass
class AzureMonitorCounters:
    """Adds up minutes since it was opened."""

    endpoint: Endpoint
    services: Services
    minute: float
    """Seconds."""
    lag: float
    """Seconds until a minute that is over is gathered."""
    _read_until: float | None = None
    """Unix time up to which minutes are counted."""
    _traffic: Json | None = None
    _counts: dict[str, Counts] = field(default_factory=dict)

    def read(self) -> Snapshot:
        """The counts so far; those of the last minutes are not in them yet."""
        self._mind_the_split()
        assert self._read_until is not None
        complete = math.floor((time.time() - self.lag) / self.minute) * self.minute
        if complete > self._read_until:
            for deployment, counts in self._gathered(self._read_until, complete).items():
                before = self._counts.get(deployment, Counts(0, 0))
                self._counts[deployment] = Counts(before.bad + counts.bad, before.total + counts.total)
            self._read_until = complete
        return Snapshot.of_errors(
            time.monotonic(),
            candidate=self._counts.get(self.services.candidate, Counts(0, 0)),
            stable=self._counts.get(self.services.stable, Counts(0, 0)),
            born=0.0,  # another run cannot go on from these counts
        )

    def _mind_the_split(self) -> None:
        """Begin anew, with the next whole minute, where the split is another one than at the last look."""
        traffic = self.endpoint.read()["properties"].get("traffic") or {}
        if traffic == self._traffic:
            return
        before, self._traffic = self._traffic, traffic
        now = time.time()
        # Before a rollout, what has gathered lately counts; after a change only whole minutes of the new split do.
        at_rest = before is None and not traffic.get(self.services.candidate)
        start = (now - self.lag) // self.minute if at_rest else math.ceil(now / self.minute)
        self._read_until = start * self.minute

    def _gathered(self, first: float, last: float) -> dict[str, Counts]:
        start, end = (
            datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z") for moment in (first, last)
        )
        workspace = self.endpoint.workspace
        path = f"{workspace.path}/onlineEndpoints/{self.endpoint.name}/providers/Microsoft.Insights/metrics"
        found = workspace.arm.get(
            path,
            **{
                "api-version": _API_VERSION,
                "metricnames": METRIC,
                "timespan": f"{start}/{end}",
                "interval": "PT1M",
                "aggregation": "Total",
                "top": "1000",  # series; Monitor gives ten unless it is asked for more
                "$filter": "deployment eq '*' and statusCodeClass eq '*'",
            },
        )
        metrics = found.get("value") or []
        if not metrics:
            raise OutsideError(f"Azure Monitor knows no {METRIC} of the endpoint {self.endpoint.name!r}.")
        return counts_of(metrics[0])


def counts_of(metric: Json) -> dict[str, Counts]:
    """Requests of each deployment, and those answered with 5xx."""
    bad: dict[str, int] = {}
    total: dict[str, int] = {}
    for series in metric.get("timeseries", []):
        values = {one["name"]["value"].lower(): one["value"] for one in series.get("metadatavalues", [])}
        number = round(sum(point.get("total") or 0 for point in series.get("data", [])))
        deployment, status = values.get("deployment", ""), values.get("statuscodeclass", "")
        total[deployment] = total.get(deployment, 0) + number
        bad[deployment] = bad.get(deployment, 0) + (number if status.startswith("5") else 0)
    return {name: Counts(bad[name], total[name]) for name in total}


def open_metrics(target: AzureMlTarget) -> AzureMonitorCounters:
    """The counts of an endpoint that is the target."""
    return AzureMonitorCounters(target.endpoint, target.services, MINUTE, LAG)
