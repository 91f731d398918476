"""SageMaker's model registry and S3 by moto; boto3 checks each request against AWS's own model of its API."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import boto3
import pytest

from mlops_actions.errors import InputError, MlopsError, OutsideError
from mlops_actions.evidence import digest_bytes
from mlops_actions.registries import Registry, open_registry
from registry_contract import AUTHOR, RegistryContract, stored
from sagemaker_site import BUCKET, REGION, Aws


@pytest.fixture
def location(aws: Aws) -> str:
    return f"sagemaker:{REGION}#log=s3://{BUCKET}/log-{secrets.token_hex(4)}"


@pytest.fixture
def registry(location: str) -> Registry:
    return open_registry(location)


@pytest.fixture
def name() -> str:
    return f"delay-{secrets.token_hex(4)}"


@pytest.fixture
def person(aws: Aws) -> Any:
    """Somebody with AWS's own client, past us."""
    return boto3.client("sagemaker", region_name=REGION)


class TestSageMaker(RegistryContract):
    pass


def promote(registry: Registry, name: str, content: str, alias: str = "champion") -> None:
    assert registry.point(registry.head(name), alias, stored(registry, content), "promote", AUTHOR)


def packages(person: Any, name: str) -> dict[int, dict[str, Any]]:
    listed = person.list_model_packages(ModelPackageGroupName=name)["ModelPackageSummaryList"]
    described = (person.describe_model_package(ModelPackageName=one["ModelPackageArn"]) for one in listed)
    return {one["ModelPackageVersion"]: one for one in described}


def tags(person: Any, name: str) -> dict[str, str]:
    group = person.describe_model_package_group(ModelPackageGroupName=name)["ModelPackageGroupArn"]
    return {one["Key"]: one["Value"] for one in person.list_tags(ResourceArn=group)["Tags"]}


def tag(person: Any, name: str, key: str, value: str) -> None:
    group = person.describe_model_package_group(ModelPackageGroupName=name)["ModelPackageGroupArn"]
    person.add_tags(ResourceArn=group, Tags=[{"Key": key, "Value": value}])


def test_awss_own_client_sees_the_approved_version_its_bytes_and_the_alias(
    registry: Registry, name: str, person: Any
) -> None:
    promote(registry, name, "first", "staging")
    assert packages(person, name)[1]["ModelApprovalStatus"] == "PendingManualApproval"
    promote(registry, name, "first")
    found = packages(person, name)[1]
    assert found["ModelApprovalStatus"] == "Approved"
    assert found["CustomerMetadataProperties"]["mlops-actions.sha256"] == digest_bytes(b"first")
    assert found["CustomerMetadataProperties"]["mlops-actions.run"] == AUTHOR.run_url
    source = found["InferenceSpecification"]["Containers"][0]["ModelDataSource"]["S3DataSource"]["S3Uri"]
    bucket, _, key = source.removeprefix("s3://").partition("/")
    assert boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read() == b"first"
    assert tags(person, name) == {"mlops-actions:alias:champion": "1", "mlops-actions:alias:staging": "1"}


def test_an_alias_that_a_person_moved_is_told_and_not_moved_back(
    registry: Registry, name: str, person: Any, caplog: pytest.LogCaptureFixture
) -> None:
    promote(registry, name, "first")
    promote(registry, name, "second")
    tag(person, name, "mlops-actions:alias:champion", "1")
    head = registry.head(name)
    assert head.strays == {"champion": 1}
    assert f"The alias 'champion' of '{name}' was moved to version 1 by hand in the hosted registry" in caplog.text
    assert tags(person, name)["mlops-actions:alias:champion"] == "1"


def test_a_champion_that_a_person_rejected_is_one_no_more(registry: Registry, name: str, person: Any) -> None:
    promote(registry, name, "first")
    arn = packages(person, name)[1]["ModelPackageArn"]
    person.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected")
    assert registry.head(name).strays == {"champion": None}


