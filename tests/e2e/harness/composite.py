"""Runs a composite action in GitHub's real environment, which act only resembles.

Unlike act: no INPUT_* unless `env:` maps them, GITHUB_ACTION_REF and GITHUB_ACTION_REPOSITORY unset in run steps,
outputs with a masked value and summaries over 1 MiB dropped, ten annotations of a type, stdout no terminal.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from harness.commands import Listener, read_values
from harness.expressions import evaluate, fill, written
from harness.log import Annotation

LARGEST_SUMMARY = 1024 * 1024
# How the machine reaches its package index; a real runner has this from its operator.
PASSED_ON = (
    "PATH",
    "LANG",
    "PYENV_ROOT",
    "PIP_INDEX_URL",
    "PIP_CERT",
    "PIP_FIND_LINKS",
    "SSL_CERT_FILE",
    "HTTPS_PROXY",
)


@dataclass(frozen=True)
class StepResult:
    outcome: str
    """success, failure or skipped, before continue-on-error."""
    conclusion: str
    exit_code: int | None
    outputs: Mapping[str, str]
    summary: str


@dataclass(frozen=True)
class CompositeResult:
    steps: Mapping[str, StepResult]
    outputs: Mapping[str, str]
    annotations: tuple[Annotation, ...]
    dropped: tuple[Annotation, ...]
    """Annotations over GitHub's limit."""
    output: str
    stderr: str

    @property
    def outcome(self) -> str:
        return "failure" if any(step.conclusion == "failure" for step in self.steps.values()) else "success"

    @property
    def exit_code(self) -> int:
        """The first failing step's; 0 if none failed."""
        return next((step.exit_code or 0 for step in self.steps.values() if step.conclusion == "failure"), 0)

    @property
    def summary(self) -> str:
        return "".join(step.summary for step in self.steps.values())


