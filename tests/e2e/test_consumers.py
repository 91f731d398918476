"""Consumers' workflows under act: the actions as a stranger calls them, over jobs that share nothing but artifacts."""

from __future__ import annotations

import json
import re
import shutil
import socket
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.act import Act
from harness.checkout import ROOT
from harness.log import Annotation, Run
from harness.machine import free_ports
from mlops_actions.evidence import EvidenceStore, digest_path
from mlops_actions.evidence.data_report import DataReport
from mlops_actions.evidence.evaluation import Evaluation
from mlops_actions.evidence.promotion import Promotion
from mlops_actions.evidence.verdict import Verdict
from mlops_actions.registries import open_registry

CONSUMER = ROOT / "tests/e2e/consumer"
RunWorkflow = Callable[..., Run]


@pytest.fixture
def consumer(tmp_path: Path) -> Path:
    """A repository with a project that trains a model."""
    return Path(shutil.copytree(CONSUMER, tmp_path / "consumer"))


@pytest.fixture
def run_workflow(act: Act, consumer: Path) -> RunWorkflow:
    def run(name: str, **env: str) -> Run:
        workflows = consumer / ".github/workflows"
        workflows.mkdir(parents=True)
        shutil.copy(ROOT / f"tests/e2e/workflows/{name}.yml", workflows)
        return act.run(consumer, f"{name}.yml", env={"SETUP_PYTHON": sys.executable, **env})

    return run


def artifact(consumer: Path, name: str) -> Path:
    """The unpacked artifact of a workflow run."""
    store = consumer.with_name(f"{consumer.name}-artifacts")
    folder = store / name
    with zipfile.ZipFile(store / f"{name}.zip") as zipped:
        zipped.extractall(folder)
    return folder


def test_five_actions_over_seven_jobs_take_a_model_from_data_to_production(
    run_workflow: RunWorkflow, consumer: Path
) -> None:
    proxy, stable, candidate = free_ports(3)
    run = run_workflow("release", PROXY=proxy, STABLE=stable, CANDIDATE=candidate)

    assert run.exit_code == 0, str(run)
    assert {job.id: job.result for job in run.jobs} == dict.fromkeys(
        ("train", "validate", "evaluate", "gate", "challenger", "canary", "champion"), "success"
    )
    model = digest_path(artifact(consumer, "project") / "build/model.joblib")
    gate, canary, champion = (run.job(name).steps for name in ("gate", "canary", "champion"))
    assert gate["gate"].outputs["result"] == "pass"
    assert gate["gate"].outputs["subject-sha256"] == model
    assert (canary["canary"].outputs["outcome"], canary["canary"].outputs["weight"]) == ("promoted", "100.0")
    assert champion["promote"].outputs["after"] == model
    registry = open_registry(f"file:{artifact(consumer, 'registry')}")
    named = {alias: version.sha256 for alias, version in registry.head("flights").aliases.items() if version}
    assert named == {"challenger": model, "champion": model}
    kept = [statement.kind for statement in registry.statements("flights", model)]
    assert {"evaluation", "verdict", "rollout"} <= set(kept)
    assert "## Gate" in run.job("gate").summary
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(proxy)), timeout=1)


def test_the_root_action_runs_the_whole_train_and_a_second_run_changes_nothing(
    run_workflow: RunWorkflow, consumer: Path
) -> None:
    run = run_workflow("train")

    assert run.exit_code == 0, str(run)
    steps = run.job("release").steps
    assert (steps["train"].outputs["result"], steps["train"].outputs["stage"]) == ("pass", "promote-champion")
    assert steps["again"].outputs["subject-sha256"] == steps["train"].outputs["subject-sha256"]
    released = artifact(consumer, "released")
    store = EvidenceStore(released / "mlops-evidence")
    assert [len(store.find(kind)) for kind in (DataReport, Evaluation, Verdict, Promotion)] == [2, 2, 2, 2]
    assert [one.statement.predicate.changed for one in store.find(Promotion)] == [True, False]
    provenance = store.find(Verdict)[0].statement.predicate.provenance
    assert provenance is not None
    assert (provenance.repository, provenance.actor) == ("org/consumer", "alice")
    assert provenance.run_url == "https://github.com/org/consumer/actions/runs/77"
    report = (released / "build/report.html").read_text()
    headings = ["Data", "Evaluation", "Gate", "Promotion"]
    assert [heading for heading in headings if f"<h2>{heading}" not in report] == []


