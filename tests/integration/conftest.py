"""Servers that tests of several actions share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import azure_site
import gcs_site
import mlflow_site
import s3_site
from mlflow_site import MlflowSite


@pytest.fixture(scope="session")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowSite]:
    """A real MLflow server on PostgreSQL, its artifacts in a local S3 server; started once."""
    if lacks := mlflow_site.missing():
        pytest.skip(f"this machine lacks {lacks}")
    with mlflow_site.mlflow_site(tmp_path_factory.mktemp("mlflow")) as site:
        yield site


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a local S3 server with one bucket; started once."""
    if lacks := s3_site.missing():
        pytest.skip(f"this machine lacks {lacks}")
    with s3_site.s3_site(tmp_path_factory.mktemp("s3")) as address:
        yield address


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a local server of Azure's blobs with one container; started once."""
    if lacks := azure_site.missing():
        pytest.skip(f"this machine lacks {lacks}")
    with azure_site.azure_site(tmp_path_factory.mktemp("azure")) as address:
        yield address


@pytest.fixture(scope="session")
def gcs(s3: str) -> Iterator[str]:
    """The address of what speaks to Google's client before a local S3 server; started once."""
    with gcs_site.gcs_site(s3) as address:
        yield address
