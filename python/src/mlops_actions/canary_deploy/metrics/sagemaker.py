"""CloudWatch's counts of a SageMaker endpoint's variants: the target's own, or `cloudwatch:REGION/ENDPOINT`.

CloudWatch counts by the minute and is late. A minute is read once it is complete, and then stays as it was read: a
count that arrives later belongs to no minute that was judged. A minute with requests and without a count of errors is
not complete.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mlops_actions.canary_deploy.metrics.interface import Query, Snapshot
from mlops_actions.canary_deploy.sagemaker_api import split_place
from mlops_actions.canary_deploy.targets import Services
from mlops_actions.canary_deploy.targets.interface import SIDES, Side
from mlops_actions.canary_deploy.targets.sagemaker import SageMakerTarget
from mlops_actions.clouds.aws import Service
from mlops_actions.errors import OutsideError
from mlops_actions.statistics.sequential import Counts

MINUTE = 60
LATE = 120
"""Seconds after its end at which a minute counts as complete."""
PATIENCE = 600
"""Seconds after its end at which a minute without all its counts is an error."""
REQUESTS = "Invocations"
ERRORS = ("Invocation5XXErrors", "Invocation4XXErrors")
"""Of those requests: what the model answered with 5xx, and with 4xx (both sides get the same users)."""

Minute = dict[Side, Counts]


@dataclass
class CloudWatchCounters:
    """Adds up the minutes since it was opened."""

    service: Service
    endpoint: str
    services: Services
    clock: Callable[[], float] = time.time
    """In Unix seconds."""
    _begun: int | None = None
    _minutes: dict[int, Minute] = field(default_factory=dict)
    """Those that were read, by their beginning."""

    def read(self) -> Snapshot:
        """The counts up to the end of the newest complete minute, which is the reading's time."""
        now = self.clock()
        complete = math.floor((now - LATE) / MINUTE) * MINUTE
        if self._begun is None:
            self._begun = complete
        after = self._begun + MINUTE * len(self._minutes)
        if after < complete:
            for beginning, minute in self._fetched(after, complete).items():
                if beginning + MINUTE + PATIENCE < now and minute is None:
                    raise OutsideError(
                        f"CloudWatch counts requests to {self.endpoint!r} at {_shown(beginning)}, and no errors or "
                        "none to tell.",
                        hint="See the endpoint's metrics in CloudWatch.",
                    )
                if minute is None:
                    break
                self._minutes[beginning] = minute
        return Snapshot.of_errors(
            float(self._begun + MINUTE * len(self._minutes)),
            candidate=self._sum("candidate"),
            stable=self._sum("stable"),
            born=float(self._begun),
        )

    def _sum(self, side: Side) -> Counts:
        found = [minute[side] for minute in self._minutes.values()]
        return Counts(sum(one.bad for one in found), sum(one.total for one in found))

    def _fetched(self, after: int, before: int) -> dict[int, Minute | None]:
        """Each minute by its beginning; None for one that is not complete."""
        names = [(side, metric) for side in SIDES for metric in (REQUESTS, *ERRORS)]
        queries = [
            {"Id": f"q{number}", "MetricStat": {"Metric": self._metric(side, name), "Period": MINUTE, "Stat": "Sum"}}
            for number, (side, name) in enumerate(names)
        ]
        values: dict[tuple[Side, str], dict[int, float]] = {key: {} for key in names}
        found = self.service.pages(
            "get_metric_data",
            "MetricDataResults",
            MetricDataQueries=queries,
            StartTime=datetime.fromtimestamp(after, UTC),
            EndTime=datetime.fromtimestamp(before, UTC),
        )
        for one in found:
            if one.get("StatusCode") == "InternalError":
                raise OutsideError("CloudWatch could not read all that was asked for.", hint="Run this again.")
            key = names[int(one["Id"].removeprefix("q"))]
            values[key].update({int(t.timestamp()): v for t, v in zip(one["Timestamps"], one["Values"], strict=True)})
        return {
            beginning: self._minute({key: value.get(beginning) for key, value in values.items()})
            for beginning in range(after, before, MINUTE)
        }

    def _metric(self, side: Side, name: str) -> dict[str, object]:
        dimensions = {"EndpointName": self.endpoint, "VariantName": self.services.of(side)}
        return {
            "Namespace": "AWS/SageMaker",
            "MetricName": name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        }

    def _minute(self, values: dict[tuple[Side, str], float | None]) -> Minute | None:
        minute: Minute = {}
        for side in SIDES:
            total = values[side, REQUESTS] or 0.0
            errors = [values[side, name] for name in ERRORS]
            if total and None in errors:
                return None
            bad = sum(one for one in errors if one)
            if bad > total:
                return None
            minute[side] = Counts(round(bad), round(total))
        return minute


def open_metrics(target: SageMakerTarget) -> CloudWatchCounters:
    """The counters of a SageMaker target."""
    endpoint = target.endpoint
    return CloudWatchCounters(_cloudwatch(endpoint.service.region, target.location), endpoint.name, target.services)


def open_source(location: str, services: Services, query: Query) -> CloudWatchCounters:  # noqa: ARG001
    """`cloudwatch:REGION/ENDPOINT` as the input `metrics-source`; nothing is read yet."""
    region, endpoint = split_place(location, "metrics-source")
    return CloudWatchCounters(_cloudwatch(region, location), endpoint, services)


def _cloudwatch(region: str, location: str) -> Service:
    return Service("cloudwatch", region, location)


def _shown(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M UTC")
