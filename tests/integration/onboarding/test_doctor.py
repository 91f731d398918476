"""doctor finds what would stop a run, and says what to do; a set-up that is well has no problem."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mlops_actions.cli import main

INIT = ["init", "--model", "build/model.joblib", "--data", "data/test.csv", "--target", "late", "--train", "make"]


@pytest.fixture(autouse=True)
def _started(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(INIT) == 0
    assert project == Path.cwd()
    capsys.readouterr()


def problems(capsys: pytest.CaptureFixture[str]) -> list[str]:
    exit_code = main(["doctor", "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    told = [f"{one['where'] or ''}: {one['message']} {one['remedy']}" for one in found if one["level"] == "problem"]
    assert exit_code == int(bool(told))
    return told


def change(old: str, new: str) -> None:
    text = Path("mlops.yml").read_text()
    assert old in text
    Path("mlops.yml").write_text(text.replace(old, new))


def test_a_set_up_that_is_well_has_no_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert problems(capsys) == []


def test_a_key_that_no_action_knows(capsys: pytest.CaptureFixture[str]) -> None:
    change("target:", "targget:")
    (told,) = problems(capsys)
    assert told == "mlops.yml:12: evaluate-model has no input 'targget'. Did you mean 'target'?"


def test_data_that_is_not_there_and_a_policy_that_does_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    Path("policy.yaml").write_text("rules: [accuracy >> 0.8]\n")
    (told,) = problems(capsys)
    assert told.startswith("policy.yaml:1: ")
    assert "accuracy >> 0.8" in told
    Path("data/test.csv").rename("data/moved.csv")
    (told,) = problems(capsys)
    assert "'data/test.csv'" in told


def test_a_registry_that_does_not_answer(capsys: pytest.CaptureFixture[str]) -> None:
    change('"file:mlops-registry"', "s4://models")
    told = problems(capsys)
    assert all("s4" in one for one in told)
    assert told


def test_a_registry_on_the_disk_of_a_hosted_runner(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNNER_ENVIRONMENT", "github-hosted")
    (told,) = problems(capsys)
    assert told == ": this runner forgets its disk, the registry with it. Give a bucket, such as s3://models/registry."


def test_a_python_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    change('target: "late"', 'target: "late"\n  python: python9')
    (told,) = problems(capsys)
    assert "python9" in told


def test_a_python_that_cannot_load_the_model(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    python = tmp_path / "bare/bin/python"
    change('target: "late"', f'target: "late"\n  isolation: process\n  python: {python}')
    assert problems(capsys) == [
        f": '{python}' has no joblib, which loads build/model.joblib. "
        "Give `python`, the one that the model was trained with, or an `environment`."
    ]


def test_a_trap_in_a_workflow(capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(".github/workflows/other.yml")
    path.write_text(
        "on: push\npermissions: {}\njobs:\n  a:\n    steps:\n      - uses: org/mlops-actions@v1\n"
        "      - if: steps.a.outputs.result != 'fail'\n        run: make\n"
    )
    (told,) = problems(capsys)
    assert told.startswith(f"{path}:7: `!= 'fail'` holds for `inconclusive` and `error` too.")


def test_a_project_that_has_nothing_yet_is_told_how_to_begin(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    main(["doctor"])
    assert "`mlops-actions init`" in capsys.readouterr().out
