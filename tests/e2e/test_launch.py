"""python/launch from the outside, on a checkout whose package only tells what it was given."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.checkout import ROOT
from harness.machine import bare_path, program

TELL = """
import json, os, shutil, signal, sys, time
import annotated_types
names = ("VIRTUAL_ENV", "PYTHONPATH", "PATH", "GIVEN")
told = {"arguments": sys.argv[1:], "prefix": sys.prefix, "python3": shutil.which("python3"), "folder": os.getcwd(),
        "environment": {name: os.environ.get(name) for name in names}, "first": sys.path[0]}
print(json.dumps(told), flush=True)
if "--wait" in sys.argv:
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    print("waiting", flush=True)
    time.sleep(60)
"""
LOCKS = ("core", "data", "envoy", "all", "aws", "azure", "spark-connect")


@dataclass(frozen=True)
class Launch:
    program: Path
    tools: Path
    env: Mapping[str, str]

    def __call__(self, *arguments: str, **more: str) -> dict[str, Any]:
        done = self.run(*arguments, **more)
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.program), *arguments]
        env = {**self.env, **more}
        return subprocess.run(command, env=env, cwd=self.tools.parent, capture_output=True, text=True, check=False)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.program, *arguments], env=self.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    @property
    def kept(self) -> list[str]:
        """The folders that it left: environments, without the file of the lock."""
        return sorted(path.name for path in (self.tools / "mlops-actions").iterdir() if path.is_dir())


@pytest.fixture
def launch(tmp_path: Path) -> Launch:
    """With uv on PATH, and locks of one small package so that each environment is made in a moment."""
    python = tmp_path / "checkout/python"
    shutil.copytree(ROOT / "python/requirements", python / "requirements")
    shutil.copy(ROOT / "python/launch", python)
    small = (ROOT / "python/requirements/core.txt").read_text().partition("\ncertifi==")[0] + "\n"
    assert small.startswith("annotated-types==")
    for lock in LOCKS:
        (python / f"requirements/{lock}.txt").write_text(small)
    (python / "src/mlops_actions").mkdir(parents=True)
    (python / "src/mlops_actions/__init__.py").touch()
    (python / "src/mlops_actions/__main__.py").write_text(TELL)
    path = bare_path(tmp_path / "bin")
    shutil.copy(Path(sys.executable).parent / "uv", tmp_path / "bin/uv")
    home = tmp_path / "home"
    home.mkdir()
    tools = tmp_path / "tools"
    return Launch(python / "launch", tools, {"PATH": path, "HOME": str(home), "RUNNER_TOOL_CACHE": str(tools)})


@pytest.mark.parametrize(
    ("action", "target", "lock"),
    [
        ("quality-gate", "", "core"),
        ("promote-champion", "", "core"),
        ("validate-data", "", "data"),
        ("evaluate-model", "", "data"),
        ("canary-deploy", "envoy:9901", "envoy"),
        ("canary-deploy", "", "envoy"),
        ("canary-deploy", "kubernetes:shop/route", "core"),
        ("run", "", "all"),
        ("trace", "", "all"),
    ],
)
def test_each_action_gets_the_smallest_environment_it_can_work_in(
    launch: Launch, action: str, target: str, lock: str
) -> None:
    assert Path(launch(action, INPUT_TARGET=target)["prefix"]).name.startswith(f"{lock}-")


@pytest.mark.parametrize(
    ("action", "given", "environment"),
    [
        ("promote-champion", {"INPUT_REGISTRY": "sagemaker:eu-west-1"}, "core+aws"),
        ("canary-deploy", {"INPUT_TARGET": "azureml:sub/group/shop/flights"}, "core+azure"),
        ("canary-deploy", {"INPUT_TARGET": "exec:x", "INPUT_METRICS_SOURCE": "cloudwatch:eu-west-1/e"}, "core+aws"),
        ("canary-deploy", {"INPUT_TARGET": "exec:x", "INPUT_METRICS_SOURCE": "postgresql://db/serving"}, "core+data"),
        ("validate-data", {"INPUT_ENGINE": "sc://spark:15002"}, "data+spark-connect"),
        ("evaluate-model", {"INPUT_ENGINE": "sc://s", "INPUT_REGISTRY": "sagemaker:r"}, "data+aws+spark-connect"),
        ("promote-champion", {"INPUT_DESCRIPTION": "a sagemaker model: new"}, "core"),
        ("validate-data", {"INPUT_DESCRIPTION": "sc: none"}, "data"),
    ],
)
def test_a_location_in_an_input_brings_what_its_system_needs(
    launch: Launch, action: str, given: dict[str, str], environment: str
) -> None:
    assert Path(launch(action, **given)["prefix"]).name.rpartition("-")[0] == environment


@pytest.mark.parametrize(
    ("action", "environment"),
    [("quality-gate", "core+aws"), ("evaluate-model", "data+aws+spark-connect"), ("run", "all+aws+spark-connect")],
)
@pytest.mark.parametrize("given", [{}, {"INPUT_WORKING_DIRECTORY": "model"}, {"INPUT_CONFIG": "model/mlops.yml"}])
def test_so_does_one_in_the_settings(
    launch: Launch, tmp_path: Path, action: str, environment: str, given: dict[str, str]
) -> None:
    settings = tmp_path / ("model/mlops.yml" if given else "mlops.yml")
    settings.parent.mkdir(exist_ok=True)
    settings.write_text("registry: sagemaker:eu-west-1\nvalidate-data: {engine: 'sc://spark:15002'}\n")
    assert Path(launch(action, **given)["prefix"]).name.rpartition("-")[0] == environment


def test_so_does_one_in_an_argument(launch: Launch) -> None:
    assert Path(launch("trace", "m@champion", "--registry=sagemaker:r")["prefix"]).name.startswith("all+aws-")


def test_the_users_settings_neither_reach_us_nor_get_lost(launch: Launch, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    program(theirs / "python3", "echo a Python that is too old for us >&2; exit 1")
    (tmp_path / "bin/python3").rename(tmp_path / f"bin/python3.{min(sys.version_info.minor, 14)}")
    path = f"{theirs}:{launch.env['PATH']}"

    told = launch("quality-gate", "--policy", "a b.yaml", PATH=path, VIRTUAL_ENV="/theirs", PYTHONPATH="/t", GIVEN="x")

    assert told["arguments"] == ["quality-gate", "--policy", "a b.yaml"]
    assert told["python3"] == str(theirs / "python3")
    source = str(launch.program.parent / "src")
    assert told["environment"] == {"VIRTUAL_ENV": None, "PYTHONPATH": source, "PATH": path, "GIVEN": "x"}
    assert told["folder"] == str(tmp_path)
    assert told["first"] == source
    assert Path(told["prefix"]).parent == launch.tools / "mlops-actions"


def test_the_bash_of_macos_which_fills_no_arrays_from_lines_starts_an_action_too(
    launch: Launch, tmp_path: Path
) -> None:
    (tmp_path / "old").write_text("enable -n mapfile readarray\n")
    told = launch("promote-champion", BASH_ENV=str(tmp_path / "old"), INPUT_REGISTRY="sagemaker:eu-west-1")
    assert Path(told["prefix"]).name.startswith("core+aws-")


def test_two_steps_at_once_make_one_environment(launch: Launch, tmp_path: Path) -> None:
    made = tmp_path / "made"
    (tmp_path / "bin/uv").rename(tmp_path / "uv")
    sleep = shutil.which("sleep")  # long enough for the other step to see that nothing is there yet
    slow = f'if [[ $1 == venv ]]; then echo venv >>{made}; {sleep} 2; fi; exec {tmp_path / "uv"} "$@"'
    program(tmp_path / "bin/uv", slow)

    steps = [launch.start("quality-gate"), launch.start("promote-champion")]
    told = [step.communicate(timeout=120) for step in steps]
    assert [step.returncode for step in steps] == [0, 0], told
    assert len({json.loads(out)["prefix"] for out, _ in told}) == 1
    assert made.read_text() == "venv\n"
    assert len(launch.kept) == 1


@pytest.mark.parametrize("damage", ["complete", "bin/python", "bin"])
def test_a_damaged_environment_is_made_again(launch: Launch, damage: str) -> None:
    environment = Path(launch("quality-gate")["prefix"])
    damaged = environment / damage
    if damaged.is_dir():
        shutil.rmtree(damaged)
    else:
        damaged.unlink()
    (environment / "leftover").touch()

    assert launch("quality-gate")["prefix"] == str(environment)
    assert not (environment / "leftover").exists()
    assert launch.kept == [environment.name]


def test_a_file_with_another_hash_is_refused_and_nothing_is_left(launch: Launch, tmp_path: Path) -> None:
    lock = launch.program.parent / "requirements/core.txt"
    name = lock.read_text().partition(" ")[0]
    lock.write_text(f"{name} --hash=sha256:{'0' * 64}\n")
    outputs = tmp_path / "outputs"

    done = launch.run("quality-gate", GITHUB_OUTPUT=str(outputs), GITHUB_ACTIONS="true")

    assert done.returncode == 4
    assert "hash mismatch" in done.stderr.lower()
    assert done.stderr.splitlines()[-1].startswith("::error::The action's environment could not be made")
    assert outputs.read_text() == "result=error\n"
    assert launch.kept == []


def test_a_signal_to_the_shell_reaches_the_action(launch: Launch) -> None:
    step = launch.start("canary-deploy", "--wait")
    assert step.stdout
    step.stdout.readline()
    assert step.stdout.readline() == "waiting\n"
    os.kill(step.pid, signal.SIGINT)
    step.communicate(timeout=10)
    assert step.returncode == 130


def test_a_later_start_installs_nothing(launch: Launch, tmp_path: Path) -> None:
    launch("quality-gate")
    program(tmp_path / "bin/uv", "echo uv was called >&2; exit 1")
    launch("quality-gate")


def test_a_folder_that_cannot_be_written_is_passed_over(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = launch("quality-gate", RUNNER_TOOL_CACHE=str(tmp_path / "file/tools"), RUNNER_TEMP=str(tmp_path / "temp"))
    assert Path(told["prefix"]).parent == tmp_path / "temp/mlops-actions"


def test_without_uv_and_pip_the_pinned_uv_is_installed_and_checked(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "bin/uv").unlink()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "no-pip"], check=True)
    path = f"{tmp_path / 'no-pip/bin'}:{launch.env['PATH']}"
    told = launch("quality-gate", PATH=path)
    assert Path(told["prefix"]).parent == launch.tools / "mlops-actions"


def test_the_shim_of_a_version_manager_is_no_uv(launch: Launch, tmp_path: Path) -> None:
    program(tmp_path / "bin/uv", "echo 'uv: command not found in this version' >&2; exit 127")
    launch("quality-gate")


def test_an_old_uv_is_passed_over(launch: Launch, tmp_path: Path) -> None:
    program(tmp_path / "bin/uv", "[[ $1 == --version ]] && echo 'uv 0.2.1 (abc)'")
    launch("quality-gate")
