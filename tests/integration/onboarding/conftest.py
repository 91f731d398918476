from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has data and a trained model, and nothing of ours yet."""
    folder = tmp_path_factory.mktemp("trained") / "late flights"
    folder.mkdir()
    shutil.copy(ROOT / "tests/e2e/consumer/train.py", folder)
    subprocess.run([sys.executable, "train.py", "good"], cwd=folder, check=True)
    subprocess.run(["git", "init", "--quiet", "--initial-branch=trunk", "."], cwd=folder, check=True)
    return folder


@pytest.fixture
def project(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / trained.name
    shutil.copytree(trained, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")  # as setup-python does
    return folder
