from __future__ import annotations

import os
from pathlib import Path

import pytest

from docker_site import Job, docker
from harness.act import Act
from harness.checkout import export

IMAGE = "mlops-actions:test"


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as a runner downloads it."""
    return export(tmp_path_factory.mktemp("image") / "mlops-actions")


@pytest.fixture(scope="session")
def act(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Act:
    """Jobs run on this machine; what they ask of Docker is what the tests' engine does."""
    return Act(checkout, cache=tmp_path_factory.mktemp("act"))


@pytest.fixture(scope="session")
def image(checkout: Path) -> str:
    """The image of this working tree, built from a checkout."""
    base = os.environ["MLOPS_ACTIONS_BASE_IMAGE"]
    docker("build", "--quiet", "--build-arg", f"BASE_IMAGE={base}", "--tag", IMAGE, str(checkout))
    return IMAGE


@pytest.fixture
def job(image: str, tmp_path: Path) -> Job:
    """A job on a hosted runner, whose user has the number 1001."""
    found = Job(image, tmp_path / "runner", 1001)
    found.workspace.mkdir(parents=True)
    return found