def test_two_models_over_a_matrix_leave_their_evidence_together(run_workflow: RunWorkflow, consumer: Path) -> None:
    for name in ("delays", "cancellations"):
        folder = consumer / "models" / name
        folder.mkdir(parents=True)
        for file in ("mlops.yml", "policy.yaml", "contract.yaml", "train.py"):
            shutil.copy(consumer / file, folder)
        settings = (folder / "mlops.yml").read_text()
        (folder / "mlops.yml").write_text(settings.replace("name: flights", f"name: {name}"))
    (consumer / "models/cancellations/train.py").write_text(
        (consumer / "train.py").read_text().replace("seed=2", "seed=3").replace("seed=1", "seed=4")
    )
    run = run_workflow("matrix")

    assert run.exit_code == 0, str(run)
    legs = {name: run.job("model", model=name).steps for name in ("delays", "cancellations")}
    assert {steps["gate"].outputs["result"] for steps in legs.values()} == {"pass"}
    subjects = {steps["gate"].outputs["subject-sha256"] for steps in legs.values()}
    assert len(subjects) == 2
    store = EvidenceStore(artifact(consumer, "evidence"))
    assert {one.statement.sha256 for one in store.find(Verdict)} == subjects
    assert {one.statement.predicate.isolation for one in store.find(Evaluation)} == {"strict", "process"}


def test_a_model_that_is_not_good_enough_goes_no_further(run_workflow: RunWorkflow, consumer: Path) -> None:
    run = run_workflow("refused")

    assert run.exit_code == 1
    strict, lenient = run.job("strict"), run.job("lenient")
    assert (strict.result, lenient.result) == ("failure", "success"), str(run)
    assert not run.ran("after-strict")
    assert not run.ran("after-lenient")
    assert (strict.steps["train"].result, strict.steps["train"].outputs["result"]) == ("failure", "fail")
    assert strict.steps["train"].outputs["stage"] == "quality-gate"
    assert not consumer.with_name("consumer-artifacts").exists()
    assert any(one.properties.get("file") == "policy.yaml" for one in strict.annotations)
    assert {lenient.steps[step].outputs["result"] for step in ("gate", "promote")} == {"fail"}
    assert lenient.steps["left"].outputs["registry"] == ""


def test_a_wrong_input_fails_the_step_and_says_where(run_workflow: RunWorkflow) -> None:
    run = run_workflow("bad_input")

    assert run.exit_code == 1
    assert {job.id: job.result for job in run.jobs} == dict.fromkeys(("file", "folder", "value"), "failure"), str(run)
    file, folder, value = (run.job(name) for name in ("file", "folder", "value"))
    message = "evaluate-model has no input 'taget'. Did you mean 'target'?"
    assert file.annotations == [Annotation("error", message, {"file": "mlops.yml", "line": "11"})]
    assert file.steps["after"].outputs == {"said": "error", "left": ""}
    assert json.loads(file.steps["train"].outputs["reasons"])[0]["where"] == "mlops.yml:11"
    (annotation,) = folder.annotations
    assert (annotation.properties["file"], annotation.properties["line"]) == ("models/policy.yaml", "6")
    (annotation,) = value.annotations
    # act sets both spellings, GitHub only the one with an underscore
    assert re.match("INPUT_FAIL[-_]ON: the input 'fail-on' is 'sometimes': it should be", annotation.message)
    assert {job.steps["gate"].outputs["result"] for job in (folder, value)} == {"error"}
    said = {message for job in run.jobs for message in job.messages if message.startswith("exit status ")}
    assert said == {"exit status 2"}
