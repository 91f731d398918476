"""The workflow of examples/scheduled-canary under act, as it is written, over several runs of its schedule."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.act import Act
from harness.log import Run
from harness.project import champion, make_project
from mlops_actions.registries import Author, open_registry
from scripted_service import ScriptedService


@pytest.fixture
def service(tmp_path: Path) -> ScriptedService:
    (tmp_path / "service").mkdir()
    return ScriptedService(tmp_path / "service", traffic=3000)


@pytest.fixture
def project(tmp_path: Path, service: ScriptedService) -> Path:
    """A repository whose challenger waits for its rollout."""
    canary = {
        "target": service.location, "stable": "v1", "candidate": "v2", "steps": [10, 50, 100], "interval": "0.5s",
        "window": "0.5s", "baseline": "0.5s", "deadline": "7d", "error-margin": 0.04,
        "state": f"file:{tmp_path}/registry",
    }  # fmt: skip
    folder = make_project(tmp_path, "scheduled-canary", **{"model": "flights@challenger", "canary-deploy": canary})
    registry = open_registry(f"file:{tmp_path}/registry")
    (folder / "model.bin").write_bytes(b"the challenger")
    with registry.receive(folder / "model.bin") as received:
        blob = received.keep()
    assert registry.point(registry.head("flights"), "challenger", blob, "promote", Author("a test"))
    (folder / "model.bin").unlink()
    return folder


def come_by(act: Act, project: Path, number: int, mode: str = "") -> Run:
    env = {"GITHUB_RUN_ID": str(number)}
    if not mode:
        return act.run(project, "rollout.yml", event="schedule", env=env)
    return act.run(project, "rollout.yml", event="workflow_dispatch", env=env, inputs={"mode": mode})


def test_a_challenger_is_rolled_out_over_runs_and_becomes_the_champion(
    act: Act, project: Path, service: ScriptedService
) -> None:
    for number in range(1, 8):
        run = come_by(act, project, number)
        assert run.exit_code == 0, str(run)
        outputs = run.job("rollout").steps["canary"].outputs
        if outputs["outcome"] != "in-progress":
            break
        assert outputs["result"] == "inconclusive"
        assert service.weight == 5
        assert champion(project) is None
        service.serve(2000)
    assert number > 1, "it took several runs"
    assert (outputs["result"], outputs["outcome"], outputs["weight"]) == ("pass", "promoted", "100.0")
    assert service.weight == 100
    assert champion(project) == outputs["subject-sha256"]

    again = come_by(act, project, number + 1)
    assert again.exit_code == 0, str(again)
    assert service.weights[-1] == 100
    assert service.weights.count(100) == 1
