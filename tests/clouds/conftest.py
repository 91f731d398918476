"""The clouds' stand-ins, shared by all tests here. Run by .ci/clouds, in an environment with the vendors' clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

import azure_site
from azureml_fake import AzureFake
from azureml_site import LAG, MINUTE, AzureSite


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    """The address of moto's server of AWS; started once."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(moto_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """That address, told to whoever looks where AWS is."""
    for name, value in {
        "AWS_ENDPOINT_URL": moto_server,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    return moto_server


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
