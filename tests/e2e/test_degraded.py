"""The workflow of examples/degraded under act, as it is written: on a Monday, the world has changed or it has not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from harness.act import Act
from harness.checkout import ROOT
from harness.log import Run
from mlops_actions.registries import open_registry

COLLECT = """
import sys
from pathlib import Path
from train import flights
Path(sys.argv[1]).parent.mkdir(exist_ok=True)
flights(seed={seed}).to_csv(sys.argv[1], index=False)
"""
GH = """#!/bin/sh
test "$1 $2" = "issue create" || exit 1 # act asks for a token
printf '%s\\n' "$@" >>'{told}'
"""


class Project:
    """A repository whose model was released, with a registry that outlives its jobs."""

    def __init__(self, folder: Path, released: Path) -> None:
        self.folder = Path(shutil.copytree(released / "consumer", folder / "consumer"))
        shutil.copytree(released / "registry", folder / "registry")
        self.registry = f"file:{folder / 'registry'}"
        self.told = folder / "told"
        settings = yaml.safe_load((self.folder / "mlops.yml").read_text()) | {"registry": self.registry}
        (self.folder / "mlops.yml").write_text(yaml.safe_dump(settings))
        workflows = self.folder / ".github/workflows"
        workflows.mkdir(parents=True)
        shutil.copy(ROOT / "examples/degraded/.github/workflows/watch.yml", workflows)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def change_the_world(self) -> None:
        """From now on rain does to flights the opposite of what it did."""
        script = (self.folder / "train.py").read_text()
        assert "table.wind + table.rain" in script
        self.write("train.py", script.replace("table.wind + table.rain", "table.wind - table.rain"))

    @property
    def champion(self) -> str:
        version = open_registry(self.registry).head("flights").aliases["champion"]
        assert version is not None
        return version.sha256

    @property
    def issues(self) -> str:
        return self.told.read_text() if self.told.exists() else ""


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the project, and the registry that it was released into."""
    folder = tmp_path_factory.mktemp("released")
    project = Path(shutil.copytree(ROOT / "tests/e2e/consumer", folder / "consumer"))
    (project / "requirements.txt").touch()
    tools = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(folder)}
    for command in (["python", "train.py"], ["mlops-actions", "run", "--registry", f"file:{folder / 'registry'}"]):
        done = subprocess.run(command, cwd=project, env=tools, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    for made in ("data", "build", "mlops-evidence"):
        shutil.rmtree(project / made)
    return folder


@pytest.fixture
def project(tmp_path: Path, released: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path, released)
    # GitHub's own program, which would open an issue: here it leaves word of what it was asked.
    program = tmp_path / "bin/gh"
    program.parent.mkdir()
    program.write_text(GH.format(told=made.told))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    return made


def on_monday(act: Act, project: Project, seed: int = 3) -> Run:
    project.write("collect.py", COLLECT.format(seed=seed))
    run = act.run(project.folder, "watch.yml", event="schedule", env={"SETUP_PYTHON": sys.executable})
    assert run.exit_code == 0, str(run)
    return run


def test_a_model_that_is_shown_to_be_worse_is_replaced_by_one_that_passes_the_gate(act: Act, project: Project) -> None:
    before = project.champion
    project.change_the_world()
    run = on_monday(act, project)
    now = run.job("watch").steps["now"]
    assert now.outputs["degraded"] == "true"
    assert now.outputs["subject-sha256"] == before
    assert "The model is worse than at its promotion" in str(now.annotations)
    assert run.job("retrain").steps["train"].outputs["result"] == "pass"
    assert project.champion != before
    assert "- worse than at its promotion: true\n- a new model: pass\n" in project.issues


def test_a_new_model_that_does_not_pass_leaves_the_champion(act: Act, project: Project) -> None:
    before = project.champion
    project.change_the_world()
    script = (project.folder / "train.py").read_text()
    project.write("train.py", script.replace('"bad" in sys.argv', "True"))
    run = on_monday(act, project)
    assert run.job("retrain").steps["train"].outputs["result"] != "pass"
    assert project.champion == before
    assert "- worse than at its promotion: true\n- a new model: fail\n" in project.issues


def test_while_nothing_is_shown_nothing_is_done(act: Act, project: Project) -> None:
    run = on_monday(act, project)
    assert run.job("watch").steps["now"].outputs["degraded"] == "false"
    assert not run.ran("retrain")
    assert not run.ran("tell")
    assert project.issues == ""


def test_what_cannot_be_told_is_said(act: Act, project: Project) -> None:
    # Seed 2 made the rows that it was promoted on.
    run = on_monday(act, project, seed=2)
    assert run.job("watch").steps["now"].outputs.get("degraded", "") == ""
    assert not run.ran("retrain")
    assert "- worse than at its promotion: cannot be told\n- a new model: was not trained\n" in project.issues
