"""kill -9 before and after every save of the state and every set of the weight, then run again: the same outcome."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.canary_deploy.memory import open_memory
from scripted_service import ScriptedService

SCRIPT = Path(__file__).with_name("boundary_runner.py")


class Runner:
    """One process that forks for each run."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, inputs: dict[str, Any], number: int = 0, moment: str = "before") -> dict[str, int]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"inputs": inputs, "number": number, "moment": moment}) + "\n")
        self.process.stdin.flush()
        return dict(json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        self.process.communicate(timeout=10)


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    made = Runner()
    yield made
    made.close()


def inputs_of(folder: Path, service: ScriptedService, mode: str, state: str) -> dict[str, Any]:
    return {
        "model": str(folder / "model.bin"),
        "target": service.location,
        "stable": "v1",
        "candidate": "v2",
        "mode": mode,
        "steps": [20, 100],
        "interval": 0.1,
        "window": 0.1,
        "baseline": 0.1,
        "deadline": "7d",
        "error_margin": 0.1,
        "evidence": str(folder / "evidence"),
        "state": state.format(folder),
    }


def remembered(inputs: dict[str, Any]) -> tuple[str, str, bool] | None:
    """How the newest rollout ended."""
    found = open_memory(inputs["state"], "", inputs["target"]).load()
    if found is None or found.ending is None:
        return None
    return found.ending.outcome, found.ending.result, found.is_over


@pytest.mark.parametrize(
    ("mode", "state", "bad"),
    [
        ("run", "{}/state", False),
        ("run", "{}/state", True),
        ("advance", "file:{}/registry", False),
        ("advance", "file:{}/registry", True),
    ],
)
def test_whenever_it_is_killed_the_rerun_ends_alike_and_leaves_no_weight_behind(
    runner: Runner, tmp_path: Path, mode: str, state: str, bad: bool
) -> None:
    """A weight that no state explains would be taken back as somebody else's, so that the outcome differed."""
    traffic = 2000 if mode == "run" or bad else 300
    expected = ("rolled-back", "fail", True) if bad else ("promoted", "pass", True)

    def site(name: str) -> tuple[ScriptedService, dict[str, Any]]:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "model.bin").write_bytes(b"a model")
        errors = {"stable": 0.0, "candidate": 0.5 if bad else 0.0}
        service = ScriptedService(folder, traffic=traffic, errors=errors)
        return service, inputs_of(folder, service, mode, state)

    def conclude(inputs: dict[str, Any]) -> list[int]:
        """Run until it has ended, as a schedule does; the boundaries of each run."""
        passed: list[int] = []
        while remembered(inputs) is None or not (remembered(inputs) or ("", "", False))[2]:
            assert len(passed) < 6, "it does not end"
            told = runner.run(inputs)
            assert told["status"] == 0
            passed.append(told["boundaries"])
        return passed

    service, inputs = site("whole")
    runs = conclude(inputs)
    assert remembered(inputs) == expected
    assert (len(runs) > 1) == (mode == "advance" and not bad)
    # After one boundary the world is as it is before the next.
    boundaries = [*((number, "before") for number in range(1, runs[0] + 1)), (runs[0], "after")]
    for number, moment in boundaries:
        service, inputs = site(f"{number}-{moment}")
        assert runner.run(inputs, number, moment)["status"] == signal.SIGKILL
        conclude(inputs)
        assert remembered(inputs) == expected, (number, moment)
        assert service.weight == (0 if bad else 100), (number, moment)
