"""The workflow of examples/drifted under act, as it is written, over four nights.

The wind turns before the second, and what comes in the last one breaks the contract.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.act import Act
from harness.log import Run
from harness.project import champion, make_project

COLLECT = """
import sys
from pathlib import Path
from train import flights
Path(sys.argv[1]).parent.mkdir(exist_ok=True)
flights(seed=5).to_csv(sys.argv[1], index=False)
"""
DRIFT = """
    quality:
      - type: custom
        engine: mlops-actions
        severity: warning
        implementation: {check: drift, columns: [wind, rain], max: 0.1}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository that trains on what is, whose registry outlives its jobs."""
    folder = make_project(tmp_path, "drifted")
    (folder / "contract.yaml").write_text((folder / "contract.yaml").read_text().rstrip() + DRIFT)
    (folder / "collect.py").write_text(COLLECT)
    return folder


def at_night(act: Act, project: Path, number: int) -> Run:
    env = {"SETUP_PYTHON": sys.executable, "GITHUB_RUN_ID": str(number)}
    return act.run(project, "watch.yml", event="schedule", env=env)


def test_a_model_is_trained_when_its_data_has_moved_and_only_then(act: Act, project: Path) -> None:
    first = at_night(act, project, 1)
    assert first.exit_code == 0, str(first)
    assert first.job("retrain").steps["train"].outputs["result"] == "pass"
    before = champion(project)

    script = (project / "train.py").read_text()
    moved = script.replace("generator.normal(size=ROWS).round(4)", "generator.normal(0.5, size=ROWS).round(4)")
    assert moved != script
    (project / "train.py").write_text(moved)
    second = at_night(act, project, 2)
    assert second.exit_code == 0, str(second)
    data = second.job("watch").steps["data"]
    assert (data.outputs["result"], data.outputs["drifted"]) == ("pass", "true")
    assert "'wind' moved by PSI" in str(data.annotations)
    assert second.job("retrain").steps["train"].outputs["result"] == "pass", str(second)
    assert champion(project) != before

    third = at_night(act, project, 3)
    assert third.exit_code == 0, str(third)
    assert third.job("watch").steps["data"].outputs["drifted"] == "false"
    assert not third.ran("retrain")

    (project / "collect.py").write_text(COLLECT.replace("flights(seed=5)", "flights(seed=5).assign(late=7)"))
    broken = at_night(act, project, 4)
    assert broken.exit_code == 1
    assert broken.job("watch").steps["data"].outputs["result"] == "fail"
    assert not broken.ran("retrain")
