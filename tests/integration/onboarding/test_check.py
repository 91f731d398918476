"""Files are read as the actions read them, all of them, and nothing else is looked at."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from mlops_actions.cli import main

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "examples/flight-delay"


def test_the_examples_files_are_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(EXAMPLE / "policy.yaml"), str(EXAMPLE / "contract.yaml")]) == 0
    told = capsys.readouterr().err.splitlines()
    rules = yaml.safe_load((EXAMPLE / "policy.yaml").read_text())["rules"]
    assert told[0] == f"{EXAMPLE / 'policy.yaml'}: a policy of {len(rules)} rules"
    assert re.fullmatch(r".*contract.yaml: a contract of \d+ checks", told[1])


def test_every_wrong_file_is_named_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("policy.yaml").write_text("rules:\n  - accuracy > 0.8\n  - accuracy >> 0.9\n")
    Path("contract.yaml").write_text("apiVersion: v3.1.0\nkind: DataContract\nidd: x\n")
    Path("mlops.yml").write_text("stages: [quality-gate]\nquality-gate: {polcy: policy.yaml}\n")
    Path("other.yaml").write_text("on: push\n")
    assert main(["check", "policy.yaml", "contract.yaml", "mlops.yml", "other.yaml", "none.yaml"]) == 2
    told = capsys.readouterr().err
    for place in ("policy.yaml:3: ", "contract.yaml:3: ", "mlops.yml:2: ", "other.yaml: ", "none.yaml: "):
        assert f"error: {place}" in told
    assert "'other.yaml' is no policy, no contract and no mlops.yml." in told


def test_the_hook_calls_a_command_that_there_is_for_files_that_there_are() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["entry"].split() == ["mlops-actions", "check"]
    assert {"policy.yaml", "contract.yaml", "mlops.yml"} == {
        path.name for path in EXAMPLE.iterdir() if re.search(hook["files"], path.name)
    }
