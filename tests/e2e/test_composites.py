"""The composites in GitHub's real environment, where a forgotten mapping or limit shows (act forgives both)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from harness.checkout import ROOT
from harness.composite import Runner
from harness.machine import free_ports
from mlops_actions.evidence import EvidenceStore, digest_path
from mlops_actions.evidence.verdict import Verdict


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with its data, its trained model, and what evaluate-model said of it in the folder `evaluated`."""
    folder = tmp_path_factory.mktemp("project") / "consumer"
    shutil.copytree(ROOT / "tests/e2e/consumer", folder)
    subprocess.run([sys.executable, "train.py", "good"], cwd=folder, check=True)
    evaluate = ["-m", "mlops_actions", "evaluate-model", "--evidence", "evaluated", "--python", sys.executable]
    subprocess.run([sys.executable, *evaluate], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def tool_cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("tools"))


@pytest.fixture
def job(runner: Runner, project: Path, tool_cache: str, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """A job after checkout, setup-python and training; what the caller's environment says must not reach it."""
    shutil.copytree(project, runner.workspace)
    runner.path = [str(Path(sys.executable).parent)]
    runner.env = {"RUNNER_TOOL_CACHE": tool_cache}
    monkeypatch.setenv("INPUT_MODEL", "another.joblib")
    monkeypatch.setenv("INPUT_FAIL_ON", "never")
    return runner


def test_the_actions_take_a_model_from_data_to_the_registry(job: Runner, checkout: Path) -> None:
    model = digest_path(job.workspace / "build/model.joblib")
    data = job.run(checkout / "validate-data")
    assert (data.outcome, data.outputs["result"], data.outputs["drifted"]) == ("success", "pass", "false"), data.output
    evaluated = job.run(checkout / "actions/evaluate-model", {"slices": "late", "report-path": "build/r.html"})
    assert evaluated.outputs["subject-sha256"] == model, evaluated.output
    assert (evaluated.outputs["task"], evaluated.outputs["n"]) == ("binary", "3000")
    assert (job.workspace / evaluated.outputs["report-path"]).exists()
    judged = job.run(checkout / "quality-gate")
    assert (judged.outcome, judged.outputs["result"]) == ("success", "pass"), judged.output
    assert judged.summary.startswith("## Gate")
    promoted = job.run(checkout / "actions/promote-champion", {"require": "verdict, evaluation"})
    assert (promoted.outputs["changed"], promoted.outputs["after"]) == ("true", model), promoted.output
    assert (job.workspace / promoted.outputs["statement"]).exists()
    provenance = EvidenceStore(job.workspace / "mlops-evidence").find(Verdict)[0].statement.predicate.provenance
    assert provenance is not None
    assert (provenance.repository, provenance.commit, provenance.actor) == ("org/consumer", "0" * 40, "alice")


def test_the_root_action_takes_the_stages_and_the_model_that_it_is_given(job: Runner, checkout: Path) -> None:
    shutil.move(job.workspace / "build/model.joblib", job.workspace / "other.joblib")
    result = job.run(checkout, {"stages": "validate-data, evaluate-model", "model": "other.joblib"})
    assert (result.outputs["result"], result.outputs["stage"]) == ("pass", "evaluate-model"), result.output
    assert result.outputs["subject-sha256"] == digest_path(job.workspace / "other.joblib")
    written = [path for path in (job.workspace / "registry").rglob("*") if path.is_file()]
    assert ["predictions" in path.parts for path in written] == [True]


@pytest.mark.parametrize(
    ("rules", "fail_on", "exit_code", "result"),
    [
        ("roc_auc > 0.99", "", 1, "fail"),
        ("roc_auc > 0.88", "", 3, "inconclusive"),
        ("roc_auc > 0.88", "fail", 0, "inconclusive"),
        ("roc_auc > 0.99", "never", 0, "fail"),
    ],
)
def test_a_gate_that_does_not_open_fails_the_step_unless_it_is_told_otherwise(
    job: Runner, checkout: Path, rules: str, fail_on: str, exit_code: int, result: str
) -> None:
    settings = yaml.safe_load((job.workspace / "mlops.yml").read_text())
    (job.workspace / "mlops.yml").write_text(yaml.safe_dump({**settings, "quality-gate": None}))
    judged = job.run(checkout / "quality-gate", {"rules": rules, "fail-on": fail_on, "evidence": "evaluated"})
    assert (judged.exit_code, judged.outputs["result"]) == (exit_code, result), judged.output
    (reason,) = json.loads(judged.outputs["reasons"])
    assert reason["where"] == "rules:1"
    (annotation,) = judged.annotations
    assert annotation.level == ("error" if exit_code else "warning")
    assert "file" not in annotation.properties


def test_a_candidate_that_never_gets_healthy_gets_no_traffic(job: Runner, checkout: Path) -> None:
    proxy, stable, candidate = free_ports(3)
    inputs = {"target": f"envoy:127.0.0.1:{proxy}", "stable": f"127.0.0.1:{stable}"}
    inputs |= {"candidate": f"127.0.0.1:{candidate}", "health-timeout": "1s", "model": "build/model.joblib"}
    result = job.run(checkout / "canary-deploy", {**inputs, "evidence": "evaluated"})
    assert (result.exit_code, result.outputs["result"], result.outputs["outcome"]) == (1, "fail", "refused")
    (annotation,) = result.annotations
    assert annotation.message == f"The candidate 127.0.0.1:{candidate} was not healthy within 1 s: no connection."


def test_a_wrong_input_is_an_annotation_and_an_error(job: Runner, checkout: Path) -> None:
    result = job.run(checkout / "evaluate-model", {"target": "lat"})
    assert (result.exit_code, result.outputs["result"]) == (2, "error")
    (annotation,) = result.annotations
    assert annotation.message == "target: 'data/test.csv' has no column 'lat'. Did you mean 'late'?"
    assert not (job.workspace / "mlops-evidence").exists()
