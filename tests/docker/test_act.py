"""`uses: org/mlops-actions/container@v1`, as a consumer writes it, and a composite on a machine without pip or uv."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.act import Act

WORKFLOW = """
on: push
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - id: gate
        uses: org/mlops-actions/{action}@v1
        with:
          {chosen}model: model.bin
          metrics-file: metrics.json
          rules: accuracy > 0.8
"""


CHOSEN = {"container": "action: quality-gate\n          ", "quality-gate": ""}


@pytest.mark.parametrize("action", CHOSEN)
def test_a_gate_runs_in_a_job_whose_machine_is_a_container(checkout: Path, tmp_path: Path, action: str) -> None:
    base = os.environ["MLOPS_ACTIONS_BASE_IMAGE"]
    dockerfile = checkout / "Dockerfile"  # act passes no build arguments
    dockerfile.write_text(dockerfile.read_text().replace("BASE_IMAGE=python:3.13-slim", f"BASE_IMAGE={base}"))
    workflow = tmp_path / "consumer/.github/workflows/gate.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(WORKFLOW.format(action=action, chosen=CHOSEN[action]))
    (tmp_path / "consumer/metrics.json").write_text('{"accuracy": 0.9}')
    (tmp_path / "consumer/model.bin").write_bytes(b"weights")
    run = Act(checkout, cache=tmp_path / "act", image=base).run(tmp_path / "consumer", "gate.yml")
    assert run.job("gate").steps["gate"].outputs["result"] == "pass", run
