"""What every memory does alike."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from mlops_actions.canary_deploy.memory import Memory, Request, open_memory
from mlops_actions.canary_deploy.metrics.interface import ERRORS
from mlops_actions.canary_deploy.rollout import Candidate, Rollout, Settings, end, start
from mlops_actions.canary_deploy.scene import conducting
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.statistics.sequential import BY_CLUSTER, Counts, Metric

SETTINGS = Settings("envoy:127.0.0.1:1", "a:1", "b:2", steps=(5, 20), interval=10, deadline=600)


@pytest.fixture(params=["{}", "file:{}"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A folder, and a log."""
    return str(request.param).format(tmp_path)


def opened(state: str, target: str = "t") -> Memory:
    """As another process opens it."""
    return open_memory(state, "", target)


def begun() -> Rollout:
    metric = Metric(ERRORS, BY_CLUSTER, Counts(1, 100))
    return start("r1", SETTINGS, Candidate("m", "0" * 64, verified=True), [metric], alpha=0.05, now=1.5)


def test_nothing_is_remembered_at_first(state: str) -> None:
    assert opened(state).load() is None


def test_another_process_finds_the_rollout_that_was_saved_last(state: str) -> None:
    memory = opened(state)
    with memory.lock():
        memory.save(begun())
        memory.save(end(begun(), "rolled-back", "fail"))
    found = opened(state).load()
    assert found is not None
    assert (found.id, found.weights, found.is_over) == ("r1", (5, 0), False)
    assert opened(state, "another target").load() is None


def test_a_lock_that_was_given_back_keeps_the_rollout(state: str) -> None:
    with (memory := opened(state)).lock():
        memory.save(begun())
    with opened(state).lock():
        pass
    assert opened(state).load() is not None


def test_two_runs_at_once_are_refused_and_the_first_is_named(state: str) -> None:
    refused = pytest.raises(OutsideError, match=r"another rollout on this target is running, by process [0-9]+")
    with opened(state).lock(), refused, opened(state).lock():
        pytest.fail("both held the lock")


def test_whoever_is_patient_gets_the_lock_when_it_is_given_back(state: str) -> None:
    done = threading.Event()

    def hold() -> None:
        with opened(state).lock():
            held.set()
            done.wait(10)

    held = threading.Event()
    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(10)
    threading.Timer(0.2, done.set).start()
    with opened(state).lock(patience=20):
        assert done.is_set()
    holder.join()


def test_an_abort_is_asked_for_once(state: str) -> None:
    request = Request("abort", "ann", "1")
    opened(state).ask(request)
    assert opened(state).asked() == request
    opened(state).forget_request(request)
    opened(state).forget_request(request)
    assert not opened(state).asked()


def test_an_abort_that_is_asked_for_while_a_run_waits_for_the_lock_is_heard(
    state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, old, new = opened(state), Request("abort", "ann", "1"), Request("abort", "ann", "2")
    lock = memory.lock

    def lock_late() -> AbstractContextManager[None]:
        opened(state).ask(new)
        return lock()

    memory.ask(old)
    with conducting(memory):
        assert memory.asked() is None
    memory.ask(old)
    monkeypatch.setattr(memory, "lock", lock_late)
    with conducting(memory):
        assert memory.asked() == new


def test_what_was_damaged_is_named(state: str, tmp_path: Path) -> None:
    with (memory := opened(state)).lock():
        memory.save(begun())
    for file in tmp_path.rglob("*.json"):
        file.write_text(file.read_text().replace('"step": 0', '"step": 7'))
    with pytest.raises((InputError, OutsideError)) as refused:
        opened(state).load()
    assert opened(state).location in str(refused.value)
