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
from harness.machine import free_ports
from harness.project import make_project, train_elsewhere
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
    train_elsewhere(folder)
    base = os.environ["MLOPS_ACTIONS_BASE_IMAGE"]
    written = (EXAMPLE / "Dockerfile").read_text()
    (folder / "Dockerfile").write_text(written.replace("BASE_IMAGE=python:3.13-slim", f"BASE_IMAGE={base}"))
    for name in (".dockerignore", "deploy"):
        shutil.copy(EXAMPLE / name, folder)
    return folder


def served(address: str) -> str:
    with urllib.request.urlopen(f"http://{address}/healthz", timeout=10) as answer:
        return str(answer.headers["X-Model-SHA256"])


def test_the_model_that_was_judged_is_served(act: Act, project: Path, address: str) -> None:
    engine = {"DOCKER_HOST": os.environ.get("DOCKER_HOST", "")}
    env = {"SETUP_PYTHON": sys.executable, **engine}
    run = act.run(project, "release.yml", env=env, variables={"ADDRESS": address, **engine})
    assert run.exit_code == 0, str(run)
    assert served(address) == run.job("model").steps["gate"].outputs["subject-sha256"]


def test_what_was_swapped_on_the_way_is_refused_and_what_does_not_serve_gives_way(address: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {os.environ['MLOPS_ACTIONS_BASE_IMAGE']}\nCMD sleep 60\n")
    image = docker("build", "--quiet", str(tmp_path))
    archive, model, swapped = (tmp_path / name for name in ("image.tar", "model.joblib", "swapped.joblib"))
    docker("save", "--output", str(archive), image)
    model.write_bytes(b"weights")
    swapped.write_bytes(b"other weights")
    judged = digest_path(model)
    docker("run", "--detach", "--init", "--name", "service", image)

    def refusal(wanted: str, model: Path) -> str:
        command = [str(EXAMPLE / "deploy"), str(archive), wanted, str(model), judged]
        env = {**os.environ, "ADDRESS": address, "PATIENCE": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
        assert done.returncode == 1
        return done.stderr.splitlines()[-1].removeprefix("::error::")

    before = docker("inspect", "--format", "{{.Id}} {{.State.StartedAt}} {{.State.Running}}", "service")
    assert refusal(image, swapped) == (
        f"The model's SHA-256 is {digest_path(swapped)[:12]}, and {judged[:12]} was judged. Nothing was deployed."
    )
    assert refusal(f"sha256:{'0' * 64}", model) == (
        "The archive does not hold the image that was built, sha256:000000000000. Nothing was deployed."
    )
    assert docker("inspect", "--format", "{{.Id}} {{.State.StartedAt}} {{.State.Running}}", "service") == before
    assert refusal(image, model) == (
        f"The new service does not say within 1 s that it serves {judged[:12]}. What served before serves again."
    )
    after = docker("inspect", "--format", "{{.Id}} {{.State.Running}}", "service")
    assert after == f"{before.split()[0]} true"