@dataclass
class Runner:
    """A job on one machine: its folders, and what earlier steps left in the environment."""

    folder: Path
    workspace: Path
    github: Mapping[str, str] = field(default_factory=dict)
    """More of the `github` context, also as GITHUB_* variables: `{"run_id": "7"}` is GITHUB_RUN_ID."""
    env: dict[str, str] = field(default_factory=dict)
    """The job's own `env:`; grows with GITHUB_ENV."""
    path: list[str] = field(default_factory=list)
    """Folders before the machine's PATH; grows with GITHUB_PATH."""
    reference: str = "v1"

    def run(self, action: Path, inputs: Mapping[str, str] | None = None, *, timeout: float = 600) -> CompositeResult:
        """Runs the action of the folder `action` as one step of the job.

        Raises ValueError where GitHub would refuse the action or the call: an input that is not declared, a nested
        `uses:`, an undefined name in an expression, a run step without `shell: bash`.
        """
        metadata = yaml.safe_load((action / "action.yml").read_text())
        contexts: dict[str, Any] = {
            "inputs": given_inputs(metadata, inputs or {}),
            "github": self.context(action),
            "runner": {"os": "Linux", "temp": str(self.temp), "tool_cache": str(self.folder / "tools")},
            "steps": {},
        }
        listener, results, errors = Listener(), dict[str, StepResult](), list[str]()
        for number, step in enumerate(metadata["runs"]["steps"]):
            name = step.get("id", str(number))
            if name in results:
                raise ValueError(f"two steps have the id {name}")
            failed = any(result.conclusion == "failure" for result in results.values())
            if self.wanted(step, contexts, failed):
                result, stderr = self.step(step, action, contexts, listener, timeout)
                errors.append(stderr)
            else:
                result = StepResult("skipped", "skipped", None, {}, "")
            results[name] = result
            contexts["steps"][name] = {
                "outputs": DefaultOutputs(result.outputs),
                "outcome": result.outcome,
                "conclusion": result.conclusion,
            }
        outputs = {name: fill(output["value"], contexts) for name, output in metadata.get("outputs", {}).items()}
        kept = {name: value for name, value in outputs.items() if listener.masked(value) == value}
        return CompositeResult(
            results, kept, tuple(listener.annotations), tuple(listener.dropped),
            "\n".join(listener.output), "".join(errors),
        )  # fmt: skip

    @property
    def temp(self) -> Path:
        return self.folder / "temp"

    def context(self, action: Path) -> dict[str, str]:
        return {
            "action_path": str(action), "action_ref": self.reference, "action_repository": "org/mlops-actions",
            "workspace": str(self.workspace), "repository": "org/consumer", "repository_owner": "org",
            "ref": "refs/heads/main", "ref_name": "main", "sha": "0" * 40, "actor": "alice", "event_name": "push",
            "run_id": "77", "run_attempt": "1", "run_number": "1", "job": "release", "workflow": "release",
            "server_url": "https://github.com", "api_url": "https://api.github.com", "token": "", **self.github,
        }  # fmt: skip

    def wanted(self, step: Mapping[str, Any], contexts: Mapping[str, Any], failed: bool) -> bool:
        states = {"always": lambda: True, "failure": lambda: failed, "cancelled": lambda: False}
        condition = str(step.get("if", "success()")).removeprefix("${{").removesuffix("}}")
        value = evaluate(condition, {**contexts, **states, "success": lambda: not failed, "env": self.env})
        # Without a status function a condition means `success() && condition`.
        return bool(value) and (any(f"{name}(" in condition for name in (*states, "success")) or not failed)

    def step(
        self, step: Mapping[str, Any], action: Path, contexts: Mapping[str, Any], listener: Listener, timeout: float
    ) -> tuple[StepResult, str]:
        if "uses" in step or step.get("shell") != "bash":
            raise ValueError(f"a step must be a run step with shell: bash: {step}")
        for folder in (self.temp, self.workspace, self.folder / "home", self.folder / "tools"):
            folder.mkdir(parents=True, exist_ok=True)
        contexts = {**contexts, "env": self.env}
        own = {name: fill(written(value), contexts) for name, value in step.get("env", {}).items()}
        files = {name: self.folder / f"{name}.txt" for name in ("OUTPUT", "ENV", "PATH", "STEP_SUMMARY", "STATE")}
        for file in files.values():
            file.write_text("")
        script = self.temp / "step.sh"
        script.write_text(fill(step["run"], contexts))
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace / fill(step.get("working-directory", "."), contexts),
            env={**self.variables(action, files), **own},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        for line in done.stdout.removesuffix("\n").split("\n") if done.stdout else ():
            listener.hear(line)
        listener.end_of_step()
        self.env.update(read_values(files["ENV"].read_text()))
        self.path = [*reversed(files["PATH"].read_text().splitlines()), *self.path]
        summary = files["STEP_SUMMARY"].read_text()
        outcome = "failure" if done.returncode else "success"
        conclusion = "success" if step.get("continue-on-error") is True else outcome
        outputs = read_values(files["OUTPUT"].read_text())
        kept = {name: value for name, value in outputs.items() if listener.masked(value) == value}
        seen = summary if len(summary.encode()) <= LARGEST_SUMMARY else ""
        return StepResult(outcome, conclusion, done.returncode, kept, seen), done.stderr

    def variables(self, action: Path, files: Mapping[str, Path]) -> dict[str, str]:
        machine = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        hidden = {"action_ref", "action_repository", "token"}  # null in the run steps of a composite
        github = {f"GITHUB_{name.upper()}": value for name, value in self.context(action).items() if name not in hidden}
        return {
            **machine,
            "HOME": str(self.folder / "home"),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "RUNNER_OS": "Linux",
            "RUNNER_TEMP": str(self.temp),
            "RUNNER_TOOL_CACHE": str(self.folder / "tools"),
            **github,
            **{f"GITHUB_{name}": str(file) for name, file in files.items()},
            **self.env,
            "PATH": os.pathsep.join([*self.path, machine.get("PATH", os.defpath)]),
        }


class DefaultOutputs(dict[str, str]):
    """The outputs of a step: one that was not set is empty, as on GitHub, since a step may fail before it sets it."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return ""


def given_inputs(metadata: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """Every declared input, with its default or empty, as the runner fills them."""
    declared: Mapping[str, Mapping[str, Any]] = metadata.get("inputs", {})
    unknown = given.keys() - declared.keys()
    if unknown:
        raise ValueError(f"not an input of the action: {', '.join(sorted(unknown))}")
    return {
        name: given.get(name, written((declaration or {}).get("default"))) for name, declaration in declared.items()
    }
