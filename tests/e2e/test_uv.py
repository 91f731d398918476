"""The workflow of examples/uv under act, with the real uv: its lock, its environment, and what is cached."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from harness.act import Act
from harness.checkout import ROOT
from harness.project import champion, make_project

UV = Path(sys.executable).with_name("uv")
TEST = """
from pathlib import Path

def test_the_label_is_no_feature():
    assert 'FEATURES = ["wind", "rain"]' in Path("train.py").read_text()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a lock, whose registry outlives its jobs."""
    folder = make_project(tmp_path, "uv")
    (folder / "test_train.py").write_text(TEST)
    (folder / ".gitignore").write_text(".venv\n")
    # The versions that the tests run with, which are on this machine already.
    here = f"python_version >= '{sys.version_info.major}.{sys.version_info.minor}'"
    locked = [f"{one.name}=={one.version} ; {here}" for one in distributions() if one.name != "mlops-actions"]
    known = f"[tool.uv]\nconstraint-dependencies = {locked}\n"
    (folder / "pyproject.toml").write_text((ROOT / "examples/uv/pyproject.toml").read_text() + known)
    subprocess.run([UV, "lock", "--quiet", "--python", sys.executable], cwd=folder, check=True)
    return folder


def test_five_jobs_end_with_a_champion_and_leave_the_next_run_its_environments(act: Act, project: Path) -> None:
    cache = subprocess.run([UV, "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    env = {"SETUP_UV": str(UV), "UV_CACHE_DIR": cache, "UV_PYTHON": sys.executable}

    run = act.run(project, "pipeline.yml", env=env)

    assert run.exit_code == 0, str(run)
    jobs = {job.id: job.result for job in run.jobs}
    assert jobs == dict.fromkeys(["build", "test", "train", "validate", "gate"], "success")
    assert champion(project) == run.job("gate").steps["5"].outputs["subject-sha256"]
    kept = project.with_name("consumer-artifacts") / "cache"
    for job, environment in {"validate": "data", "gate": "core"}.items():
        assert list(kept.glob(f"mlops-actions-{job}-*/{environment}-*/complete")), f"{job} keeps no environment"


def test_a_lock_that_is_behind_stops_the_first_job(act: Act, project: Path) -> None:
    named = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(named.replace('"joblib", ', '"joblib", "narwhals", '))

    run = act.run(project, "pipeline.yml", env={"SETUP_UV": str(UV), "UV_PYTHON": sys.executable})

    assert {job.id: job.result for job in run.jobs} == {"build": "failure"}
    assert "The lockfile at `uv.lock` needs to be updated" in str(run)
