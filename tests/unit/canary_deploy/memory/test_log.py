"""A rollout that is remembered in a log: one run conducts it, whatever machine it is on."""

from __future__ import annotations

import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.canary_deploy.looks import Seen
from mlops_actions.canary_deploy.memory import TakenOverError, log
from mlops_actions.canary_deploy.memory.holder import Holder, myself
from mlops_actions.canary_deploy.memory.log import LogMemory, open_log_memory
from mlops_actions.canary_deploy.metrics.interface import ERRORS
from mlops_actions.canary_deploy.rollout import Candidate, Rollout, Settings, look, start
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.registries.log import Entry, Log
from mlops_actions.registries.objects import Objects
from mlops_actions.statistics.sequential import BY_CLUSTER, Block, Counts, Metric

SETTINGS = Settings("envoy:127.0.0.1:1", "a:1", "b:2", steps=(5, 20), interval=10, deadline=600)


def begun() -> Rollout:
    metric = Metric(ERRORS, BY_CLUSTER, Counts(1, 100))
    return start("r1", SETTINGS, Candidate("m", "0" * 64, verified=True), [metric], alpha=0.05, now=1.5)


def opened(folder: Path) -> LogMemory:
    return open_log_memory(f"file:{folder}", "t")


def entries(folder: Path) -> list[Entry]:
    return list(Log(Objects(f"file:{folder}"), "rollouts/t").entries())


def elsewhere(memory: LogMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it lock as a run on a machine that this one cannot look into."""
    monkeypatch.setattr(memory, "_me", Holder(id="far", run="https://ci.example/runs/7"))


def test_a_killed_holder_of_this_machine_does_not_let_anybody_wait(tmp_path: Path) -> None:
    hold = f"""
import os, signal, sys
from mlops_actions.canary_deploy.memory.log import open_log_memory
with open_log_memory("file:{tmp_path}", "t").lock():
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", hold], timeout=60).returncode == -9
    holder = Holder.model_validate(entries(tmp_path)[-1].state["holder"])
    assert holder.has_ended()
    with opened(tmp_path).lock():
        assert entries(tmp_path)[-1].change["held-by"] == myself(None).run


def test_a_holder_elsewhere_that_beats_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_BEAT", 0.1)
    elsewhere(first := opened(tmp_path), monkeypatch)
    refused = pytest.raises(OutsideError, match=r"is running, by https://ci\.example/runs/7\.")
    with first.lock(), refused, opened(tmp_path).lock():
        pytest.fail("both held the lock")


def test_a_holder_that_falls_silent_is_taken_over_and_changes_nothing_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(log, "_SILENCE", 1.0)
    elsewhere(first := opened(tmp_path), monkeypatch)
    with first.lock():
        first.save(begun())
        with (second := opened(tmp_path)).lock():
            second.save(replace(begun(), id="r2"))
            with pytest.raises(TakenOverError, match=r"another run conducts this rollout by now: process [0-9]+ on "):
                first.save(replace(begun(), weights=(5, 20), step=1))
    found = opened(tmp_path).load()
    assert found is not None
    assert (found.id, found.weights) == ("r2", (5,))
    assert "listening for 1 s whether https://ci.example/runs/7" in caplog.text


def test_of_eight_runs_at_once_one_conducts(tmp_path: Path) -> None:
    def attempt(_: int) -> str:
        try:
            with opened(tmp_path).lock():
                gate.submit(lambda: None).result()
                return "won"
        except OutsideError as error:
            return error.message

    with ThreadPoolExecutor(1) as gate, ThreadPoolExecutor(8) as pool:
        told = list(pool.map(attempt, range(8)))
    held = [entry for entry in entries(tmp_path) if entry.change.get("held-by")]
    assert told.count("won") == len(held) >= 1
    assert {one for one in told if one != "won"} <= {
        f"another rollout on this target is running, by {myself(None).run}."
    }


def test_an_entry_of_our_own_whose_confirmation_was_lost_is_no_other_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = opened(tmp_path)
    append = Log.append

    def losing(self: Log, *given: object) -> Entry | None:
        append(self, *given)  # type: ignore[arg-type]
        monkeypatch.setattr(Log, "append", append)
        raise OutsideError("the connection was lost.")

    with memory.lock():
        monkeypatch.setattr(Log, "append", losing)
        with pytest.raises(OutsideError, match="lost"):
            memory.save(begun())
        memory.save(begun())
    assert [entry.change.get("rollout") for entry in entries(tmp_path)] == [None, "r1", "r1", None]


def test_looks_alone_wait_for_the_next_entry(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    rollout = begun()
    with memory.lock():
        for second in range(3):
            memory.save(rollout)
            rollout = look(rollout, Seen(second, 5.0, {ERRORS: Block(Counts(0, 1), Counts(0, 20))}))
        memory.save(replace(rollout, weights=(5, 20), step=1))
    assert [entry.change.get("weights") for entry in entries(tmp_path)] == [None, [5], [5, 20], None]
    found = memory.load()
    assert found is not None
    assert len(found.looks) == 3


@pytest.mark.parametrize(
    ("holder", "said"),
    [
        ({"run": "7"}, "id: Field required."),
        ("run 7", "it: Input should be a valid dictionary or instance of Holder."),
        (
            {"id": "a", "run": "7", "machine": "m", "process": "gone"},
            "process: String should match pattern '^[0-9]+:'.",
        ),
    ],
)
def test_a_holder_that_no_run_wrote_is_told_with_its_entry(tmp_path: Path, holder: Any, said: str) -> None:
    Log(Objects(f"file:{tmp_path}"), "rollouts/t").append(1, None, {}, {"holder": holder, "rollout": None}, "another")
    with pytest.raises(InputError) as refused, opened(tmp_path).lock():
        pytest.fail("it was locked")
    assert str(refused.value) == (
        f"file:{tmp_path}/rollouts/t, entry 1: who conducts the rollout cannot be read: {said} "
        "Set the proxy's weight by hand, then delete this log."
    )
