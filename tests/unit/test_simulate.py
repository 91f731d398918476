"""`mlops-actions simulate`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlops_actions.cli import main
from mlops_actions.evidence import EvidenceStore, Statement
from mlops_actions.evidence.rollout import Look, Rollout


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_table_tells_how_often_each_candidate_ends_how(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--repetitions", "5", "--candidate-rate", "1", "--candidate-rate", "0.2"]) == 0
    printed = capsys.readouterr().out
    assert "5 rollouts of each candidate against a stable side with 0.01 errors a request" in printed
    (always,) = [line.split() for line in printed.splitlines() if line.strip().startswith("100 %")]
    assert always[:9] == ["100", "%", "errors", "0", "%", "100", "%", "0", "%"]


def test_settings_come_from_mlops_yml_and_flags_win(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mlops.yml").write_text("name: m\ncanary-deploy: {steps: [50, 100], interval: 1s, deadline: 20s}\n")
    asked = ["simulate", "--repetitions", "2", "--candidate-rate", "1", "--format", "json"]
    assert main(asked) == 0
    assert json.loads(capsys.readouterr().out)[0]["summary"]["seconds"] == [1, 1]
    assert main([*asked, "--interval", "2s"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["summary"]["seconds"] == [2, 2]


def test_a_recorded_rollout_is_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts = {"candidate_requests": 20, "candidate_errors": 20, "stable_requests": 380, "stable_errors": 3}
    at = Look.model_validate(
        {"time": "2026-11-28T00:00:00Z", "weight": 5, "counts": counts, "worse": 9, "non_inferior": -9}
    )
    made = Rollout(
        result="fail", target="envoy:a", strategy="canary", outcome="rolled-back", identity="verified",
        steps=[5, 100], looks=[at], weights=[5, 0], alpha=0.05, error_margin=0.01, dispersion=1.0,
    )  # fmt: skip
    path = EvidenceStore(tmp_path).write(Statement("m", "0" * 64, made))
    assert main(["simulate", "--recorded", str(path), "--repetitions", "1", "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["summary"]["rolled_back"], row["summary"]["harmed"]) == (1, [20, 20])


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--stable-rate", "2"], "'2' is no rate; write a number from 0 to 1, such as 0.01"),
        (["--dispersion", "x"], "'x' is no number"),
        (["--every", "often"], "the flag --every is 'often': write a duration such as 90s, 5m or 1h."),
        (["--recorded", "none.json"], "the statement cannot be read: No such file or directory."),
        (["--steps", "50, 20"], "write rising percentages"),
    ],
)
def test_what_cannot_be_simulated_is_named(flags: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", *flags]) == 2
    printed = capsys.readouterr()
    assert told in printed.out + printed.err
