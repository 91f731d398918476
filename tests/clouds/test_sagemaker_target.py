"""A SageMaker endpoint by moto; boto3 checks each request against AWS's own model of its API."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.canary_deploy.sagemaker_api import DIGEST
from mlops_actions.canary_deploy.targets import Services, open_target, sagemaker
from mlops_actions.errors import InputError, OutsideError
from sagemaker_endpoint import ROLE, EndpointSite
from sagemaker_site import BUCKET, REGION, Aws
from target_contract import SteeringContract


@pytest.fixture
def site(sagemaker_endpoint: EndpointSite) -> EndpointSite:
    return sagemaker_endpoint


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


@pytest.mark.parametrize(
    ("key", "known"), [(f"log/blobs/{'b' * 64}/model.joblib", "b" * 64), (f"log/blobs/{'c' * 64}/model.joblib", None)]
)
def test_the_digest_of_a_model_from_our_registry_is_its_model_packages_where_it_refers_to_those_bytes(
    aws: Aws, key: str, known: str | None
) -> None:
    site = EndpointSite(aws)
    site.client.create_model_package_group(ModelPackageGroupName=site.name)
    package = site.client.create_model_package(
        ModelPackageGroupName=site.name,
        InferenceSpecification={"Containers": [{"Image": "image", "ModelDataUrl": f"s3://{BUCKET}/{key}"}]},
        CustomerMetadataProperties={
            "mlops-actions.sha256": "b" * 64,
            "mlops-actions.suffix": ".joblib",
            "mlops-actions.size": "1",
        },
    )["ModelPackageArn"]
    site.client.delete_model(ModelName=site.model("green"))
    site.client.create_model(
        ModelName=site.model("green"), ExecutionRoleArn=ROLE, PrimaryContainer={"ModelPackageName": package}
    )
    assert site.target().probe("candidate").sha256 == known


def test_a_request_of_the_users_shows_whether_a_variant_answers(site: EndpointSite, tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text('{"rows": [[1, 2]]}')
    target = site.target(f"?request={tmp_path}/request.json")
    assert target.probe("candidate").healthy
    with pytest.raises(InputError, match=r"^target: the request 'gone.json' is no file\."):
        site.target("?request=gone.json")
