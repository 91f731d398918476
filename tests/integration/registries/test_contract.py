"""What every registry does alike: on a disk, in S3, in Azure, with Google's client, and in a real MLflow."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azure_site import azure_environment
from gcs_site import gcs_environment
from mlflow_site import BUCKET, s3_environment
from mlops_actions.registries import Registry, open_registry
from registry_contract import RegistryContract

PLACES: dict[str, Callable[[Any, str], tuple[str, dict[str, str]]]] = {
    "disk": lambda _site, _own: ("file:registry", {}),
    "s3": lambda site, own: (f"s3://{BUCKET}/registry-{own}", s3_environment(site)),
    "azure": lambda site, own: (f"az://{BUCKET}/registry-{own}", azure_environment(site)),
    "gcs": lambda site, own: (f"gs://{BUCKET}/registry-{own}", gcs_environment(site)),
    "mlflow": lambda site, own: (f"mlflow+{site.url}#log=s3://{BUCKET}/log-{own}", s3_environment(site.s3)),
}
"""Where a registry of its own is, in the site of the fixture of that name, and the variables that lead there."""


@pytest.fixture(params=PLACES)
def registry(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    kind = request.param
    site = request.getfixturevalue(kind) if kind != "disk" else None
    location, environment = PLACES[kind](site, secrets.token_hex(4))
    monkeypatch.chdir(tmp_path)
    for name, value in {**environment, "HOME": str(tmp_path / "home")}.items():
        monkeypatch.setenv(name, value)
    return open_registry(location)


class TestEveryRegistry(RegistryContract):
    pass
