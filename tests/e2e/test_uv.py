"""The workflow of examples/uv under act, with the real uv: its lock, its environment, and what is cached."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.act import Act
from harness.locked import lock
from harness.project import champion, make_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository that does not keep its environment."""
    folder = make_project(tmp_path, "uv")
    (folder / ".gitignore").write_text(".venv\n")
    return folder


def test_five_jobs_end_with_a_champion_and_leave_the_next_run_its_environments(act: Act, project: Path) -> None:
    run = act.run(project, "pipeline.yml", env=lock(project, "uv"))

    assert run.exit_code == 0, str(run)
    jobs = {job.id: job.result for job in run.jobs}
    assert jobs == dict.fromkeys(["build", "test", "train", "validate", "gate"], "success")
    assert champion(project) == run.job("gate").steps["5"].outputs["subject-sha256"]
    kept = project.with_name("consumer-artifacts") / "cache"
    for job, environment in {"validate": "data", "gate": "core"}.items():
        assert list(kept.glob(f"mlops-actions-{job}-*/{environment}-*/complete")), f"{job} keeps no environment"


def test_a_lock_that_is_behind_stops_the_first_job(act: Act, project: Path) -> None:
    env = lock(project, "uv")
    named = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(named.replace('"joblib", ', '"joblib", "narwhals", '))

    run = act.run(project, "pipeline.yml", env=env)

    assert {job.id: job.result for job in run.jobs} == {"build": "failure"}
    assert "The lockfile at `uv.lock` needs to be updated" in str(run)
