"""The security scan of examples/production, scan.yml, under act with the real tools and a stand-in for OSV's server.

What it says of a project without faults is in tests/docker/test_production.py.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from harness.act import Act
from harness.checkout import ROOT, make_repository
from harness.locked import UV, lock
from harness.log import Run
from harness.project import make_project, pin
from osv_site import osv_site

EXAMPLE = ROOT / "examples/production"
CALLER = """
name: caller
on: push
permissions: {contents: read}
jobs:
  scan:
    uses: ./.github/workflows/scan.yml # zizmor: ignore[self-repository] act does not know it
"""
FAULTS = {
    "fetch.py": """
import hashlib
import subprocess
subprocess.call("ls *", shell=True)
hashlib.md5(b"x")
""",
    "settings.py": 'KEY = "AKIAIOSFODNN7EXAMPL3"\n',
    ".github/workflows/loose.yml": """
on: pull_request_target
jobs:
  a:
    runs-on: ubuntu-latest
    steps: [{run: "echo ${{ github.event.pull_request.title }}"}, {run: "echo ${{ nothing.x }}"}]
""",
}

STOPS = {
    "secrets": 1,
    "vulnerabilities_with_a_fix": 1,
    "code_high": 1,
    "workflow_high": 2,
    "workflow_medium": 1,
    "workflow_errors": 2,
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = make_project(tmp_path, "production")
    (folder / ".gitignore").write_text(".venv\n")
    for name in ("scan", "security.yaml"):
        shutil.copy(EXAMPLE / name, folder)
    return folder


def scan(act: Act, project: Path, osv: str) -> Run:
    uv = lock(project, "production")
    (project / ".github/workflows/caller.yml").write_text(CALLER)
    pin(project)
    return act.run(project, "caller.yml", env=uv, variables={"OSV_URL": osv})


def findings(project: Path) -> dict[str, Any]:
    """What the kept reports count, once each tool's report is seen to be kept beside it."""
    with zipfile.ZipFile(project.with_name("consumer-artifacts") / "security.zip") as kept:
        reports = {f"{tool}.json" for tool in ("dependencies", "code", "secrets", "workflows", "syntax")}
        assert reports <= set(kept.namelist())
        return dict(json.loads(kept.read("findings.json")))


def test_each_kind_of_fault_is_counted_and_the_policy_says_which_of_them_stops(act: Act, project: Path) -> None:
    for name, text in FAULTS.items():
        (project / name).write_text(text)
    with osv_site({"joblib": ["99.0"]}) as osv:
        run = scan(act, project, osv)
    assert run.job("scan").result == "failure"
    found = findings(project)
    assert {name: found[name] for name in STOPS} == STOPS
    said = json.loads(run.job("scan").steps["gate"].outputs["reasons"])
    assert {one["message"].split("`")[1].split()[0] for one in said} == set(STOPS)


def test_a_tool_that_cannot_look_is_no_report(project: Path) -> None:
    lock(project, "production")
    make_repository(project, origin="https://github.com/org/consumer")
    env = {**os.environ, "PATH": f"{UV.parent}:/usr/bin:/bin"}  # nothing was installed
    done = subprocess.run(["./scan", "reports"], cwd=project, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 1
    assert done.stderr.endswith("::error::pip-audit could not look: reports/dependencies.json is no report.\n")
    assert not (project / "reports/findings.json").exists()
