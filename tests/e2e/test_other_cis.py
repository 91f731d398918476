"""The snippets for Jenkins and Azure Pipelines: their shell lines, run as they stand on the consumer's project."""

from __future__ import annotations

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

JENKINS = ROOT / "examples/jenkins/Jenkinsfile"
AZURE = ROOT / "examples/azure-pipelines/azure-pipelines.yml"


def jenkins_lines() -> list[str]:
    return re.findall(r"^\s*sh '([^']*)'$", JENKINS.read_text(), re.MULTILINE)


def azure_lines() -> list[str]:
    return [step["script"] for step in yaml.safe_load(AZURE.read_text())["steps"] if "script" in step]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "flights"
    shutil.copytree(ROOT / "tests/e2e/consumer", folder)
    return make_repository(folder, origin="git@git.example:team/flights.git")


def run(lines: list[str], project: Path, tools: Path) -> list[int]:
    """The exit codes of the lines, until one fails; what pip would install is on this machine already."""
    tools.mkdir()
    (tools / "pip").write_text("#!/bin/sh\nexit 0\n")
    (tools / "pip").chmod(0o755)
    path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {"PATH": path, "HOME": str(tools), "MLOPS_ACTIONS": "mlops-actions[data]==0.1.0"}
    codes = []
    for line in lines:
        codes.append(subprocess.run(["sh", "-euc", line], cwd=project, env=environment, timeout=120).returncode)
        if codes[-1]:
            break
    return codes


@pytest.mark.parametrize(
    "path",
    [
        "examples/azure-pipelines/azure-pipelines.yml",
        "examples/gitlab/.gitlab-ci.yml",
        "examples/jenkins/Jenkinsfile",
        "templates/mlops-actions.yml",
    ],
)
def test_what_a_pipeline_installs_can_read_its_data(path: str) -> None:
    """Elsewhere pip is a stand-in, which would not miss DuckDB."""
    installed = re.findall(r"mlops-actions(\S*)==", (ROOT / path).read_text())
    assert installed
    assert set(installed) == {"[data]"}


@pytest.mark.parametrize("lines", [jenkins_lines(), azure_lines()], ids=["jenkins", "azure-pipelines"])
def test_a_good_model_is_promoted_and_a_bad_one_stops_at_the_gate(
    lines: list[str], project: Path, tmp_path: Path
) -> None:
    assert [line.split()[0] for line in lines] == ["pip", "python", "mlops-actions", "mlops-actions"]
    assert run(lines, project, tmp_path / "good") == [0, 0, 0, 0]
    assert "<testsuite" in (project / "junit.xml").read_text()
    before = open_registry(f"file:{project}/registry").head("flights").aliases
    assert set(before) == {"champion"}
    (project / "train.py").write_text((project / "train.py").read_text().replace('"bad" in sys.argv', "True"))
    assert run(lines, project, tmp_path / "bad") == [0, 0, 1]
    assert open_registry(f"file:{project}/registry").head("flights").aliases == before
