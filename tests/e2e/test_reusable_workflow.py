"""A consumer that calls the reusable workflow: three jobs, one digest."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from harness.act import Act
from harness.checkout import ROOT
from harness.log import Run
from mlops_actions.registries import open_registry

CALLER = """
on: push
jobs:
  release:
    uses: org/mlops-actions/.github/workflows/release-model.yml@v1
    with: {{train: python train.py {how}, model: build/model.joblib, requirements: "", promote: {promote}}}
  told:
    needs: release
    if: always()
    runs-on: ubuntu-latest
    steps:
      - id: told
        run: |
          echo "result=${{{{ needs.release.outputs.result }}}}" >>"$GITHUB_OUTPUT"
          echo "sha256=${{{{ needs.release.outputs.subject-sha256 }}}}" >>"$GITHUB_OUTPUT"
"""


@pytest.fixture
def consumer(tmp_path: Path) -> Path:
    folder = tmp_path / "consumer"
    shutil.copytree(ROOT / "tests/e2e/consumer", folder)
    settings = (folder / "mlops.yml").read_text()
    (folder / "mlops.yml").write_text(settings.replace("file:registry", f"file:{tmp_path}/registry"))
    return folder


def release(act: Act, consumer: Path, how: str, *, promote: bool = True) -> Run:
    workflow = consumer / ".github/workflows/release.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(CALLER.format(how=how, promote=str(promote).lower()))
    return act.run(consumer, "release.yml", env={"SETUP_PYTHON": sys.executable})


def test_a_good_model_is_promoted_by_the_digest_that_was_judged(act: Act, consumer: Path, tmp_path: Path) -> None:
    run = release(act, consumer, "good")
    told = run.job("told").steps["told"].outputs
    assert told["result"] == "pass", run
    champion = open_registry(f"file:{tmp_path}/registry").head("flights").aliases["champion"]
    assert champion
    assert champion.sha256 == told["sha256"]


def test_a_bad_model_is_not(act: Act, consumer: Path, tmp_path: Path) -> None:
    run = release(act, consumer, "bad")
    assert run.job("judge").steps["train"].outputs["result"] == "fail", run
    assert not run.ran("promote")
    assert open_registry(f"file:{tmp_path}/registry").head("flights").aliases == {}


def test_a_caller_may_judge_without_promoting(act: Act, consumer: Path, tmp_path: Path) -> None:
    run = release(act, consumer, "good", promote=False)
    assert run.job("told").steps["told"].outputs["result"] == "pass", run
    assert open_registry(f"file:{tmp_path}/registry").head("flights").aliases == {}
