"""Runs a consumer's workflow under act, by default in host mode, with this working tree as org/mlops-actions.

What act forgives and GitHub does not (unmapped inputs, permissions, masked outputs) is for `harness.composite`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.checkout import ROOT, make_repository
from harness.log import Run, read_log

RUNNERS = ("ubuntu-latest", "ubuntu-24.04")
STAND_INS = ROOT / "tests/e2e/stand_ins"

# What the machine needs to reach its package index; nothing else of the caller's reaches a job.
PASSED_ON = re.compile(r"PATH|LANG|TMPDIR|PYENV_ROOT|.*_(CERT|CERTS|BUNDLE|CERT_FILE|CERT_DIR)|PIP_.*|(?i:\w+_proxy)")


@dataclass(frozen=True)
class Act:
    """act with one clean copy of the project. Jobs of one `Act` share the machine's tool cache, as on a runner."""

    checkout: Path
    cache: Path
    """Where act keeps actions and the tool cache."""
    image: str | None = None
    """The image that jobs run in, for the engine at DOCKER_HOST; without one they run on this machine."""

    def run(
        self,
        consumer: Path,
        workflow: str,
        *,
        event: str = "push",
        artifacts: Path | None = None,
        env: Mapping[str, str] | None = None,
        inputs: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        repositories: Mapping[str, Path] | None = None,
        timeout: float = 600,
    ) -> Run:
        """Runs `.github/workflows/<workflow>` of the folder `consumer`, which is made a repository if it is none.

        `env` reaches every job. Artifacts are kept in `artifacts`, by default beside the consumer's folder.
        `repositories` are others that it uses, such as `your-org/mlops@v1`. `variables` are the repository's. `secrets`
        are not masked: where a step prints one, the log has it.
        """
        if not (consumer / ".git").exists():
            make_repository(consumer, origin="https://github.com/org/consumer")
        path = consumer / ".github/workflows" / workflow
        store = artifacts or consumer.with_name(f"{consumer.name}-artifacts")
        command = [
            program(), event, "--directory", str(consumer), "--workflows", str(path), "--json",
            *(f"--platform={runner}={self.image or '-self-hosted'}" for runner in RUNNERS), "--pull=false",
            "--concurrent-jobs", "1", "--rm", "--no-cache-server", "--defaultbranch", "main",
            "--action-cache-path", str(self.cache), "--actor", "alice", "--env", f"ARTIFACT_STORE={store}",
        ]  # fmt: skip
        called = [path.parent, *(repositories or {}).values()]
        texts = "".join(one.read_text() for folder in called for one in folder.rglob("*.yml"))
        used = {**(repositories or {}), **ours(texts, self.checkout), **stand_ins(texts)}
        for name, folder in used.items():
            command += ["--local-repository", f"{name}={folder}"]
        for name, value in {"GITHUB_RUN_ID": "77", **(env or {})}.items():
            command += ["--env", f"{name}={value}"]
        for name, value in (inputs or {}).items():
            command += ["--input", f"{name}={value}"]
        for name, value in (secrets or {}).items():
            command += ["--insecure-secrets", "--secret", f"{name}={value}"]
        for name, value in (variables or {}).items():
            command += ["--var", f"{name}={value}"]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            env=self.environment(),
        )
        return read_log(done.stdout.splitlines(), done.returncode, done.stderr)

    def environment(self) -> dict[str, str]:
        home = self.cache / "home"
        home.mkdir(parents=True, exist_ok=True)
        passed = {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}
        if self.image:
            passed["DOCKER_HOST"] = os.environ["DOCKER_HOST"]
        return {**passed, "HOME": str(home)}


def program(name: str = "act") -> str:
    """A tool on PATH, or the pinned one that `.ci/tool --install` builds."""
    found = shutil.which(name)
    if found:
        return found
    done = subprocess.run([ROOT / ".ci/tool", name], capture_output=True, text=True, check=False)
    if done.returncode:
        raise FileNotFoundError(f"{name} is missing; run: .ci/tool --install {name}")
    return done.stdout.strip()


def ours(workflows: str, checkout: Path) -> dict[str, Path]:
    """Our working tree, for each version of ours that they use."""
    used = re.findall(r"uses:\s*org/mlops-actions[\w./-]*@([\w.-]+)", workflows)
    return {f"org/mlops-actions@{version}": checkout for version in ["v1", *used]}


def stand_ins(workflows: str) -> dict[str, Path]:
    """Our stand-in for each action of others that workflows, or a reusable one of ours in them, use at whatever
    version. act has checkout.
    """
    for called in re.findall(r"uses:\s*org/mlops-actions/(\.github/workflows/[\w.-]+)@", workflows):
        workflows += (ROOT / called).read_text()
    used = re.findall(r"uses:\s*((?:actions|astral-sh|azure)/([\w-]+))[\w/-]*@([\w.-]+)", workflows)
    return {f"{action}@{version}": STAND_INS / name for action, name, version in used if name != "checkout"}
