"""A step of a job that runs a Docker action, as GitHub's runner starts it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.commands import read_values

GITHUB_FILES = ("OUTPUT", "ENV", "PATH", "STEP_SUMMARY", "STATE")


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


@dataclass(frozen=True)
class Step:
    exit_code: int
    outputs: Mapping[str, str]
    summary: str
    output: str


@dataclass(frozen=True)
class Job:
    """What a runner does for `using: docker`: the mounts, the environment, and inputs with their hyphens."""

    image: str
    folder: Path
    user: int
    """Whom the workspace and the runner's files belong to."""

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    def run(self, action: str, inputs: Mapping[str, str]) -> Step:
        mounts = {"temp": "/github/runner_temp", "home": "/github/home", "workflow": "/github/workflow"}
        mounts |= {"commands": "/github/file_commands", "workspace": "/github/workspace"}
        for name in mounts:
            (self.folder / name).mkdir(exist_ok=True)
        for name in GITHUB_FILES:
            (self.folder / "commands" / name).write_text("")
        (self.folder / "workflow/event.json").write_text("{}")
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, self.user, self.user)
        environment = {
            "HOME": "/github/home", "CI": "true", "GITHUB_ACTIONS": "true", "RUNNER_OS": "Linux",
            "GITHUB_WORKSPACE": "/github/workspace", "GITHUB_REPOSITORY": "org/consumer",
            "GITHUB_EVENT_PATH": "/github/workflow/event.json", "RUNNER_TEMP": "/github/runner_temp",
            **{f"GITHUB_{name}": f"/github/file_commands/{name}" for name in GITHUB_FILES},
            **{f"INPUT_{name.upper()}": value for name, value in {"action": action, **inputs}.items()},
        }  # fmt: skip
        command = ["docker", "run", "--rm", "--workdir", "/github/workspace"]
        command += [part for name, value in environment.items() for part in ("--env", f"{name}={value}")]
        command += [part for name, place in mounts.items() for part in ("--volume", f"{self.folder / name}:{place}")]
        done = subprocess.run([*command, self.image, action], capture_output=True, text=True, check=False, timeout=300)
        read = {name: (self.folder / "commands" / name).read_text() for name in GITHUB_FILES}
        return Step(done.returncode, read_values(read["OUTPUT"]), read["STEP_SUMMARY"], done.stdout + done.stderr)
