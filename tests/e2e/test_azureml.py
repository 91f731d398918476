"""The workflow of examples/azureml under act, before stand-ins for Azure ML, `az` and Slack."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import azure_site
from azureml_endpoints import KEY
from azureml_fake import LOCATION, TOKEN, AzureFake
from azureml_site import AzureSite
from harness.act import Act
from harness.checkout import ROOT
from harness.project import make_project
from inbox_site import inbox_site
from target_site import Users

EXAMPLE = ROOT / "examples/azureml"
SUPPORT = ROOT / "tests/support"


@pytest.fixture
def blobs(tmp_path: Path) -> Iterator[str]:
    if lacks := azure_site.missing():
        pytest.skip(f"this machine lacks {lacks}")
    (tmp_path / "blobs").mkdir()
    with azure_site.azure_site(tmp_path / "blobs") as address:
        yield address


@pytest.fixture
def site(tmp_path: Path) -> Iterator[AzureSite]:
    """Production's endpoint with a champion `blue`, and an empty one for staging."""
    azure = AzureFake()
    azure.start()
    (tmp_path / "servers").mkdir()
    opened = AzureSite(tmp_path / "servers", azure, endpoint="flights")
    opened.stable.sha256 = opened.candidate.sha256 = None  # their models are known by Azure alone
    endpoints = azure.endpoints
    endpoints.endpoints["flights-staging"] = endpoints.endpoints["flights"] | {
        "properties": opened.properties | {"traffic": {}, "provisioningState": "Succeeded"}
    }
    del endpoints.deployments["flights", "green"]
    endpoints.servers["v1"] = opened.candidate.address
    yield opened
    opened.close()
    azure.stop()
    assert not azure.broken


def settings() -> dict[str, Any]:
    """The example's own, with the names of the workspace, and a script in the place of Monitor's slow minutes."""
    found: dict[str, Any] = yaml.safe_load((EXAMPLE / "mlops.yml").read_text().replace(
        "SUBSCRIPTION/GROUP/WORKSPACE", LOCATION.partition(":")[2]
    ))  # fmt: skip
    found["evaluate-model"]["isolation"] = "process"
    del found["canary-deploy"]["state"]
    counts = (
        f"exec:env PYTHONPATH={SUPPORT}:{ROOT / 'python/src'} {sys.executable} {SUPPORT / 'azure_monitor_counts.py'}"
    )
    found["canary-deploy"] |= {"interval": "1s", "baseline": "2s", "deadline": "120s", "error-margin": 0.3}
    found["canary-deploy"] |= {"steps": [50, 100], "metrics-source": counts}
    return found


def test_a_model_that_is_trained_on_azure_goes_by_staging_and_a_canary_to_production(
    act: Act, site: AzureSite, blobs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path, "azureml", **settings())
    shutil.copytree(EXAMPLE / "deploy", project / "deploy")
    shutil.copy(EXAMPLE / "job.yml", project)
    for program in (ROOT / "examples/notify/.github").glob("notify*"):
        shutil.copy(program, project / ".github")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "az").write_text(
        f'#!/bin/sh\nPYTHONPATH={SUPPORT} exec {sys.executable} {SUPPORT / "az_stand_in.py"} "$@"\n'
    )
    (programs / "az").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    env = site.azure.environment() | {
        "AZURE_STORAGE_ENDPOINT": blobs,
        "AZURE_ALLOW_HTTP": "true",
        "ENDPOINT_KEY": KEY,
        "SETUP_PYTHON": sys.executable,
    }

    with inbox_site() as inbox, Users(site.address, rate=40) as users:
        secrets = {"SLACK_WEBHOOK": f"{inbox.url}/slack", "GITHUB_TOKEN": "t"}
        run = act.run(project, "release.yml", event="workflow_dispatch", env=env, secrets=secrets)

    assert run.exit_code == 0, str(run)
    assert {job.id: job.result for job in run.jobs} == dict.fromkeys(("judge", "tell", "deploy"), "success")
    sha256 = run.job("judge").steps["gate"].outputs["subject-sha256"]
    assert inbox.at("/slack").body["text"].startswith("PASS: ")
    version = site.azure.models.version("flights", "1")
    assert version
    assert version["properties"]["properties"]["mlops-actions.sha256"] == sha256
    assert version["properties"]["stage"] == "Production"
    assert site.properties["traffic"] == {"blue": 0, "green": 100}
    assert site.azure.endpoints.endpoints["flights-staging"]["properties"]["traffic"] == {"v1": 100}
    assert site.azure.endpoints.deleted == []
    assert set(users.answers) == {"stable", "candidate"}
    assert TOKEN not in str(run)
    assert KEY not in str(run)