def test_a_version_that_others_registered_is_known_by_its_bytes_and_kept_once_it_was_champion(
    registry: Registry, name: str, person: Any
) -> None:
    boto3.client("s3").put_object(Bucket=BUCKET, Key=f"{name}/model.tar.gz", Body=b"theirs")
    person.create_model_package_group(ModelPackageGroupName=name)
    inference = {"Containers": [{"Image": "image", "ModelDataUrl": f"s3://{BUCKET}/{name}/model.tar.gz"}]}
    person.create_model_package(
        ModelPackageGroupName=name, InferenceSpecification=inference, ModelApprovalStatus="Approved"
    )
    tag(person, name, "mlops-actions:alias:champion", "1")
    before = registry.head(name).aliases["champion"]
    assert before is not None
    assert (before.number, before.sha256) == (1, digest_bytes(b"theirs"))
    assert registry.fetch(before.blob).read_bytes() == b"theirs"
    promote(registry, name, "ours")
    boto3.client("s3").delete_object(Bucket=BUCKET, Key=f"{name}/model.tar.gz")
    later = open_registry(registry.location)
    assert later.version(name, 1) == before
    assert later.fetch(before.blob).read_bytes() == b"theirs"


def test_a_version_with_the_description_of_another_is_not_taken_for_it(
    registry: Registry, name: str, person: Any
) -> None:
    boto3.client("s3").put_object(Bucket=BUCKET, Key=f"{name}/model.tar.gz", Body=b"theirs")
    person.create_model_package_group(ModelPackageGroupName=name)
    person.create_model_package(
        ModelPackageGroupName=name,
        ModelPackageDescription=f"sha256:{digest_bytes(b'ours')}",
        InferenceSpecification={
            "Containers": [{"Image": "image", "ModelDataUrl": f"s3://{BUCKET}/{name}/model.tar.gz"}]
        },
        ModelApprovalStatus="Approved",
    )
    promote(registry, name, "ours")
    found = registry.head(name).aliases["champion"]
    assert found is not None
    assert (found.number, found.sha256) == (2, digest_bytes(b"ours"))


def test_metadata_that_say_the_digest_of_another_model_are_not_believed(
    registry: Registry, name: str, person: Any
) -> None:
    promote(registry, name, "ours")
    said = packages(person, name)[1]["CustomerMetadataProperties"]
    boto3.client("s3").put_object(Bucket=BUCKET, Key=f"{name}/model.tar.gz", Body=b"theirs")
    person.create_model_package(
        ModelPackageGroupName=name,
        InferenceSpecification={
            "Containers": [{"Image": "image", "ModelDataUrl": f"s3://{BUCKET}/{name}/model.tar.gz"}]
        },
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties=said,
    )
    found = registry.version(name, 2)
    assert found is not None
    assert found.sha256 == digest_bytes(b"theirs")
    assert found.blob.size == len(b"theirs")


def test_a_version_that_no_list_shows_yet_is_champion_all_the_same(registry: Registry, name: str, aws: Aws) -> None:
    promote(registry, name, "first")
    aws.unlisted = 1
    promote(registry, name, "second")
    head = open_registry(registry.location).head(name)
    assert (head.strays, head.versions) == ({}, 2)
    assert head.aliases["champion"] == registry.version(name, 2)


def test_answers_that_were_lost_leave_one_version_and_one_entry(registry: Registry, name: str, aws: Aws) -> None:
    for operation in ("CreateModelPackage", "AddTags", "UpdateModelPackage", "CreateModelPackageGroup"):
        aws.lose_the_answer_to(operation)
    promote(registry, name, "first")
    head = registry.head(name)
    assert (head.entry, head.aliases["champion"], head.strays) == (1, registry.version(name, 1), {})


@pytest.mark.parametrize("status", [429, 503])
def test_a_service_that_throttles_is_asked_again(registry: Registry, name: str, aws: Aws, status: int) -> None:
    aws.refuse("AddTags", status, "ThrottlingException", times=2)
    promote(registry, name, "first")
    assert registry.head(name).strays == {}


