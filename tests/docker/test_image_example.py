"""The workflow of examples/image under act, with a real engine: exactly the model that was judged is served."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from docker_site import docker
from harness.act import Act
from harness.checkout import ROOT
from harness.log import Run
from harness.machine import free_ports
from harness.project import make_project
from mlops_actions.evidence import digest_path

EXAMPLE = ROOT / "examples/image"


@pytest.fixture
def address() -> Iterator[str]:
    """Where the service shall be; its containers are gone afterwards."""
    (port,) = free_ports(1)
    yield f"127.0.0.1:{port}"
    subprocess.run(["docker", "rm", "--force", "service", "next", "previous"], capture_output=True, check=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = make_project(tmp_path, "image")
    base = os.environ["MLOPS_ACTIONS_BASE_IMAGE"]
    written = (EXAMPLE / "Dockerfile").read_text()
    (folder / "Dockerfile").write_text(written.replace("BASE_IMAGE=python:3.13-slim", f"BASE_IMAGE={base}"))
    shutil.copy(EXAMPLE / "deploy", folder)
    return folder


def push(act: Act, project: Path, address: str, **env: str) -> Run:
    engine = {"DOCKER_HOST": os.environ.get("DOCKER_HOST", "")}
    env |= {"SETUP_PYTHON": sys.executable, **engine}
    return act.run(project, "release.yml", env=env, variables={"ADDRESS": address, **engine})


def served(address: str) -> str:
    with urllib.request.urlopen(f"http://{address}/healthz", timeout=10) as answer:
        return str(answer.headers["X-Model-SHA256"])


def test_the_model_that_was_judged_is_served_and_one_that_was_swapped_on_the_way_is_not(
    act: Act, project: Path, address: str, tmp_path: Path
) -> None:
    run = push(act, project, address)
    assert run.exit_code == 0, str(run)
    judged = run.job("model").steps["gate"].outputs["subject-sha256"]
    assert served(address) == judged

    other = tmp_path / "other.joblib"
    other.write_bytes(b"another model")
    shutil.rmtree(tmp_path / "consumer-artifacts")
    run = push(act, project, address, SWAPPED_model=str(other))
    assert run.job("deploy").result == "failure"
    refusal = f"The model's SHA-256 is {digest_path(other)[:12]}, and {judged[:12]} was judged. Nothing was deployed."
    assert [one.message for one in run.job("deploy").annotations] == [refusal]
    assert served(address) == judged


def test_another_image_is_refused_and_one_that_does_not_serve_gives_way(address: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {os.environ['MLOPS_ACTIONS_BASE_IMAGE']}\nCMD sleep 60\n")
    image = docker("build", "--quiet", str(tmp_path))
    archive, model = tmp_path / "image.tar", tmp_path / "model.joblib"
    docker("save", "--output", str(archive), image)
    model.write_bytes(b"weights")

    def deploy(wanted: str) -> subprocess.CompletedProcess[str]:
        command = [str(EXAMPLE / "deploy"), str(archive), wanted, str(model), digest_path(model)]
        env = {**os.environ, "ADDRESS": address, "PATIENCE": "1"}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=env)

    docker("run", "--detach", "--name", "service", image)
    refused = deploy(f"sha256:{'0' * 64}")
    assert refused.returncode == 1
    assert "The archive does not hold the image that was built, sha256:000000000000. Nothing" in refused.stderr
    before = docker("inspect", "--format", "{{.Id}} {{.State.Running}}", "service")
    mute = deploy(image)
    assert mute.returncode == 1
    told = f"The new service does not say within 1 s that it serves {digest_path(model)[:12]}."
    assert mute.stderr.endswith(f"::error::{told} What served before serves again.\n")
    assert docker("inspect", "--format", "{{.Id}} {{.State.Running}}", "service") == before
    assert before.endswith("true")
