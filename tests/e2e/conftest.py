from __future__ import annotations

from pathlib import Path

import pytest

from harness.act import Act
from harness.checkout import export
from harness.composite import Runner


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as GitHub would deliver it to a runner."""
    return export(tmp_path_factory.mktemp("actions") / "mlops-actions")


@pytest.fixture(scope="session")
def act(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Act:
    return Act(checkout, cache=tmp_path_factory.mktemp("act"))


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A job with an empty workspace, in GitHub's real environment."""
    return Runner(tmp_path / "runner", workspace=tmp_path / "runner/workspace")
