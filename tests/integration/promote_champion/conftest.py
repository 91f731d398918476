"""A project that promotes: on a disk, in a bucket or in MLflow."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from mlflow_site import BUCKET, MlflowSite, Person, s3_environment
from promotion_project import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project()


@pytest.fixture
def bucket(project: Project, s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project's registry is a folder of its own in a bucket; nothing is cached at home."""
    for name, value in s3_environment(s3).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    project.registry_location = f"s3://{BUCKET}/{secrets.token_hex(4)}"
    return project


@pytest.fixture
def site(mlflow: MlflowSite, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowSite:
    """The project's registry is MLflow, under a name and with a log of its own; nothing is cached at home."""
    for name, value in s3_environment(mlflow.s3).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    project.name = f"delay-{secrets.token_hex(4)}"
    project.registry_location = f"mlflow+{mlflow.url}#log=s3://{BUCKET}/log"
    return mlflow


@pytest.fixture
def person(site: MlflowSite) -> Person:
    return Person(site.url)
