"""What a real MLflow server holds after actions that were asked to track, and what they do without one."""

from __future__ import annotations

import json
import secrets
import socket
from pathlib import Path
from typing import Any

import pytest
import requests

from mlflow_site import MlflowSite, Person, s3_environment
from mlops_actions.cli import main


@pytest.fixture
def name(mlflow: MlflowSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A model's name that nobody used yet, in a folder with the model and its metrics."""
    monkeypatch.chdir(tmp_path)
    for variable, value in s3_environment(mlflow.s3).items():
        monkeypatch.setenv(variable, value)
    Path("model.joblib").write_text("only hashed here")
    Path("metrics.json").write_text(json.dumps({"accuracy": 0.93, "log_loss": 0.2}))
    return f"delay-{secrets.token_hex(4)}"


def gate(track: str, name: str, rules: str = "accuracy > 0.9\nlog_loss < 0.3") -> int:
    inputs = {"track": track, "name": name, "model": "model.joblib", "metrics-file": "metrics.json", "rules": rules}
    return main(["quality-gate", *(word for key, value in inputs.items() for word in (f"--{key}", value))])


def runs(person: Person, experiment: str) -> list[dict[str, Any]]:
    found = person.get("experiments/get-by-name", experiment_name=experiment)["experiment"]
    searched = person.post("runs/search", experiment_ids=[found["experiment_id"]])
    return list(searched.get("runs", []))


def tags(run: dict[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in run["data"]["tags"]}


def test_a_verdict_is_a_run_with_its_word_numbers_statement_and_report(
    mlflow: MlflowSite, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gate(f"mlflow+{mlflow.url}", name) == 0
    (run,) = runs(Person(mlflow.url), name)
    assert f"tracked at {mlflow.url}/#/experiments/{run['info']['experiment_id']}" in "".join(capsys.readouterr())
    assert run["info"]["status"] == "FINISHED"
    assert tags(run)["quality-gate.result"] == "pass"
    metrics = {metric["key"]: metric["value"] for metric in run["data"]["metrics"]}
    assert metrics["quality-gate/rules_pass"] == 2
    assert metrics["quality-gate/rules_fail"] == 0
    (statement,) = Path("mlops-evidence").glob("verdict-*.json")
    kept = requests.get(
        f"{mlflow.url}/get-artifact",
        params={"run_id": run["info"]["run_id"], "path": f"mlops-actions/{statement.name}"},
        timeout=30,
    )
    assert kept.content == statement.read_bytes()
    listed = Person(mlflow.url).get("artifacts/list", run_id=run["info"]["run_id"], path="mlops-actions")
    assert {file["path"] for file in listed["files"]} == {
        f"mlops-actions/{statement.name}",
        f"mlops-actions/{statement.stem}.html",
    }


def test_the_actions_of_one_pipeline_share_a_run(
    mlflow: MlflowSite, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "org/delay")
    monkeypatch.setenv("GITHUB_RUN_ID", "17")
    monkeypatch.setenv("GITHUB_SHA", "c" * 40)
    location = f"mlflow+{mlflow.url}"
    assert gate(location, name) == 0
    promote = ["promote-champion", "--track", location, "--name", name, "--model", "model.joblib"]
    assert main([*promote, "--policy-from", "checkout"]) == 0
    (run,) = runs(Person(mlflow.url), name)
    assert tags(run)["quality-gate.result"] == "pass"
    assert tags(run)["promote-champion.version"] == "1"
    assert tags(run)["mlflow.source.git.commit"] == "c" * 40
    monkeypatch.setenv("GITHUB_RUN_ID", "18")
    assert gate(location, name, "accuracy > 0.99") == 1
    assert [tags(one)["quality-gate.result"] for one in runs(Person(mlflow.url), name)] == ["fail", "pass"]


def test_an_experiment_of_ones_own_is_taken(mlflow: MlflowSite, name: str) -> None:
    assert gate(f"mlflow+{mlflow.url}?experiment=all of {name}", name) == 0
    assert len(runs(Person(mlflow.url), f"all of {name}")) == 1


def test_a_tracker_that_is_not_there_is_a_warning_and_changes_no_result(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlops_actions.clouds.http.FIRST_PAUSE", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    assert gate(f"mlflow+http://127.0.0.1:{port}", name) == 0
    assert gate(f"mlflow+http://127.0.0.1:{port}", name, "accuracy > 0.99") == 1
    said = "".join(capsys.readouterr())
    assert f"Not tracked: MLflow at '127.0.0.1:{port}' failed 5 times in a row: no connection." in said


def test_credentials_that_are_missing_are_named(
    mlflow: MlflowSite, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gate(f"mlflow+{mlflow.guarded}", name) == 0
    assert "Not tracked: " in (said := "".join(capsys.readouterr()))
    assert "Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, from a secret." in said


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("mlfow+https://host", "the input 'track' is 'mlfow+https://host', which names no known kind of tracker."),
        ("mlflow+https://me:word@host", "holds a user or password."),
        ("mlflow+https://host?run=3", "the input 'track' has 'run', which is unknown. Write ?experiment=NAME."),
    ],
)
def test_a_location_that_is_not_understood_is_refused_before_anything_is_judged(
    name: str, capsys: pytest.CaptureFixture[str], location: str, message: str
) -> None:
    assert gate(location, name) == 2
    said = "".join(capsys.readouterr())
    assert message in said
    assert "word" not in said.replace("password", "")
    assert not Path("mlops-evidence").exists()
