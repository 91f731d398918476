"""The workflow of examples/production, production.yml, under act: a registry, a proxy, users, and real containers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from canary_site import free_port, until
from docker_site import docker
from guide import shown
from harness.act import Act
from harness.checkout import ROOT
from harness.locked import lock
from harness.log import Run
from harness.project import champion, make_project, pin
from mlops_actions.evidence import digest_path
from osv_site import osv_site

EXAMPLE = ROOT / "examples/production"
COPIED = (".dockerignore", "scan", "security.yaml", "publish", "deploy", "smoke")
CANARY = {"steps": [50, 100], "interval": 0.5, "deadline": "60s", "error-margin": 0.05, "health-timeout": "10s"}
BROKEN = """
    answers = 0

    def do_GET(self) -> None:
        if self.path == "/predict":
            Handler.answers += 1
            if Handler.answers % 2 == 0:
                self.send_error(500)
                return
"""


@dataclass
class Site:
    """What a company has: a registry of images, a machine with a proxy before two places, and users."""

    folder: Path
    registry: str
    stable: str
    candidate: str
    staging: str
    proxy: str

    @property
    def image(self) -> str:
        return f"{self.registry}/flights"

    @property
    def target(self) -> str:
        return f"haproxy:{self.folder}/admin.sock?backend=model"

    def variables(self) -> dict[str, str]:
        """Those of the repository and its environments."""
        return {
            "DOCKER_HOST": os.environ.get("DOCKER_HOST", ""),
            "IMAGE": self.image,
            "STAGING": self.staging,
            "STABLE": self.stable,
            "CANDIDATE": self.candidate,
            "TARGET": self.target,
        }

    def read(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://{self.registry}{path}", timeout=10) as answer:
            return json.load(answer)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    folder = tmp_path / "site"
    folder.mkdir()
    address = [f"127.0.0.1:{free_port()}" for _ in range(5)]
    made = Site(folder, *address)
    (folder / "registry.yml").write_text(
        yaml.safe_dump(
            {
                "version": 0.1,
                "log": {"accesslog": {"disabled": True}},
                "storage": {"filesystem": {"rootdirectory": str(folder / "images")}},
                "http": {"addr": made.registry},
            }
        )
    )
    (folder / "haproxy.cfg").write_text(
        shown(
            "`haproxy:` HAProxy",
            "haproxy",
            {
                "/run/haproxy/admin.sock": f"{folder}/admin.sock",
                "bind :80": f"bind {made.proxy}",
                "10.0.0.1:8000": made.stable,
                "10.0.0.2:8000": made.candidate,
            },
        )
        + "\n"
    )
    haproxy = shutil.which("haproxy", path="/usr/sbin:/usr/bin")
    assert haproxy, "HAProxy is not installed; .ci/run installs it"
    programs = (
        [os.environ["MLOPS_ACTIONS_REGISTRY"], "serve", str(folder / "registry.yml")],
        [haproxy, "-f", str(folder / "haproxy.cfg"), "-db"],
        [sys.executable, str(ROOT / "tests/e2e/consumer/load.py"), made.proxy.rpartition(":")[2], "600"],
    )
    with (folder / "log").open("wb") as log:
        started = [subprocess.Popen(one, stdout=log, stderr=log) for one in programs]
    try:
        until(lambda: answers(f"http://{made.registry}/v2/"))
        yield made
    finally:
        for process in started:
            process.terminate()
            process.wait(10)
        subprocess.run(["docker", "rm", "--force", "stable", "candidate", "staging"], capture_output=True, check=True)


@pytest.fixture
def project(tmp_path: Path, site: Site) -> Path:
    """A repository whose last release serves on stable."""
    folder = make_project(tmp_path, "production", **{"canary-deploy": {**CANARY, "state": f"file:{tmp_path}/state"}})
    for name in COPIED:
        shutil.copy(EXAMPLE / name, folder)
    base = os.environ["MLOPS_ACTIONS_BASE_IMAGE"]
    written = (EXAMPLE / "Dockerfile").read_text()
    (folder / "Dockerfile").write_text(written.replace("BASE_IMAGE=python:3.13-slim", f"BASE_IMAGE={base}"))
    pin(folder)
    (folder / ".venv").symlink_to(site.folder / "venv")
    (folder / "build").mkdir()
    (folder / "build/model.joblib").write_bytes(b"the last release")
    first = publish(folder, site, digest_path(folder / "build/model.joblib"))
    subprocess.run(["./deploy", "stable", site.stable, first], cwd=folder, check=True)
    shutil.rmtree(folder / "build")
    return folder


def publish(folder: Path, site: Site, sha256: str) -> str:
    """The first image, by the script of the example: its name by its digest."""
    output = site.folder / "output"
    output.touch()
    github = {"REF_NAME": "main", "SHA": "0" * 40, "SERVER_URL": "https://github.com", "REPOSITORY": "org/consumer"}
    env = {**os.environ, "IMAGE": site.image, **{f"GITHUB_{name}": value for name, value in github.items()}}
    subprocess.run(["./publish", sha256], cwd=folder, check=True, env=env | {"GITHUB_OUTPUT": str(output)})
    return output.read_text().strip().removeprefix("image=")


def push(act: Act, project: Path, site: Site) -> Run:
    env = {**lock(project, "production"), "DOCKER_HOST": os.environ.get("DOCKER_HOST", "")}
    # One environment for all jobs: each takes its time to be made, and that each makes its own is tested elsewhere.
    env["UV_PROJECT_ENVIRONMENT"] = str(site.folder / "venv")
    with osv_site({"scipy": []}) as osv:  # a vulnerability that nothing mends yet only warns
        variables = {**site.variables(), "OSV_URL": osv}
        return act.run(project, "production.yml", env=env, variables=variables, secrets={"GITHUB_TOKEN": "t0ken"})


def findings(project: Path) -> dict[str, int]:
    """What the scan found anything of, in the report that was kept."""
    with zipfile.ZipFile(project.with_name("consumer-artifacts") / "security.zip") as kept:
        found = json.loads(kept.read("findings.json"))
    return {name: count for name, count in found.items() if count}


def served(address: str) -> str:
    with urllib.request.urlopen(f"http://{address}/healthz", timeout=10) as answer:
        return str(answer.headers["X-Model-SHA256"])


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def containers() -> set[str]:
    return set(docker("ps", "--format", "{{.Names}}").split()) & {"stable", "candidate", "staging"}


def test_a_release_reaches_all_users_and_one_that_breaks_leaves_them_with_it(
    act: Act, project: Path, site: Site
) -> None:
    run = push(act, project, site)
    assert run.exit_code == 0, str(run)
    assert not run.ran("roll-back")
    assert findings(project) == {"vulnerabilities_without_a_fix": 1, "code_low": 1}  # the `assert` of its test
    first = run.job("validate-model").steps["gate"].outputs["subject-sha256"]
    assert champion(project) == first
    assert served(site.stable) == served(site.staging) == served(site.proxy) == first
    assert containers() == {"stable", "staging"}
    tags = site.read("/v2/flights/tags/list")["tags"]
    assert {f"model-{first[:12]}", "main"} < set(tags)
    labels = json.loads(docker("inspect", "--format", "{{json .Config.Labels}}", "stable"))
    assert labels["model.sha256"] == first
    assert f"sha-{labels['org.opencontainers.image.revision'][:12]}" in tags

    # A server that fails every second user, which no test before the canary finds.
    script = (project / "serve.py").read_text()
    (project / "serve.py").write_text(script.replace("    def do_GET(self) -> None:\n", BROKEN, 1))
    script = (project / "train.py").read_text()
    (project / "train.py").write_text(script.replace("flights(seed=1)", "flights(seed=3)"))
    shutil.rmtree(project.with_name("consumer-artifacts"))
    run = push(act, project, site)
    second = run.job("validate-model").steps["gate"].outputs["subject-sha256"]
    assert second != first
    assert served(site.staging) == second
    assert run.job("production").result == "failure"
    assert run.job("roll-back").result == "success", str(run)
    assert champion(project) == first
    assert served(site.stable) == served(site.proxy) == first
    assert containers() == {"stable", "staging"}


def test_what_served_before_serves_again_where_the_new_one_does_not(project: Path, site: Site) -> None:
    def container() -> str:
        return docker("inspect", "--format", "{{.Id}} {{.Config.Image}} {{.State.Running}}", "stable")

    before, model = container(), served(site.stable)
    (project / "build").mkdir()
    (project / "build/model.joblib").write_bytes(b"the next release")
    (project / "serve.py").write_text("import time\n\ntime.sleep(60)\n")
    (site.folder / "output").unlink()
    sha256 = digest_path(project / "build/model.joblib")
    broken = publish(project, site, sha256)

    def refusal(place: str, address: str) -> str:
        env = {**os.environ, "PATIENCE": "1"}
        done = subprocess.run(
            ["./deploy", place, address, broken, sha256],
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
            env=env,
        )
        assert done.returncode == 1
        return done.stderr.splitlines()[-1]

    told = f"does not say within 1 s that it serves model {sha256[:12]}."
    assert refusal("stable", site.stable) == f"::error::stable {told} What served before serves again."
    until(lambda: answers(f"http://{site.stable}/healthz"))
    assert served(site.stable) == model
    assert container() == before
    assert refusal("candidate", site.candidate) == f"::error::candidate {told} Nothing served there before."
    left = docker("ps", "--all", "--format", "{{.Names}}").split()
    assert not [name for name in left if name.startswith(("stable-", "candidate"))]
