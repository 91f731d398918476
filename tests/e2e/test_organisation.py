"""examples/organisation under act: a project calls release-model.yml of the organisation, which calls ours."""

from __future__ import annotations

import ensurepip
import shutil
import sys
from pathlib import Path

import pytest

from harness.act import Act
from harness.checkout import ROOT
from harness.project import champion, make_project, train_elsewhere

CENTRAL = ROOT / "examples/organisation"
# setup-python's Python has pip; the tests' own has none but the one that Python brings for new environments.
PIP = next(Path(ensurepip.__file__).parent.glob("_bundled/pip-*.whl"))
PYTHON = {"SETUP_PYTHON": sys.executable, "PYTHONPATH": str(PIP)}
GATE = """
name: gate
on: push
permissions: {contents: read}
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
      - run: python train.py
      - uses: org/mlops-actions@v1
        with: {stages: "validate-data, evaluate-model"}
      - id: gate
        uses: your-org/mlops/quality-gate@v1
        with: {model: build/model.joblib}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of the organisation, with a policy of its own that nothing would pass."""
    folder = make_project(tmp_path, "organisation/project")
    train_elsewhere(folder)
    (folder / "policy.yaml").write_text("rules: [roc_auc > 0.999]\n")
    return folder


def test_a_project_that_calls_the_central_workflow_is_released(act: Act, project: Path) -> None:
    shutil.copy(ROOT / "tests/e2e/consumer/policy.yaml", project)
    central = {"your-org/mlops@v1": CENTRAL}
    run = act.run(project, "release.yml", env=PYTHON, repositories=central)
    assert run.exit_code == 0, str(run)
    assert champion(project) == run.job("train").steps["digest"].outputs["sha256"]


def test_the_required_workflow_judge_yml_refuses_what_does_not_pass_and_promotes_nothing(
    act: Act, project: Path
) -> None:
    # A ruleset runs the file of the central repository as if it were the project's.
    shutil.copy(CENTRAL / ".github/workflows/judge.yml", project / ".github/workflows")
    run = act.run(project, "judge.yml", event="merge_group", env=PYTHON)
    assert run.job("judge").steps["train"].outputs["result"] == "fail", str(run)
    assert not run.ran("promote")


def test_the_central_gate_judges_by_the_policy_that_it_carries(act: Act, project: Path) -> None:
    (project / ".github/workflows/gate.yml").write_text(GATE)
    central = {"your-org/mlops@v1": CENTRAL}
    run = act.run(project, "gate.yml", env=PYTHON, repositories=central)
    assert run.job("gate").steps["gate"].outputs["result"] == "pass", str(run)