def test_a_promotion_that_could_not_set_the_alias_says_so_and_is_completed_by_the_next(
    registry: Registry, name: str, aws: Aws
) -> None:
    promote(registry, name, "first")
    aws.refuse("AddTags", 400, "AccessDeniedException")
    blob = stored(registry, "second")
    with pytest.raises(OutsideError) as caught:
        registry.point(registry.head(name), "champion", blob, "promote", AUTHOR)
    assert str(caught.value) == (
        f"the log has the promotion as entry 2, but SageMaker's alias 'champion' of '{name}' does not follow yet: "
        f"AWS does not allow what 'sagemaker:{REGION}' needs: sagemaker:AddTags (status 400). "
        "Run the promotion again to complete it."
    )
    head = registry.head(name)
    assert (head.strays, head.aliases["champion"]) == ({}, registry.version(name, 2))
    registry.settle(head)
    assert open_registry(registry.location).head(name).strays == {}


REFUSED: dict[str, tuple[int, type[MlopsError], str]] = {
    "AccessDeniedException": (
        400,
        InputError,
        "AWS does not allow what 'sagemaker:eu-west-1' needs: sagemaker:DescribeModelPackageGroup (status 400). "
        "Give the role that right; docs/clouds.md has the whole policy.",
    ),
    "ExpiredTokenException": (
        400,
        InputError,
        "the credentials for AWS that 'sagemaker:eu-west-1' needs have expired. "
        "Take the role again right before this step, for as long as it runs (role-duration-seconds).",
    ),
    "UnrecognizedClientException": (
        400,
        InputError,
        "AWS does not accept the credentials for 'sagemaker:eu-west-1' (UnrecognizedClientException). Let "
        "aws-actions/configure-aws-credentials take a role before this step, or set AWS_ACCESS_KEY_ID and so on.",
    ),
    "ThrottlingException": (
        400,
        OutsideError,
        "sagemaker of AWS throttles us (ThrottlingException), 5 times in a row. Run this again later.",
    ),
    "InternalFailure": (500, OutsideError, "sagemaker of AWS failed 5 times (InternalFailure). Run this again."),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_aws_refuses_is_told_by_its_kind(registry: Registry, name: str, aws: Aws, code: str) -> None:
    status, kind, message = REFUSED[code]
    aws.refuse("DescribeModelPackageGroup", status, code, times=5)
    with pytest.raises(kind) as caught:
        registry.head(name)
    assert (type(caught.value), str(caught.value)) == (kind, message)
    aws.orders.clear()
    assert registry.head(name).entry == 0


def test_without_credentials_it_is_said_what_gives_some(
    registry: Registry, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    with pytest.raises(InputError, match=r"^'sagemaker:eu-west-1' needs credentials for AWS, and there are none\. Let"):
        registry.names()


def test_names_that_sagemaker_cannot_hold_are_refused_before_the_log_has_an_entry(registry: Registry) -> None:
    blob = stored(registry, "first")
    with pytest.raises(InputError, match=r"^name: no model package group of SageMaker can be called 'a_b'"):
        registry.point(registry.head("a_b"), "champion", blob, "promote", AUTHOR)
    assert registry.head("a_b").entry == 0


def test_a_log_elsewhere_than_in_s3_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        open_registry(f"sagemaker:{REGION}#log=file:/srv/log")
    assert str(caught.value) == (
        "log: SageMaker reads models from S3 only, and they lie beside the log, which is at 'file:/srv/log'. "
        "Write s3://bucket/folder, in the region of the registry."
    )


def test_a_region_that_aws_has_not_is_refused(aws: Aws) -> None:
    with pytest.raises(InputError) as caught:
        open_registry(f"sagemaker:eu_west_1#log=s3://{BUCKET}/log").names()
    assert str(caught.value) == (
        "'sagemaker:eu_west_1' names the region 'eu_west_1', and none of AWS is called so. Did you mean 'eu-west-1'?"
    )


def test_many_versions_are_read_over_all_pages(registry: Registry, name: str, person: Any) -> None:
    person.create_model_package_group(ModelPackageGroupName=name)
    for number in range(105):
        person.create_model_package(
            ModelPackageGroupName=name, ModelPackageDescription=f"of others {number}", ModelApprovalStatus="Approved"
        )
    promote(registry, name, "ours")
    champion = registry.head(name).aliases["champion"]
    assert champion is not None
    assert champion.number == 106
