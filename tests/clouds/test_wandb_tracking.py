"""What a stand-in of W&B holds after an action that was asked to track, as the vendor's own client reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.cli import main
from mlops_actions.evidence import Statement
from mlops_actions.tracking import open_tracker, track
from statements import rollout
from wandb_fake import KEY, READER, WandbFake

pytestmark = pytest.mark.filterwarnings("default")  # the client's own


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbFake]:
    fake = WandbFake()
    variables = {
        "WANDB_BASE_URL": fake.address, "WANDB_API_KEY": KEY, "WANDB_ERROR_REPORTING": "false", "WANDB_SILENT": "true",
        "WANDB_DIR": str(tmp_path), "HOME": str(tmp_path), "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "17",
        "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "org/delay", "GITHUB_SHA": "c" * 40,
    }  # fmt: skip
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("mlops_actions.clouds.http.FIRST_PAUSE", 0.01)
    monkeypatch.chdir(tmp_path)
    Path("model.joblib").write_text("only hashed here")
    Path("metrics.json").write_text(json.dumps({"accuracy": 0.93}))
    yield fake
    fake.close()


def gate(rules: str = "accuracy > 0.9", track: str = "wandb:ml/flights") -> int:
    inputs = {"track": track, "name": "delay", "model": "model.joblib", "metrics-file": "metrics.json", "rules": rules}
    return main(["quality-gate", *(word for key, value in inputs.items() for word in (f"--{key}", value))])


def test_the_client_reads_a_verdict_as_a_finished_run_in_the_group_of_its_pipeline(
    server: WandbFake, capsys: pytest.CaptureFixture[str]
) -> None:
    import wandb

    assert gate() == 0
    (name,) = server.runs
    assert f"tracked at {server.address}/ml/flights/runs/{name}" in "".join(capsys.readouterr())
    run: Any = wandb.Api(timeout=10, overrides={"entity": "ml"}).run(f"ml/flights/{name}")
    assert (run.state, run.job_type, run.tags) == ("finished", "quality-gate", ["pass"])
    assert run.group == "https://github.com/org/delay/actions/runs/17"
    assert run.commit == "c" * 40
    assert run.config["quality-gate.result"] == "pass"
    assert run.config["model"] == "delay"
    assert run.summary["quality-gate/rules_pass"] == 1
    (statement,) = Path("mlops-evidence").glob("verdict-*.json")
    assert server.runs[name]["files"][f"mlops-actions/{statement.name}"] == statement.read_bytes()
    assert set(server.runs[name]["files"]) == {
        f"mlops-actions/{statement.name}",
        f"mlops-actions/{statement.stem}.html",
    }


def test_a_rollout_keeps_its_course(server: WandbFake) -> None:
    told = rollout()
    statement = Statement("delay", "a" * 64, told)
    track(open_tracker("wandb:ml/flights"), statement, Path("rollout.json"), "canary-deploy", "delay", None)
    (run,) = server.runs.values()
    assert [line["canary-deploy/weight"] for line in run["history"]] == [look.weight for look in told.looks]
    assert [line["_step"] for line in run["history"]] == list(range(len(told.looks)))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "W&B wants to know who asks (status 401) before we may write runs to 'flights'. Set WANDB_API_KEY"),
        ("wrong", "W&B does not accept the key of WANDB_API_KEY (status 401)"),
        (READER, "W&B does not allow the key of WANDB_API_KEY to write runs to 'flights'."),
    ],
)
def test_a_key_that_may_not_is_a_warning_and_changes_no_result(
    server: WandbFake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], key: str, said: str
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", key)
    assert gate() == 0
    assert gate("accuracy > 0.99") == 1
    printed = "".join(capsys.readouterr())
    assert f"Not tracked: {said}" in printed
    assert READER not in printed


def test_an_answer_that_is_lost_makes_no_second_run(server: WandbFake) -> None:
    server.order("UpsertBucket", 0)
    assert gate() == 0
    assert [run["state"] for run in server.runs.values()] == ["finished"]


def test_a_location_that_is_not_understood_is_refused(server: WandbFake, capsys: pytest.CaptureFixture[str]) -> None:
    assert gate(track="wandb:flights") == 2
    said = "".join(capsys.readouterr())
    assert "the input 'track' is 'wandb:flights', which names no project of W&B. Write wandb:ENTITY/PROJECT" in said
    assert not server.runs
