"""Servers that tests of several actions share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mlflow_site import MlflowSite, missing, mlflow_site


@pytest.fixture(scope="session")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowSite]:
    """A real MLflow server on PostgreSQL, its artifacts in a local S3 server; started once."""
    if lacks := missing():
        pytest.skip(f"this machine lacks {lacks}")
    with mlflow_site(tmp_path_factory.mktemp("mlflow")) as site:
        yield site
