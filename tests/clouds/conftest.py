"""The clouds' stand-ins, shared by all tests here. Run by .ci/clouds, in an environment with the vendors' clients."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import azure_site
from azureml_fake import AzureFake
from azureml_site import LAG, MINUTE, AzureSite
from sagemaker_endpoint import EndpointSite
from sagemaker_site import BUCKET, Aws, aws_site


@pytest.fixture(scope="session")
def aws_server() -> Iterator[Aws]:
    """AWS by moto, with one bucket; started once."""
    with aws_site() as aws:
        urllib.request.urlopen(urllib.request.Request(f"{aws.address}/{BUCKET}", method="PUT")).close()
        yield aws


@pytest.fixture
def aws(aws_server: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """That server, told to whoever looks where AWS is, with no orders."""
    for name, value in {**aws_server.environment(), "HOME": str(tmp_path / "home")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    aws_server.calls.clear()
    aws_server.orders.clear()
    aws_server.unlisted = 0
    aws_server.looks_until_in_service = 0
    return aws_server


@pytest.fixture
def sagemaker_endpoint(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[EndpointSite]:
    """An endpoint whose variants are called blue and green; all traffic goes to blue."""
    monkeypatch.setattr("mlops_actions.canary_deploy.targets.sagemaker._PAUSE", 0.01)
    made = EndpointSite(aws)
    yield made
    made.client.delete_endpoint(EndpointName=made.name)


@pytest.fixture(scope="session")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a local server of Azure's blobs with one container; started once."""
    if lacks := azure_site.missing():
        pytest.skip(f"this machine lacks {lacks}")
    with azure_site.azure_site(tmp_path_factory.mktemp("azure")) as address:
        yield address


@pytest.fixture
def azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureFake]:
    """A workspace of its own; at the end each exchange is held against Azure's schema."""
    fake = AzureFake()
    fake.start()
    for name, value in (fake.environment() | {"HOME": str(tmp_path / "home")}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("mlops_actions.clouds.http.FIRST_PAUSE", 0.01)
    monkeypatch.setattr("mlops_actions.clouds.azure.operations.PAUSE", 0.01)
    yield fake
    fake.stop()
    from azureml_schema import violations  # takes two seconds

    assert not fake.broken
    assert not violations(fake.exchanges)


@pytest.fixture
def site(azure: AzureFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureSite]:
    """An online endpoint with a minute of a tenth of a second."""
    monkeypatch.setattr("mlops_actions.canary_deploy.metrics.azureml.MINUTE", MINUTE)
    monkeypatch.setattr("mlops_actions.canary_deploy.metrics.azureml.LAG", LAG)
    monkeypatch.setattr("mlops_actions.canary_deploy.azureml_api._PAUSE", 0.02)
    opened = AzureSite(tmp_path, azure)
    yield opened
    opened.close()
