"""The script `publish` of examples/production hands on the digest of what it pushed, or fails."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from mlops_actions.evidence import digest_path

ROOT = Path(__file__).parents[2]
DIGEST = f"sha256:{'1' * 64}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A model to publish, and an engine that builds and pushes all, and calls what it pushed by the name in `named`."""
    (tmp_path / "build").mkdir()
    (tmp_path / "build/model.joblib").write_bytes(b"weights")
    engine = tmp_path / "docker"
    engine.write_text('#!/bin/sh\nif [ "$1" = image ]; then cat named; fi\n')
    engine.chmod(0o755)
    return tmp_path


def publish(project: Path, image: str) -> subprocess.CompletedProcess[str]:
    (project / "output").touch()
    env = {
        **os.environ,
        "PATH": f"{project}{os.pathsep}{os.environ['PATH']}",
        "IMAGE": image,
        "GITHUB_REF_NAME": "main",
        "GITHUB_SHA": "0" * 40,
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "org/flights",
        "GITHUB_OUTPUT": str(project / "output"),
    }
    command = [str(ROOT / "examples/production/publish"), digest_path(project / "build/model.joblib")]
    return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)


def test_the_digest_in_this_registry_is_handed_on(project: Path) -> None:
    (project / "named").write_text(f"mirror.example.com/flights@sha256:{'2' * 64}\nghcr.io/org/flights@{DIGEST}\n")
    assert publish(project, "ghcr.io/org/flights").returncode == 0
    assert (project / "output").read_text() == f"image=ghcr.io/org/flights@{DIGEST}\n"


def test_an_image_that_the_engine_calls_otherwise_fails(project: Path) -> None:
    (project / "named").write_text(f"org/flights@{DIGEST}\n")
    done = publish(project, "docker.io/org/flights")
    assert done.returncode == 1
    assert done.stderr == (
        "::error::The engine names no digest of docker.io/org/flights, which was pushed. Write the variable IMAGE as "
        "the engine does: in lower case, with the registry's host, without a tag, and without docker.io.\n"
    )
    assert (project / "output").read_text() == ""
