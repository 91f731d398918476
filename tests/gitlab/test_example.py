"""The GitLab example and the component, run as they stand: only what is installed is this working tree."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from harness.checkout import ROOT, make_repository
from mlops_actions.registries import open_registry

SHIM = """#!/bin/sh
# pip of a job: what the example installs is on this machine already, in the environment of the tests.
exit 0
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The consumer of the end-to-end tests as a project of GitLab."""
    folder = tmp_path / "flights"
    shutil.copytree(ROOT / "tests/e2e/consumer", folder)
    shutil.copy(ROOT / "examples/gitlab/.gitlab-ci.yml", folder)
    (folder / "requirements.txt").write_text("scikit-learn\npandas\n")
    settings = (folder / "mlops.yml").read_text()
    (folder / "mlops.yml").write_text(settings.replace("file:registry", f"file:{tmp_path}/registry"))
    return make_repository(folder, origin="git@gitlab.example:team/flights.git")


def pipeline(folder: Path, tools: Path) -> subprocess.CompletedProcess[str]:
    tools.mkdir(exist_ok=True)
    (tools / "pip").write_text(SHIM)
    (tools / "pip").chmod(0o755)
    path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [
        os.environ["GITLAB_CI_LOCAL"], "--force-shell-executor", "--shell-executor-no-image",
        "--shell-isolation", "--variable", "GITLAB_CI=true",
    ]  # fmt: skip
    environment = {"PATH": path, "HOME": str(tools), "LANG": "C.UTF-8"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


def left_by(folder: Path, job: str) -> Path:
    return folder / ".gitlab-ci-local/builds" / job


def test_the_pipeline_takes_a_good_model_to_the_registry(project: Path, tmp_path: Path) -> None:
    done = pipeline(project, tmp_path / "tools")
    assert done.returncode == 0, done.stdout + done.stderr
    handed_on = (left_by(project, "gate") / "mlops-actions.env").read_text()
    assert re.search("^MLOPS_RESULT=pass$", handed_on, re.MULTILINE)
    assert (left_by(project, "gate") / "report.html").is_file()
    assert (tmp_path / "registry").is_dir()


def test_a_bad_model_stops_at_the_gate_with_findings_at_their_lines(project: Path, tmp_path: Path) -> None:
    pipeline_file = project / ".gitlab-ci.yml"
    pipeline_file.write_text(pipeline_file.read_text().replace("train.py good", "train.py bad"))
    done = pipeline(project, tmp_path / "tools")
    assert done.returncode != 0
    findings = json.loads((left_by(project, "gate") / "mlops-actions-codequality.json").read_text())
    assert "policy.yaml" in {one["location"]["path"] for one in findings if one["severity"] == "major"}
    assert open_registry(f"file:{tmp_path}/registry").head("flights").aliases == {}


def test_the_component_is_a_job_like_the_examples() -> None:
    """gitlab-ci-local includes components only over the network, so its inputs are filled here."""
    spec, text = (ROOT / "templates/mlops-actions.yml").read_text().split("\n---\n")
    inputs = {name: str(one["default"]) for name, one in yaml.safe_load(spec)["spec"]["inputs"].items()}
    filled = re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda match: inputs[match[1]], text)
    (job,) = yaml.safe_load(filled).values()
    example = yaml.safe_load((ROOT / "examples/gitlab/.gitlab-ci.yml").read_text())["gate"]
    assert job["script"][-1] == "mlops-actions run"
    assert job["artifacts"]["reports"].items() <= example["artifacts"]["reports"].items()
    assert job["needs"] == example["needs"]
