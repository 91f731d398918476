"""CloudWatch's counts of a SageMaker endpoint, alone and in a whole rollout, by moto."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import boto3
import pytest

from mlops_actions.canary_deploy.action import Inputs, run
from mlops_actions.canary_deploy.metrics import open_metrics
from mlops_actions.canary_deploy.metrics.sagemaker import LATE, PATIENCE, CloudWatchCounters
from mlops_actions.canary_deploy.sagemaker_api import DIGEST
from mlops_actions.canary_deploy.targets import open_target
from mlops_actions.errors import OutsideError
from mlops_actions.evidence import digest_bytes
from sagemaker_endpoint import EndpointSite
from sagemaker_site import REGION


@pytest.fixture
def site(sagemaker_endpoint: EndpointSite) -> EndpointSite:
    return sagemaker_endpoint


class Minutes:
    """Writes counts by the minute, as SageMaker does, and lets time pass."""

    def __init__(self, site: EndpointSite) -> None:
        self.site = site
        self.now = 60.0 * 30_000_000
        self.client = boto3.client("cloudwatch", region_name=REGION)
        source = open_metrics(site.target(), None, site.services())
        assert isinstance(source, CloudWatchCounters)
        source.clock = lambda: self.now
        self.source = source

    def write(self, ago: float, variant: str, **counts: float) -> None:
        """Counts in the minute that began so many seconds ago."""
        dimensions = [{"Name": "EndpointName", "Value": self.site.name}, {"Name": "VariantName", "Value": variant}]
        time = datetime.fromtimestamp(self.now - ago, UTC)
        data = [
            {"MetricName": name, "Dimensions": dimensions, "Value": value, "Timestamp": time}
            for name, value in counts.items()
        ]
        self.client.put_metric_data(Namespace="AWS/SageMaker", MetricData=data)

    def both(self, ago: float, *, canary: tuple[int, int], baseline: tuple[int, int]) -> None:
        for variant, (bad, total) in {"green": canary, "blue": baseline}.items():
            self.write(ago, variant, Invocations=total, Invocation5XXErrors=bad, Invocation4XXErrors=0)


@pytest.fixture
def minutes(site: EndpointSite) -> Minutes:
    return Minutes(site)


def test_a_minute_is_counted_once_it_is_complete(minutes: Minutes) -> None:
    first = minutes.source.read()
    assert first.errors.canary.total == first.errors.baseline.total == 0
    minutes.now += 60
    minutes.both(60, canary=(2, 10), baseline=(1, 90))
    assert minutes.source.read().errors.canary.total == 0, "the minute has just ended"
    minutes.now += LATE
    after = minutes.source.read()
    assert (after.errors.canary.bad, after.errors.canary.total) == (2, 10)
    assert (after.errors.baseline.bad, after.errors.baseline.total) == (1, 90)
    assert after.errors.time - first.errors.time == 180
    assert not after.restarted_since(first)


def test_minutes_before_and_during_a_change_of_the_weights_are_left_out(minutes: Minutes) -> None:
    minutes.source.read()
    minutes.now += 90
    minutes.both(60, canary=(1, 10), baseline=(1, 90))
    minutes.site.set_by_hand(50)
    minutes.source.read()
    minutes.both(0, canary=(2, 20), baseline=(2, 20))
    minutes.now += 60
    minutes.both(0, canary=(4, 40), baseline=(4, 40))
    minutes.now += 60 + LATE
    found = minutes.source.read().errors
    assert (found.canary.bad, found.canary.total, found.baseline.total) == (4, 40, 40)


def test_what_arrives_after_its_minute_was_read_is_not_counted_twice_or_elsewhere(minutes: Minutes) -> None:
    minutes.source.read()
    minutes.now += 60
    minutes.both(60, canary=(0, 10), baseline=(0, 90))
    minutes.now += LATE
    minutes.source.read()
    minutes.both(60 + LATE, canary=(5, 5), baseline=(0, 0))
    minutes.now += 60
    minutes.both(60, canary=(1, 4), baseline=(0, 36))
    minutes.now += LATE
    found = minutes.source.read().errors
    assert (found.canary.bad, found.canary.total) == (1, 14)


def test_four_hundreds_of_the_model_are_errors_too(minutes: Minutes) -> None:
    minutes.source.read()
    minutes.now += 60
    minutes.both(60, canary=(0, 10), baseline=(0, 90))
    minutes.write(60, "green", Invocation4XXErrors=3)
    minutes.now += LATE
    assert minutes.source.read().errors.canary.bad == 3


def test_requests_without_a_count_of_errors_are_waited_for_and_never_taken_for_good(minutes: Minutes) -> None:
    minutes.source.read()
    minutes.now += 60
    minutes.write(60, "green", Invocations=10)
    minutes.now += LATE
    assert minutes.source.read().errors.canary.total == 0
    minutes.write(60 + LATE, "green", Invocation5XXErrors=3, Invocation4XXErrors=0)
    found = minutes.source.read().errors.canary
    assert (found.bad, found.total) == (3, 10)
    minutes.now += 60
    minutes.write(60, "green", Invocations=10)
    minutes.now += LATE + PATIENCE
    with pytest.raises(
        OutsideError, match=r"^CloudWatch counts requests to 'flights-\w+' at \d\d:\d\d UTC, and not how"
    ):
        minutes.source.read()


def test_a_variant_without_requests_has_none_and_no_errors(minutes: Minutes) -> None:
    minutes.source.read()
    minutes.now += 60
    minutes.write(60, "blue", Invocations=90, Invocation5XXErrors=2, Invocation4XXErrors=0)
    minutes.now += LATE
    found = minutes.source.read().errors
    assert (found.canary.total, found.baseline.bad) == (0, 2)


def test_a_source_of_its_own_counts_an_endpoint_for_any_target(site: EndpointSite) -> None:
    target = open_target("exec:true", site.services())
    source = open_metrics(target, f"cloudwatch:{REGION}/{site.name}", site.services())
    assert source.read().errors.canary.total == 0


class Users(threading.Thread):
    """Counts what users of both variants get, several times in each of the shortened minutes."""

    def __init__(self, site: EndpointSite, failing: float) -> None:
        super().__init__()
        self.minutes = Minutes(site)
        self.failing = failing
        self.stopped = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.join()

    def run(self) -> None:
        while not self.stopped.wait(0.3):
            self.minutes.now = time.time()
            canary = round(3 * self.minutes.site.target().weight())
            self.minutes.both(0, canary=(round(canary * self.failing), canary), baseline=(0, 300 - canary))


@pytest.mark.parametrize(("failing", "outcome", "weight"), [(0.0, "promoted", 100), (0.9, "rolled-back", 0)])
def test_a_whole_rollout_by_what_cloudwatch_counts(
    site: EndpointSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: float, outcome: str, weight: float
) -> None:
    monkeypatch.setattr("mlops_actions.canary_deploy.metrics.sagemaker.MINUTE", 1)
    monkeypatch.setattr("mlops_actions.canary_deploy.metrics.sagemaker.LATE", 0.5)
    (tmp_path / "model.bin").write_bytes(b"weights")
    arn = site.client.describe_model(ModelName=site.model("green"))["ModelArn"]
    site.client.add_tags(ResourceArn=arn, Tags=[{"Key": DIGEST, "Value": digest_bytes(b"weights")}])
    inputs = Inputs.model_validate({
        "model": f"{tmp_path}/model.bin", "target": site.location, "stable": "blue", "candidate": "green",
        "steps": [20, 100], "interval": 1, "baseline": 4, "deadline": 120, "error_margin": 0.2,
        "evidence": f"{tmp_path}/evidence", "state": f"{tmp_path}/state",
    })  # fmt: skip
    with Users(site, failing):
        rollout = run(inputs).predicate
    assert (rollout.outcome, rollout.identity, site.target().weight()) == (outcome, "verified", weight), rollout.reasons
