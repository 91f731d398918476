"""CloudWatch's counts of a SageMaker endpoint's variants: the target's own, or `cloudwatch:REGION/ENDPOINT`.

CloudWatch counts by the minute and is late. A minute is read once it is complete, and then stays as it was read: a
count that arrives later belongs to no minute that was judged. A minute with requests and without a count of errors is
not complete. Minutes in which the weights changed, or that began before, are left out.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mlops_actions.canary_deploy.metrics.interface import Query, Snapshot
from mlops_actions.canary_deploy.sagemaker_api import Endpoint, split_place, variants
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
    endpoint: Endpoint
    services: Services
    clock: Callable[[], float] = time.time
    """In Unix seconds."""
    _next: int | None = None
    """The beginning of the first minute that is not read yet."""
    _split: Mapping[str, float] | None = None
    _minutes: list[Minute] = field(default_factory=list)

    def read(self) -> Snapshot:
        """The counts of the minutes that are complete by now."""
        now = self.clock()
        complete = _whole(now - LATE)
        self._mind_the_split(now, complete)
        assert self._next is not None
        if self._next < complete:
            for beginning, minute in self._fetched(self._next, complete).items():
                if minute is None and beginning + MINUTE + PATIENCE < now:
                    raise OutsideError(
                        f"CloudWatch counts requests to {self.endpoint.name!r} at {_shown(beginning)}, and not how "
                        "many of them were errors.",
                        hint="See the endpoint's metrics in CloudWatch.",
                    )
                if minute is None:
                    break
                self._minutes.append(minute)
                self._next = beginning + MINUTE
        return Snapshot.of_errors(now, candidate=self._sum("candidate"), stable=self._sum("stable"), born=0.0)

    def _mind_the_split(self, now: float, complete: int) -> None:
        """Leave out the minutes before and during a change of the weights: a step is judged by its own requests."""
        found = variants(self.endpoint.describe())
        split = {name: float(one.get("CurrentWeight") or 0) for name, one in found.items()}
        if split == self._split:
            return
        at_rest = self._split is None and not split.get(self.services.candidate)
        self._split = split
        self._next = complete if at_rest else _whole(now) + MINUTE

    def _sum(self, side: Side) -> Counts:
        found = [minute[side] for minute in self._minutes]
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
        dimensions = {"EndpointName": self.endpoint.name, "VariantName": self.services.of(side)}
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
    return _counters(target.endpoint, target.services)


def open_source(location: str, services: Services, query: Query) -> CloudWatchCounters:  # noqa: ARG001
    """`cloudwatch:REGION/ENDPOINT` as the input `metrics-source`; nothing is read yet."""
    region, name = split_place(location, "metrics-source")
    return _counters(Endpoint(Service("sagemaker", region, location), name), services)


def _counters(endpoint: Endpoint, services: Services) -> CloudWatchCounters:
    at = endpoint.service
    return CloudWatchCounters(Service("cloudwatch", at.region, at.location), endpoint, services)


def _whole(seconds: float) -> int:
    """The beginning of the minute."""
    return math.floor(seconds / MINUTE) * MINUTE


def _shown(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M UTC")
