"""A SageMaker endpoint and CloudWatch by moto; boto3 checks each request against AWS's own model of its API."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from mlops_actions.canary_deploy.metrics import open_metrics
from mlops_actions.canary_deploy.metrics.sagemaker import LATE, PATIENCE, CloudWatchCounters
from mlops_actions.canary_deploy.sagemaker_api import DIGEST
from mlops_actions.canary_deploy.targets import Services, Target, open_target, sagemaker
from mlops_actions.errors import InputError, OutsideError
from sagemaker_site import REGION, Aws
from target_contract import SteeringContract

ROLE = "arn:aws:iam::123456789012:role/serve"


class EndpointSite:
    """An endpoint with two variants, as its administrator made it."""

    def __init__(self, aws: Aws, candidate_weight: float = 0, variants: tuple[str, ...] = ("blue", "green")) -> None:
        self.aws = aws
        self.client = boto3.client("sagemaker", region_name=REGION)
        self.name = f"flights-{secrets.token_hex(4)}"
        for variant in variants:
            container = {"Image": "image", "ModelDataUrl": "s3://models/m.tar.gz"}
            self.client.create_model(ModelName=self.model(variant), ExecutionRoleArn=ROLE, PrimaryContainer=container)
        self.client.create_endpoint_config(
            EndpointConfigName=self.name, ProductionVariants=[self.variant(one, candidate_weight) for one in variants]
        )
        self.client.create_endpoint(EndpointName=self.name, EndpointConfigName=self.name)

    def model(self, variant: str) -> str:
        return f"{self.name}-{variant}"

    def variant(self, name: str, candidate_weight: float) -> dict[str, Any]:
        weight = 100 - candidate_weight if name == "blue" else candidate_weight
        return {
            "VariantName": name, "ModelName": self.model(name), "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1, "InitialVariantWeight": weight,
        }  # fmt: skip

    @property
    def location(self) -> str:
        return f"sagemaker:{REGION}/{self.name}"

    def services(self, stable: str = "blue", candidate: str = "green") -> Services:
        return Services(stable, candidate, "/healthz", 1, Path("state"))

    def target(self, query: str = "", **names: str) -> Target:
        return open_target(f"{self.location}{query}", self.services(**names))

    def set_by_hand(self, percent: float) -> None:
        weights = [{"VariantName": "blue", "DesiredWeight": 100 - percent}]
        weights += [{"VariantName": "green", "DesiredWeight": percent}]
        self.client.update_endpoint_weights_and_capacities(EndpointName=self.name, DesiredWeightsAndCapacities=weights)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sagemaker, "_PAUSE", 0.01)


@pytest.fixture
def site(aws: Aws) -> Iterator[EndpointSite]:
    made = EndpointSite(aws)
    yield made
    made.client.delete_endpoint(EndpointName=made.name)


class TestSageMaker(SteeringContract):
    pass


def test_a_weight_counts_once_it_is_in_effect(site: EndpointSite) -> None:
    target = site.target()
    target.prepare()
    site.aws.looks_until_in_service = 5
    target.set_weight(20, expected=0)
    assert target.weight() == 20
    assert site.aws.calls.count("DescribeEndpoint") > 5


def test_a_change_waits_for_one_that_is_under_way_and_sees_what_it_did(site: EndpointSite) -> None:
    target = site.target()
    target.prepare()
    site.aws.looks_until_in_service = 3
    site.set_by_hand(77)
    with pytest.raises(OutsideError, match="is 77 % instead of 0 %: somebody else changed it"):
        target.set_weight(5, expected=0)


def test_an_endpoint_that_changes_for_too_long_is_told(site: EndpointSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sagemaker, "_FOLLOW_LIMIT", 0.05)
    site.aws.looks_until_in_service = 10_000
    with pytest.raises(OutsideError) as caught:
        site.target().set_weight(5)
    assert str(caught.value) == f"{site.location} is Updating for more than 0.05 s."
    site.aws.looks_until_in_service = 0
    site.set_by_hand(0)


def test_an_answer_that_was_lost_is_asked_for_again(site: EndpointSite) -> None:
    site.aws.lose_the_answer_to("UpdateEndpointWeightsAndCapacities")
    target = site.target()
    target.set_weight(5, expected=0)
    assert target.weight() == 5


def test_a_missing_right_is_named_and_the_traffic_stays(site: EndpointSite) -> None:
    site.aws.refuse("UpdateEndpointWeightsAndCapacities", 400, "AccessDeniedException")
    target = site.target()
    with pytest.raises(InputError) as caught:
        target.set_weight(5, expected=0)
    assert str(caught.value) == (
        f"AWS does not allow what '{site.location}' needs: sagemaker:UpdateEndpointWeightsAndCapacities (status 400). "
        "Give the role that right; docs/clouds.md has the whole policy."
    )
    assert target.weight() == 0


def test_an_endpoint_that_is_not_there_is_told_with_where_it_was_looked_for(aws: Aws) -> None:
    target = open_target(f"sagemaker:{REGION}/nowhere", Services("blue", "green", "/", 1, Path("state")))
    for action in (target.prepare, target.weight, lambda: target.set_weight(5)):
        with pytest.raises(OutsideError) as caught:
            action()
        assert str(caught.value) == (
            f"there is no SageMaker endpoint 'nowhere' in the region '{REGION}'. Check name, region and account."
        )


def test_a_variant_that_the_endpoint_has_not_is_refused_with_those_it_has(site: EndpointSite) -> None:
    with pytest.raises(InputError) as caught:
        site.target(candidate="red").prepare()
    assert str(caught.value) == f"the input 'candidate' is 'red'; {site.location} has the variants blue, green."


def test_an_endpoint_with_a_third_variant_is_refused(aws: Aws) -> None:
    site = EndpointSite(aws, variants=("blue", "green", "red"))
    with pytest.raises(
        InputError, match=r"splits its traffic between blue, green, red; a canary compares two variants"
    ):
        site.target().prepare()


def test_a_candidate_that_has_traffic_already_is_refused(aws: Aws) -> None:
    with pytest.raises(
        InputError, match=r"already sends 10 % of the traffic to its candidate\. Deploy the candidate's"
    ):
        EndpointSite(aws, candidate_weight=10).target().prepare()


def test_a_location_without_an_endpoint_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        open_target("sagemaker:eu-west-1", Services("blue", "green", "/", 1, Path("state")))
    assert str(caught.value) == (
        "the input 'target' is 'sagemaker:eu-west-1', which names no endpoint. Write sagemaker:REGION/ENDPOINT."
    )


def test_the_digest_is_a_tag_of_the_model(site: EndpointSite) -> None:
    found = site.target().probe("candidate")
    assert (found.healthy, found.sha256, found.detail) == (True, None, "the endpoint is InService")
    arn = site.client.describe_model(ModelName=site.model("green"))["ModelArn"]
    site.client.add_tags(ResourceArn=arn, Tags=[{"Key": DIGEST, "Value": "a" * 64}])
    assert site.target().probe("candidate").sha256 == "a" * 64
    assert site.target().probe("stable").sha256 is None


def test_the_digest_of_a_model_from_our_registry_is_its_model_packages(aws: Aws) -> None:
    site = EndpointSite(aws)
    site.client.create_model_package_group(ModelPackageGroupName=site.name)
    package = site.client.create_model_package(
        ModelPackageGroupName=site.name, CustomerMetadataProperties={"mlops-actions.sha256": "b" * 64}
    )["ModelPackageArn"]
    site.client.delete_model(ModelName=site.model("green"))
    site.client.create_model(
        ModelName=site.model("green"), ExecutionRoleArn=ROLE, PrimaryContainer={"ModelPackageName": package}
    )
    assert site.target().probe("candidate").sha256 == "b" * 64


def test_a_request_of_the_users_shows_whether_a_variant_answers(site: EndpointSite, tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text('{"rows": [[1, 2]]}')
    target = site.target(f"?request={tmp_path}/request.json")
    assert target.probe("candidate").healthy
    with pytest.raises(InputError, match=r"^target: the request 'gone.json' is no file\."):
        site.target("?request=gone.json")


# CloudWatch


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
